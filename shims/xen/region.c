/* SPDX-License-Identifier: BSD-3-Clause */
/* Config space by sysfs, and trapped BAR access. */
#include "sxen.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define CONFIG_LEGACY   256u
#define CONFIG_EXTENDED 4096u
#define PCI_STATUS      0x06u
#define PCI_STATUS_CAPS 0x10u
#define PCI_CAPS        0x34u
#define CAPS_MAX        48u

/* The kernel's word for "not there any more" depends on the file. */
static int config_error(struct sxen_fn *fn, int err)
{
    if (err == -ENODEV || err == -ENXIO) {
        sxen_note_gone(fn);
        return -ENODEV;
    }
    return err == -EPERM || err == -EACCES ? -EPERM : -EFAULT;
}

static int config_read(struct sxen_fn *fn, uint32_t off, uint32_t width, uint32_t *value)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    uint32_t raw = 0;
    int64_t n = sys->pread(sys->ctx, fn->config, &raw, width, off);
    if (n < 0) {
        return config_error(fn, (int)n);
    }
    *value = le32toh(raw);
    return n == (int64_t)width ? 0 : -EPERM; /* who is not root sees 64 bytes alone */
}

int sxen_config_init(struct sxen_fn *fn, struct skvm_why *why)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    char path[SKVM_PATH_MAX];
    uint32_t value = 0;
    skvm_dev_path(&fn->xen->base.host, path, fn->info.name, "config");
    fn->config = sys->open(sys->ctx, path, O_RDWR);
    if (fn->config < 0) {
        skvm_why(why, "%s cannot be opened (errno %d): run as root", path, -fn->config);
        return fn->config == -ENODEV || fn->config == -ENOMEM ? fn->config : -EPERM;
    }
    int err = sxen_door_of(fn)->lock(sxen_door_of(fn)->ctx, fn->config);
    if (err != 0) {
        skvm_why(why, "%s is driven by another process: end that one first", fn->info.name);
        err = -EBUSY;
    } else if (config_read(fn, CONFIG_LEGACY - 4, 4, &value) != 0) {
        skvm_why(why, "%s shows no configuration space to this user: run as root", path);
        err = -EPERM;
    }
    if (err != 0) {
        sys->close(sys->ctx, fn->config);
        fn->config = -1;
        return err;
    }
    fn->config_length = config_read(fn, CONFIG_LEGACY, 4, &value) == 0 ? CONFIG_EXTENDED : CONFIG_LEGACY;
    return 0;
}

/* A VF's ids read all-ones in hardware (SR-IOV 1.1, 3.4.1.1); here they are what sysfs says. */
static uint32_t with_ids(const struct sxen_fn *fn, uint32_t off, uint32_t width, uint32_t value)
{
    if (off >= 4) {
        return value;
    }
    uint32_t ids = (uint32_t)fn->info.device << 16 | fn->info.vendor;
    return ids >> (8 * off) & (UINT32_MAX >> (32 - 8 * width));
}

static int check_access(const struct sxen_fn *fn, uint32_t off, uint32_t width)
{
    if ((width != 1 && width != 2 && width != 4) || off % width != 0) {
        return -EINVAL;
    }
    return off > fn->config_length || width > fn->config_length - off ? -ERANGE : 0;
}

int sxen_op_cfg_read(void *handle, uint32_t off, uint32_t width, uint32_t *value)
{
    struct sxen_fn *fn = handle;
    int err = check_access(fn, off, width);
    if (err == 0 && atomic_load(&fn->dead)) {
        err = -ENODEV;
    }
    uint32_t got = UINT32_MAX;
    err = err != 0 ? err : config_read(fn, off, width, &got);
    *value = err != 0 ? UINT32_MAX >> (32 - 8 * (width <= 4 ? width : 4)) : got;
    if (err == 0 && fn->info.is_vf != 0) {
        *value = with_ids(fn, off, width, got);
    }
    return err;
}

int sxen_op_cfg_write(void *handle, uint32_t off, uint32_t width, uint32_t value)
{
    struct sxen_fn *fn = handle;
    const struct skvm_sys *sys = sxen_sys_of(fn);
    uint32_t raw = htole32(value);
    int err = check_access(fn, off, width);
    if (err != 0) {
        return err;
    }
    if (atomic_load(&fn->dead)) {
        return -ENODEV;
    }
    int64_t n = sys->pwrite(sys->ctx, fn->config, &raw, width, off);
    if (n < 0) {
        return config_error(fn, (int)n);
    }
    return n == (int64_t)width ? 0 : -EPERM;
}

uint32_t sxen_find_cap(struct sxen_fn *fn, uint8_t id)
{
    uint32_t value = 0;
    uint32_t at = 0;
    if (config_read(fn, PCI_STATUS, 2, &value) != 0 || (value & PCI_STATUS_CAPS) == 0 ||
        config_read(fn, PCI_CAPS, 1, &at) != 0) {
        return 0;
    }
    for (uint32_t i = 0; i < CAPS_MAX && (at & ~3u) >= 0x40u; i++) {
        at &= 0xfcu;
        if (config_read(fn, at, 2, &value) != 0 || (value & 0xffu) == 0xffu) {
            return 0;
        }
        if ((value & 0xffu) == id) {
            return at;
        }
        at = value >> 8;
    }
    return 0;
}

/* ---- BARs ---- */

int sxen_op_bar_info(void *handle, uint32_t bar, struct sriov_bar_info *info)
{
    const struct sxen_fn *fn = handle;
    if (bar >= SKVM_BARS || info->size < sizeof(*info)) {
        return -EINVAL;
    }
    info->flags = fn->bars[bar].flags;
    info->length = fn->bars[bar].length;
    return 0;
}

static int check_bar(struct sxen_fn *fn, uint32_t bar, uint64_t off, uint32_t width, volatile void **at)
{
    if (bar >= SKVM_BARS || (width != 1 && width != 2 && width != 4 && width != 8) || off % width != 0) {
        return -EINVAL;
    }
    if (atomic_load(&fn->dead)) {
        return -ENODEV;
    }
    const struct sxen_bar *b = &fn->bars[bar];
    if (off > b->length || width > b->length - off) {
        return -ERANGE;
    }
    if (b->va == NULL) {
        return -EOPNOTSUPP;
    }
    *at = (volatile unsigned char *)b->va + off;
    return 0;
}

int sxen_op_bar_read(void *handle, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    volatile void *at = NULL;
    int err = check_bar(handle, bar, off, width, &at);
    *value = UINT64_MAX >> (64 - 8 * (width >= 1 && width <= 8 ? width : 8));
    if (err != 0) {
        return err;
    }
    switch (width) {
    case 1:
        *value = *(volatile uint8_t *)at;
        return 0;
    case 2:
        *value = le16toh(*(volatile uint16_t *)at);
        return 0;
    case 4:
        *value = le32toh(*(volatile uint32_t *)at);
        return 0;
    default:
        *value = le64toh(*(volatile uint64_t *)at);
        return 0;
    }
}

int sxen_op_bar_write(void *handle, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    volatile void *at = NULL;
    int err = check_bar(handle, bar, off, width, &at);
    if (err != 0) {
        return err;
    }
    switch (width) {
    case 1:
        *(volatile uint8_t *)at = (uint8_t)value;
        return 0;
    case 2:
        *(volatile uint16_t *)at = htole16((uint16_t)value);
        return 0;
    case 4:
        *(volatile uint32_t *)at = htole32((uint32_t)value);
        return 0;
    default:
        *(volatile uint64_t *)at = htole64(value);
        return 0;
    }
}
