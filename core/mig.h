/* SPDX-License-Identifier: BSD-3-Clause */
/* Migration, among its own files. */
#ifndef SRIC_MIG_H
#define SRIC_MIG_H

#include "core.h"

#include <sriov/migrate.h>

#define SRIC_MIG_DEVS SRIOV_MIG_TAG('D', 'E', 'V', 'S')
#define SRIC_MIG_VCFG SRIOV_MIG_TAG('V', 'C', 'F', 'G')
#define SRIC_MIG_NETC SRIOV_MIG_TAG('N', 'E', 'T', 'C')
#define SRIC_MIG_DRVR SRIOV_MIG_TAG('D', 'R', 'V', 'R')
#define SRIC_MIG_RXFR SRIOV_MIG_TAG('R', 'X', 'F', 'R')
#define SRIC_MIG_TXFR SRIOV_MIG_TAG('T', 'X', 'F', 'R')
#define SRIC_MIG_END  SRIOV_MIG_TAG('E', 'N', 'D', '.')

/* ---- bytes in the stream's order ---- */

static inline void sric_mig_put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void sric_mig_put32(uint8_t *p, uint32_t v)
{
    sric_mig_put16(p, v);
    sric_mig_put16(p + 2, v >> 16);
}

static inline void sric_mig_put64(uint8_t *p, uint64_t v)
{
    sric_mig_put32(p, (uint32_t)v);
    sric_mig_put32(p + 4, (uint32_t)(v >> 32));
}

static inline uint16_t sric_mig_get16(const uint8_t *p)
{
    return (uint16_t)((uint32_t)p[0] | (uint32_t)p[1] << 8);
}

static inline uint32_t sric_mig_get32(const uint8_t *p)
{
    return (uint32_t)sric_mig_get16(p) | (uint32_t)sric_mig_get16(p + 2) << 16;
}

static inline uint64_t sric_mig_get64(const uint8_t *p)
{
    return (uint64_t)sric_mig_get32(p) | (uint64_t)sric_mig_get32(p + 4) << 32;
}

/* ---- the stream's layout ---- */

#define SRIC_MIG_SECTION_HEAD 16u
#define SRIC_MIG_SECTION_TAIL 8u
#define SRIC_MIG_END_BYTES    (SRIC_MIG_SECTION_HEAD + 8u + SRIC_MIG_SECTION_TAIL)

/* Bytes up to the next multiple of 8. */
static inline uint64_t sric_mig_pad(uint64_t len)
{
    return (8 - len % 8) % 8;
}

/* CRC-32 of IEEE 802.3; goes on from `crc`, 0 at the begin. */
uint32_t sric_mig_crc(uint32_t crc, const uint8_t *bytes, uint64_t len);

/* What must be the same at both ends. */
struct sric_mig_identity {
    uint8_t bytes[12]; /* as in the header, from the vendor on */
};
void sric_mig_identity(const struct sriov_fn *fn, struct sric_mig_identity *out);

/* Says why; fault may be NULL. Returns rc. */
int sric_mig_refuse(struct sriov_mig_fault *fault, int rc, uint32_t tag, uint64_t offset, const char *fmt,
                    ...) SRIOV_PRINTF(5, 6);

/* ---- blobs ---- */

/* Room for `more` bytes behind len. -ENOMEM, -ENOSPC. */
int sric_mig_grow(struct sriov_mig_blob *blob, uint64_t more);
int sric_mig_append(struct sriov_mig_blob *blob, const void *bytes, uint64_t len);

/* ---- a function's state ---- */

/* All that mig_read gives now goes behind what blob has. */
int sric_mig_pull(struct sriov_fn *fn, struct sriov_mig_blob *blob);
/* Device state from DEVS; afterwards in STOP, or as it was. */
int sric_mig_push(struct sriov_fn *fn, const struct sriov_mig_section *devs, struct sriov_mig_fault *fault);
/* To STOP_COPY, and pre's bytes and the rest into DEVS; where it was, on an error. */
int sric_mig_put_device(struct sriov_mig_writer *w, struct sriov_fn *fn, const struct sriov_mig_blob *pre);

/* ---- frames of a net device's queues ---- */

struct sric_mig_frame {
    uint32_t len;
    uint16_t queue;
    uint16_t flags;
    uint16_t vlan_tci;
    uint32_t rss_hash;
    const uint8_t *bytes;
};

int sric_mig_frame_put(struct sriov_mig_blob *blob, uint16_t queue, const struct sriov_buf *buf);
/* The next one at *at; 1, 0 at the end, -EPROTO. */
int sric_mig_frame_next(const struct sriov_mig_section *s, uint64_t *at, struct sric_mig_frame *frame);
/* Frames of the section, all for queues below `queues`; -EPROTO. */
int sric_mig_frames_check(const struct sriov_mig_section *s, uint16_t queues, uint32_t buf_size,
                          uint64_t *bufs_needed);

/* ---- the virtual configuration space (vcfg_state.c) ---- */

struct sriov_vcfg;

/* Bytes that it takes. */
uint64_t sric_vcfg_state_len(const struct sriov_vcfg *vcfg);
void sric_vcfg_save(struct sriov_vcfg *vcfg, uint8_t *out);
/* Is it this function's? Nothing changes. */
int sric_vcfg_check(const struct sriov_vcfg *vcfg, const struct sriov_mig_section *s,
                    struct sriov_mig_fault *fault);
/* Checked before. -EIO where a hook refused. */
int sric_vcfg_load(struct sriov_vcfg *vcfg, const uint8_t *bytes);
bool sric_vcfg_was_pending(const struct sriov_vcfg *vcfg, const uint8_t *bytes, uint32_t vector);

#endif
