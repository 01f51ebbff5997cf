/* SPDX-License-Identifier: BSD-3-Clause */
#include "toy_model.h"

#include <sriov/hw/pci_regs.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CAP_EXP   0x40u
#define CAP_MSIX  0x80u
#define CAP_SRIOV 0x100u
#define BUFFER    (TOY_BAR_LENGTH - TOY_BUFFER)

struct toy_fn {
    uint8_t cfg[SRIOV_PCI_CFG_EXT_SIZE];
    uint32_t regs[16];
    uint8_t buffer[BUFFER];
    uint32_t msix[TOY_VECTORS][4];
    uint32_t pba;
};

struct sriov_model {
    struct sriov_model_args args;
    uint16_t total_vfs;
    struct toy_fn *fns;
};

static void put(struct toy_fn *fn, uint32_t off, uint32_t width, uint32_t value)
{
    memcpy(fn->cfg + off, &value, width);
}

static uint32_t get(const struct toy_fn *fn, uint32_t off, uint32_t width)
{
    uint32_t value = 0;

    memcpy(&value, fn->cfg + off, width);
    return value;
}

static void make_caps(struct toy_fn *fn)
{
    put(fn, SRIOV_PCI_STATUS, 2, SRIOV_PCI_STATUS_CAP_LIST);
    put(fn, SRIOV_PCI_CAP_POINTER, 1, CAP_EXP);
    put(fn, CAP_EXP, 2, SRIOV_PCI_CAP_ID_EXP | CAP_MSIX << 8);
    put(fn, CAP_EXP + SRIOV_PCI_EXP_DEVCAP, 4, SRIOV_PCI_EXP_DEVCAP_FLR);
    put(fn, CAP_MSIX, 2, SRIOV_PCI_CAP_ID_MSIX);
    put(fn, CAP_MSIX + SRIOV_PCI_MSIX_CTRL, 2, TOY_VECTORS - 1);
    put(fn, CAP_MSIX + SRIOV_PCI_MSIX_TABLE, 4, TOY_MSIX_BAR);
    put(fn, CAP_MSIX + SRIOV_PCI_MSIX_PBA, 4, TOY_MSIX_PBA | TOY_MSIX_BAR);
}

static void make_sriov(struct sriov_model *model)
{
    struct toy_fn *pf = &model->fns[0];

    put(pf, CAP_SRIOV, 4, SRIOV_PCI_EXT_CAP_HEADER(SRIOV_PCI_EXT_CAP_ID_SRIOV, 1, 0));
    put(pf, CAP_SRIOV + SRIOV_PCI_SRIOV_INITIAL_VFS, 2, model->total_vfs);
    put(pf, CAP_SRIOV + SRIOV_PCI_SRIOV_TOTAL_VFS, 2, model->total_vfs);
    put(pf, CAP_SRIOV + SRIOV_PCI_SRIOV_VF_OFFSET, 2, TOY_VF_OFFSET);
    put(pf, CAP_SRIOV + SRIOV_PCI_SRIOV_VF_STRIDE, 2, TOY_VF_STRIDE);
    put(pf, CAP_SRIOV + SRIOV_PCI_SRIOV_VF_DEVICE_ID, 2, TOY_VF_DEVICE);
    put(pf, CAP_SRIOV + SRIOV_PCI_SRIOV_SYSTEM_PAGE, 4, 1);
    put(pf, CAP_SRIOV + SRIOV_PCI_SRIOV_VF_BAR(0), 4, SRIOV_PCI_BAR_MEM_64);
}

/* Power-on and FLR state of a function. */
static void reset_fn(struct sriov_model *model, uint16_t function, bool plain)
{
    struct toy_fn *fn = &model->fns[function];

    memset(fn, 0, sizeof(*fn));
    put(fn, SRIOV_PCI_VENDOR_ID, 4, function == 0 ? TOY_VENDOR | TOY_DEVICE << 16 : SRIOV_PCI_NO_DEVICE32);
    put(fn, SRIOV_PCI_REVISION_ID, 4, 0x02000007u);
    put(fn, SRIOV_PCI_SUBSYSTEM_VENDOR_ID, 4, TOY_VENDOR | 0x1100u << 16);
    if (!plain) {
        make_caps(fn);
    }
    if (!plain && function == 0) {
        put(fn, SRIOV_PCI_BAR(0), 4, SRIOV_PCI_BAR_MEM_64 | SRIOV_PCI_BAR_MEM_PREFETCH);
        make_sriov(model);
    }
    for (uint32_t i = 0; i < TOY_VECTORS; i++) {
        fn->msix[i][3] = SRIOV_PCI_MSIX_ENTRY_CTRL_MASK;
    }
}

