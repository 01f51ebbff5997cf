/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding functions, taking hold of them, letting go. */
#include "conform.h"

#include <errno.h>
#include <string.h>

struct search {
    const char *name;
    struct sriov_fn_info found;
    uint32_t hits;
    uint32_t seen;
};

static int look(void *arg, const struct sriov_fn_info *info)
{
    struct search *s = arg;
    s->seen++;
    if (strcmp(info->name, s->name) == 0) {
        s->found = *info;
        s->hits++;
    }
    return 0;
}

static enum conform_verdict device_is_listed_once(struct conform *c, struct sriov_fn *fn)
{
    const struct sriov_fn_info *info = sriov_fn_info(fn);
    struct search s = {.name = info->name};
    int err = sriov_vmm_enumerate(c->vmm, look, &s);
    if (err == -EOPNOTSUPP) {
        return conform_cannot(c, "this shim cannot enumerate");
    }
    RETURNS(c, err, 0);
    RETURNS(c, s.hits, 1);
    CHECK(c, s.found.vendor == info->vendor && s.found.device == info->device);
    CHECK(c, s.found.is_vf == info->is_vf && s.found.class_code == info->class_code);
    return CONFORM_PASS;
}

static int stop_at_once(void *arg, const struct sriov_fn_info *info)
{
    (void)info;
    ++*(uint32_t *)arg;
    return 77;
}

static enum conform_verdict enumerate_stops_when_told(struct conform *c, struct sriov_fn *fn)
{
    (void)fn;
    uint32_t calls = 0;
    int err = sriov_vmm_enumerate(c->vmm, stop_at_once, &calls);
    if (err == -EOPNOTSUPP) {
        return conform_cannot(c, "this shim cannot enumerate");
    }
    RETURNS(c, err, 77);
    RETURNS(c, calls, 1);
    return CONFORM_PASS;
}

static enum conform_verdict absent_name_is_refused(struct conform *c, struct sriov_fn *fn)
{
    (void)fn;
    static const char *const names[] = {"ffff:ff:1f.7", "", "no such function", "0000:00:00.9", "../../etc"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct sriov_fn *other = NULL;
        int err = sriov_fn_open(c->vmm, names[i], NULL, &other);
        CHECK(c, other == NULL);
        CHECK(c, err == -ENOENT || (i != 0 && err == -EINVAL)); /* the first is a name, of nobody */
    }
    return CONFORM_PASS;
}

static enum conform_verdict second_open_is_busy(struct conform *c, struct sriov_fn *fn)
{
    (void)fn;
    struct sriov_fn *other = NULL;
    RETURNS(c, conform_open(c, &other), -EBUSY);
    CHECK(c, other == NULL);
    return CONFORM_PASS;
}

static enum conform_verdict opens_again_and_again(struct conform *c, struct sriov_fn *fn)
{
    (void)fn;
    for (int i = 0; i < 5; i++) {
        struct sriov_fn *again = NULL;
        RETURNS(c, conform_open(c, &again), 0);
        enum sriov_fn_state state = sriov_fn_state(again);
        RETURNS(c, sriov_fn_close(again), 0);
        RETURNS(c, state, SRIOV_FN_DETACHED); /* no driver yet */
    }
    return CONFORM_PASS;
}

/* A caller compiled with an older, shorter struct must not have its stack overwritten. */
static enum conform_verdict info_keeps_to_its_size(struct conform *c, struct sriov_fn *fn)
{
    (void)fn;
    struct sriov_open_args args = {.size = sizeof(args), .name = c->device};
    if (c->open_opts != NULL) {
        args.flags = c->open_opts->flags & 0xffffu;
        args.options = c->open_opts->options;
    }
    const struct sriov_vmm_ops *ops = sriov_vmm_ops(c->vmm);
    void *raw = NULL;
    RETURNS(c, ops->open(sriov_vmm_ctx(c->vmm), &args, &raw), 0);
    struct sriov_fn_info info;
    memset(&info, 0xa5, sizeof(info));
    info.size = offsetof(struct sriov_fn_info, subsystem_vendor);
    int err = ops->info(raw, &info);
    ops->close(raw);
    RETURNS(c, err, 0);
    CHECK(c, info.subsystem_vendor == 0xa5a5 && info.vendor != 0xa5a5);
    return CONFORM_PASS;
}

const struct conform_case conform_open_cases[] = {
    {"enumerate.device-listed-once", device_is_listed_once, false},
    {"enumerate.stops-when-told", enumerate_stops_when_told, true},
    {"open.absent-name-refused", absent_name_is_refused, true},
    {"open.second-is-busy", second_open_is_busy, false},
    {"open.again-and-again", opens_again_and_again, true},
    {"info.keeps-to-its-size", info_keeps_to_its_size, true},
    {NULL, NULL, false},
};
