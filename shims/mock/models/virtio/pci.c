/* SPDX-License-Identifier: BSD-3-Clause */
/* Config space with the capabilities of 4.1.4, and MSI-X. */
#include "virtio.h"

#include <string.h>

#define CAP_COMMON 0x40u
#define CAP_NOTIFY 0x50u
#define CAP_ISR    0x64u
#define CAP_DEVICE 0x74u
#define CAP_MSIX   0x84u
#define CAP_EXP    0x90u

static void put(struct sriov_model *m, uint32_t off, uint32_t width, uint32_t value)
{
    memcpy(m->cfg + off, &value, width);
}

static void writable(struct sriov_model *m, uint32_t off, uint32_t width, uint32_t bits)
{
    memcpy(m->cfg_writable + off, &bits, width);
}

static void structure(struct sriov_model *m, uint32_t cap, uint32_t next, uint32_t type, uint32_t off,
                      uint32_t len)
{
    uint32_t size = type == VIRTIO_PCI_CAP_NOTIFY ? VIRTIO_PCI_NOTIFY_SIZE : VIRTIO_PCI_CAP_SIZE;

    put(m, cap, 4, SRIOV_PCI_CAP_ID_VENDOR | next << 8 | size << 16 | type << 24);
    put(m, cap + VIRTIO_PCI_CAP_BAR, 1, MOCK_VIRTIO_BAR);
    put(m, cap + VIRTIO_PCI_CAP_OFFSET, 4, off);
    put(m, cap + VIRTIO_PCI_CAP_LENGTH, 4, len);
}

static void structures(struct sriov_model *m)
{
    uint32_t notify = m->kind->mult == 0 ? 2u : m->kind->mult * MOCK_VIRTIO_QUEUES;

    structure(m, CAP_COMMON, CAP_NOTIFY, VIRTIO_PCI_CAP_COMMON, MOCK_VIRTIO_COMMON, VIRTIO_COMMON_SIZE);
    structure(m, CAP_NOTIFY, CAP_ISR, VIRTIO_PCI_CAP_NOTIFY, MOCK_VIRTIO_NOTIFY, notify);
    put(m, CAP_NOTIFY + VIRTIO_PCI_NOTIFY_MULT, 4, m->kind->mult);
    structure(m, CAP_ISR, CAP_DEVICE, VIRTIO_PCI_CAP_ISR, MOCK_VIRTIO_ISR, 1);
    structure(m, CAP_DEVICE, CAP_MSIX, VIRTIO_PCI_CAP_DEVICE, MOCK_VIRTIO_DEVICE, VIRTIO_NET_CFG_SIZE);
}

static void bars(struct sriov_model *m)
{
    uint32_t regs = SRIOV_PCI_BAR(MOCK_VIRTIO_BAR);

    writable(m, SRIOV_PCI_BAR(MOCK_VIRTIO_MSIX_BAR), 4, ~(MOCK_VIRTIO_MSIX_BYTES - 1u));
    put(m, regs, 4, SRIOV_PCI_BAR_MEM_64 | SRIOV_PCI_BAR_MEM_PREFETCH);
    writable(m, regs, 4, ~(MOCK_VIRTIO_BAR_BYTES - 1u));
    writable(m, regs + 4, 4, UINT32_MAX);
}

void mock_virtio_cfg_reset(struct sriov_model *m)
{
    memset(m->cfg, 0, sizeof(m->cfg));
    memset(m->cfg_writable, 0, sizeof(m->cfg_writable));
    put(m, SRIOV_PCI_VENDOR_ID, 4, VIRTIO_VENDOR_ID | (uint32_t)m->kind->device_id << 16);
    writable(m, SRIOV_PCI_COMMAND, 2,
             SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_MASTER | SRIOV_PCI_COMMAND_INTX_DISABLE);
    put(m, SRIOV_PCI_STATUS, 2, SRIOV_PCI_STATUS_CAP_LIST);
    put(m, SRIOV_PCI_REVISION_ID, 1, VIRTIO_REVISION_MODERN);
    put(m, SRIOV_PCI_CLASS_DEVICE, 2, SRIOV_PCI_CLASS_NETWORK_ETHERNET);
    put(m, SRIOV_PCI_SUBSYSTEM_VENDOR_ID, 2, VIRTIO_VENDOR_ID);
    put(m, SRIOV_PCI_SUBSYSTEM_ID, 2,
        m->kind->device_id == VIRTIO_DEV_ID_NET ? 0x1100u : VIRTIO_SUBSYSTEM_ID_NET);
    put(m, SRIOV_PCI_CAP_POINTER, 1, CAP_COMMON);
    bars(m);
    structures(m);
    put(m, CAP_MSIX, 2, SRIOV_PCI_CAP_ID_MSIX | CAP_EXP << 8);
    put(m, CAP_MSIX + SRIOV_PCI_MSIX_CTRL, 2, MOCK_VIRTIO_VECTORS - 1u);
    writable(m, CAP_MSIX + SRIOV_PCI_MSIX_CTRL, 2, SRIOV_PCI_MSIX_CTRL_MASKALL | SRIOV_PCI_MSIX_CTRL_ENABLE);
    put(m, CAP_MSIX + SRIOV_PCI_MSIX_TABLE, 4, MOCK_VIRTIO_MSIX_BAR);
    put(m, CAP_MSIX + SRIOV_PCI_MSIX_PBA, 4, MOCK_VIRTIO_PBA | MOCK_VIRTIO_MSIX_BAR);
    put(m, CAP_EXP, 4, SRIOV_PCI_CAP_ID_EXP | 2u << 16);
    put(m, CAP_EXP + SRIOV_PCI_EXP_DEVCAP, 4, SRIOV_PCI_EXP_DEVCAP_FLR | SRIOV_PCI_EXP_DEVCAP_RBER);
    for (uint32_t v = 0; v < MOCK_VIRTIO_VECTORS; v++) {
        m->msix_table[4 * v + 3] = SRIOV_PCI_MSIX_ENTRY_CTRL_MASK;
    }
    m->msix_pending = 0;
}

