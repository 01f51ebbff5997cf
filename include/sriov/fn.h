/* SPDX-License-Identifier: BSD-3-Clause */
/* A PCI function in our hands: life cycle, config space, capabilities, BARs. Freestanding C11. */
#ifndef SRIOV_FN_H
#define SRIOV_FN_H

#include <sriov/vmm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sriov_fn;

/*
 * detached -> attached -> started <-> stopped -> detached; from started to recovering and back, or
 * on to stopped; the same with quiesced; attached -> detached. From anywhere to gone, and from
 * there only sriov_fn_close leads on. Attached means: a class (net, pf) holds it; a function that
 * sriov_fn_open returned is detached still.
 */
enum sriov_fn_state {
    SRIOV_FN_DETACHED = 0,
    SRIOV_FN_ATTACHED = 1,
    SRIOV_FN_STARTED = 2,
    SRIOV_FN_STOPPED = 3,
    SRIOV_FN_RECOVERING = 4,
    SRIOV_FN_QUIESCED = 5, /* held still for migration */
    SRIOV_FN_GONE = 6,
};

/* A mapping that its owner did not give back, as sriov_fn_close found it. */
struct sriov_leak {
    const char *owner; /* as given to sriov_dma_alloc or _map */
    sriov_iova_t iova;
    uint64_t length;
    enum sriov_dma_dir dir;
};

struct sriov_fn_opts {
    uint32_t size;
    uint32_t flags;      /* SRIOV_OPEN_* and SRIOV_FN_* */
    const char *options; /* handed to the shim, see struct sriov_open_args */
    void (*on_leak)(void *arg, const struct sriov_leak *leak); /* may be NULL: logged only */
    void (*on_event)(void *arg, enum sriov_event event);       /* after the core acted on it */
    void *arg;
};
/* Do not reset on open. A dirty exit of an earlier owner then shows through. */
#define SRIOV_FN_NO_RESET (1u << 16)

/*
 * Open a function by the name `enumerate` gave, reset it (FLR, where the shim can) and enable
 * memory and bus mastering. opts may be NULL.
 * Errors: -ENOENT no such function, -EBUSY held by another driver or owner, -EPERM, -ENODEV (reads
 * all-ones), -EPROTO (malformed config space), what the shim's open returned.
 */
SRIOV_API int sriov_fn_open(struct sriov_vmm *vmm, const char *name, const struct sriov_fn_opts *opts,
                            struct sriov_fn **out);
/*
 * Stop bus mastering, then give all back: first what the caller forgot, each reported as a leak.
 * Returns the number of leaks (0: clean). fn is invalid afterwards in any case. NULL is nothing.
 */
SRIOV_API int sriov_fn_close(struct sriov_fn *fn);

/*
 * The function is gone: from now on config and trapped reads give all-ones, views are inert, every
 * call returns -ENODEV but for those that give something back (close, dma_free, dma_unmap,
 * bar_close, irq_detach, irq_disable), which still reach the shim. The core calls it itself when an
 * op returns -ENODEV or the shim says removed. All of this holds once it has returned; while it runs
 * on another thread, calls may fail before the views are inert.
 *
 * The only call that may come from any thread, any context (a signal handler or an interrupt too: no
 * lock, no memory, no log); twice is once. It must have returned before sriov_fn_close is called. It
 * wakes nobody: a wait under way on another thread ends at its timeout or next callback.
 */
SRIOV_API void sriov_fn_kill(struct sriov_fn *fn);

SRIOV_API const struct sriov_fn_info *sriov_fn_info(const struct sriov_fn *fn);
SRIOV_API enum sriov_fn_state sriov_fn_state(const struct sriov_fn *fn);
SRIOV_API const char *sriov_fn_state_name(enum sriov_fn_state state);
/* For class code: moves along a legal arc, else -EINVAL; -ENODEV once gone. */
SRIOV_API int sriov_fn_set_state(struct sriov_fn *fn, enum sriov_fn_state to);
static inline bool sriov_fn_gone(const struct sriov_fn *fn)
{
    return sriov_fn_state(fn) == SRIOV_FN_GONE;
}
SRIOV_API struct sriov_vmm *sriov_fn_vmm(const struct sriov_fn *fn);
SRIOV_API bool sriov_fn_can(const struct sriov_fn *fn, uint64_t caps); /* all of SRIOV_CAP_* */
/* What stands for the function on this host, where there is such a thing: kind as enum sriov_fn_fd_kind. The
 * descriptor stays the shim's. -EOPNOTSUPP: nothing does. */
SRIOV_API int sriov_fn_fd(struct sriov_fn *fn, int32_t *fd, uint32_t *kind);

/* FLR; memory and bus mastering enabled again afterwards. The shim keeps the rest of config space
 * (MSI-X enable with its sinks too) and the DMA maps over it. -EOPNOTSUPP without SRIOV_CAP_RESET. */
SRIOV_API int sriov_fn_reset(struct sriov_fn *fn);
/* A PF: enable exactly n VFs (0: none). Changing n while some are enabled goes through 0. */
SRIOV_API int sriov_fn_set_vfs(struct sriov_fn *fn, uint16_t n);

/* Zeroed control memory of the VMM, owned by the caller; NULL when there is none. */
SRIOV_API void *sriov_fn_host_alloc(struct sriov_fn *fn, size_t size, size_t align);
SRIOV_API void sriov_fn_host_free(struct sriov_fn *fn, void *ptr, size_t size);

