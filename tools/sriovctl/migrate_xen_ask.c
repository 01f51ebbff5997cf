/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xl asks a guest for a function after it has reset it. The node by which pciback's front end is asked
 * (state-N of the back end) is what the Xen shim watches in the domU: written before xl begins, it lets the
 * program there take its traffic off the VF first. A front end's kernel heeds the node only when xl says so.
 * The program's notes of its memory (data/sriov of the domain) tell that there is one, and when it has let
 * go.
 */
#include "migrate_xen_ask.h"

#include "parse.h"
#include "qmp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DEVICES_MAX 32
#define CLOSING     "5" /* XenbusStateClosing of Xen's io/xenbus.h */
#define LOOK_NS     50000000L

/* The first word of what it says. */
static int tool(struct xen_ask *ask, const char *program, const char *path, const char *value, char *word,
                size_t room)
{
    const char *const words[] = {path, value, NULL};
    char said[XL_SAID] = "";
    char why[CLI_WHY_MAX];

    ask->store.program = program;
    int rc = xl_run(&ask->store, words, said, why);
    if (rc == 0 && word != NULL) {
        (void)snprintf(word, room, "%.*s", (int)strcspn(said, " \t\r\n"), said);
    }
    return rc;
}

static int domain_id(const struct xl *xl, const char *domain, unsigned *id)
{
    const char *const words[] = {"domid", domain, NULL};
    char said[XL_SAID] = "";
    char why[CLI_WHY_MAX];
    int rc = xl_run(xl, words, said, why);

    return rc != 0 ? rc : sscanf(said, "%u", id) == 1 ? 0 : -ENOENT;
}

/* What the back end calls device n. */
static int leaf(struct xen_ask *ask, unsigned id, const char *name, int n, char *word, size_t room)
{
    char path[ASK_PATH];

    (void)snprintf(path, sizeof(path), "/local/domain/0/backend/pci/%u/0/%s-%d", id, name, n);
    return tool(ask, "xenstore-read", path, NULL, word, room);
}

/* Numbers that were given back leave gaps. */
static int find(struct xen_ask *ask, unsigned id, const char *bdf, int *n)
{
    char word[SRIOV_NAME_MAX];
    char device[SRIOV_NAME_MAX];

    for (*n = 0; *n < DEVICES_MAX; (*n)++) {
        int rc = leaf(ask, id, "dev", *n, word, sizeof(word));
        if (rc == -EINTR || rc == -ENOENT) {
            return rc;
        }
        if (rc == 0 && parse_bdf(word, device) && strcmp(device, bdf) == 0) {
            return 0;
        }
    }
    return -ENOENT;
}

static bool holds(const struct xen_ask *ask)
{
    struct xen_ask look = *ask;
    char word[32] = "";

    return tool(&look, "xenstore-list", ask->holds, NULL, word, sizeof(word)) == 0 && word[0] != '\0';
}

/* The function as the domain sees it, in the Xen shim's manner of writing it. */
static int name_notes(struct xen_ask *ask, unsigned id, int n)
{
    char word[SRIOV_NAME_MAX];
    unsigned at[4];
    int rc = leaf(ask, id, "vdev", n, word, sizeof(word));

    if (rc != 0 || sscanf(word, "%x:%x:%x.%x", &at[0], &at[1], &at[2], &at[3]) != 4) {
        return -ENOENT;
    }
    (void)snprintf(ask->holds, sizeof(ask->holds), "/local/domain/%u/data/sriov/%04x-%02x-%02x-%x/frames", id,
                   at[0], at[1], at[2], at[3]);
    return 0;
}

int xen_ask(struct xen_ask *ask, const struct xl *xl, const char *domain, const char *bdf)
{
    unsigned id = 0;
    int n = 0;

    *ask = (struct xen_ask){.store = *xl};
    ask->store.host = NULL;
    if (domain_id(xl, domain, &id) != 0 || find(ask, id, bdf, &n) != 0 || name_notes(ask, id, n) != 0 ||
        !holds(ask) || leaf(ask, id, "state", n, ask->before, sizeof(ask->before)) != 0) {
        return -ENOENT;
    }
    (void)snprintf(ask->state, sizeof(ask->state), "/local/domain/0/backend/pci/%u/0/state-%d", id, n);
    ask->asked = tool(ask, "xenstore-write", ask->state, CLOSING, NULL, 0) == 0;
    return ask->asked ? 0 : -ENOENT;
}

int xen_ask_wait(const struct xen_ask *ask, uint64_t timeout_ns)
{
    const struct timespec pause = {.tv_nsec = LOOK_NS};
    uint64_t deadline = qmp_deadline(timeout_ns);

    while (holds(ask)) {
        if (cli_interrupted() || qmp_now() > deadline) {
            return cli_interrupted() ? -EINTR : -ETIMEDOUT;
        }
        (void)nanosleep(&pause, NULL);
    }
    return 0;
}

void xen_ask_no_more(struct xen_ask *ask)
{
    if (ask->asked) {
        (void)tool(ask, "xenstore-write", ask->state, ask->before, NULL, 0);
        ask->asked = false;
    }
}
