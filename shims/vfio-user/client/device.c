/* SPDX-License-Identifier: BSD-3-Clause */
/* What the server tells about its device: read once, bounded, kept. */
#include "vfuc.h"

#include <linux/vfio.h>
#include <sriov/hw/pci_regs.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_MIN    256u
#define CONFIG_MAX    4096u
#define BAR_MIN       16u
#define BAR_MAX       (UINT64_C(1) << 46)
#define ANSWER_ROOM   4096u /* of a region, with capabilities */
#define REGIONS_LEAST (VFIO_PCI_CONFIG_REGION_INDEX + 1u)
#define IRQS_LEAST    (VFIO_PCI_MSIX_IRQ_INDEX + 1u)

/* A question whose answer is a struct of the same kind: no more, no less. */
static int ask(struct vfuc_fn *fn, uint16_t command, const void *question, void *answer, size_t size)
{
    struct vfuc_msg msg = {.command = command,
                           .head = question,
                           .head_len = size,
                           .reply = answer,
                           .reply_min = size,
                           .reply_room = size};
    return vfuc_error(vfuc_call(&fn->conn, &msg));
}

static int ask_info(struct vfuc_fn *fn)
{
    struct vfu_device_info info = {.argsz = sizeof(info)};
    struct vfu_device_info answer;
    int err = ask(fn, VFU_DEVICE_GET_INFO, &info, &answer, sizeof(info));
    if (err != 0) {
        return err;
    }
    if ((answer.flags & VFIO_DEVICE_FLAGS_PCI) == 0 || answer.num_regions < REGIONS_LEAST ||
        answer.num_irqs < IRQS_LEAST) {
        return -EPROTO;
    }
    fn->can_reset = (answer.flags & VFIO_DEVICE_FLAGS_RESET) != 0;
    return 0;
}

/* A descriptor is kept for a view only: of the whole region, in memory that stays. */
static bool viewable(const struct vfu_region_info *info, int fd)
{
    return fd >= 0 && (info->flags & VFIO_REGION_INFO_FLAG_MMAP) != 0 &&
           (info->flags & VFIO_REGION_INFO_FLAG_CAPS) == 0 && vfuc_view_safe(fd, info->offset, info->size);
}

static int ask_region(struct vfuc_fn *fn, uint32_t index, struct vfuc_region *region)
{
    struct vfu_region_info info = {.argsz = sizeof(info), .index = index};
    uint8_t answer[ANSWER_ROOM];
    int fd = -1;
    struct vfuc_msg msg = {.command = VFU_DEVICE_GET_REGION_INFO,
                           .head = &info,
                           .head_len = sizeof(info),
                           .reply = answer,
                           .reply_min = sizeof(info),
                           .reply_room = sizeof(answer),
                           .reply_fd = &fd};
    int result = vfuc_call(&fn->conn, &msg);
    if (result != 0) {
        return vfuc_error(result);
    }
    memcpy(&info, answer, sizeof(info));
    *region = (struct vfuc_region){.length = info.size, .offset = info.offset, .flags = info.flags, .fd = -1};
    if (info.index == index && index < VFUC_BARS && viewable(&info, fd)) {
        region->fd = fd;
    } else if (fd >= 0) {
        close(fd);
    }
    return info.index == index ? 0 : -EPROTO;
}

static bool bar_ok(uint64_t length)
{
    return length == 0 || (length >= BAR_MIN && length <= BAR_MAX && (length & (length - 1)) == 0);
}

static int ask_regions(struct vfuc_fn *fn)
{
    for (uint32_t bar = 0; bar < VFUC_BARS; bar++) {
        int err = ask_region(fn, VFIO_PCI_BAR0_REGION_INDEX + bar, &fn->bars[bar]);
        if (err != 0 || !bar_ok(fn->bars[bar].length)) {
            return err != 0 ? err : -EPROTO;
        }
    }
    int err = ask_region(fn, VFIO_PCI_CONFIG_REGION_INDEX, &fn->config);
    if (err != 0) {
        return err;
    }
    return fn->config.length >= CONFIG_MIN && fn->config.length <= CONFIG_MAX ? 0 : -EPROTO;
}

static int ask_irqs(struct vfuc_fn *fn)
{
    struct vfu_irq_info info = {.argsz = sizeof(info), .index = VFIO_PCI_MSIX_IRQ_INDEX};
    struct vfu_irq_info answer;
    int err = ask(fn, VFU_DEVICE_GET_IRQ_INFO, &info, &answer, sizeof(info));
    if (err != 0) {
        return err;
    }
    if (answer.index != info.index || answer.count > VFUC_VECTORS_MAX) {
        return -EPROTO;
    }
    fn->max_vectors = (answer.flags & VFIO_IRQ_INFO_EVENTFD) != 0 ? answer.count : 0;
    return 0;
}

int vfuc_device_ask(struct vfuc_fn *fn)
{
    fn->config.fd = -1;
    for (uint32_t bar = 0; bar < VFUC_BARS; bar++) {
        fn->bars[bar].fd = -1;
    }
    int err = ask_info(fn);
    err = err != 0 ? err : ask_regions(fn);
    err = err != 0 ? err : ask_irqs(fn);
    err = err != 0 ? err : vfuc_mig_ask(fn);
    if (err != 0) {
        vfuc_device_forget(fn);
    }
    return err;
}

void vfuc_device_forget(struct vfuc_fn *fn)
{
    for (uint32_t bar = 0; bar < VFUC_BARS; bar++) {
        if (fn->bars[bar].fd >= 0) {
            close(fn->bars[bar].fd);
            fn->bars[bar].fd = -1;
        }
    }
}
