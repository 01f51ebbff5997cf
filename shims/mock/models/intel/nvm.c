/* SPDX-License-Identifier: BSD-3-Clause */
/* The EEPROM's first 64 words and the semaphores around it: 82599 datasheet, section 8.2.3.2. */
#include <sriov/hw/ixgbe_regs.h>

#include "nic.h"

void mock_nvm_init(struct sriov_model *nic)
{
    uint16_t sum = 0;

    for (uint32_t i = 0; i < 3u; i++)
        nic->nvm[i] = (uint16_t)(nic->mac[2u * i] | nic->mac[2u * i + 1u] << 8);
    for (uint32_t i = 3; i < IXGBE_EEPROM_CHECKSUM_WORD; i++)
        nic->nvm[i] = 0xffff; /* no pointer leads anywhere */
    for (uint32_t i = 0; i < IXGBE_EEPROM_CHECKSUM_WORD; i++)
        sum = (uint16_t)(sum + nic->nvm[i]);
    nic->nvm[IXGBE_EEPROM_CHECKSUM_WORD] = (uint16_t)(IXGBE_EEPROM_SUM - sum);
}

void mock_nvm_load_mac(struct sriov_model *nic)
{
    const uint8_t *m = nic->mac;

    nic->regs.ral[0] = (uint32_t)m[0] | (uint32_t)m[1] << 8 | (uint32_t)m[2] << 16 | (uint32_t)m[3] << 24;
    nic->regs.rah[0] = (uint32_t)m[4] | (uint32_t)m[5] << 8 | IXGBE_RAH_AV;
}

void mock_nvm_eerd_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    uint32_t word = (value & IXGBE_EERD_ADDR) >> IXGBE_EERD_ADDR_SHIFT;
    uint16_t data = word < 64u ? nic->nvm[word] : 0xffff;

    (void)ref;
    nic->regs.eerd[0] = value & IXGBE_EERD_ADDR;
    if (value & IXGBE_EERD_START)
        nic->regs.eerd[0] |= IXGBE_EERD_DONE | (uint32_t)data << IXGBE_EERD_DATA_SHIFT;
}

uint32_t mock_nvm_swsm_read(struct sriov_model *nic, const struct mock_ref *ref)
{
    uint32_t value = nic->regs.swsm[0];

    (void)ref;
    nic->regs.swsm[0] |= IXGBE_SWSM_SMBI;
    return value;
}

void mock_nvm_swsm_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    (void)ref;
    nic->regs.swsm[0] = value & (IXGBE_SWSM_SMBI | IXGBE_SWSM_SWESMBI);
}

void mock_nvm_swfw_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    if (!(nic->regs.swsm[0] & IXGBE_SWSM_SWESMBI))
        mock_report_reg(nic, SRIOV_REPORT_BAD_SEQUENCE, ref, "SW_FW_SYNC written without SWSM.SWESMBI");
    mock_reg_store(nic, ref, value);
}
