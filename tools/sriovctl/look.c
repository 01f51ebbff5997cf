/* SPDX-License-Identifier: BSD-3-Clause */
#include "look.h"

#include <sriov/hw/pci_regs.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CONFIG_MAX 4096u
#define BARS       6u
/* The kernel's resource flags as the "resource" file prints them. */
#define RESOURCE_IO       UINT64_C(0x100)
#define RESOURCE_PREFETCH UINT64_C(0x2000)
#define RESOURCE_64BIT    UINT64_C(0x100000)

struct look {
    struct sriov_fn_info info;
    struct sriov_vmm *vmm;
    struct sriov_bar_info bars[BARS];
    uint8_t config[CONFIG_MAX]; /* a snapshot: every read sees the same */
    uint32_t config_size;
};

/* ---- reading sysfs, once ---- */

static int open_leaf(const char *root, const char *name, const char *leaf)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/%s", root, name, leaf);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

static ssize_t read_whole(const char *root, const char *name, const char *leaf, void *bytes, size_t room)
{
    size_t got = 0;
    int fd = open_leaf(root, name, leaf);

    if (fd < 0) {
        return fd;
    }
    while (got < room) {
        ssize_t n = pread(fd, (char *)bytes + got, room - got, (off_t)got);
        if (n <= 0) {
            break;
        }
        got += (size_t)n;
    }
    (void)close(fd);
    return (ssize_t)got;
}

static int read_config(struct look *look, const char *root)
{
    memset(look->config, 0xff, sizeof(look->config));
    ssize_t n = read_whole(root, look->info.name, "config", look->config, sizeof(look->config));
    if (n < 0) {
        return n == -EACCES ? -EPERM : (int)n;
    }
    look->config_size = n > 256 ? CONFIG_MAX : n > 64 ? 256 : 64;
    return 0;
}

