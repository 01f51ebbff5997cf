/* SPDX-License-Identifier: BSD-3-Clause */
/* Config space as a driver expects one: ids, a command register, an Express capability; and no BAR. */
#include "snd.h"

#include <sriov/hw/pci_regs.h>

#include <errno.h>
#include <string.h>

#define CONFIG_BYTES 256u
#define REVISION     1u
#define CLASS_AT     8u
#define CLASS_WORD   (0x02000000u | REVISION)
#define STATUS_AT    6u
#define STATUS_LIST  0x10u
#define LIST_AT      0x34u
#define EXPRESS_AT   0x40u
#define EXPRESS_ID   0x10u
#define EXPRESS_V2   0x02u /* an endpoint */

static void fill(const struct snd_fn *fn, uint8_t bytes[CONFIG_BYTES])
{
    const uint16_t vendor = SRIOV_NETDEV_VENDOR;
    const uint16_t device = SRIOV_NETDEV_DEVICE;
    const uint32_t class_word = CLASS_WORD;
    memset(bytes, 0, CONFIG_BYTES);
    memcpy(bytes + SRIOV_PCI_VENDOR_ID, &vendor, sizeof(vendor));
    memcpy(bytes + SRIOV_PCI_DEVICE_ID, &device, sizeof(device));
    memcpy(bytes + SRIOV_PCI_COMMAND, &fn->command, sizeof(fn->command));
    memcpy(bytes + CLASS_AT, &class_word, sizeof(class_word));
    bytes[STATUS_AT] = STATUS_LIST;
    bytes[LIST_AT] = EXPRESS_AT;
    bytes[EXPRESS_AT] = EXPRESS_ID;
    bytes[EXPRESS_AT + 2] = EXPRESS_V2;
}

static int check(const struct snd_fn *fn, uint32_t off, uint32_t width)
{
    if (atomic_load(&fn->dead) || fn->removed) {
        return -ENODEV;
    }
    if (width != 1 && width != 2 && width != 4) {
        return -EINVAL;
    }
    if (off % width != 0) {
        return -EINVAL;
    }
    return off < CONFIG_BYTES && width <= CONFIG_BYTES - off ? 0 : -ERANGE;
}

int snd_op_cfg_read(void *handle, uint32_t off, uint32_t width, uint32_t *value)
{
    const struct snd_fn *fn = handle;
    uint8_t bytes[CONFIG_BYTES];
    int err = check(fn, off, width);
    *value = UINT32_MAX;
    if (err == 0) {
        *value = 0;
        fill(fn, bytes);
        memcpy(value, bytes + off, width);
    }
    return err;
}

int snd_op_cfg_write(void *handle, uint32_t off, uint32_t width, uint32_t value)
{
    struct snd_fn *fn = handle;
    int err = check(fn, off, width);
    if (err != 0) {
        return err;
    }
    if (off == SRIOV_PCI_COMMAND) {
        fn->command = (uint16_t)(value & (SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_MASTER));
    }
    return 0;
}

int snd_op_bar_info(void *handle, uint32_t bar, struct sriov_bar_info *info)
{
    (void)handle;
    uint32_t size = info->size;
    if (bar > 5 || size < sizeof(*info)) {
        return -EINVAL;
    }
    memset(info, 0, size);
    info->size = size;
    return 0;
}

int snd_op_bar_read(void *handle, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    (void)handle;
    (void)bar;
    (void)off;
    (void)width;
    *value = UINT64_MAX;
    return -ERANGE;
}

int snd_op_bar_write(void *handle, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    (void)handle;
    (void)bar;
    (void)off;
    (void)width;
    (void)value;
    return -ERANGE;
}
