/* SPDX-License-Identifier: BSD-3-Clause */
/* A function from open to close, its config space and its reset. */
#include "guest.h"

#define TRANSACTIONS_MS 100u
#define ANSWER_MS       1000u

static int check_args(struct guest *g, const struct sriov_open_args *args)
{
    if ((args->flags & ~SRIOV_OPEN_NOIOMMU) != 0 || (args->options != NULL && args->options[0] != '\0')) {
        return -EINVAL;
    }
    if ((args->flags & SRIOV_OPEN_NOIOMMU) == 0) {
        guest_say(g, SRIOV_LOG_ERROR,
                  "guest: no IOMMU confines a device here: open it with SRIOV_OPEN_NOIOMMU");
        return -EPERM;
    }
    return 0;
}

int guest_op_open(void *vmm, const struct sriov_open_args *args, void **out)
{
    struct guest *g = vmm;
    struct guest_dev *dev = args->name != NULL ? guest_dev_find(g, args->name) : NULL;

    if (dev == NULL) {
        return -ENOENT;
    }
    int rc = check_args(g, args);
    if (rc != 0) {
        return rc;
    }
    if (dev->fn != NULL) {
        return -EBUSY;
    }
    struct guest_fn *fn = guest_heap_alloc(&g->heap, sizeof(*fn), _Alignof(struct guest_fn));
    void *inert = guest_heap_alloc(&g->heap, GUEST_PAGE, GUEST_PAGE);
    if (fn == NULL || inert == NULL) {
        guest_heap_free(&g->heap, inert, GUEST_PAGE);
        guest_heap_free(&g->heap, fn, sizeof(*fn));
        return -ENOMEM;
    }
    fn->g = g;
    fn->dev = dev;
    fn->inert = inert;
    dev->fn = fn;
    *out = fn;
    return 0;
}

void guest_op_close(void *handle)
{
    struct guest_fn *fn = handle;
    struct guest *g = fn->g;

    (void)guest_op_irq_disable(fn);
    guest_fn_views_end(fn);
    fn->dev->fn = NULL;
    guest_heap_free(&g->heap, fn->inert, GUEST_PAGE);
    guest_heap_free(&g->heap, fn, sizeof(*fn));
}

int guest_op_info(void *handle, struct sriov_fn_info *info)
{
    struct guest_fn *fn = handle;
    struct sriov_fn_info all;

    guest_dev_info(fn->g, fn->dev, &all);
    guest_answer(info, info->size, &all, sizeof(all));
    return 0;
}

void guest_op_kill(void *handle)
{
    struct guest_fn *fn = handle;

    fn->dead = true;
    memset(fn->inert, 0xff, GUEST_PAGE);
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        if (fn->map[i].va != NULL) {
            guest_window_redirect(fn->g, &fn->map[i], fn->inert);
        }
    }
}

/* ---- config space ---- */

static bool in_config(const struct guest *g, uint32_t off, uint32_t width)
{
    uint32_t size = guest_cfg_size(g);

    return off <= size && width <= size - off;
}

/* The first four bytes of a VF, as info has them. */
static uint32_t with_identity(struct guest_fn *fn, uint32_t off, uint32_t width)
{
    struct sriov_fn_info info;

    guest_dev_info(fn->g, fn->dev, &info);
    uint32_t id = (uint32_t)info.device << 16 | info.vendor;
    return id >> 8 * off & UINT32_MAX >> (32 - 8 * width);
}

int guest_op_cfg_read(void *handle, uint32_t off, uint32_t width, uint32_t *value)
{
    struct guest_fn *fn = handle;

    if (!in_config(fn->g, off, width)) {
        return -ERANGE;
    }
    *value = fn->dev->pf != NULL && off < 4 ? with_identity(fn, off, width)
                                            : guest_cfg_read(fn->g, fn->dev->rid, off, width);
    return 0;
}

int guest_op_cfg_write(void *handle, uint32_t off, uint32_t width, uint32_t value)
{
    struct guest_fn *fn = handle;

    if (!in_config(fn->g, off, width)) {
        return -ERANGE;
    }
    guest_cfg_write(fn->g, fn->dev->rid, off, width, value);
    return 0;
}

