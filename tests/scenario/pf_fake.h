/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A PF's registers without a device behind them, and the few calls of the core that PF drivers
 * make: the mailbox service tested word by word, from a VF's end of the wire.
 */
#ifndef PF_FAKE_H
#define PF_FAKE_H

#include <sriov/driver.h>
#include <sriov/hw/intel_mbx.h>

enum fake_chip {
    FAKE_82599,
    FAKE_82576
};

struct fake_opts {
    enum fake_chip chip;
    uint16_t vfs;
    struct sriov_pf_opts pf;
};

/* One PF at a time. Attached, with opts->vfs enabled. */
struct sriov_pf *fake_open(const struct fake_opts *opts);
const struct sriov_pf_ops *fake_ops(void);
void fake_close(void);

uint32_t fake_reg(uint32_t off);
void fake_reg_set(uint32_t off, uint32_t value);
void fake_advance(uint64_t ns);
void fake_dead(bool dead); /* every register reads all ones */

/* A VF's end. */
void fake_ring(uint16_t vf, const uint32_t *words, uint32_t n); /* takes and gives back the lock */
void fake_hold_lock(uint16_t vf, bool on);
void fake_vf_was_reset(uint16_t vf);
/* The same, when the PF takes this VF's mailbox next. */
void fake_vf_resets_late(uint16_t vf);
/* Words of VMBMEM; false when the PF has not rung since the last call. The VF acknowledges. */
bool fake_take_reply(uint16_t vf, uint32_t words[INTEL_MBX_WORDS]);
bool fake_rung(uint16_t vf);
/* The PF touched this VF's memory without holding its lock. */
uint32_t fake_lock_faults(void);
bool fake_announced(void); /* PFRSTD since the last reset */
/* Register accesses of the PF so far, and the last line that it logged. */
uint64_t fake_accesses(void);
const char *fake_log(void);

/* Ring, poll once, take the answer; its header, or 0 when there was none. */
uint32_t fake_ask(uint16_t vf, uint32_t *words, uint32_t n);
/* RESET and, on the 82599, negotiate api (0xMMmm). */
void fake_greet(uint16_t vf, uint32_t api);
uint32_t fake_wire_api(uint32_t api);

#endif
