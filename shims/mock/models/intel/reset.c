/* SPDX-License-Identifier: BSD-3-Clause */
/* Resets and what each clears: 82599 datasheet, section 4.2; 82576 datasheet, section 4.3. */
#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>
#include <sriov/hw/pci_regs.h>

#include "nic.h"

#define DCTL_ENABLE IXGBE_RXDCTL_ENABLE /* one bit in both devices and both directions */

static void for_each_queue(struct sriov_model *nic, uint16_t fn,
                           void (*apply)(struct sriov_model *, uint32_t queue, bool tx))
{
    for (uint32_t tx = 0; tx < 2u; tx++)
        for (uint32_t n = 0; n < nic->chip->pool_queues(nic, tx != 0); n++) {
            uint32_t queue = nic->chip->queue_of(nic, fn - 1u, n, tx != 0);

            if (queue < nic->chip->queues)
                apply(nic, queue, tx != 0);
        }
}

static void stop_queue(struct sriov_model *nic, uint32_t queue, bool tx)
{
    struct mock_queue_regs *regs = tx ? &nic->regs.tx : &nic->regs.rx;

    regs->dctl[queue] &= ~DCTL_ENABLE;
    mock_queue_forget(nic, queue, tx);
}

static void clear_vf(struct sriov_model *nic, uint16_t fn)
{
    for_each_queue(nic, fn, stop_queue);
    mock_irq_reset(nic, fn);
    mock_regs_reset_vf(nic, fn);
    mock_mbx_reset(nic, fn);
}

/* The emulated device forgets next to nothing, by FLR as by VTCTRL.RST. */
static void clear_vf_shallow(struct sriov_model *nic, uint16_t fn)
{
    for_each_queue(nic, fn, stop_queue);
    for (uint32_t v = 0; v < MOCK_VF_VECTORS; v++)
        nic->fn[fn].irq.vec[v] = (struct mock_irq_vector){0};
}

/* By VFCTRL.RST or by FLR: the PF's enables are gone until it sets them again. */
static void reset_vf(struct sriov_model *nic, uint16_t fn)
{
    uint32_t vf = fn - 1u, bit = UINT32_C(1) << (vf % 32u);

    nic->fn[fn].epoch++;
    nic->regs.vfre[vf / 32u] &= ~bit;
    nic->regs.vfte[vf / 32u] &= ~bit;
    if (nic->quirks->vf_rst_shallow)
        clear_vf_shallow(nic, fn);
    else
        clear_vf(nic, fn);
    mock_mbx_vf_was_reset(nic, fn);
    mock_rx_drain(nic); /* it may have held up the others' frames */
}

static void clear_vf_config(struct sriov_model *nic, uint16_t fn)
{
    mock_cfg_build_vf(&nic->fn[fn].cfg, &nic->chip->vf);
    mock_msix_reset(&nic->fn[fn].msix);
    nic->fn[fn].told_no_master = false;
    nic->fn[fn].held = false;
}

/* VF Enable changed: the VF begins or ends; no event for the PF. */
void mock_reset_vf_birth(struct sriov_model *nic, uint16_t fn)
{
    nic->fn[fn].epoch++;
    clear_vf_config(nic, fn);
    clear_vf(nic, fn);
}

/* CTRL.RST of the PF, power on, FLR of the PF: all registers, all queues, all VFs. */
void mock_reset_port(struct sriov_model *nic)
{
    for (uint32_t q = 0; q < nic->chip->queues; q++) {
        mock_queue_forget(nic, q, false);
        mock_queue_forget(nic, q, true);
    }
    mock_rate_reset(nic);
    mock_rx_fifo_clear(nic);
    mock_regs_reset_pf(nic);
    nic->pf_ready = false;
    for (uint16_t fn = 0; fn <= nic->total_vfs; fn++) {
        nic->fn[fn].epoch++;
        nic->fn[fn].told_no_master = false;
        mock_irq_reset(nic, fn);
        if (fn == 0)
            continue;
        mock_regs_reset_vf(nic, fn);
        mock_mbx_reset(nic, fn);
    }
    mock_nvm_load_mac(nic);
    mock_link_update(nic);
}

static void pf_flr(struct sriov_model *nic)
{
    uint16_t vfs = nic->num_vfs;

    nic->num_vfs = 0;
    mock_nic_cfg_init(nic);
    mock_msix_reset(&nic->fn[0].msix);
    for (uint16_t fn = 1; fn <= nic->total_vfs; fn++)
        mock_msix_reset(&nic->fn[fn].msix);
    mock_reset_port(nic);
    if (vfs != 0)
        nic->ops->vfs_changed(nic->host, 0);
}

/*
 * Function level reset, PCI Express Base 2.0, section 6.6.2: configuration space goes to its
 * defaults too, and a PF's VF Enable with it. Who asked for it restores what it wants to keep.
 */
void mock_reset_flr(struct sriov_model *nic, uint16_t fn)
{
    if (fn == 0) {
        pf_flr(nic);
        return;
    }
    if (fn > nic->total_vfs)
        return;
    clear_vf_config(nic, fn);
    reset_vf(nic, fn);
}

void mock_reset_ctrl_ext_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    mock_reg_store(nic, ref, value);
    if (value & IXGBE_CTRL_EXT_PFRSTD)
        mock_mbx_pf_ready(nic);
}

void mock_reset_vfctrl_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    if (value & IXGBE_CTRL_RST)
        reset_vf(nic, ref->fn);
    if (value & ~IXGBE_CTRL_RST)
        mock_report_reg(nic, SRIOV_REPORT_READ_ONLY, ref, "only RST can be written here");
}