/* ---- reset ---- */

#define HEADER_WORDS (SRIOV_PCI_HEADER_SIZE / 4u)

struct saved {
    uint32_t header[HEADER_WORDS];
    uint16_t devctl;
    uint16_t lnkctl;
    uint16_t devctl2;
};

static void save(struct guest_fn *fn, struct saved *s)
{
    struct guest *g = fn->g;
    uint16_t rid = fn->dev->rid;

    for (uint32_t i = 0; i < HEADER_WORDS; i++) {
        s->header[i] = guest_cfg_read32(g, rid, i * 4);
    }
    s->devctl = guest_cfg_read16(g, rid, fn->dev->exp + SRIOV_PCI_EXP_DEVCTL);
    s->lnkctl = guest_cfg_read16(g, rid, fn->dev->exp + SRIOV_PCI_EXP_LNKCTL);
    s->devctl2 = guest_cfg_read16(g, rid, fn->dev->exp + SRIOV_PCI_EXP_DEVCTL2);
}

/* From the end, so that BARs are there before the command register lets them decode. The status half
 * of its word clears what is written as one. */
static void restore(struct guest_fn *fn, const struct saved *s)
{
    struct guest *g = fn->g;
    uint16_t rid = fn->dev->rid;

    guest_cfg_write(g, rid, fn->dev->exp + SRIOV_PCI_EXP_DEVCTL, 2, s->devctl);
    guest_cfg_write(g, rid, fn->dev->exp + SRIOV_PCI_EXP_LNKCTL, 2, s->lnkctl);
    guest_cfg_write(g, rid, fn->dev->exp + SRIOV_PCI_EXP_DEVCTL2, 2, s->devctl2);
    for (uint32_t i = HEADER_WORDS; i-- > SRIOV_PCI_COMMAND / 4;) {
        if (i == SRIOV_PCI_COMMAND / 4) {
            guest_cfg_write(g, rid, SRIOV_PCI_COMMAND, 2, s->header[i] & 0xffff);
        } else {
            guest_cfg_write(g, rid, i * 4, 4, s->header[i]);
        }
    }
    guest_vfs_restore(g, fn->dev);
    guest_msix_restore(fn);
}

/* PCI Express 5.0, 6.6.2: no new requests, and the outstanding ones end, before the reset. */
static void quiesce(struct guest_fn *fn)
{
    struct guest *g = fn->g;
    uint16_t command = guest_cfg_read16(g, fn->dev->rid, SRIOV_PCI_COMMAND);

    guest_cfg_write(g, fn->dev->rid, SRIOV_PCI_COMMAND, 2, command & ~SRIOV_PCI_COMMAND_MASTER);
    for (uint32_t ms = 0; ms < TRANSACTIONS_MS; ms++) {
        uint16_t status = guest_cfg_read16(g, fn->dev->rid, fn->dev->exp + SRIOV_PCI_EXP_DEVSTA);
        if ((status & SRIOV_PCI_EXP_DEVSTA_TRPND) == 0) {
            return;
        }
        guest_pass(g, GUEST_NS_MS);
    }
}

static bool answers(struct guest_fn *fn)
{
    return guest_cfg_read32(fn->g, fn->dev->rid, SRIOV_PCI_REVISION_ID) != SRIOV_PCI_NO_DEVICE32;
}

int guest_op_reset(void *handle)
{
    struct guest_fn *fn = handle;
    struct saved s;

    if (!fn->dev->can_flr) {
        return -EOPNOTSUPP;
    }
    save(fn, &s);
    quiesce(fn);
    guest_cfg_write(fn->g, fn->dev->rid, fn->dev->exp + SRIOV_PCI_EXP_DEVCTL, 2,
                    s.devctl | SRIOV_PCI_EXP_DEVCTL_FLR);
    guest_pass(fn->g, SRIOV_PCI_FLR_MS * GUEST_NS_MS);
    for (uint32_t ms = 0; ms < ANSWER_MS && !answers(fn); ms++) {
        guest_pass(fn->g, GUEST_NS_MS);
    }
    if (!answers(fn)) {
        return -ENODEV;
    }
    restore(fn, &s);
    return 0;
}
