/* SPDX-License-Identifier: BSD-3-Clause */
/* --fault KIND[,fn=vfN|pf][,site=S][,op=NAME][,nth=N][,times=N|forever][,value=V][,index=I][,err=NAME] */
#include "parse.h"
#include "serve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SPEC_MAX 256u

/* What the kind's value is. */
enum value_kind {
    VALUE_NONE,
    VALUE_TIME,
    VALUE_NUMBER
};

static const struct kind {
    const char *name;
    uint32_t kind;
    enum value_kind value;
    const char *sites; /* that it can be at; NULL: none, it has an op */
} kinds[] = {
    {"op", SRIOV_MOCK_FAULT_OP, VALUE_NONE, NULL},
    {"gone", SRIOV_MOCK_FAULT_GONE, VALUE_NONE, NULL},
    {"mbx-silent", SRIOV_MOCK_FAULT_MBX_SILENT, VALUE_NONE, "to-vf or to-pf"},
    {"mbx-late", SRIOV_MOCK_FAULT_MBX_LATE, VALUE_TIME, "to-vf or to-pf"},
    {"mbx-wrong", SRIOV_MOCK_FAULT_MBX_WRONG, VALUE_NUMBER, "to-vf or to-pf"},
    {"irq-lost", SRIOV_MOCK_FAULT_IRQ_LOST, VALUE_NONE, "irq"},
    {"irq-twice", SRIOV_MOCK_FAULT_IRQ_TWICE, VALUE_NONE, "irq"},
    {"wb-late", SRIOV_MOCK_FAULT_WB_LATE, VALUE_TIME, "rx or tx"},
    {"wb-reorder", SRIOV_MOCK_FAULT_WB_REORDER, VALUE_TIME, "rx or tx"},
    {"wb-hostile", SRIOV_MOCK_FAULT_WB_HOSTILE, VALUE_NUMBER, "rx or tx"},
    {"dma", SRIOV_MOCK_FAULT_DMA, VALUE_NONE, "rx or tx"},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* What the ops of the seam can end in. */
static const struct {
    const char *name;
    int number;
} errors[] = {
    {"EAGAIN", EAGAIN},         {"EBUSY", EBUSY},         {"EFAULT", EFAULT}, {"EINVAL", EINVAL},
    {"ENODEV", ENODEV},         {"ENOMEM", ENOMEM},       {"ENOSPC", ENOSPC}, {"EPERM", EPERM},
    {"EOPNOTSUPP", EOPNOTSUPP}, {"ETIMEDOUT", ETIMEDOUT},
};

struct reading {
    struct serve *serve;
    const char *spec;
    const struct kind *kind;
    struct sriov_mock_fault fault;
    char fn[SRIOV_NAME_MAX];
};

static bool wants(const struct reading *r, const char *what)
{
    (void)cli_fail(r->serve->cli, "--fault %.120s: %s", r->spec, what);
    return false;
}

static bool unknown_kind(const struct reading *r)
{
    char names[160] = "the kinds are";
    size_t at = strlen(names);

    for (size_t i = 0; i < KINDS; i++) {
        at += (size_t)snprintf(names + at, sizeof(names) - at, " %s", kinds[i].name);
    }
    return wants(r, names);
}

static bool take_kind(struct reading *r, const char *word)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(word, kinds[i].name) == 0) {
            r->kind = &kinds[i];
            r->fault.kind = kinds[i].kind;
            return true;
        }
    }
    return unknown_kind(r);
}

/* ---- its parts ---- */

static bool take_fn(struct reading *r, const char *value)
{
    const struct vf_owner *owner = &r->serve->owner;
    unsigned vf;
    char rest;

    r->fault.fn = r->fn;
    if (strcmp(value, "pf") == 0) {
        (void)snprintf(r->fn, sizeof(r->fn), "%s", owner->bdf);
        return true;
    }
    if (sscanf(value, "vf%3u%c", &vf, &rest) == 1 && vf < owner->num_vfs &&
        owner->ops->vf_bdf(&r->serve->owner, (uint16_t)vf, r->fn) == 0) {
        return true;
    }
    return wants(r, "fn is pf, or the vf0 and so on of a VF that there is");
}

static bool take_op(struct reading *r, const char *value)
{
    r->fault.op = value; /* lives as long as the copy of the spec, which the mock copies again */
    return r->kind->sites == NULL || wants(r, "op goes with the kinds op and gone; the others have site");
}

