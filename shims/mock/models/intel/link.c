/* SPDX-License-Identifier: BSD-3-Clause */
/* Link state, and the copper PHY of the 82576 (82576 datasheet, section 8.26; IEEE 802.3, clause 22). */
#include <string.h>

#include <sriov/hw/igb_regs.h>

#include "nic.h"

#define LINK_RETURN_NS       UINT64_C(500000000)
#define PHY_STATUS_ABILITIES 0x7949u
#define PHY_LP_ALL           0x4de1u
#define PHY_1000T_OK         0x3c00u

static void set_link(struct sriov_model *nic, bool up)
{
    if (up == nic->link)
        return;
    nic->link = up;
    if (!up)
        nic->phy[IGB_PHY_STATUS] &= (uint16_t)~IGB_PHY_STATUS_LINK;
    nic->chip->raise_other(nic, nic->chip->cause_link);
    if (up)
        mock_tx_kick_all(nic);
}

static void on_link_return(struct sriov_model *nic, struct mock_event *event)
{
    (void)event;
    set_link(nic, nic->carrier);
}

void mock_link_update(struct sriov_model *nic)
{
    bool up = nic->carrier && nic->chip->link_up(nic), was = nic->link;

    set_link(nic, up);
    if (was && !up && nic->carrier && nic->quirks->link_returns_by_itself)
        mock_event_after(nic, mock_event_new(nic, 0, on_link_return, NULL, 0), LINK_RETURN_NS);
}

void mock_link_carrier(struct sriov_model *nic, bool up)
{
    nic->carrier = up;
    mock_link_update(nic);
}

void mock_link_changed_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    mock_reg_store(nic, ref, value);
    mock_link_update(nic);
}

void mock_phy_reset(struct sriov_model *nic)
{
    memset(nic->phy, 0, sizeof(nic->phy));
    nic->phy[IGB_PHY_CONTROL] = IGB_PHY_CONTROL_AN_EN | 0x0140u;
    nic->phy[IGB_PHY_ID1] = IGB_PHY_ID_IGP3 >> 16;
    nic->phy[IGB_PHY_ID2] = 0x0391;
    nic->phy[IGB_PHY_AN_ADV] = 0x0de1;
    nic->phy[IGB_PHY_1000T_CTRL] = 0x0300;
}

/* The link bit latches low: it shows a loss once, whatever came after. */
static uint16_t phy_status(struct sriov_model *nic)
{
    uint16_t shown = nic->phy[IGB_PHY_STATUS] & IGB_PHY_STATUS_LINK;

    nic->phy[IGB_PHY_STATUS] = nic->carrier ? IGB_PHY_STATUS_LINK : 0;
    return (uint16_t)(PHY_STATUS_ABILITIES | shown | (nic->carrier ? IGB_PHY_STATUS_AN_DONE : 0u));
}

static uint16_t phy_read(struct sriov_model *nic, uint32_t reg)
{
    if (reg == IGB_PHY_STATUS)
        return phy_status(nic);
    if (reg == IGB_PHY_LP_ABILITY)
        return nic->carrier ? PHY_LP_ALL : 0;
    if (reg == IGB_PHY_1000T_STATUS)
        return nic->carrier ? PHY_1000T_OK : 0;
    return nic->phy[reg];
}

static void phy_write(struct sriov_model *nic, uint32_t reg, uint16_t value)
{
    if (reg == IGB_PHY_STATUS || reg == IGB_PHY_ID1 || reg == IGB_PHY_ID2)
        return;
    if (reg == IGB_PHY_CONTROL && (value & IGB_PHY_CONTROL_RESET)) {
        mock_phy_reset(nic);
        mock_link_update(nic);
        return;
    }
    if (reg == IGB_PHY_CONTROL)
        value &= (uint16_t)~IGB_PHY_CONTROL_RESTART_AN;
    nic->phy[reg] = value;
    if (reg == IGB_PHY_CONTROL)
        mock_link_update(nic);
}

void mock_mdic_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    uint32_t reg = (value & IGB_MDIC_REG) >> IGB_MDIC_REG_SHIFT, result = value & ~IGB_MDIC_ERROR;

    if ((value & IGB_MDIC_PHY) >> IGB_MDIC_PHY_SHIFT != 1u)
        result |= IGB_MDIC_ERROR;
    else if (value & IGB_MDIC_OP_READ)
        result = (result & ~IGB_MDIC_DATA) | phy_read(nic, reg);
    else if (value & IGB_MDIC_OP_WRITE)
        phy_write(nic, reg, (uint16_t)(value & IGB_MDIC_DATA));
    else
        mock_report_reg(nic, SRIOV_REPORT_BAD_SEQUENCE, ref, "MDIC without a read or write opcode");
    nic->regs.mdic[0] = result | IGB_MDIC_READY;
}