static int make(const struct sriov_model_args *args, uint16_t total_vfs, struct sriov_model **out)
{
    struct sriov_model *model = calloc(1, sizeof(*model));
    uint32_t count = 1u + total_vfs;

    if (model == NULL) {
        return -ENOMEM;
    }
    model->fns = calloc(count, sizeof(*model->fns));
    if (model->fns == NULL) {
        free(model);
        return -ENOMEM;
    }
    model->args = *args;
    model->total_vfs = total_vfs;
    for (uint32_t i = 0; i < count; i++) {
        reset_fn(model, (uint16_t)i, total_vfs == 0);
    }
    *out = model;
    return 0;
}

static int toy_create(const struct sriov_model_args *args, struct sriov_model **out)
{
    if (args->quirks != NULL) {
        return -EINVAL;
    }
    return make(args, args->total_vfs != 0 ? args->total_vfs : TOY_TOTAL_VFS, out);
}

static int plain_create(const struct sriov_model_args *args, struct sriov_model **out)
{
    return make(args, 0, out);
}

static void toy_destroy(struct sriov_model *model)
{
    free(model->fns);
    free(model);
}

static uint32_t toy_cfg_read(struct sriov_model *model, uint16_t function, uint32_t off, uint32_t width)
{
    return get(&model->fns[function], off, width);
}

static uint16_t vfs_on(const struct sriov_model *model)
{
    const struct toy_fn *pf = &model->fns[0];

    if (model->total_vfs == 0 ||
        (get(pf, CAP_SRIOV + SRIOV_PCI_SRIOV_CTRL, 2) & SRIOV_PCI_SRIOV_CTRL_VFE) == 0) {
        return 0;
    }
    return (uint16_t)get(pf, CAP_SRIOV + SRIOV_PCI_SRIOV_NUM_VFS, 2);
}

static bool is_msix_ready(const struct toy_fn *fn, uint32_t vector)
{
    uint32_t ctrl = get(fn, CAP_MSIX + SRIOV_PCI_MSIX_CTRL, 2);

    return (ctrl & SRIOV_PCI_MSIX_CTRL_ENABLE) != 0 && (ctrl & SRIOV_PCI_MSIX_CTRL_MASKALL) == 0 &&
           (fn->msix[vector][3] & SRIOV_PCI_MSIX_ENTRY_CTRL_MASK) == 0;
}

static void send_irq(struct sriov_model *model, uint16_t function, uint32_t vector)
{
    struct toy_fn *fn = &model->fns[function];

    if (vector >= TOY_VECTORS) {
        return;
    }
    if (!is_msix_ready(fn, vector)) {
        fn->pba |= 1u << vector;
        return;
    }
    fn->pba &= ~(1u << vector);
    model->args.ops->irq(model->args.host, function, (uint16_t)vector);
}

static void send_pending(struct sriov_model *model, uint16_t function)
{
    for (uint32_t i = 0; i < TOY_VECTORS; i++) {
        if ((model->fns[function].pba >> i & 1u) != 0) {
            send_irq(model, function, i);
        }
    }
}

static void toy_cfg_write(struct sriov_model *model, uint16_t function, uint32_t off, uint32_t width,
                          uint32_t value)
{
    uint16_t before = vfs_on(model);
    bool sriov = off >= CAP_SRIOV + SRIOV_PCI_SRIOV_CTRL && off < CAP_SRIOV + SRIOV_PCI_SRIOV_SIZE;
    bool writable = off == SRIOV_PCI_COMMAND || off == CAP_MSIX + SRIOV_PCI_MSIX_CTRL || sriov;

    if (!writable) {
        return;
    }
    put(&model->fns[function], off, width, value);
    if (vfs_on(model) != before) {
        for (uint32_t i = vfs_on(model); i < model->total_vfs; i++) {
            reset_fn(model, (uint16_t)(1 + i), false);
        }
        model->args.ops->vfs_changed(model->args.host, vfs_on(model));
    }
    send_pending(model, function);
}

static uint64_t toy_bar_length(struct sriov_model *model, uint16_t function, uint32_t bar)
{
    (void)function;
    if (model->total_vfs == 0) {
        return bar == TOY_BAR ? TOY_BAR_LENGTH : 0;
    }
    return bar == TOY_BAR || bar == TOY_MSIX_BAR ? TOY_BAR_LENGTH : 0;
}