/* Time of the VMM's clock, see vmm.h. */
SRIOV_API uint64_t sriov_fn_now(struct sriov_fn *fn);
SRIOV_API void sriov_fn_sleep(struct sriov_fn *fn, uint64_t ns);
/*
 * Bounded wait: calls done(arg) until it returns non-zero (that is returned: a positive value for
 * success, a negative errno to give up), the function is gone (-ENODEV) or timeout_ns passed and
 * one more look did not help (-ETIMEDOUT). Sleeps step_ns between looks; 0: relax only.
 */
SRIOV_API int sriov_fn_wait_until(struct sriov_fn *fn, int (*done)(void *arg), void *arg, uint64_t timeout_ns,
                                  uint64_t step_ns);

/* ---- config space ---- */

/* Reads give all-ones in *value on any error. off misaligned: -EINVAL; outside config space (256
 * bytes without SRIOV_CAP_CFG_EXTENDED): -ERANGE. */
SRIOV_API int sriov_cfg_read8(struct sriov_fn *fn, uint32_t off, uint8_t *value);
SRIOV_API int sriov_cfg_read16(struct sriov_fn *fn, uint32_t off, uint16_t *value);
SRIOV_API int sriov_cfg_read32(struct sriov_fn *fn, uint32_t off, uint32_t *value);
SRIOV_API int sriov_cfg_write8(struct sriov_fn *fn, uint32_t off, uint8_t value);
SRIOV_API int sriov_cfg_write16(struct sriov_fn *fn, uint32_t off, uint16_t value);
SRIOV_API int sriov_cfg_write32(struct sriov_fn *fn, uint32_t off, uint32_t value);

/* Walks are bounded: -EPROTO on a loop, a pointer outside or a misaligned one; -ENOENT when not
 * there; -ENODEV when all of config space reads all-ones. */
SRIOV_API int sriov_cfg_find_cap(struct sriov_fn *fn, uint8_t id, uint16_t *off);
SRIOV_API int sriov_cfg_find_ext_cap(struct sriov_fn *fn, uint16_t id, uint16_t *off);
/* Every capability in order; ext says which list. Non-zero from cb stops and is returned. */
typedef int (*sriov_cap_cb)(void *arg, bool ext, uint16_t id, uint16_t off);
SRIOV_API int sriov_cfg_each_cap(struct sriov_fn *fn, sriov_cap_cb cb, void *arg);

/* PCIe 5.0, 7.7.2 */
struct sriov_msix_cap {
    uint16_t off;
    uint16_t vectors; /* 1 to 2048 */
    uint8_t table_bar;
    uint8_t pba_bar;
    uint32_t table_off;
    uint32_t pba_off;
    bool enabled;
    bool masked;
};
SRIOV_API int sriov_cfg_msix(struct sriov_fn *fn, struct sriov_msix_cap *cap);

/* PCIe 5.0, 9.3.3 */
struct sriov_iov_cap {
    uint16_t off;
    uint16_t initial_vfs;
    uint16_t total_vfs;
    uint16_t num_vfs;
    uint16_t first_vf_offset;
    uint16_t vf_stride;
    uint16_t vf_device_id;
    uint32_t supported_page_sizes; /* bit n: 2^(n+12) bytes */
    uint32_t system_page_size;
    bool vf_enable;
    bool vf_mse;
    bool ari_capable; /* ARI Capable Hierarchy set */
};
SRIOV_API int sriov_cfg_sriov(struct sriov_fn *fn, struct sriov_iov_cap *cap);

/* ---- BARs ---- */

/* A BAR that a driver uses. Its members belong to the core; read registers with sriov_rd32(). */
struct sriov_bar {
    volatile uint8_t *view; /* NULL: every access goes through an op */
    uint64_t length;        /* bytes */
    struct sriov_fn *fn;
    uint32_t index;
    uint32_t reserved0;
};

/*
 * need: least length in bytes that the driver relies on, so that constant offsets below it need no
 * further check: -ERANGE when the BAR is shorter (-ENOENT with need 0 and no such BAR). The view is
 * taken where there is one.
 */
SRIOV_API int sriov_bar_open(struct sriov_fn *fn, uint32_t index, uint64_t need, struct sriov_bar *bar);
SRIOV_API void sriov_bar_close(struct sriov_bar *bar);

/* The trapped path: range-checked, all-ones on error. */
SRIOV_API uint32_t sriov_bar_read32(const struct sriov_bar *bar, uint64_t off);
SRIOV_API void sriov_bar_write32(const struct sriov_bar *bar, uint64_t off, uint32_t value);
/* Any width 1, 2, 4, 8, with the error. */
SRIOV_API int sriov_bar_read(const struct sriov_bar *bar, uint64_t off, uint32_t width, uint64_t *value);
SRIOV_API int sriov_bar_write(const struct sriov_bar *bar, uint64_t off, uint32_t width, uint64_t value);

/* One register. off below the `need` given to sriov_bar_open. Little-endian device and host. */
static inline uint32_t sriov_rd32(const struct sriov_bar *bar, uint32_t off)
{
    if (bar->view != NULL) {
        return *(const volatile uint32_t *)(bar->view + off);
    }
    return sriov_bar_read32(bar, off);
}

static inline void sriov_wr32(const struct sriov_bar *bar, uint32_t off, uint32_t value)
{
    if (bar->view != NULL) {
        *(volatile uint32_t *)(bar->view + off) = value;
        return;
    }
    sriov_bar_write32(bar, off, value);
}

#ifdef __cplusplus
}
#endif
#endif
