/* SPDX-License-Identifier: BSD-3-Clause */
/* A model on the bare host, brought up as its PF driver would, and the rings of its functions. */
#ifndef TEST_INTEL_RIG_H
#define TEST_INTEL_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "host.h"

#define RIG_SLOTS 8u
#define RIG_BUF   4096u

/* Where the two devices differ and a test does not care. */
struct rig_chip {
    const char *name;
    uint32_t rx_block, tx_block, q_stride; /* in a VF's BAR */
    uint32_t srrctl, rxdctl, txdctl;       /* within a block */
    uint32_t ctrl;
    uint32_t mailbox, mbmem, pf_mailbox, pf_mbmem;
    uint32_t eicr, eics, eims, eimc, eiac, eiam, eitr, ivar, ivar_misc;
    uint32_t gprc, gptc, gorc, mprc;
    uint32_t err_ip, err_l4;
    uint32_t drop_en;
    uint32_t pool_filter; /* the pool's filter register of pool 0 */
    uint64_t itr_unit_ns; /* of the interval's lowest bit */
    uint32_t itr_shift;
};

extern const struct rig_chip rig_82599, rig_82576;

struct rig {
    struct sriov_model_host h;
    const struct sriov_model_ops *ops;
    struct sriov_model *m;
    const struct rig_chip *c;
    uint32_t rx_tail[HOST_FNS][2], tx_tail[HOST_FNS][2], rx_next[HOST_FNS][2];
};

/* Created, memory on, nothing programmed. */
struct rig *rig_new(const struct rig_chip *chip, const char *quirks);
/* VFs enabled, switch on, each VF with its MAC: what a PF driver does. */
struct rig *rig_up(const struct rig_chip *chip, const char *quirks, uint16_t vfs);
/* The same once more, after a reset of the PF. */
void rig_program(struct rig *r, uint16_t vfs);
/* Fails when the model reported something the test has not cleared. */
void rig_end(struct rig *r);
void rig_clear_reports(struct rig *r);

uint32_t rd(struct rig *r, uint16_t fn, uint32_t off);
void wr(struct rig *r, uint16_t fn, uint32_t off, uint32_t value);
uint32_t cfg(struct rig *r, uint16_t fn, uint32_t off, uint32_t width);
void cfg_wr(struct rig *r, uint16_t fn, uint32_t off, uint32_t width, uint32_t value);
void rig_enable_vfs(struct rig *r, uint16_t n);
void rig_msix_on(struct rig *r, uint16_t fn, uint32_t vectors);

/* MAC of the VF behind function fn. */
void rig_mac(uint16_t fn, uint8_t out[6]);

/* Rings of RIG_SLOTS descriptors; queue n of VF function fn. */
uint64_t rig_rx_ring(uint16_t fn, uint32_t q);
uint64_t rig_tx_ring(uint16_t fn, uint32_t q);
uint64_t rig_rx_buf(uint16_t fn, uint32_t q, uint32_t slot);
uint64_t rig_tx_buf(uint16_t fn, uint32_t q, uint32_t slot);
uint32_t rx_reg(const struct rig *r, uint32_t q, uint32_t reg);
uint32_t tx_reg(const struct rig *r, uint32_t q, uint32_t reg);
void rig_rx_start(struct rig *r, uint16_t fn, uint32_t q, uint32_t kib, uint32_t srrctl_more);
void rig_tx_start(struct rig *r, uint16_t fn, uint32_t q);
void rig_queues(struct rig *r, uint16_t fn);
void rig_rx_give(struct rig *r, uint16_t fn, uint32_t q, uint32_t n);
/* Writes a data descriptor without moving the tail. */
void rig_tx_put(struct rig *r, uint16_t fn, uint32_t q, const uint8_t *bytes, uint32_t len, uint32_t cmd,
                uint32_t olinfo);
void rig_tx_raw(struct rig *r, uint16_t fn, uint32_t q, const uint32_t dw[4]);
void rig_tx_kick(struct rig *r, uint16_t fn, uint32_t q);
void rig_send(struct rig *r, uint16_t fn, uint32_t q, const uint8_t *bytes, uint32_t len);
/* The word of a descriptor as it is in memory. */
uint32_t rig_rx_dw(struct rig *r, uint16_t fn, uint32_t q, uint32_t slot, uint32_t dw);
uint32_t rig_tx_dw(struct rig *r, uint16_t fn, uint32_t q, uint32_t slot, uint32_t dw);
/* Frames that queue got since last asked. */
uint32_t rig_rx_count(struct rig *r, uint16_t fn, uint32_t q);

/* Frames: dst, src, then Ethertype 0x88b5 and a pattern. */
uint32_t frame_make(uint8_t *out, const uint8_t dst[6], uint16_t src_fn, uint32_t len);
/* IPv4 with UDP or TCP, checksums right. */
uint32_t frame_ipv4(uint8_t *out, const uint8_t dst[6], uint16_t src_fn, uint32_t payload, bool tcp,
                    uint16_t port);
extern const uint8_t broadcast[6];

#define CASE(name, f)                                                                                        \
    {                                                                                                        \
        name, f, NULL, NULL, NULL                                                                            \
    }
#define DCMD_ALL 0x2b300000u /* DEXT, RS, IFCS, EOP, data */

#endif