static void read_bars(struct look *look, const char *root)
{
    char text[4096];
    ssize_t n = read_whole(root, look->info.name, "resource", text, sizeof(text) - 1);
    char *line = text;

    text[n > 0 ? n : 0] = '\0';
    for (uint32_t i = 0; i < BARS; i++) {
        uint64_t first = 0;
        uint64_t last = 0;
        uint64_t flags = 0;
        look->bars[i].size = sizeof(look->bars[i]);
        if (line == NULL || sscanf(line, "%" SCNx64 " %" SCNx64 " %" SCNx64, &first, &last, &flags) != 3) {
            continue;
        }
        look->bars[i].length = flags != 0 && last > first ? last - first + 1 : 0;
        look->bars[i].flags = ((flags & RESOURCE_64BIT) != 0 ? SRIOV_BAR_64BIT : 0) |
                              ((flags & RESOURCE_PREFETCH) != 0 ? SRIOV_BAR_PREFETCH : 0) |
                              ((flags & RESOURCE_IO) != 0 ? SRIOV_BAR_IO : 0);
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
}

/* ---- host services ---- */

static void *op_host_alloc(void *vmm, size_t size, size_t align)
{
    void *ptr = NULL;

    (void)vmm;
    if (posix_memalign(&ptr, align < sizeof(void *) ? sizeof(void *) : align, size) != 0) {
        return NULL;
    }
    return memset(ptr, 0, size);
}

static void op_host_free(void *vmm, void *ptr, size_t size)
{
    (void)vmm;
    (void)size;
    free(ptr);
}

static uint64_t op_now(void *vmm)
{
    struct timespec now;

    (void)vmm;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void op_relax(void *vmm)
{
    (void)vmm;
}

static void op_sleep(void *vmm, uint64_t ns)
{
    struct timespec span = {(time_t)(ns / UINT64_C(1000000000)), (long)(ns % UINT64_C(1000000000))};

    (void)vmm;
    (void)nanosleep(&span, NULL);
}

static int op_wait(void *vmm, uint64_t timeout_ns)
{
    (void)vmm;
    (void)timeout_ns;
    return -EAGAIN;
}

/* ---- the function ---- */

static int op_open(void *vmm, const struct sriov_open_args *args, void **fn)
{
    struct look *look = vmm;

    if (strcmp(args->name, look->info.name) != 0) {
        return -ENOENT;
    }
    *fn = look;
    return 0;
}

static void op_close(void *fn)
{
    (void)fn;
}

static int op_info(void *fn, struct sriov_fn_info *info)
{
    const struct look *look = fn;
    uint32_t size = info->size < sizeof(*info) ? info->size : (uint32_t)sizeof(*info);

    memcpy(info, &look->info, size);
    info->size = size;
    info->caps = look->config_size > 256 ? SRIOV_CAP_CFG_EXTENDED : 0;
    return 0;
}

static int op_cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value)
{
    const struct look *look = fn;

    *value = UINT32_MAX;
    if (off > CONFIG_MAX || width > CONFIG_MAX - off || width > sizeof(*value)) {
        return -ERANGE;
    }
    memcpy(value, look->config + off, width);
    return 0;
}

/* The core means to enable memory and bus mastering: the device's owner has that in hand. */
static int op_cfg_write(void *fn, uint32_t off, uint32_t width, uint32_t value)
{
    (void)fn;
    (void)off;
    (void)width;
    (void)value;
    return 0;
}

static int op_bar_info(void *fn, uint32_t bar, struct sriov_bar_info *info)
{
    const struct look *look = fn;
    uint32_t size = info->size;

    if (bar >= BARS || size < sizeof(*info)) {
        return -EINVAL;
    }
    *info = look->bars[bar];
    info->size = size;
    return 0;
}

static int op_bar_read(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    (void)fn;
    (void)bar;
    (void)off;
    (void)width;
    *value = UINT64_MAX;
    return -EOPNOTSUPP;
}

static int op_bar_write(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    (void)fn;
    (void)bar;
    (void)off;
    (void)width;
    (void)value;
    return -EOPNOTSUPP;
}

static int op_dma_limits(void *fn, struct sriov_dma_limits *limits)
{
    uint32_t size = limits->size;

    (void)fn;
    memset(limits, 0, size);
    limits->size = size;
    limits->granule = 4096;
    return 0;
}

static int op_dma_alloc(void *fn, struct sriov_dma_mem *mem)
{
    (void)fn;
    (void)mem;
    return -EOPNOTSUPP;
}

static int op_dma_free(void *fn, const struct sriov_dma_mem *mem)
{
    (void)fn;
    (void)mem;
    return -EINVAL;
}

static const struct sriov_vmm_ops look_ops = {
    .size = sizeof(look_ops),
    .abi = SRIOV_VMM_ABI,
    .name = "look",
    .host_alloc = op_host_alloc,
    .host_free = op_host_free,
    .now_ns = op_now,
    .relax = op_relax,
    .sleep_ns = op_sleep,
    .wait = op_wait,
    .open = op_open,
    .close = op_close,
    .info = op_info,
    .cfg_read = op_cfg_read,
    .cfg_write = op_cfg_write,
    .bar_info = op_bar_info,
    .bar_read = op_bar_read,
    .bar_write = op_bar_write,
    .dma_limits = op_dma_limits,
    .dma_alloc = op_dma_alloc,
    .dma_free = op_dma_free,
};

int look_create(const char *sysfs_root, const struct sriov_fn_info *info, struct look **out)
{
    const char *root = sysfs_root != NULL ? sysfs_root : "/sys";
    struct look *look = calloc(1, sizeof(*look));
    int rc;

    if (look == NULL) {
        return -ENOMEM;
    }
    look->info = *info;
    rc = read_config(look, root);
    if (rc == 0) {
        read_bars(look, root);
        rc = sriov_vmm_register(&look_ops, look, &look->vmm);
    }
    if (rc != 0) {
        free(look);
        return rc;
    }
    *out = look;
    return 0;
}

void look_destroy(struct look *look)
{
    (void)sriov_vmm_unregister(look->vmm);
    free(look);
}

struct sriov_vmm *look_vmm(struct look *look)
{
    return look->vmm;
}

uint32_t look_config_size(const struct look *look)
{
    return look->config_size;
}