static bool take_site(struct reading *r, const char *value)
{
    r->fault.op = value;
    return r->kind->sites != NULL || wants(r, "site does not go with op and gone; they have op");
}

static bool take_nth(struct reading *r, const char *value)
{
    return (parse_number(value, &r->fault.nth) && r->fault.nth != 0) || wants(r, "nth counts from 1");
}

static bool take_times(struct reading *r, const char *value)
{
    if (strcmp(value, "forever") == 0) {
        r->fault.times = UINT64_MAX;
        return true;
    }
    return (parse_number(value, &r->fault.times) && r->fault.times != 0) ||
           wants(r, "times is a number from 1, or forever");
}

static bool take_value(struct reading *r, const char *value)
{
    switch (r->kind->value) {
    case VALUE_TIME:
        return parse_time(value, &r->fault.value) || wants(r, "value is a time here, as 5ms");
    case VALUE_NUMBER:
        return (parse_number(value, &r->fault.value) && r->fault.value <= UINT32_MAX) ||
               wants(r, "value is a 32-bit word here, as 0x80000001");
    case VALUE_NONE:
        break;
    }
    return wants(r, "this kind has no value");
}

static bool take_index(struct reading *r, const char *value)
{
    uint64_t index;

    if (r->kind->value != VALUE_NUMBER) {
        return wants(r, "index goes with mbx-wrong and wb-hostile");
    }
    if (!parse_number(value, &index) || index > 15) {
        return wants(r, "index is the number of a 32-bit word, 0 to 15");
    }
    r->fault.index = (uint32_t)index;
    return true;
}

static bool take_err(struct reading *r, const char *value)
{
    if (r->fault.kind != SRIOV_MOCK_FAULT_OP) {
        return wants(r, "err goes with the kind op");
    }
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (strcmp(value, errors[i].name) == 0) {
            r->fault.err = -errors[i].number;
            return true;
        }
    }
    return wants(
        r, "err is EAGAIN, EBUSY, EFAULT, EINVAL, ENODEV, ENOMEM, ENOSPC, EPERM, EOPNOTSUPP or ETIMEDOUT");
}

static bool take_part(struct reading *r, char *part)
{
    static const struct {
        const char *name;
        bool (*take)(struct reading *r, const char *value);
    } parts[] = {{"fn", take_fn},       {"op", take_op},       {"site", take_site},   {"nth", take_nth},
                 {"times", take_times}, {"value", take_value}, {"index", take_index}, {"err", take_err}};
    char *equals = strchr(part, '=');

    if (equals != NULL) {
        *equals = '\0';
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
            if (strcmp(part, parts[i].name) == 0) {
                return parts[i].take(r, equals + 1);
            }
        }
    }
    return wants(r, "give KIND, then any of fn=, site=, op=, nth=, times=, value=, index=, err= with commas");
}

/* ---- the whole ---- */

static int inject(const struct reading *r)
{
    char why[160];
    int rc = sriov_mock_inject(r->serve->mock, &r->fault);

    if (rc == 0) {
        return CLI_OK;
    }
    (void)snprintf(why, sizeof(why), "no such occasion: %s%s",
                   r->kind->sites != NULL ? "its site is "
                                          : "op is an op of a function, as reset or bar_read",
                   r->kind->sites != NULL ? r->kind->sites : "");
    (void)wants(r, why);
    return CLI_USAGE;
}

static int take(struct serve *serve, const char *spec)
{
    struct reading r = {
        .serve = serve, .spec = spec, .fault = {.size = sizeof(r.fault), .nth = 1, .err = -EAGAIN}};
    char copy[SPEC_MAX];
    char *rest;

    if (strlen(spec) >= sizeof(copy)) {
        (void)wants(&r, "that is too long");
        return CLI_USAGE;
    }
    memcpy(copy, spec, strlen(spec) + 1);
    char *part = strtok_r(copy, ",", &rest);
    if (!take_kind(&r, part != NULL ? part : "")) {
        return CLI_USAGE;
    }
    while ((part = strtok_r(NULL, ",", &rest)) != NULL) {
        if (!take_part(&r, part)) {
            return CLI_USAGE;
        }
    }
    return inject(&r);
}

int serve_faults_inject(struct serve *serve)
{
    int status = CLI_OK;

    for (uint32_t i = 0; status == CLI_OK && i < serve->values->faults.n; i++) {
        status = take(serve, serve->values->faults.items[i]);
    }
    return status;
}