static uint64_t toy_bar_read(struct sriov_model *model, uint16_t function, uint32_t bar, uint64_t off,
                             uint32_t width)
{
    struct toy_fn *fn = &model->fns[function];
    uint64_t value = 0;

    if (bar == TOY_MSIX_BAR) {
        return off == TOY_MSIX_PBA ? fn->pba : off < sizeof(fn->msix) ? fn->msix[off / 16][off / 4 % 4] : 0;
    }
    if (off >= TOY_BUFFER) {
        memcpy(&value, fn->buffer + (off - TOY_BUFFER), width);
        return value;
    }
    return off < sizeof(fn->regs) ? fn->regs[off / 4] : 0;
}

static void run_dma(struct sriov_model *model, uint16_t function, uint32_t command)
{
    struct toy_fn *fn = &model->fns[function];
    sriov_iova_t iova = sriov_iova(fn->regs[TOY_DMA_LO / 4] | (uint64_t)fn->regs[TOY_DMA_HI / 4] << 32);
    struct sriov_site site = {.kind = command == TOY_DMA_READ ? SRIOV_SITE_TX_PAYLOAD : SRIOV_SITE_RX_PAYLOAD,
                              .function = function,
                              .queue = 1,
                              .index = 7};
    size_t len = fn->regs[TOY_DMA_LEN / 4] <= BUFFER ? fn->regs[TOY_DMA_LEN / 4] : BUFFER;
    int err;

    if (command == TOY_DMA_READ) {
        err = model->args.ops->dma_read(model->args.host, &site, iova, fn->buffer, len);
    } else {
        err = model->args.ops->dma_write(model->args.host, &site, iova, fn->buffer, len);
    }
    fn->regs[TOY_STATUS / 4] = err != 0;
}

static void timer_due(struct sriov_model *model, uint64_t tag)
{
    send_irq(model, (uint16_t)tag, 0);
}

static void transmit(struct sriov_model *model, uint16_t function, uint32_t len)
{
    struct toy_fn *fn = &model->fns[function];
    const struct sriov_model_host_ops *host = model->args.ops;

    if (len <= BUFFER) {
        host->tap(model->args.host, function, false, fn->buffer, len);
        host->wire_tx(model->args.host, fn->buffer, len);
    }
}

static void deliver_word(struct sriov_model *model, uint64_t word)
{
    model->fns[0].regs[TOY_INBOX / 4] = (uint32_t)word;
}

static void mailbox(struct sriov_model *model, uint16_t function, uint32_t word)
{
    const struct sriov_model_host_ops *host = model->args.ops;
    struct sriov_site site = {.kind = SRIOV_SITE_MAILBOX, .function = function, .offset = TOY_MBX};
    uint64_t delay = 0;

    switch (host->fault(model->args.host, SRIOV_FAULT_MBX_TO_PF, &site, &word, sizeof(word), &delay)) {
    case SRIOV_FAULT_PASS:
        deliver_word(model, word);
        break;
    case SRIOV_FAULT_DELAY:
        host->timer(model->args.host, host->now_ns(model->args.host) + delay, deliver_word, word);
        break;
    case SRIOV_FAULT_DROP:
        break;
    }
}

static void put_writeback(struct sriov_model *model, uint64_t tag)
{
    uint16_t function = (uint16_t)(tag >> 32);
    uint32_t index = (uint32_t)tag;
    struct toy_fn *fn = &model->fns[function];
    struct sriov_site site = {.kind = SRIOV_SITE_RX_DESC_WRITEBACK, .function = function, .index = index};
    uint32_t words[4] = {index, fn->regs[TOY_SCRATCH / 4], ++fn->regs[TOY_RX_LEN / 4],
                         fn->regs[TOY_INBOX / 4]};

    (void)model->args.ops->dma_write(model->args.host, &site,
                                     sriov_iova(fn->regs[TOY_DMA_LO / 4] + UINT64_C(16) * index), words, 16);
}

static void write_back(struct sriov_model *model, uint16_t function, uint32_t index)
{
    const struct sriov_model_host_ops *host = model->args.ops;
    struct sriov_site site = {.kind = SRIOV_SITE_RX_DESC_WRITEBACK, .function = function, .index = index};
    uint32_t words[4] = {index, model->fns[function].regs[TOY_SCRATCH / 4], 0, 0};
    uint64_t delay = 0;
    uint64_t tag = (uint64_t)function << 32 | index;

    switch (host->fault(model->args.host, SRIOV_FAULT_RX_WRITEBACK, &site, words, sizeof(words), &delay)) {
    case SRIOV_FAULT_PASS:
        model->fns[function].regs[TOY_SCRATCH / 4] = words[1];
        put_writeback(model, tag);
        break;
    case SRIOV_FAULT_DELAY:
        host->timer(model->args.host, host->now_ns(model->args.host) + delay, put_writeback, tag);
        break;
    case SRIOV_FAULT_DROP:
        break;
    }
}