uint32_t mock_virtio_cfg_read(struct sriov_model *m, uint16_t function, uint32_t off, uint32_t width)
{
    uint32_t value = 0;

    if (function != 0 || off > sizeof(m->cfg) - width) {
        return UINT32_MAX;
    }
    memcpy(&value, m->cfg + off, width);
    return value;
}

/* ---- MSI-X: PCI 3.0, 6.8.2 ---- */

static uint32_t msix_control(const struct sriov_model *m)
{
    uint16_t control;

    memcpy(&control, m->cfg + CAP_MSIX + SRIOV_PCI_MSIX_CTRL, sizeof(control));
    return control;
}

static void msix_flush(struct sriov_model *m)
{
    uint32_t control = msix_control(m);

    if ((control & SRIOV_PCI_MSIX_CTRL_ENABLE) == 0) {
        m->msix_pending = 0;
    }
    if ((control & SRIOV_PCI_MSIX_CTRL_ENABLE) == 0 || (control & SRIOV_PCI_MSIX_CTRL_MASKALL) != 0) {
        return;
    }
    for (uint32_t v = 0; v < MOCK_VIRTIO_VECTORS; v++) {
        bool masked = (m->msix_table[4 * v + 3] & SRIOV_PCI_MSIX_ENTRY_CTRL_MASK) != 0;

        if ((m->msix_pending & 1u << v) != 0 && !masked) {
            m->msix_pending &= ~(1u << v);
            m->args.ops->irq(m->args.host, 0, (uint16_t)v);
        }
    }
}

void mock_virtio_interrupt(struct sriov_model *m, uint16_t vector)
{
    if (vector < MOCK_VIRTIO_VECTORS && (msix_control(m) & SRIOV_PCI_MSIX_CTRL_ENABLE) != 0) {
        m->msix_pending |= 1u << vector;
        msix_flush(m);
    }
}

void mock_virtio_cfg_write(struct sriov_model *m, uint16_t function, uint32_t off, uint32_t width,
                           uint32_t value)
{
    if (function != 0 || off > sizeof(m->cfg) - width) {
        return;
    }
    for (uint32_t i = 0; i < width; i++) {
        uint8_t mask = m->cfg_writable[off + i];

        m->cfg[off + i] = (uint8_t)((m->cfg[off + i] & ~mask) | ((value >> (8 * i)) & mask));
    }
    msix_flush(m);
}

uint32_t mock_virtio_msix_read(const struct sriov_model *m, uint32_t off)
{
    if (off < sizeof(m->msix_table)) {
        return m->msix_table[off / 4];
    }
    return off == MOCK_VIRTIO_PBA ? m->msix_pending : 0;
}

void mock_virtio_msix_write(struct sriov_model *m, uint32_t off, uint32_t value)
{
    static const uint32_t writable_bits[4] = {~3u, ~0u, ~0u, SRIOV_PCI_MSIX_ENTRY_CTRL_MASK};

    if (off >= sizeof(m->msix_table)) {
        mock_virtio_report_reg(m, SRIOV_REPORT_READ_ONLY, MOCK_VIRTIO_MSIX_BAR, off,
                               "write beside the MSI-X table");
        return;
    }
    m->msix_table[off / 4] = value & writable_bits[off / 4 % 4];
    msix_flush(m);
}
