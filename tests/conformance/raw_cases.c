/* SPDX-License-Identifier: BSD-3-Clause */
/* Ops by themselves, without the core between: structs of other sizes, and what capability bits
 * promise. */
#include "conform.h"

#include <errno.h>
#include <string.h>

#define MARK 0xa5

struct raw {
    const struct sriov_vmm_ops *ops;
    void *fn;
};

static int raw_open(struct conform *c, struct raw *raw)
{
    struct sriov_open_args args = {.size = sizeof(args), .name = c->device};
    if (c->open_opts != NULL) {
        args.flags = c->open_opts->flags & 0xffffu;
        args.options = c->open_opts->options;
    }
    raw->ops = sriov_vmm_ops(c->vmm);
    return raw->ops->open(sriov_vmm_ctx(c->vmm), &args, &raw->fn);
}

/* One op that fills a struct, whatever its type. */
typedef int (*fill)(struct raw *raw, void *out);

static int fill_info(struct raw *raw, void *out)
{
    return raw->ops->info(raw->fn, out);
}

static int fill_bar_info(struct raw *raw, void *out)
{
    return raw->ops->bar_info(raw->fn, 0, out);
}

static int fill_dma_limits(struct raw *raw, void *out)
{
    return raw->ops->dma_limits(raw->fn, out);
}

/* Longer than any struct of the seam, with what lies behind it. */
union room {
    uint64_t align;
    struct sriov_fn_info info;
    struct sriov_dma_limits limits;
    unsigned char bytes[512];
};

static bool all(const unsigned char *bytes, size_t n, unsigned char value)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != value) {
            return false;
        }
    }
    return true;
}

static int call(struct raw *raw, fill op, union room *room, uint32_t size, unsigned char behind)
{
    memset(room, 0, sizeof(*room));
    memset(room->bytes + size, behind, sizeof(*room) - size);
    memcpy(room->bytes, &size, sizeof(size));
    return op(raw, room);
}

/* A caller of another age: a shorter struct is refused or filled as far as it goes, nothing behind it
 * is touched; of a longer one the part that the shim does not know reads zero. */
static enum conform_verdict keeps_to_size(struct conform *c, fill op, uint32_t known)
{
    struct raw raw;
    RETURNS(c, raw_open(c, &raw), 0);
    union room room;
    bool kept = true;
    int shorter = 0;
    for (uint32_t size = 8; size < known && kept; size += 8) {
        int err = call(&raw, op, &room, size, MARK);
        shorter = err != 0 && err != -EINVAL ? err : shorter;
        kept = all(room.bytes + size, sizeof(room) - size, MARK);
    }
    int exact = call(&raw, op, &room, known, MARK);
    kept = kept && all(room.bytes + known, sizeof(room) - known, MARK);
    int longer = call(&raw, op, &room, known + 16, MARK);
    bool zero =
        all(room.bytes + known, 16, 0) && all(room.bytes + known + 16, sizeof(room) - known - 16, MARK);
    raw.ops->close(raw.fn);
    CHECK(c, kept);
    RETURNS(c, shorter, 0);
    RETURNS(c, exact, 0);
    RETURNS(c, longer, 0);
    CHECK(c, zero);
    return CONFORM_PASS;
}

static enum conform_verdict info_size(struct conform *c, struct sriov_fn *fn)
{
    (void)fn;
    return keeps_to_size(c, fill_info, sizeof(struct sriov_fn_info));
}

static enum conform_verdict bar_info_size(struct conform *c, struct sriov_fn *fn)
{
    (void)fn;
    return keeps_to_size(c, fill_bar_info, sizeof(struct sriov_bar_info));
}

static enum conform_verdict dma_limits_size(struct conform *c, struct sriov_fn *fn)
{
    (void)fn;
    return keeps_to_size(c, fill_dma_limits, sizeof(struct sriov_dma_limits));
}

/* Views by bar_info's word and by the op's must be the same. */
static int views_agree(struct raw *raw, bool cap)
{
    for (uint32_t bar = 0; bar < 6; bar++) {
        struct sriov_bar_info info = {.size = sizeof(info)};
        volatile void *view = NULL;
        int err = raw->ops->bar_info(raw->fn, bar, &info);
        if (err != 0) {
            return err;
        }
        bool may = cap && info.length != 0 && (info.flags & SRIOV_BAR_VIEWABLE) != 0;
        err = may ? raw->ops->bar_view(raw->fn, bar, &view) : 0;
        if (err != 0 || may != (view != NULL)) {
            return err != 0 ? err : -EPROTO;
        }
        if (may) {
            raw->ops->bar_unview(raw->fn, bar, view);
        }
    }
    return 0;
}

static void ignore(void *arg, uint32_t event)
{
    (void)arg;
    (void)event;
}

static enum conform_verdict bits_have_ops(struct conform *c, struct sriov_fn *fn)
{
    (void)fn;
    const uint64_t irq = SRIOV_CAP_IRQ_EVENTFD | SRIOV_CAP_IRQ_CALLBACK;
    struct raw raw;
    RETURNS(c, raw_open(c, &raw), 0);
    struct sriov_fn_info info = {.size = sizeof(info)};
    struct sriov_event_sink sink = {.size = sizeof(sink), .cb = ignore};
    uint32_t vectors = 0;
    int err = raw.ops->info(raw.fn, &info);
    int views = views_agree(&raw, (info.caps & SRIOV_CAP_BAR_VIEW) != 0);
    int reset = raw.ops->reset(raw.fn);
    int count = raw.ops->irq_count(raw.fn, &vectors);
    bool events = (info.caps & SRIOV_CAP_EVENTS) != 0;
    int on = events ? raw.ops->set_event_sink(raw.fn, &sink) : 0;
    int off = events ? raw.ops->set_event_sink(raw.fn, NULL) : 0;
    raw.ops->close(raw.fn);
    RETURNS(c, err, 0);
    RETURNS(c, views, 0);
    RETURNS(c, reset, (info.caps & SRIOV_CAP_RESET) != 0 ? 0 : -EOPNOTSUPP);
    CHECK(c, (info.caps & irq) == 0 || (count == 0 && vectors > 0));
    CHECK(c, (info.caps & SRIOV_CAP_SET_VFS) == 0 || (!info.is_vf && info.total_vfs > 0));
    RETURNS(c, on, 0);
    RETURNS(c, off, 0);
    return CONFORM_PASS;
}

const struct conform_case conform_raw_cases[] = {
    {"size.info", info_size, true},
    {"size.bar-info", bar_info_size, true},
    {"size.dma-limits", dma_limits_size, true},
    {"caps.bits-have-ops", bits_have_ops, true},
    {NULL, NULL, false},
};
