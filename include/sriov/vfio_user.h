/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vfio-user: functions in the hands of other processes, over UNIX sockets.
 *
 * The server exports a function of any shim, a VF or another: a client (a VMM's vfio-user device, or the
 * client below) finds a PCI function with a virtual configuration space (vcfg.h), its BARs, MSI-X by
 * eventfds, reset, and DMA in the memory that it maps. The client is a shim: drivers drive functions that
 * another process exports.
 */
#ifndef SRIOV_VFIO_USER_H
#define SRIOV_VFIO_USER_H

#include <sriov/dma.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sriov_fn;

/* ---- server ---- */

/*
 * One thread: that of the functions it exports. A client is hostile until it proves otherwise: what it
 * may cost is bounded, what makes no sense is answered with an error, and one that breaks the protocol
 * loses its connection; each connection's first error is logged, the others are counted.
 */
struct sriov_vfu_server;
struct sriov_vfu_device;

SRIOV_API int sriov_vfu_server_create(struct sriov_vfu_server **out);
/* With all its devices. NULL is nothing. */
SRIOV_API void sriov_vfu_server_destroy(struct sriov_vfu_server *server);
/* Readable when there is something to do; an epoll descriptor that stays the server's. */
SRIOV_API int sriov_vfu_server_fd(const struct sriov_vfu_server *server);
/*
 * Does what there is to do now, at most one message of each client, and waits for none, but for the
 * function that a client resets and for answers about memory that a client keeps to itself
 * (remote_timeout_ns each). Returns how many messages were done, or a negative errno of the host. What its
 * functions' own callbacks need (time and interrupts of a simulated one: sriov_vmm_wait) is the caller's to
 * give.
 */
SRIOV_API int sriov_vfu_server_step(struct sriov_vfu_server *server);

#define SRIOV_VFU_MAPS_DEFAULT  8192u
#define SRIOV_VFU_BYTES_DEFAULT (UINT64_C(1) << 40)

struct sriov_vfu_device_opts {
    uint32_t size;
    uint32_t flags;     /* SRIOV_VFU_* */
    const char *path;   /* where to listen; NULL: nowhere, clients come by sriov_vfu_device_adopt */
    uint64_t max_bytes; /* that a client may have mapped; 0: SRIOV_VFU_BYTES_DEFAULT */
    uint32_t max_maps;  /* ... in so many pieces; 0: SRIOV_VFU_MAPS_DEFAULT */
    uint32_t reserved0;
    /*
     * How fn's shim lets a device reach memory that is not here, which a client maps without a descriptor:
     * its bytes come and go by messages (sriov_mock_dma_remote does it for the simulated VMM). Both or
     * neither; 0 or a negative errno. *remote is copied.
     */
    int (*remote_map)(void *arg, struct sriov_fn *fn, sriov_iova_t iova, uint64_t length,
                      enum sriov_dma_dir dir, const struct sriov_dma_remote *remote);
    int (*remote_unmap)(void *arg, struct sriov_fn *fn, sriov_iova_t iova, uint64_t length);
    void *remote_arg;
    /* For the client's answer, while which nobody else is served: one that takes longer is cut off. 0: 1 s.
     */
    uint64_t remote_timeout_ns;
};
/*
 * Accept memory without a descriptor (a ROM of the client's, say) where there is no remote_map: the device
 * does not reach it. Without either such a map is refused with EOPNOTSUPP.
 */
#define SRIOV_VFU_UNSHARED 1u
/*
 * Accept memory that its client can still cut short (no F_SEAL_SHRINK): a client that does it takes this
 * process down with SIGBUS. Without it such memory is refused with EPERM.
 */
#define SRIOV_VFU_UNSEALED 2u

