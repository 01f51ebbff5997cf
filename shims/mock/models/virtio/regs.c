/* SPDX-License-Identifier: BSD-3-Clause */
/* The structures in the BAR: common configuration (4.1.4.3), notification, ISR, device configuration. */
#include "virtio.h"

#include <string.h>

/* Fields of the common configuration: the only widths they are accessed by (4.1.3.1). */
static const struct field {
    uint8_t off;
    uint8_t width;
    bool read_only;
} fields[] = {
    {VIRTIO_COMMON_DEVICE_FEATURE_SELECT, 4, false}, {VIRTIO_COMMON_DEVICE_FEATURE, 4, true},
    {VIRTIO_COMMON_DRIVER_FEATURE_SELECT, 4, false}, {VIRTIO_COMMON_DRIVER_FEATURE, 4, false},
    {VIRTIO_COMMON_CONFIG_MSIX_VECTOR, 2, false},    {VIRTIO_COMMON_NUM_QUEUES, 2, true},
    {VIRTIO_COMMON_DEVICE_STATUS, 1, false},         {VIRTIO_COMMON_CONFIG_GENERATION, 1, true},
    {VIRTIO_COMMON_QUEUE_SELECT, 2, false},          {VIRTIO_COMMON_QUEUE_SIZE, 2, false},
    {VIRTIO_COMMON_QUEUE_MSIX_VECTOR, 2, false},     {VIRTIO_COMMON_QUEUE_ENABLE, 2, false},
    {VIRTIO_COMMON_QUEUE_NOTIFY_OFF, 2, true},       {VIRTIO_COMMON_QUEUE_DESC, 4, false},
    {VIRTIO_COMMON_QUEUE_DESC + 4, 4, false},        {VIRTIO_COMMON_QUEUE_DRIVER, 4, false},
    {VIRTIO_COMMON_QUEUE_DRIVER + 4, 4, false},      {VIRTIO_COMMON_QUEUE_DEVICE, 4, false},
    {VIRTIO_COMMON_QUEUE_DEVICE + 4, 4, false},
};

void mock_virtio_report_reg(struct sriov_model *m, enum sriov_report_kind kind, uint32_t bar, uint64_t off,
                            const char *detail)
{
    struct sriov_site site = {.kind = SRIOV_SITE_REGISTER, .bar = (uint16_t)bar, .offset = (uint32_t)off};

    m->args.ops->report(m->args.host, kind, &site, detail);
}

static void report(struct sriov_model *m, enum sriov_report_kind kind, uint64_t off, const char *detail)
{
    mock_virtio_report_reg(m, kind, MOCK_VIRTIO_BAR, off, detail);
}

static uint16_t num_queues(const struct sriov_model *m)
{
    bool ctrl = (m->kind->features & VIRTIO_NET_F_CTRL_VQ) != 0;

    return (uint16_t)(2u * m->kind->pairs + (ctrl ? 1u : 0u));
}

/* NULL: none such; its size reads 0 then. */
static struct mock_virtio_queue *selected(struct sriov_model *m)
{
    return m->select < num_queues(m) ? &m->queue[m->select] : NULL;
}

void mock_virtio_reset(struct sriov_model *m)
{
    m->device_select = m->driver_select = 0;
    m->driver_features = 0;
    m->config_vector = VIRTIO_MSI_NO_VECTOR;
    m->status = 0;
    m->isr = 0;
    m->select = 0;
    m->pairs = 1;
    memset(m->queue, 0, sizeof(m->queue));
    for (uint16_t i = 0; i < MOCK_VIRTIO_QUEUES; i++) {
        m->queue[i].index = i;
        m->queue[i].size = m->kind->ring;
        m->queue[i].vector = VIRTIO_MSI_NO_VECTOR;
    }
    mock_virtio_filter_reset(m);
    mock_virtio_drop_late(m);
}

void mock_virtio_config_changed(struct sriov_model *m)
{
    m->generation++;
    if ((m->status & VIRTIO_STATUS_DRIVER_OK) != 0) {
        m->isr |= VIRTIO_ISR_CONFIG;
        mock_virtio_interrupt(m, m->config_vector);
    }
}

void mock_virtio_needs_reset(struct sriov_model *m)
{
    if ((m->status & VIRTIO_STATUS_NEEDS_RESET) == 0) {
        m->status |= VIRTIO_STATUS_NEEDS_RESET;
        mock_virtio_config_changed(m);
    }
}