static void report_odd(struct sriov_model *model, uint16_t function)
{
    struct sriov_site site = {.kind = SRIOV_SITE_REGISTER, .function = function, .offset = TOY_ODD};

    model->args.ops->report(model->args.host, SRIOV_REPORT_UNMODELLED, &site, "ODD");
}

static void start_timer(struct sriov_model *model, uint16_t function, uint32_t ns)
{
    const struct sriov_model_host_ops *host = model->args.ops;
    uint64_t late = host->delay_ns(model->args.host, function, SRIOV_DELAY_TX);

    host->timer(model->args.host, host->now_ns(model->args.host) + ns + late, timer_due, function);
}

static void write_reg(struct sriov_model *model, uint16_t function, uint32_t off, uint32_t value)
{
    switch (off) {
    case TOY_SCRATCH:
    case TOY_DMA_LO:
    case TOY_DMA_HI:
    case TOY_DMA_LEN:
        model->fns[function].regs[off / 4] = value;
        break;
    case TOY_DMA_CMD:
        run_dma(model, function, value);
        break;
    case TOY_IRQ:
        send_irq(model, function, value);
        break;
    case TOY_TX:
        transmit(model, function, value);
        break;
    case TOY_TIMER:
        start_timer(model, function, value);
        break;
    case TOY_MBX:
        mailbox(model, function, value);
        break;
    case TOY_WB:
        write_back(model, function, value);
        break;
    case TOY_ODD:
        report_odd(model, function);
        break;
    default:
        break;
    }
}

static void toy_bar_write(struct sriov_model *model, uint16_t function, uint32_t bar, uint64_t off,
                          uint32_t width, uint64_t value)
{
    struct toy_fn *fn = &model->fns[function];

    if (bar == TOY_MSIX_BAR) {
        if (off < sizeof(fn->msix)) {
            fn->msix[off / 16][off / 4 % 4] = (uint32_t)value;
            send_pending(model, function);
        }
    } else if (off >= TOY_BUFFER) {
        memcpy(fn->buffer + (off - TOY_BUFFER), &value, width);
    } else {
        write_reg(model, function, (uint32_t)off, (uint32_t)value);
    }
}

static void toy_flr(struct sriov_model *model, uint16_t function)
{
    uint16_t before = vfs_on(model);

    if (function == 0) {
        for (uint32_t i = 0; i <= model->total_vfs; i++) {
            reset_fn(model, (uint16_t)i, model->total_vfs == 0);
        }
    } else {
        reset_fn(model, function, false);
    }
    if (vfs_on(model) != before) {
        model->args.ops->vfs_changed(model->args.host, vfs_on(model));
    }
}

static void toy_wire_rx(struct sriov_model *model, const void *frame, size_t len)
{
    struct toy_fn *pf = &model->fns[0];

    if (len <= BUFFER) {
        memcpy(pf->buffer, frame, len);
        pf->regs[TOY_RX_COUNT / 4]++;
        pf->regs[TOY_RX_LEN / 4] = (uint32_t)len;
    }
}

static void toy_carrier(struct sriov_model *model, bool up)
{
    model->fns[0].regs[TOY_LINK / 4] = up;
}

static void toy_port_tx(struct sriov_model *model, uint16_t function, const void *frame, size_t len)
{
    model->args.ops->tap(model->args.host, function, false, frame, len);
    model->args.ops->wire_tx(model->args.host, frame, len);
}

#define TOY_OPS(model_name, creator)                                                                         \
    .size = sizeof(struct sriov_model_ops), .name = model_name, .create = creator, .destroy = toy_destroy,   \
    .cfg_read = toy_cfg_read, .cfg_write = toy_cfg_write, .bar_length = toy_bar_length,                      \
    .bar_read = toy_bar_read, .bar_write = toy_bar_write, .flr = toy_flr, .wire_rx = toy_wire_rx,            \
    .carrier = toy_carrier, .port_tx = toy_port_tx

static const char *const no_quirks[] = {NULL};

const struct sriov_model_ops toy_model = {.quirk_profiles = no_quirks, TOY_OPS("toy", toy_create)};
const struct sriov_model_ops toy_plain_model = {.quirk_profiles = no_quirks,
                                                TOY_OPS("toy-plain", plain_create)};
