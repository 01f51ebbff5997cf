/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the control socket is asked, and the answers. A request: {"ask": "hello" | "get" | "set" | "view" |
 * "reset-pf", "vf": N, "policy": {...}}; an answer that is a refusal: {"error": TEXT, "errno": N}.
 */
#include "serve.h"
#include "vf_json.h"

#include <errno.h>
#include <string.h>

static json_t *refuse(int err, const char *why)
{
    json_t *reply = out_object();

    out_text(reply, "error", why);
    out_number(reply, "errno", (unsigned)-err);
    return reply;
}

/* The VF that the request is about, or -1. */
static int vf_of(const struct serve *serve, const json_t *request)
{
    const json_t *vf = json_object_get(request, "vf");

    if (!json_is_integer(vf) || json_integer_value(vf) < 0 || json_integer_value(vf) >= serve->num_ports) {
        return -1;
    }
    return (int)json_integer_value(vf);
}

static json_t *say_hello(struct serve *serve, int vf, const json_t *request)
{
    json_t *reply = out_object();

    (void)vf;
    (void)request;
    out_text(reply, "pf", serve->owner.bdf);
    out_text(reply, "driver", serve->owner.driver);
    out_text(reply, "model", serve->cli->globals.model);
    out_number(reply, "vfs", serve->num_ports);
    return reply;
}

static json_t *say_policy(struct serve *serve, int vf, const json_t *request)
{
    char why[CLI_WHY_MAX] = "";
    struct vf_policy policy;
    json_t *statistics = NULL;
    json_t *reply;
    int rc = serve->owner.ops->get(&serve->owner, (uint16_t)vf, &policy, &statistics, why);

    (void)request;
    if (rc != 0) {
        return refuse(rc, why);
    }
    reply = out_object();
    out_text(reply, "function", serve->ports[vf].function);
    out_set(reply, "policy", out_object());
    vf_json_put(json_object_get(reply, "policy"), &policy);
    out_flag(reply, "mac_set", (policy.known & VF_POLICY_MAC) != 0);
    out_set(reply, "statistics", statistics);
    out_set(reply, "port", serve_view_port(serve, (uint16_t)vf));
    return reply;
}

static json_t *set_policy(struct serve *serve, int vf, const json_t *request)
{
    char why[CLI_WHY_MAX] = "";
    struct vf_policy policy;
    json_t *reply;

    if (!vf_json_get(json_object_get(request, "policy"), &policy) || policy.known == 0 ||
        (policy.known & (policy.known - 1)) != 0) {
        return refuse(-EINVAL, "set wants a policy of one known part, its value within bounds");
    }
    int rc = serve->owner.ops->set(&serve->owner, (uint16_t)vf, policy.known, &policy, why);
    if (rc < 0) {
        return refuse(rc, why);
    }
    reply = out_object();
    out_flag(reply, "changed", rc == 1);
    return reply;
}

static json_t *say_view(struct serve *serve, int vf, const json_t *request)
{
    (void)vf;
    (void)request;
    return serve_view(serve);
}

static json_t *reset_pf(struct serve *serve, int vf, const json_t *request)
{
    int rc = sriov_pf_reset(serve->pf);

    (void)vf;
    (void)request;
    return rc == 0 ? out_object() : refuse(rc, strerror(-rc));
}

static const struct question {
    const char *ask;
    bool of_vf;
    json_t *(*answer)(struct serve *serve, int vf, const json_t *request);
} questions[] = {
    {"hello", false, say_hello}, {"get", true, say_policy},     {"set", true, set_policy},
    {"view", false, say_view},   {"reset-pf", false, reset_pf},
};

json_t *serve_answer(struct serve *serve, const json_t *request)
{
    const char *ask = json_string_value(json_object_get(request, "ask"));
    int vf = vf_of(serve, request);

    for (size_t i = 0; ask != NULL && i < sizeof(questions) / sizeof(questions[0]); i++) {
        if (strcmp(ask, questions[i].ask) != 0) {
            continue;
        }
        if (questions[i].of_vf && vf < 0) {
            return refuse(-EINVAL, "there is no such VF");
        }
        return questions[i].answer(serve, vf, request);
    }
    return refuse(-EINVAL, "a request is a line of JSON whose ask is hello, get, set, view or reset-pf");
}
