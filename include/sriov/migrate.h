/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Migration: the state of a device, or of a driver on it, leaves one process and goes on in another.
 * Freestanding C11. All calls are of the function's control thread.
 *
 * Three users, from below:
 *  - who passes a shim's device state on as it is (a vfio-user server): sriov_mig_set_state, _read, _write;
 *  - who gives a function to a VM (vm.h): sriov_mig_save_assign and _load_assign carry what the guest's
 *    driver sees: registers, rings, MSI-X table, config space. Guest memory is the VMM's to copy; IOVAs are
 *    guest-physical, so rings and buffers lie where they lay and go on as they are;
 *  - who runs a driver in a process: sriov_mig_save_net and _load_net carry settings, and the frames that
 *    were in the rings, which are made anew. So IOVAs, descriptors and even the kind of VF may differ, and
 *    no shim has to do anything for it.
 *
 * The source stays as it is, stopped, until its user is done with it: sriov_mig_abort (sriov_mig_abort_net)
 * lets it go on at any point, as if nothing had been. A user that hands over lets the source go only when
 * the destination has said that it has everything, and the destination begin only when the source is let
 * go or is known to be dead.
 */
#ifndef SRIOV_MIGRATE_H
#define SRIOV_MIGRATE_H

#include <sriov/net.h>
#include <sriov/vm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- device state as the shim has it ---- */

/* -EOPNOTSUPP without SRIOV_CAP_MIGRATION, as all of this part; -ENODEV. */
SRIOV_API int sriov_mig_get_info(struct sriov_fn *fn, struct sriov_mig_info *info);
/* state: enum sriov_mig_state; SRIOV_MIG_ERROR on an error. */
SRIOV_API int sriov_mig_get_state(struct sriov_fn *fn, uint32_t *state);
/*
 * Any state but ERROR from any but ERROR: made of the shim's arcs, through STOP where there is no shorter
 * way. The ways that lose what was written or read, out of RESUMING and back from STOP_COPY, are legal. When
 * an arc fails the ones before it are undone: the state is then the one it was, and its error is returned;
 * where even that is not possible, the state is SRIOV_MIG_ERROR and -EIO is returned. -EINVAL: no such state;
 * -EOPNOTSUPP: PRE_COPY of a shim that has none.
 */
SRIOV_API int sriov_mig_set_state(struct sriov_fn *fn, enum sriov_mig_state to);
/* To RUNNING from wherever it is, without what was written in RESUMING; from SRIOV_MIG_ERROR by a reset,
 * where the guest or driver finds a device that was reset: *was_reset (may be NULL) tells. */
SRIOV_API int sriov_mig_abort(struct sriov_fn *fn, bool *was_reset);
/* The next state on the way; `to` itself when there. -EINVAL: no way. Pure. */
SRIOV_API int sriov_mig_next(uint32_t from, uint32_t to, bool has_pre_copy, uint32_t *next);
/* As the ops. -EINVAL in a state that has nothing to read, or takes nothing. */
SRIOV_API int sriov_mig_read(struct sriov_fn *fn, void *bytes, uint64_t room, uint64_t *len);
SRIOV_API int sriov_mig_write(struct sriov_fn *fn, const void *bytes, uint64_t len);

/* ---- dirty pages of a function's own memory; a VM's are sriov_vm_dirty_* ---- */

/*
 * What the device writes to memory of sriov_dma_alloc and _map, by page of SRIOV_VM_PAGE bytes. Where the
 * shim cannot tell, our own account of it is what was given to the device to write to: never too little, so
 * all pages that it may write are reported each time. *exact (may be NULL): the shim tells.
 */
SRIOV_API int sriov_mig_dirty_start(struct sriov_fn *fn, bool *exact);
SRIOV_API int sriov_mig_dirty_stop(struct sriov_fn *fn);
/* Fills bitmap, a bit per page, bit 0 of word 0 first, and clears the log of these pages. */
SRIOV_API int sriov_mig_dirty_read(struct sriov_fn *fn, sriov_iova_t iova, uint64_t length, uint64_t *bitmap);