/* ---- common configuration ---- */

static const struct field *find_field(struct sriov_model *m, uint64_t off, uint32_t width)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (off >= fields[i].off && off < (uint64_t)fields[i].off + fields[i].width) {
            if (off == fields[i].off && width == fields[i].width) {
                return &fields[i];
            }
            report(m, SRIOV_REPORT_BAD_WIDTH, off, "a field is accessed as a whole, by its own width");
            return NULL;
        }
    }
    report(m, SRIOV_REPORT_UNMODELLED, off, "no field is there");
    return NULL;
}

static uint64_t *address_of(struct mock_virtio_queue *q, uint32_t off)
{
    uint32_t field = off & ~4u;

    return field == VIRTIO_COMMON_QUEUE_DESC     ? &q->desc
           : field == VIRTIO_COMMON_QUEUE_DRIVER ? &q->avail
                                                 : &q->used;
}

static uint32_t read_queue(struct sriov_model *m, uint32_t off)
{
    struct mock_virtio_queue *q = selected(m);

    if (q == NULL) {
        return 0;
    }
    switch (off) {
    case VIRTIO_COMMON_QUEUE_SIZE:
        return q->size;
    case VIRTIO_COMMON_QUEUE_MSIX_VECTOR:
        return q->vector;
    case VIRTIO_COMMON_QUEUE_ENABLE:
        return q->enabled;
    case VIRTIO_COMMON_QUEUE_NOTIFY_OFF:
        return m->select;
    default:
        return (uint32_t)(*address_of(q, off) >> (8 * (off & 4u)));
    }
}

static uint32_t read_common(struct sriov_model *m, uint32_t off)
{
    switch (off) {
    case VIRTIO_COMMON_DEVICE_FEATURE_SELECT:
        return m->device_select;
    case VIRTIO_COMMON_DEVICE_FEATURE:
        return m->device_select < 2 ? (uint32_t)(m->kind->features >> (32 * m->device_select)) : 0;
    case VIRTIO_COMMON_DRIVER_FEATURE_SELECT:
        return m->driver_select;
    case VIRTIO_COMMON_DRIVER_FEATURE:
        return m->driver_select < 2 ? (uint32_t)(m->driver_features >> (32 * m->driver_select)) : 0;
    case VIRTIO_COMMON_CONFIG_MSIX_VECTOR:
        return m->config_vector;
    case VIRTIO_COMMON_NUM_QUEUES:
        return num_queues(m);
    case VIRTIO_COMMON_DEVICE_STATUS:
        return m->status;
    case VIRTIO_COMMON_CONFIG_GENERATION:
        return m->generation;
    case VIRTIO_COMMON_QUEUE_SELECT:
        return m->select;
    default:
        return read_queue(m, off);
    }
}

static bool features_are_good(const struct sriov_model *m)
{
    uint64_t needs_ctrl = VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_VLAN | VIRTIO_NET_F_MQ |
                          VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_GUEST_ANNOUNCE;

    return (m->driver_features & ~m->kind->features) == 0 && mock_virtio_has(m, VIRTIO_F_VERSION_1) &&
           ((m->driver_features & needs_ctrl) == 0 || mock_virtio_has(m, VIRTIO_NET_F_CTRL_VQ)) &&
           (m->kind->features & VIRTIO_F_ACCESS_PLATFORM) ==
               (m->driver_features & VIRTIO_F_ACCESS_PLATFORM); /* 6.2: without it nothing works */
}

/* 3.1.1: in that order, each bit on top of those before it. */
static void write_status(struct sriov_model *m, uint8_t value)
{
    uint8_t set = (uint8_t)(value & ~m->status);
    bool features = (set & VIRTIO_STATUS_FEATURES_OK) != 0;

    if (value == 0) {
        mock_virtio_reset(m);
        return;
    }
    if ((m->status & ~value & ~VIRTIO_STATUS_NEEDS_RESET) != 0) {
        report(m, SRIOV_REPORT_BAD_SEQUENCE, VIRTIO_COMMON_DEVICE_STATUS,
               "a status bit is cleared by reset alone");
    }
    if ((features && (m->status & VIRTIO_STATUS_DRIVER) == 0) ||
        ((set & VIRTIO_STATUS_DRIVER_OK) != 0 && (m->status & VIRTIO_STATUS_FEATURES_OK) == 0)) {
        report(m, SRIOV_REPORT_BAD_SEQUENCE, VIRTIO_COMMON_DEVICE_STATUS, "status bits out of order");
        return;
    }
    m->status |= (uint8_t)(value & ~VIRTIO_STATUS_NEEDS_RESET);
    if (features && !features_are_good(m)) {
        report(m, SRIOV_REPORT_BAD_SEQUENCE, VIRTIO_COMMON_DEVICE_STATUS, "features that cannot be had");
        m->status &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
    }
}

