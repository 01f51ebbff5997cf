/* SPDX-License-Identifier: BSD-3-Clause */
/* VFs of the PF that a running sriovctl serve has, by its control socket. */
#include "vf_serve.h"

#include "serve.h"
#include "vf_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A server that is stopped, or busy for ever, is not waited for longer. */
#define ANSWER_SECONDS 10

struct vf_serve {
    FILE *stream;
    char driver[64];
    char path[SERVE_PATH_MAX];
};

/* ---- asking ---- */

static json_t *exchange(const struct vf_serve *served, const json_t *request)
{
    char *line = json_dumps(request, JSON_COMPACT);
    char *answer = NULL;
    size_t room = 0;
    json_t *reply = NULL;

    if (line != NULL && fprintf(served->stream, "%s\n", line) > 0 && fflush(served->stream) == 0 &&
        getline(&answer, &room, served->stream) > 0) {
        reply = json_loads(answer, 0, NULL);
    }
    free(answer);
    free(line);
    return reply;
}

json_t *vf_serve_ask(struct vf_owner *owner, const char *ask, int vf, json_t *policy, char *why, int *err)
{
    json_t *request = out_object();

    out_text(request, "ask", ask);
    if (vf >= 0) {
        out_number(request, "vf", (unsigned)vf);
    }
    if (policy != NULL) {
        out_set(request, "policy", policy);
    }
    json_t *reply = exchange(owner->served, request);
    json_decref(request);
    const char *error = json_string_value(json_object_get(reply, "error"));
    if (json_is_object(reply) && error == NULL) {
        return reply;
    }
    json_int_t number = json_integer_value(json_object_get(reply, "errno"));
    *err = number > 0 && number < 4096 ? (int)-number : -EIO;
    (void)snprintf(why, CLI_WHY_MAX, "%s", error != NULL ? error : "the server gave no answer: does it run?");
    json_decref(reply);
    return NULL;
}

/* ---- the owner ---- */

static int get(struct vf_owner *owner, uint16_t vf, struct vf_policy *policy, json_t **statistics, char *why)
{
    int err = 0;
    json_t *reply = vf_serve_ask(owner, "get", vf, NULL, why, &err);

    if (reply == NULL) {
        return err;
    }
    if (!vf_json_get(json_object_get(reply, "policy"), policy)) {
        (void)snprintf(why, CLI_WHY_MAX, "%s: the server speaks another version", owner->served->path);
        json_decref(reply);
        return -EPROTO;
    }
    if (!json_is_true(json_object_get(reply, "mac_set"))) {
        policy->known &= ~(uint32_t)VF_POLICY_MAC;
    }
    if (statistics != NULL) {
        *statistics = json_incref(json_object_get(reply, "statistics"));
        (void)json_object_set(*statistics, "port", json_object_get(reply, "port"));
    }
    json_decref(reply);
    return 0;
}

/* What of the policy is that part, as the server wants it. */
static struct vf_policy only(const struct vf_policy *wanted, uint32_t part)
{
    struct vf_policy policy = *wanted;

    policy.known = part;
    return policy;
}

static int set(struct vf_owner *owner, uint16_t vf, uint32_t part, const struct vf_policy *wanted, char *why)
{
    const struct vf_policy policy = only(wanted, part);
    json_t *object = out_object();
    int err = 0;

    vf_json_put(object, &policy);
    if (part != VF_POLICY_MAC) {
        (void)json_object_del(object, "mac");
    }
    json_t *reply = vf_serve_ask(owner, "set", vf, object, why, &err);
    if (reply == NULL) {
        return err;
    }
    err = json_is_true(json_object_get(reply, "changed")) ? 1 : 0;
    json_decref(reply);
    return err;
}

static int vf_bdf(struct vf_owner *owner, uint16_t vf, char *bdf)
{
    char why[CLI_WHY_MAX];
    int err = 0;
    json_t *reply = vf_serve_ask(owner, "get", vf, NULL, why, &err);
    const char *function = json_string_value(json_object_get(reply, "function"));

    if (function != NULL) {
        (void)snprintf(bdf, SRIOV_NAME_MAX, "%s", function);
    }
    json_decref(reply);
    return function != NULL ? 0 : err != 0 ? err : -EPROTO;
}

static void close_served(struct vf_owner *owner)
{
    if (owner->served != NULL) {
        if (owner->served->stream != NULL) {
            (void)fclose(owner->served->stream);
        }
        free(owner->served);
        owner->served = NULL;
    }
}

static const struct vf_owner_ops ops = {
    .parts = VF_OWNER_OUR_PARTS,
    .get = get,
    .set = set,
    .vf_bdf = vf_bdf,
    .close = close_served,
};

/* ---- opening ---- */

static int connect_to(const char *path, FILE **stream)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval wait = {.tv_sec = ANSWER_SECONDS};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int err;

    if (fd < 0) {
        return -errno;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
        *stream = fdopen(fd, "r+");
        if (*stream != NULL) {
            return 0;
        }
    }
    err = -errno;
    (void)close(fd);
    return err;
}

/* Who is there: the PF's name, its driver, how many VFs. */
static int get_to_know(struct vf_owner *owner)
{
    char why[CLI_WHY_MAX] = "";
    int err = 0;
    json_t *reply = vf_serve_ask(owner, "hello", -1, NULL, why, &err);
    const char *pf = json_string_value(json_object_get(reply, "pf"));
    const char *driver = json_string_value(json_object_get(reply, "driver"));
    json_int_t vfs = json_integer_value(json_object_get(reply, "vfs"));

    if (pf != NULL && driver != NULL && vfs >= 0 && vfs <= SRIOV_PF_VFS_MAX) {
        (void)snprintf(owner->bdf, sizeof(owner->bdf), "%s", pf);
        (void)snprintf(owner->served->driver, sizeof(owner->served->driver), "%s", driver);
        owner->driver = owner->served->driver;
        owner->num_vfs = (uint16_t)vfs;
        json_decref(reply);
        return CLI_OK;
    }
    json_decref(reply);
    return cli_fail(owner->cli, "%s: %s", owner->served->path,
                    why[0] != '\0' ? why : "the server speaks another version");
}

int vf_owner_open_served(struct vf_owner *owner, struct cli *cli, const char *dir)
{
    struct vf_serve *served = calloc(1, sizeof(*served));

    *owner = (struct vf_owner){.cli = cli, .ops = &ops, .served = served};
    if (served == NULL) {
        return cli_fail(cli, "out of memory");
    }
    int n = snprintf(served->path, sizeof(served->path), "%s/%s", dir, SERVE_CONTROL);
    int rc = n < 0 || (size_t)n >= sizeof(served->path) ? -ENAMETOOLONG
                                                        : connect_to(served->path, &served->stream);
    if (rc != 0) {
        (void)cli_fail(cli, "no sriovctl serve answers in %.160s: %s: start one: sriovctl serve --dir DIR",
                       dir, strerror(-rc));
    } else if (get_to_know(owner) == CLI_OK) {
        return CLI_OK;
    }
    close_served(owner);
    return CLI_USAGE;
}