/* ---- the stream ---- */

/*
 * Little-endian. Header of 64 bytes: magic "SRIOVMIG", version (u32, 1), kind (u32), bytes in all (u64),
 * number of sections (u32), flags (u32, 0), vendor, device, subsystem vendor, subsystem (u16 each), class
 * (u32), reserved (16 bytes, 0), CRC-32 of all that (u32). Each section: tag (4 characters), version (u32),
 * bytes (u64), the bytes, zeroes up to a multiple of 8, then CRC-32 of all that (u32) and 0 (u32). At the end
 * a section "END." whose 4 bytes are the CRC-32 of the stream before it. CRC-32 is IEEE 802.3's.
 *
 * A stream is read as a whole: what is unknown, doubled, missing, too short, too long or damaged anywhere is
 * refused, with nothing changed and a fault that names it.
 */
#define SRIOV_MIG_STREAM_VERSION 1u
#define SRIOV_MIG_HEADER_BYTES   64u
/* More than any device, and a bound on what a length may ask for. */
#define SRIOV_MIG_STREAM_MAX   (UINT64_C(1) << 30)
#define SRIOV_MIG_SECTIONS_MAX 64u

#define SRIOV_MIG_TAG(a, b, c, d)                                                                            \
    ((uint32_t)(uint8_t)(a) | (uint32_t)(uint8_t)(b) << 8 | (uint32_t)(uint8_t)(c) << 16 |                   \
     (uint32_t)(uint8_t)(d) << 24)

enum sriov_mig_kind {
    SRIOV_MIG_KIND_FN = 1,     /* "DEVS": what mig_read gave */
    SRIOV_MIG_KIND_ASSIGN = 2, /* "DEVS", "VCFG": config space, MSI-X table, what is pending */
    SRIOV_MIG_KIND_NET = 3,    /* "NETC": queues, MTU; "DRVR": the driver's; "RXFR", "TXFR": frames */
    SRIOV_MIG_KIND_USER = 256, /* from here on the caller's own */
};

/* Why a stream was refused, or what could not be done. */
struct sriov_mig_fault {
    uint32_t size;
    uint32_t tag;    /* of the section; 0: header or the whole */
    uint64_t offset; /* byte of the stream */
    char text[112];  /* one line without newline: what, where, and the remedy where there is one */
};

/* Bytes that a call made; memory of the VMM that made them. Zeroed before its first use. */
struct sriov_mig_blob {
    uint8_t *bytes;
    uint64_t len;
    uint64_t room;
    struct sriov_vmm *vmm;
};
SRIOV_API void sriov_mig_blob_free(struct sriov_mig_blob *blob);

/* Who reads from a pipe: bytes of the whole stream that begins here, as its header says; 0: `have` is less
 * than a header; -EPROTO: no stream of ours, -E2BIG: above SRIOV_MIG_STREAM_MAX. */
SRIOV_API int64_t sriov_mig_stream_length(const void *bytes, uint64_t have);

/* Writing: begin, put each section, end; blob is the caller's then. On an error of any of them the writer is
 * finished with and holds nothing. -ENOMEM, -ENOSPC (more than a stream takes), -EINVAL. */
struct sriov_mig_writer {
    struct sriov_mig_blob blob;
    uint32_t sections;
    int err;
};
SRIOV_API int sriov_mig_writer_begin(struct sriov_mig_writer *w, struct sriov_fn *fn, uint32_t kind);
SRIOV_API int sriov_mig_put(struct sriov_mig_writer *w, uint32_t tag, uint32_t version, const void *bytes,
                            uint64_t len);
SRIOV_API int sriov_mig_writer_end(struct sriov_mig_writer *w, struct sriov_mig_blob *out);

/* A section that a reader knows. */
struct sriov_mig_section {
    uint32_t tag;
    uint32_t version; /* newest known, from 1 */
    bool required;
    /* Out. Found: points into the caller's bytes. */
    bool found;
    uint32_t has_version;
    const uint8_t *bytes;
    uint64_t len;
};
/*
 * Checks all of a stream and finds its sections. fn: it must be for such a device; NULL: any. fault may be
 * NULL. -EPROTO: refused. -ENXIO: a whole stream, of another kind, or of another device than fn.
 */
