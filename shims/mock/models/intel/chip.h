/* SPDX-License-Identifier: BSD-3-Clause */
/* Words for a chip's register table. */
#ifndef MOCK_INTEL_CHIP_H
#define MOCK_INTEL_CHIP_H

#include "nic.h"

#define ALL UINT32_MAX

/* An entry; more members of struct mock_nic_reg may follow. */
#define REG(reg_name, reg_offset, reg_count, reg_stride, ...)                                                \
    {                                                                                                        \
        .name = (reg_name), .offset = (reg_offset), .count = (reg_count), .stride = (reg_stride),            \
        __VA_ARGS__                                                                                          \
    }
#define AT(f) .field = MOCK_FIELD(f)
#define PLAIN .field = MOCK_FIELD_NONE
/* Registers that software writes and no engine looks at. */
#define KEPT(reg_name, reg_offset, reg_count, reg_stride)                                                    \
    REG(reg_name, reg_offset, reg_count, reg_stride, PLAIN, .writable = ALL)
#define COUNTER(reg_name, reg_offset, f)                                                                     \
    REG(reg_name, reg_offset, 1, 4, AT(port.f), .attr = MOCK_RO | MOCK_RC)
/* Counters of what this device never sees: always 0. */
#define COUNTS_0(reg_name, reg_offset, reg_count)                                                            \
    REG(reg_name, reg_offset, reg_count, 4, PLAIN, .attr = MOCK_RO | MOCK_RC)

/* The interrupt block of one function; map and base choose which. */
#define EICR_REG(n, off, cnt, strd, ...)                                                                     \
    REG(n, off, cnt, strd, PLAIN, .read = mock_irq_eicr_read, .write = mock_irq_eicr_write, __VA_ARGS__)
#define EICS_REG(n, off, cnt, strd, ...)                                                                     \
    REG(n, off, cnt, strd, PLAIN, .attr = MOCK_WO, .write = mock_irq_eics_write, __VA_ARGS__)
#define EIMS_REG(n, off, cnt, strd, ...)                                                                     \
    REG(n, off, cnt, strd, PLAIN, .read = mock_irq_eims_read, .write = mock_irq_eims_write, __VA_ARGS__)
#define EIMC_REG(n, off, cnt, strd, ...)                                                                     \
    REG(n, off, cnt, strd, PLAIN, .attr = MOCK_WO, .write = mock_irq_eimc_write, __VA_ARGS__)
#define EIAC_REG(n, off, cnt, strd, ...)                                                                     \
    REG(n, off, cnt, strd, PLAIN, .read = mock_irq_eiac_read, .write = mock_irq_eiac_write, __VA_ARGS__)
#define EIAM_REG(n, off, cnt, strd, ...)                                                                     \
    REG(n, off, cnt, strd, PLAIN, .read = mock_irq_eiam_read, .write = mock_irq_eiam_write, __VA_ARGS__)

#define RING_BASE 0xffffff80u
#define RING_LEN  0x000fff80u

uint32_t mock_read_frtimer(struct sriov_model *nic, const struct mock_ref *ref);
uint32_t mock_read_zero(struct sriov_model *nic, const struct mock_ref *ref);

extern const struct mock_nic_chip mock_82599, mock_82576;
extern const struct mock_nic_reg mock_82599_pf_regs[], mock_82599_vf_regs[];
extern const struct mock_nic_reg mock_82576_pf_regs[], mock_82576_vf_regs[];

/* Hooks of one chip only. */
uint32_t mock_82599_status(struct sriov_model *nic, const struct mock_ref *ref);
uint32_t mock_82599_links(struct sriov_model *nic, const struct mock_ref *ref);
void mock_82599_ctrl_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_82599_qde_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_82599_mtqc_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
uint32_t mock_82599_eims_ex_read(struct sriov_model *nic, const struct mock_ref *ref);
void mock_82599_eims_ex_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_82599_eimc_ex_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_82599_eics_ex_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
uint32_t mock_82576_status(struct sriov_model *nic, const struct mock_ref *ref);
void mock_82576_status_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_82576_ctrl_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
uint32_t mock_82576_qde_read(struct sriov_model *nic, const struct mock_ref *ref);
void mock_82576_qde_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_82576_mdfb_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
uint32_t mock_82576_icr_read(struct sriov_model *nic, const struct mock_ref *ref);
void mock_82576_icr_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_82576_ics_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_82576_ims_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_82576_imc_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);

#endif
