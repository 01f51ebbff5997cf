/* SPDX-License-Identifier: BSD-3-Clause */
/* The ops of the VM face themselves, as the manager calls them, with a function that is made of callbacks. */
#include "vm_bed.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SLOT    4u
#define VECTORS 3u
#define WINDOW  CONFORM_VM_MMIO

struct thing {
    const struct sriov_vmm_ops *ops;
    void *vm;
    void *dev;
    uint32_t cfg[64];
    uint32_t cfg_calls;
    uint32_t window_calls;
    uint64_t regs[512]; /* a page */
    uint64_t rung;
    uint32_t rings;
    uint32_t gone;
    uint32_t wrong; /* offsets or widths that no shim may pass on */
};

static bool is_access(uint64_t off, uint32_t width, uint64_t end, uint32_t widest)
{
    return (width == 1 || width == 2 || width == 4 || width == 8) && width <= widest && off % width == 0 &&
           off < end;
}

static uint32_t thing_cfg_read(void *arg, uint32_t off, uint32_t width)
{
    struct thing *t = arg;
    uint32_t value = UINT32_MAX;
    t->cfg_calls++;
    t->wrong += !is_access(off, width, SRIOV_PCI_CFG_EXT_SIZE, 4);
    if (off < sizeof(t->cfg)) {
        memcpy(&value, (unsigned char *)t->cfg + off, width);
    }
    return value;
}

static void thing_cfg_write(void *arg, uint32_t off, uint32_t width, uint32_t value)
{
    struct thing *t = arg;
    t->cfg_calls++;
    t->wrong += !is_access(off, width, SRIOV_PCI_CFG_EXT_SIZE, 4);
    if (off < sizeof(t->cfg)) {
        memcpy((unsigned char *)t->cfg + off, &value, width);
    }
}

static uint64_t thing_read(void *arg, uint64_t off, uint32_t width)
{
    struct thing *t = arg;
    uint64_t value = 0;
    t->window_calls++;
    t->wrong += !is_access(off, width, sizeof(t->regs), 8);
    if (off < sizeof(t->regs)) {
        memcpy(&value, (unsigned char *)t->regs + off, width);
    }
    return value;
}

static void thing_write(void *arg, uint64_t off, uint32_t width, uint64_t value)
{
    struct thing *t = arg;
    t->window_calls++;
    t->wrong += !is_access(off, width, sizeof(t->regs), 8);
    if (off < sizeof(t->regs)) {
        memcpy((unsigned char *)t->regs + off, &value, width);
    }
}

static void thing_rings(void *arg, uint64_t value)
{
    struct thing *t = arg;
    t->rings++;
    t->rung = value;
}

static void thing_gone(void *arg)
{
    struct thing *t = arg;
    t->gone++;
}

static struct sriov_vm_dev_args args_of(struct thing *t)
{
    return (struct sriov_vm_dev_args){.size = sizeof(struct sriov_vm_dev_args),
                                      .slot = SLOT,
                                      .name = "thing",
                                      .vectors = VECTORS,
                                      .fd = -1,
                                      .cfg_read = thing_cfg_read,
                                      .cfg_write = thing_cfg_write,
                                      .arg = t};
}

static struct sriov_vm_window window_of(struct thing *t, uint64_t gpa, uint64_t length)
{
    return (struct sriov_vm_window){.size = sizeof(struct sriov_vm_window),
                                    .gpa = gpa,
                                    .length = length,
                                    .read = thing_read,
                                    .write = thing_write,
                                    .arg = t};
}

static struct sriov_vm_doorbell bell_of(struct thing *t, uint64_t gpa, uint32_t values)
{
    return (struct sriov_vm_doorbell){.size = sizeof(struct sriov_vm_doorbell),
                                      .width = 4,
                                      .gpa = gpa,
                                      .values = values,
                                      .cb = thing_rings,
                                      .arg = t};
}