SRIOV_API int sriov_mig_parse(const void *bytes, uint64_t len, struct sriov_fn *fn, uint32_t kind,
                              struct sriov_mig_section *sections, uint32_t n, struct sriov_mig_fault *fault);

/* ---- a function ---- */

/*
 * Stops it (STOP_COPY) and puts its device state into a stream. pre: what sriov_mig_read gave in PRE_COPY, if
 * it was in it, comes first. It stays in STOP_COPY; on an error it is in the state that it was in.
 */
SRIOV_API int sriov_mig_save_fn(struct sriov_fn *fn, const struct sriov_mig_blob *pre,
                                struct sriov_mig_blob *out);
/* The other way, into an open function in RUNNING or STOP. It is stopped afterwards (STOP), with what the
 * stream has: sriov_mig_set_state(fn, SRIOV_MIG_RUNNING) lets it go on. On an error it is as it was. */
SRIOV_API int sriov_mig_load_fn(struct sriov_fn *fn, const void *bytes, uint64_t len,
                                struct sriov_mig_fault *fault);

/* ---- a function in a VM ---- */

/* As sriov_mig_save_fn, with what the manager keeps for the guest. The guest's CPUs stand still. */
SRIOV_API int sriov_mig_save_assign(struct sriov_assign *assign, const struct sriov_mig_blob *pre,
                                    struct sriov_mig_blob *out);
/*
 * Into a function assigned to a machine whose memory has the guest's contents (or will, before it runs). On
 * an error nothing is changed, unless a BAR or a vector did not find its place: then function and config
 * space are as after a reset, and -EIO is returned.
 */
SRIOV_API int sriov_mig_load_assign(struct sriov_assign *assign, const void *bytes, uint64_t len,
                                    struct sriov_mig_fault *fault);

/* ---- a driver in a process ---- */

/* A frame that the stream had in a receive queue: the callee's from then on. */
typedef void (*sriov_mig_rx_cb)(void *arg, uint16_t queue, struct sriov_buf *buf);

/*
 * Quiesces a started device (it may be quiesced already), for timeout_ns at most, and puts into the stream
 * what its driver knows, frames received and not yet taken by the application, and frames given to it and not
 * sent. The device stays quiesced. in_doubt (may be NULL): see sriov_net_tx_take. On an error it is as it
 * was, or gone; the frames that were taken are back, received ones by rx(arg, ...).
 */
struct sriov_mig_net_opts {
    uint32_t size;
    uint32_t reserved0;
    uint64_t timeout_ns;
    sriov_mig_rx_cb rx; /* required where frames may come back */
    void *arg;
};
SRIOV_API int sriov_mig_save_net(struct sriov_net *net, const struct sriov_mig_net_opts *opts,
                                 struct sriov_mig_blob *out, uint32_t *in_doubt);
/* The source goes on: started again, with the frames of the stream that it made, sent and delivered in order.
 * A stream that is damaged or not its own: as from load, and it stays quiesced. */
SRIOV_API int sriov_mig_abort_net(struct sriov_net *net, const struct sriov_mig_net_opts *opts,
                                  const struct sriov_mig_blob *stream);
/*
 * Into a device that is configured and not started, of the same driver: settings are asked of its own PF; it
 * is started; then frames go out and, by rx(arg, ...), in. Nothing is changed on an error: -EPROTO, -ENXIO,
 * -ENOSPC (fewer queues, a pool too small), -EACCES (the PF refuses a setting), -EAGAIN (the PF is silent),
 * -ETIMEDOUT (it does not take the frames to be sent: stopped again, some of them may be out, none came in).
 */
SRIOV_API int sriov_mig_load_net(struct sriov_net *net, const struct sriov_mig_net_opts *opts,
                                 const void *bytes, uint64_t len, struct sriov_mig_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
