/* SPDX-License-Identifier: BSD-3-Clause */
/* Types shared by every face of libsriovcore. Freestanding C11. */
#ifndef SRIOV_TYPES_H
#define SRIOV_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Registers and descriptors are little-endian and are read as they lie; an IOVA fills a pointer. */
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || UINTPTR_MAX != UINT64_MAX
#error "libsriovcore is for little-endian 64-bit hosts"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Marks what libsriovcore.so exports; everything else is hidden. */
#define SRIOV_API                __attribute__((visibility("default")))
#define SRIOV_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* Longest name of a function, a VMM or a driver, with its NUL. */
#define SRIOV_NAME_MAX 64

/*
 * An I/O virtual address: what a device puts on the bus. A struct, so that neither a host
 * pointer nor a guest-physical number slips into a descriptor unseen.
 */
typedef struct {
    uint64_t raw;
} sriov_iova_t;

static inline sriov_iova_t sriov_iova(uint64_t raw)
{
    sriov_iova_t a = {raw};
    return a;
}

static inline sriov_iova_t sriov_iova_add(sriov_iova_t base, uint64_t bytes)
{
    sriov_iova_t a = {base.raw + bytes};
    return a;
}

/* Who may touch a mapping, seen from the device. */
enum sriov_dma_dir {
    SRIOV_DMA_DEVICE_READS = 1,
    SRIOV_DMA_DEVICE_WRITES = 2,
    SRIOV_DMA_BOTH = 3,
};

/*
 * Every call that can fail returns 0 or a negative errno, and each number has one meaning:
 *   -EOPNOTSUPP never on this VMM or device      -EAGAIN  not now, ask again
 *   -ENODEV     the function is gone             -EFAULT  the IOMMU refused
 *   -ESTALE     the PF was reset meanwhile       -EPROTO  a peer or device broke protocol
 *   -EACCES     denied by PF policy              -ETIMEDOUT a bounded wait ended
 *   -EINVAL     a wrong argument                 -E2BIG   an options struct from the future
 *   -ENOMEM     out of host memory               -ENOSPC  out of IOVA space, map budget or table room
 *   -EBUSY      owned by somebody else           -EPERM   this process lacks a privilege
 *   -ENOENT     no such function or capability   -ERANGE  outside a BAR, mapping or config space
 */

#ifdef __cplusplus
}
#endif
#endif