static int make(struct vm_bed *bed, struct thing *t)
{
    memset(t, 0, sizeof(*t));
    t->ops = sriov_vmm_ops(sriov_vm_vmm(bed->guest.vm));
    t->vm = sriov_vm_ctx(bed->guest.vm);
    t->cfg[0] = 0x0c021b36;
    struct sriov_vm_dev_args args = args_of(t);
    return t->ops->vm_dev_add(t->vm, &args, &t->dev);
}

static void settle(struct vm_bed *bed)
{
    for (int i = 0; i < 10; i++) {
        vm_pass(bed, 20 * VM_US);
    }
}

static enum conform_verdict slot_by_slot(struct conform *c, struct vm_bed *bed)
{
    static struct thing t; /* one thread */
    void *other = NULL;
    RETURNS(c, make(bed, &t), 0);
    struct sriov_vm_dev_args args = args_of(&t);
    RETURNS(c, t.ops->vm_dev_add(t.vm, &args, &other), -EBUSY);
    args.slot = SRIOV_VM_SLOT_ANY;
    RETURNS(c, t.ops->vm_dev_add(t.vm, &args, &other), 0);
    t.ops->vm_dev_del(other);
    t.ops->vm_dev_del(t.dev);
    args.slot = SLOT;
    RETURNS(c, t.ops->vm_dev_add(t.vm, &args, &t.dev), 0); /* free again */
    t.ops->vm_dev_del(t.dev);
    return CONFORM_PASS;
}

static enum conform_verdict seen_when_added(struct conform *c, struct vm_bed *bed)
{
    static struct thing t;
    RETURNS(c, make(bed, &t), 0);
    bool hidden = vm_is_absent(bed, SLOT);
    int err = t.ops->vm_hot_add(t.dev);
    uint32_t id = bed->stage->cfg_read(&bed->guest, SLOT, 0, 4);
    uint32_t half = bed->stage->cfg_read(&bed->guest, SLOT, 2, 2);
    bed->stage->cfg_write(&bed->guest, SLOT, 0x11, 1, 0x5a);
    bed->stage->cfg_write(&bed->guest, SLOT, 0x14, 4, 0xa1b2c3d4);
    uint32_t calls = t.cfg_calls;
    t.ops->vm_dev_del(t.dev);
    bool gone = vm_is_absent(bed, SLOT);
    RETURNS(c, err, 0);
    CHECK(c, hidden && gone && t.wrong == 0);
    CHECK(c, t.cfg_calls == calls); /* none after vm_dev_del */
    if (calls == 0) {
        return conform_cannot(c, "this VMM shows a configuration space of its own");
    }
    CHECK(c, id == 0x0c021b36 && half == 0x0c02);
    CHECK(c, t.cfg[4] == 0x5a00 && t.cfg[5] == 0xa1b2c3d4);
    return CONFORM_PASS;
}

static enum conform_verdict windows(struct conform *c, struct vm_bed *bed)
{
    static struct thing t;
    struct vm_piece *ram;
    RETURNS(c, vm_ram(bed, 0, 2, &ram), 0);
    RETURNS(c, make(bed, &t), 0);
    struct sriov_vm_window win = window_of(&t, WINDOW, sizeof(t.regs));
    RETURNS(c, t.ops->vm_window_add(t.dev, &win), 0);
    struct sriov_vm_window over = window_of(&t, WINDOW + 0x800, sizeof(t.regs));
    RETURNS(c, t.ops->vm_window_add(t.dev, &over), -EBUSY);
    over.gpa = ram->gpa + SRIOV_VM_PAGE;
    RETURNS(c, t.ops->vm_window_add(t.dev, &over), -EBUSY);
    struct sriov_vm_mem mem = vm_mem_of(ram);
    mem.gpa = WINDOW;
    RETURNS(c, t.ops->vm_mem_add(t.vm, &mem), -EINVAL);
    mem.gpa = ram->gpa + SRIOV_VM_PAGE;
    RETURNS(c, t.ops->vm_mem_add(t.vm, &mem), -EINVAL);
    for (uint32_t width = 1; width <= 8; width *= 2) {
        vm_wr(bed, WINDOW + 0x100 + 8 * width, width, UINT64_C(0x8877665544332211));
        uint64_t back = vm_rd(bed, WINDOW + 0x100 + 8 * width, width);
        CHECK(c, back == (UINT64_C(0x8877665544332211) & (UINT64_MAX >> (64 - 8 * width))));
        CHECK(c, t.regs[0x20 + width] == back);
    }
    CHECK(c, t.window_calls == 8 && t.wrong == 0);
    RETURNS(c, t.ops->vm_window_del(t.dev, WINDOW, sizeof(t.regs)), 0);
    CHECK(c, vm_rd(bed, WINDOW + 0x108, 4) == UINT32_MAX && t.window_calls == 8);
    over.gpa = WINDOW + 0x800;
    RETURNS(c, t.ops->vm_window_add(t.dev, &over), 0); /* there is room now */
    t.ops->vm_dev_del(t.dev);
    CHECK(c, vm_rd(bed, WINDOW + 0x900, 4) == UINT32_MAX && t.window_calls == 8);
    return CONFORM_PASS;
}