/*
 * Export fn, open and detached, which is attached until sriov_vfu_device_del: a VF, or another function
 * as a device of its own (SRIOV_VCFG_WHOLE tells what of it is not shown). A socket that nobody listens on
 * any more is replaced. Errors: -EINVAL (path too long too), -EBUSY (fn or path in use, or a PF with VFs),
 * -EOPNOTSUPP (its shim resets no function, or takes no buffers or no addresses of ours), -EPERM, -ENOENT (no
 * such folder), -ENOMEM, those of sriov_vcfg_create.
 */
SRIOV_API int sriov_vfu_device_add(struct sriov_vfu_server *server, struct sriov_fn *fn,
                                   const struct sriov_vfu_device_opts *opts, struct sriov_vfu_device **out);
/* The client is cut off, its memory given back, fn reset and detached. NULL is nothing. */
SRIOV_API void sriov_vfu_device_del(struct sriov_vfu_device *device);
/* A client on a connected stream socket, which is the server's from now on; on failure it stays the
 * caller's. -EBUSY: there is a client. */
SRIOV_API int sriov_vfu_device_adopt(struct sriov_vfu_device *device, int fd);
SRIOV_API bool sriov_vfu_device_connected(const struct sriov_vfu_device *device);

struct sriov_vfu_counts {
    uint32_t size;
    uint32_t maps;        /* now */
    uint64_t bytes;       /* mapped now */
    uint64_t clients;     /* that came, refused ones not counted */
    uint64_t turned_away; /* came while there was one */
    uint64_t messages;
    uint64_t posted;    /* of these, those that wanted no reply */
    uint64_t refused;   /* answered with an error, or would have been */
    uint64_t broken;    /* connections that ended for a breach of protocol */
    uint64_t resets;    /* asked for by a client */
    uint64_t dma_reads; /* messages to the client for memory that is not shared */
    uint64_t dma_writes;
};
SRIOV_API int sriov_vfu_device_counts(const struct sriov_vfu_device *device, struct sriov_vfu_counts *counts);

/* ---- client ---- */

/*
 * A shim, with an OS beneath: functions that other processes serve. A function's name is the last
 * component of its socket's path. One client per function: while it is open, the connection stands; when
 * it ends, the function is gone (SRIOV_EVENT_REMOVED) and can be opened anew.
 *
 * Memory for devices is sealed shared memory that the server is given; a caller's buffer cannot be mapped,
 * but with SRIOV_VFU_CLIENT_UNSHARED.
 * What the server asks for by message is answered: while a call of ours waits for it, and with
 * SRIOV_VFU_CLIENT_UNSHARED at any time.
 * BAR writes are posted: one that the server refuses vanishes, as on a bus.
 */
struct sriov_vfu_client_opts {
    uint32_t size;
    uint32_t num_paths;
    const char *const *paths; /* of sockets; may be NULL */
    const char *dir;          /* every socket in it, as it is at the time; may be NULL */
    uint64_t timeout_ns;      /* for a server's reply; one that takes longer is gone. 0: 5 s */
    /* Addresses that devices are given, both multiples of 4096 (the last less 1); both 0: 1 MiB to
     * 2^39 - 1. */
    uint64_t iova_first;
    uint64_t iova_last;
    uint32_t flags; /* SRIOV_VFU_CLIENT_* */
    uint32_t reserved0;
};
/* The server is given no memory: it asks for the bytes, and a thread of each open function's answers. */
#define SRIOV_VFU_CLIENT_UNSHARED 1u

/*
 * Strings are copied; no socket is touched yet. paths or dir, not both. Errors: -EINVAL (also a path longer
 * than sun_path takes, or two of one name), -E2BIG, -ENOMEM, -ENOSPC (descriptors).
 */
SRIOV_API int sriov_vfu_client_create(const struct sriov_vfu_client_opts *opts, struct sriov_vmm **out);
/* -EBUSY while a function is open. NULL is nothing. */
SRIOV_API int sriov_vfu_client_destroy(struct sriov_vmm *vmm);

#ifdef __cplusplus
}
#endif
#endif
