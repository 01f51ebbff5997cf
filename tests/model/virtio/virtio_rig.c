/* SPDX-License-Identifier: BSD-3-Clause */
#include "virtio_rig.h"

#include <string.h>

#define AVAIL_AT   1024u
#define USED_AT    2048u
#define PAYLOAD_AT RIG_PAGE

static void on_violation(void *arg, const struct sriov_violation *violation)
{
    struct rig *r = arg;
    if (violation->kind == SRIOV_VIOLATION_MODEL) {
        r->reports++;
        r->last_report = violation->report_kind;
    } else {
        r->iommu++;
    }
}

static void on_wire(void *arg, const void *frame, size_t len)
{
    struct rig *r = arg;
    r->wire_frames++;
    r->wire_len = (uint32_t)len;
    memcpy(r->wire_last, frame, len < sizeof(r->wire_last) ? len : sizeof(r->wire_last));
}

static void make_queue(struct rig *r, uint32_t q)
{
    struct rig_queue *queue = &r->queue[q];
    assert_int_equal(sriov_dma_alloc(r->fn, "rig", PAYLOAD_AT + RIG_RING * RIG_ROOM, RIG_PAGE, SRIOV_DMA_BOTH,
                                     &queue->dma),
                     0);
    uint8_t *base = queue->dma.va;
    queue->desc = (struct virtq_desc *)(void *)base;
    queue->avail = (uint16_t *)(void *)(base + AVAIL_AT);
    queue->used = (uint16_t *)(void *)(base + USED_AT);
    queue->elem = (struct virtq_used_elem *)(void *)(queue->used + 2);
    queue->payload = base + PAYLOAD_AT;
    queue->payload_iova = sriov_iova_add(queue->dma.iova, PAYLOAD_AT);
    queue->index = (uint16_t)(q == 2 ? RIG_CTRL : q);
}

void rig_make(struct rig *r, const char *quirks)
{
    memset(r, 0, sizeof(*r));
    struct sriov_mock_opts opts = {
        .size = sizeof(opts), .flags = SRIOV_MOCK_QUIET, .on_violation = on_violation, .arg = r};
    struct sriov_mock_pf_opts device = {.size = sizeof(device), .quirks = quirks};
    assert_int_equal(sriov_mock_create(&opts, &r->mock), 0);
    assert_int_equal(sriov_mock_add_pf(r->mock, "virtio-net", &device, r->name), 0);
    assert_int_equal(sriov_mock_wire_sink(r->mock, r->name, on_wire, r), 0);
    assert_int_equal(sriov_fn_open(sriov_mock_vmm(r->mock), r->name, NULL, &r->fn), 0);
    assert_int_equal(sriov_bar_open(r->fn, RIG_BAR, 0, &r->bar), 0);
    for (uint32_t q = 0; q < RIG_QUEUES; q++) {
        make_queue(r, q);
    }
}

void rig_end(struct rig *r)
{
    rig_expect_none(r);
    sriov_bar_close(&r->bar);
    for (uint32_t q = 0; q < RIG_QUEUES; q++) {
        assert_int_equal(sriov_dma_free(r->fn, &r->queue[q].dma), 0);
    }
    assert_int_equal(sriov_fn_close(r->fn), 0);
    assert_int_equal(sriov_mock_held(r->mock), 0);
    sriov_mock_destroy(r->mock);
}

uint32_t rig_read(struct rig *r, uint32_t off, uint32_t width)
{
    uint64_t value;
    assert_int_equal(sriov_bar_read(&r->bar, off, width, &value), 0);
    return (uint32_t)value;
}

void rig_write(struct rig *r, uint32_t off, uint32_t width, uint32_t value)
{
    assert_int_equal(sriov_bar_write(&r->bar, off, width, value), 0);
}

uint64_t rig_offered(struct rig *r)
{
    uint64_t features = 0;
    for (uint32_t half = 0; half < 2; half++) {
        rig_write(r, VIRTIO_COMMON_DEVICE_FEATURE_SELECT, 4, half);
        features |= (uint64_t)rig_read(r, VIRTIO_COMMON_DEVICE_FEATURE, 4) << (32 * half);
    }
    return features;
}