static enum conform_verdict bells(struct conform *c, struct vm_bed *bed)
{
    static struct thing t;
    RETURNS(c, make(bed, &t), 0);
    struct sriov_vm_window win = window_of(&t, WINDOW, sizeof(t.regs));
    struct sriov_vm_doorbell bell = bell_of(&t, WINDOW + 0x40, 8);
    RETURNS(c, t.ops->vm_window_add(t.dev, &win), 0);
    int err = t.ops->vm_doorbell_add(t.dev, &bell);
    if (err == -EOPNOTSUPP) {
        t.ops->vm_dev_del(t.dev);
        return conform_cannot(c, "this machine has no doorbells");
    }
    RETURNS(c, err, 0);
    vm_wr(bed, WINDOW + 0x40, 4, 5);
    CHECK(c, t.window_calls == 0); /* the doorbell comes before the window */
    settle(bed);
    CHECK(c, t.rings == 1 && t.rung == 5);
    vm_wr(bed, WINDOW + 0x40, 4, 8);
    settle(bed);
    CHECK(c, t.window_calls == 1 && t.rings == 1 && (uint32_t)t.regs[8] == 8);
    RETURNS(c, t.ops->vm_doorbell_del(t.dev, WINDOW + 0x40), 0);
    vm_wr(bed, WINDOW + 0x40, 4, 3);
    settle(bed);
    CHECK(c, t.window_calls == 2 && t.rings == 1);
    RETURNS(c, t.ops->vm_doorbell_add(t.dev, &bell), 0);
    t.ops->vm_dev_del(t.dev);
    vm_wr(bed, WINDOW + 0x40, 4, 4);
    settle(bed);
    CHECK(c, t.window_calls == 2 && t.rings == 1);
    return CONFORM_PASS;
}

/* As a function's shim does. */
static void signal_sink(const struct sriov_irq_sink *sink, uint32_t vector)
{
    const uint64_t one = 1;
    if (sink->kind == SRIOV_SINK_CALLBACK) {
        sink->cb(sink->arg, vector);
    } else if (write(sink->fd, &one, sizeof(one)) < 0) {
        return; /* a count that is full says the same */
    }
}