static void write_features(struct sriov_model *m, uint32_t value)
{
    uint32_t shift = 32 * m->driver_select;

    if ((m->status & VIRTIO_STATUS_FEATURES_OK) != 0) {
        report(m, SRIOV_REPORT_BAD_SEQUENCE, VIRTIO_COMMON_DRIVER_FEATURE, "features after FEATURES_OK");
    } else if (m->driver_select < 2) {
        m->driver_features &= ~((uint64_t)UINT32_MAX << shift);
        m->driver_features |= (uint64_t)value << shift;
    }
}

static void enable_queue(struct sriov_model *m, struct mock_virtio_queue *q, uint32_t value)
{
    bool pow2 = q->size != 0 && (q->size & (q->size - 1)) == 0;

    if (value != 1 || !pow2 || q->desc % VIRTQ_DESC_ALIGN != 0 || q->avail % VIRTQ_AVAIL_ALIGN != 0 ||
        q->used % VIRTQ_USED_ALIGN != 0 || q->desc == 0 || q->avail == 0 || q->used == 0) {
        report(m, SRIOV_REPORT_BAD_SEQUENCE, VIRTIO_COMMON_QUEUE_ENABLE, "a queue that cannot be enabled so");
        return;
    }
    q->enabled = 1;
}

static void write_queue(struct sriov_model *m, uint32_t off, uint32_t value)
{
    struct mock_virtio_queue *q = selected(m);
    uint64_t *address;

    if (q == NULL || q->enabled != 0 || (m->status & VIRTIO_STATUS_FEATURES_OK) == 0 ||
        (m->status & VIRTIO_STATUS_DRIVER_OK) != 0) {
        report(m, SRIOV_REPORT_BAD_SEQUENCE, off,
               "a queue is set up between FEATURES_OK and DRIVER_OK, before it is enabled");
        return;
    }
    switch (off) {
    case VIRTIO_COMMON_QUEUE_SIZE:
        if (value == 0 || value > m->kind->ring) {
            report(m, SRIOV_REPORT_BAD_SEQUENCE, off, "more entries than the queue can have");
        } else {
            q->size = (uint16_t)value;
        }
        break;
    case VIRTIO_COMMON_QUEUE_MSIX_VECTOR:
        q->vector = value < MOCK_VIRTIO_VECTORS ? (uint16_t)value : (uint16_t)VIRTIO_MSI_NO_VECTOR;
        break;
    case VIRTIO_COMMON_QUEUE_ENABLE:
        enable_queue(m, q, value);
        break;
    default:
        address = address_of(q, off);
        *address &= ~((uint64_t)UINT32_MAX << (8 * (off & 4u)));
        *address |= (uint64_t)value << (8 * (off & 4u));
        break;
    }
}

static void write_common(struct sriov_model *m, uint32_t off, uint32_t value)
{
    switch (off) {
    case VIRTIO_COMMON_DEVICE_FEATURE_SELECT:
        m->device_select = value;
        break;
    case VIRTIO_COMMON_DRIVER_FEATURE_SELECT:
        m->driver_select = value;
        break;
    case VIRTIO_COMMON_DRIVER_FEATURE:
        write_features(m, value);
        break;
    case VIRTIO_COMMON_CONFIG_MSIX_VECTOR:
        m->config_vector = value < MOCK_VIRTIO_VECTORS ? (uint16_t)value : (uint16_t)VIRTIO_MSI_NO_VECTOR;
        break;
    case VIRTIO_COMMON_DEVICE_STATUS:
        write_status(m, (uint8_t)value);
        break;
    case VIRTIO_COMMON_QUEUE_SELECT:
        m->select = (uint16_t)value;
        break;
    default:
        write_queue(m, off, value);
        break;
    }
}