void rig_accept(struct rig *r, uint64_t features)
{
    for (uint32_t half = 0; half < 2; half++) {
        rig_write(r, VIRTIO_COMMON_DRIVER_FEATURE_SELECT, 4, half);
        rig_write(r, VIRTIO_COMMON_DRIVER_FEATURE, 4, (uint32_t)(features >> (32 * half)));
    }
}

bool rig_negotiate(struct rig *r, uint64_t features)
{
    rig_write(r, VIRTIO_COMMON_DEVICE_STATUS, 1, 0);
    rig_write(r, VIRTIO_COMMON_DEVICE_STATUS, 1, 1);
    rig_write(r, VIRTIO_COMMON_DEVICE_STATUS, 1, 3);
    rig_accept(r, features);
    rig_write(r, VIRTIO_COMMON_DEVICE_STATUS, 1, 11);
    return (rig_read(r, VIRTIO_COMMON_DEVICE_STATUS, 1) & VIRTIO_STATUS_FEATURES_OK) != 0;
}

static void program(struct rig *r, const struct rig_queue *queue)
{
    static const struct {
        uint32_t off;
        uint32_t at;
    } parts[] = {{VIRTIO_COMMON_QUEUE_DESC, 0},
                 {VIRTIO_COMMON_QUEUE_DRIVER, AVAIL_AT},
                 {VIRTIO_COMMON_QUEUE_DEVICE, USED_AT}};
    rig_write(r, VIRTIO_COMMON_QUEUE_SELECT, 2, queue->index);
    rig_write(r, VIRTIO_COMMON_QUEUE_SIZE, 2, RIG_RING);
    rig_write(r, VIRTIO_COMMON_QUEUE_MSIX_VECTOR, 2, queue->index);
    for (size_t i = 0; i < 3; i++) {
        uint64_t iova = queue->dma.iova.raw + parts[i].at;
        rig_write(r, parts[i].off, 4, (uint32_t)iova);
        rig_write(r, parts[i].off + 4, 4, (uint32_t)(iova >> 32));
    }
    rig_write(r, VIRTIO_COMMON_QUEUE_ENABLE, 2, 1);
}

void rig_run(struct rig *r, uint64_t features)
{
    assert_true(rig_negotiate(r, features));
    for (uint32_t q = 0; q < RIG_QUEUES; q++) {
        memset(r->queue[q].dma.va, 0, PAYLOAD_AT);
        if (q < 2 || (features & VIRTIO_NET_F_CTRL_VQ) != 0) {
            program(r, &r->queue[q]);
        }
    }
    rig_write(r, VIRTIO_COMMON_DEVICE_STATUS, 1, 15);
}

bool rig_needs_reset(struct rig *r)
{
    return (rig_read(r, VIRTIO_COMMON_DEVICE_STATUS, 1) & VIRTIO_STATUS_NEEDS_RESET) != 0;
}

void rig_desc(struct rig *r, uint32_t q, uint16_t i, uint32_t len, uint16_t flags, uint16_t next)
{
    struct rig_queue *queue = &r->queue[q];
    queue->desc[i] = (struct virtq_desc){
        .addr = queue->payload_iova.raw + i * RIG_ROOM, .len = len, .flags = flags, .next = next};
}

void rig_offer(struct rig *r, uint32_t q, uint16_t head)
{
    uint16_t *avail = r->queue[q].avail;
    avail[2 + avail[1] % RIG_RING] = head;
    avail[1]++;
    rig_notify(r, q);
}

void rig_notify(struct rig *r, uint32_t q)
{
    rig_write(r, RIG_NOTIFY + 4u * r->queue[q].index, 2, r->queue[q].index);
}

uint16_t rig_used(const struct rig *r, uint32_t q)
{
    return r->queue[q].used[1];
}

void rig_expect(struct rig *r, enum sriov_report_kind kind)
{
    assert_int_equal(r->reports, 1);
    assert_int_equal(r->last_report, kind);
    r->reports = 0;
}

void rig_expect_none(struct rig *r)
{
    assert_int_equal(r->reports, 0);
    assert_int_equal(r->iommu, 0);
}