static enum conform_verdict vectors(struct conform *c, struct vm_bed *bed)
{
    static struct thing t;
    struct sriov_irq_sink sink = {.size = sizeof(sink)};
    struct sriov_vm_msi msi = {.size = sizeof(msi)};
    uint32_t pending = 7;
    RETURNS(c, make(bed, &t), 0);
    bed->stage->msi(&bed->guest, 2, &msi.address, &msi.data);
    RETURNS(c, t.ops->vm_irq_sink(t.dev, 1, &sink), 0);
    CHECK(c, sink.kind == SRIOV_SINK_CALLBACK ? sink.cb != NULL
                                              : sink.kind == SRIOV_SINK_EVENTFD && sink.fd >= 0);
    signal_sink(&sink, 1);
    signal_sink(&sink, 1);
    RETURNS(c, t.ops->vm_irq_pending(t.dev, 1, &pending), 0);
    RETURNS(c, pending, 1);
    RETURNS(c, vm_taken(bed, 2, 0), 0);
    RETURNS(c, t.ops->vm_irq_route(t.dev, 1, &msi), 0);
    RETURNS(c, vm_taken(bed, 2, 1), 1); /* once */
    signal_sink(&sink, 1);
    RETURNS(c, vm_taken(bed, 2, 2), 2);
    RETURNS(c, t.ops->vm_irq_pending(t.dev, 1, &pending), 0);
    RETURNS(c, pending, 0);
    RETURNS(c, t.ops->vm_irq_route(t.dev, 1, NULL), 0);
    signal_sink(&sink, 1);
    RETURNS(c, t.ops->vm_irq_sink(t.dev, 1, &sink), 0); /* asked again: forgotten */
    RETURNS(c, t.ops->vm_irq_pending(t.dev, 1, &pending), 0);
    RETURNS(c, pending, 0);
    RETURNS(c, t.ops->vm_irq_route(t.dev, 1, &msi), 0);
    RETURNS(c, vm_taken(bed, 2, 2), 2);
    t.ops->vm_dev_del(t.dev);
    return CONFORM_PASS;
}

static enum conform_verdict letting_go(struct conform *c, struct vm_bed *bed)
{
    static struct thing t;
    RETURNS(c, make(bed, &t), 0);
    RETURNS(c, t.ops->vm_hot_add(t.dev), 0);
    if (bed->stage->consent == NULL) {
        t.ops->vm_dev_del(t.dev);
        return conform_cannot(c, "nobody tells this guest of devices that come and go");
    }
    bed->stage->consent(&bed->guest, CONFORM_CONSENT_NEVER, 0);
    RETURNS(c, t.ops->vm_hot_remove(t.dev, thing_gone, &t), 0);
    settle(bed);
    CHECK(c, t.gone == 0 && !vm_is_absent(bed, SLOT));
    t.ops->vm_dev_del(t.dev); /* without its consent */
    settle(bed);
    CHECK(c, t.gone == 0 && vm_is_absent(bed, SLOT));
    bed->stage->consent(&bed->guest, CONFORM_CONSENT_AT_ONCE, 0);
    RETURNS(c, make(bed, &t), 0);
    RETURNS(c, t.ops->vm_hot_add(t.dev), 0);
    RETURNS(c, t.ops->vm_hot_remove(t.dev, thing_gone, &t), 0);
    settle(bed);
    CHECK(c, t.gone == 1);
    t.ops->vm_dev_del(t.dev);
    return CONFORM_PASS;
}

static enum conform_verdict structs_checked(struct conform *c, struct vm_bed *bed)
{
    static struct thing t;
    struct {
        struct sriov_vm_info info;
        uint64_t more;
    } info = {.info = {.size = sizeof(info)}, .more = 7};
    RETURNS(c, make(bed, &t), 0);
    RETURNS(c, t.ops->vm_info(t.vm, &info.info), 0);
    t.ops->vm_dev_del(t.dev);
    CHECK(c, info.info.size == sizeof(info) && info.more == 0); /* what it does not know is zero */
    return CONFORM_PASS;
}

const struct vm_case vm_raw_cases[] = {
    {"face.slot-by-slot", slot_by_slot, VM_TOY, {0}},
    {"face.seen-when-added", seen_when_added, VM_TOY, {0}},
    {"face.windows", windows, VM_TOY, {0}},
    {"face.doorbells", bells, VM_TOY, {0}},
    {"face.vectors", vectors, VM_TOY, {0}},
    {"face.letting-go", letting_go, VM_TOY, {0}},
    {"face.structs-checked", structs_checked, VM_TOY, {0}},
    {NULL, NULL, VM_ANY, {0}},
};