/* ---- the BAR ---- */

/* 5.1.4 */
static uint32_t read_device(const struct sriov_model *m, uint32_t off, uint32_t width)
{
    uint8_t config[VIRTIO_NET_CFG_SIZE] = {0};
    uint16_t status = m->carrier ? VIRTIO_NET_S_LINK_UP : 0;
    uint16_t pairs = m->kind->pairs;
    uint16_t mtu = MOCK_VIRTIO_MTU;
    uint32_t speed = 10000;
    uint32_t value = 0;

    memcpy(config + VIRTIO_NET_CFG_MAC, m->filter.mac, 6);
    memcpy(config + VIRTIO_NET_CFG_STATUS, &status, sizeof(status));
    memcpy(config + VIRTIO_NET_CFG_MAX_PAIRS, &pairs, sizeof(pairs));
    memcpy(config + VIRTIO_NET_CFG_MTU, &mtu, sizeof(mtu));
    memcpy(config + VIRTIO_NET_CFG_SPEED, &speed, sizeof(speed));
    config[VIRTIO_NET_CFG_DUPLEX] = 1;
    memcpy(&value, config + off, width);
    return value;
}

uint64_t mock_virtio_bar_read(struct sriov_model *m, uint16_t function, uint32_t bar, uint64_t off,
                              uint32_t width)
{
    if (function != 0) {
        return UINT64_MAX;
    }
    if (bar == MOCK_VIRTIO_MSIX_BAR) {
        return width == 4 ? mock_virtio_msix_read(m, (uint32_t)off) : UINT64_MAX;
    }
    if (off - MOCK_VIRTIO_COMMON < VIRTIO_COMMON_SIZE) {
        return find_field(m, off, width) != NULL ? read_common(m, (uint32_t)off) : UINT64_MAX;
    }
    if (off == MOCK_VIRTIO_ISR) {
        uint8_t isr = m->isr;

        m->isr = 0;
        return isr;
    }
    if (off >= MOCK_VIRTIO_DEVICE && off - MOCK_VIRTIO_DEVICE <= VIRTIO_NET_CFG_SIZE - width && width <= 4) {
        return read_device(m, (uint32_t)off - MOCK_VIRTIO_DEVICE, width);
    }
    report(m, SRIOV_REPORT_UNMODELLED, off, "nothing is there");
    return UINT64_MAX;
}

/* 4.1.5.2: the queue's index, 16 bits, where the queue's place is. */
static void notify(struct sriov_model *m, uint64_t off, uint32_t width, uint64_t value)
{
    uint64_t place = off - MOCK_VIRTIO_NOTIFY;

    if (width != 2 || value >= num_queues(m) || place != (uint64_t)m->kind->mult * value) {
        report(m, SRIOV_REPORT_BAD_WIDTH, off, "a notification is 16 bits, the queue's index, at its place");
    } else if ((m->status & VIRTIO_STATUS_DRIVER_OK) == 0 || m->queue[value].enabled == 0) {
        report(m, SRIOV_REPORT_BAD_SEQUENCE, off,
               "a notification before DRIVER_OK, or of a queue that is off");
    } else if (mock_virtio_runs(m)) {
        mock_virtio_notified(m, (uint16_t)value);
    }
}

void mock_virtio_bar_write(struct sriov_model *m, uint16_t function, uint32_t bar, uint64_t off,
                           uint32_t width, uint64_t value)
{
    const struct field *field;

    if (function != 0) {
        return;
    }
    if (bar == MOCK_VIRTIO_MSIX_BAR) {
        if (width == 4) {
            mock_virtio_msix_write(m, (uint32_t)off, (uint32_t)value);
        }
        return;
    }
    if (off >= MOCK_VIRTIO_NOTIFY) {
        notify(m, off, width, value);
        return;
    }
    if (off - MOCK_VIRTIO_COMMON >= VIRTIO_COMMON_SIZE) {
        report(m, SRIOV_REPORT_READ_ONLY, off, "not to be written");
        return;
    }
    field = find_field(m, off, width);
    if (field != NULL && field->read_only) {
        report(m, SRIOV_REPORT_READ_ONLY, off, "not to be written");
    } else if (field != NULL) {
        write_common(m, (uint32_t)off, (uint32_t)value);
    }
}
