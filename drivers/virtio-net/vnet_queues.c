/* SPDX-License-Identifier: BSD-3-Clause */
/* The device's virtqueues: made, programmed (4.1.5.1.3), looked after, taken back. */
#include "vnet.h"

#include <errno.h>
#include <string.h>

#define STUCK_NS       (2000 * VNET_MS)
#define FRAME_OVERHEAD (VNET_FRAME_MIN + VNET_ETH_VLAN)

static const char *const rx_owners[SRIOV_NET_QUEUES_MAX] = {
    "virtio-net rx ring 0", "virtio-net rx ring 1", "virtio-net rx ring 2", "virtio-net rx ring 3",
    "virtio-net rx ring 4", "virtio-net rx ring 5", "virtio-net rx ring 6", "virtio-net rx ring 7"};
static const char *const tx_owners[SRIOV_NET_QUEUES_MAX] = {
    "virtio-net tx ring 0", "virtio-net tx ring 1", "virtio-net tx ring 2", "virtio-net tx ring 3",
    "virtio-net tx ring 4", "virtio-net tx ring 5", "virtio-net tx ring 6", "virtio-net tx ring 7"};

static void select_queue(const struct vnet *v, uint16_t index)
{
    vnet_write(&v->common, VIRTIO_COMMON_QUEUE_SELECT, 2, index);
}

/* The ring that we make where the device takes up to *size entries. 0 or no power of two: -EPROTO. */
static int ring_size(const struct vnet *v, uint16_t index, uint16_t most, uint16_t *size)
{
    select_queue(v, index);
    uint32_t device = vnet_read(&v->common, VIRTIO_COMMON_QUEUE_SIZE, 2);
    if (device < 2 || device > VIRTIO_QUEUE_SIZE_MAX || (device & (device - 1)) != 0) {
        return -EPROTO;
    }
    *size = device < most ? (uint16_t)device : most;
    return 0;
}

static int create_pair(struct vnet *v, uint16_t i)
{
    struct sriov_net *net = v->net;
    struct vnet_ring_args args = {.fn = net->fn, .owner = rx_owners[i]};
    struct vnet_rxq *rx = NULL;
    struct vnet_txq *tx = NULL;
    int err = ring_size(v, (uint16_t)VIRTIO_NET_RXQ(i), net->config.rx_desc, &args.size);
    if (err == 0) {
        err = vnet_rxq_create(&args, net->config.pool, &rx);
    }
    if (err != 0) {
        return err;
    }
    net->rxq[i] = &rx->base;
    args.owner = tx_owners[i];
    err = ring_size(v, (uint16_t)VIRTIO_NET_TXQ(i), net->config.tx_desc, &args.size);
    if (err == 0) {
        err = vnet_txq_create(&args, &tx);
    }
    net->txq[i] = err == 0 ? &tx->base : NULL;
    return err;
}

void vnet_release(struct sriov_net *net)
{
    struct vnet *v = vnet_of(net);
    vnet_irq_release(v);
    vnet_ctrl_destroy(v);
    for (uint16_t i = 0; i < SRIOV_NET_QUEUES_MAX; i++) {
        vnet_rxq_destroy(net->fn, vnet_rxq(v, i));
        vnet_txq_destroy(net->fn, vnet_txq(v, i));
        net->rxq[i] = NULL;
        net->txq[i] = NULL;
    }
}

/* Queues beyond the first pair are of use with the control queue alone; more than the device says that
 * it has cannot be. */
static int check_count(struct vnet *v)
{
    uint32_t has = vnet_read(&v->common, VIRTIO_COMMON_NUM_QUEUES, 2);
    uint32_t needs = 2u * v->net->config.queues;
    if (vnet_has(v, VIRTIO_NET_F_CTRL_VQ)) {
        needs = VIRTIO_NET_CTRLQ((uint32_t)v->max_pairs) + 1;
    }
    return has >= needs ? 0 : -EPROTO;
}

/* Bytes of one buffer; without mergeable ones each has to take the longest frame: 5.1.6.3.1. */
static int check_buffers(struct vnet *v)
{
    const struct sriov_net_config *config = &v->net->config;
    struct sriov_buf *probe = sriov_buf_alloc(config->pool);
    uint32_t least = config->mtu + FRAME_OVERHEAD + VIRTIO_NET_HDR_SIZE;
    if (probe == NULL) {
        return -ENOMEM;
    }
    uint32_t room = v->buf_room = probe->room;
    sriov_buf_free(probe);
    least = least > VIRTIO_NET_RX_BUFFER_LEAST ? least : VIRTIO_NET_RX_BUFFER_LEAST;
    if (!vnet_has(v, VIRTIO_NET_F_MRG_RXBUF) && room < least) {
        vnet_log(v, SRIOV_LOG_ERROR, "buffers of %u bytes; without mergeable ones %u are needed", room,
                 least);
        return -EINVAL;
    }
    return 0;
}

int vnet_configure(struct sriov_net *net)
{
    struct vnet *v = vnet_of(net);
    int err = check_count(v);
    if (err == 0) {
        err = check_buffers(v);
    }
    for (uint16_t i = 0; err == 0 && i < net->config.queues; i++) {
        err = create_pair(v, i);
    }
    if (err == 0 && vnet_has(v, VIRTIO_NET_F_CTRL_VQ)) {
        err = vnet_ctrl_create(v);
    }
    if (err != 0) {
        vnet_release(net);
        return err;
    }
    vnet_irq_request(v);
    return 0;
}

/* ---- programming ---- */

static void write_address(const struct vnet *v, uint32_t off, sriov_iova_t iova)
{
    vnet_write(&v->common, off, 4, (uint32_t)iova.raw);
    vnet_write(&v->common, off + 4, 4, (uint32_t)(iova.raw >> 32));
}

static int program(struct vnet *v, struct vnet_vq *vq, uint16_t index, uint16_t vector)
{
    uint16_t size;
    int err = ring_size(v, index, vq->size, &size); /* selects it */
    if (err == 0 && size < vq->size) {
        err = -EPROTO; /* it had more */
    }
    if (err == 0) {
        err = vnet_pci_bell(v, &vq->bell);
    }
    if (err != 0) {
        return err;
    }
    vq->index = index;
    vnet_write(&v->common, VIRTIO_COMMON_QUEUE_SIZE, 2, vq->size);
    vnet_write(&v->common, VIRTIO_COMMON_QUEUE_MSIX_VECTOR, 2, vector);
    if (vnet_read(&v->common, VIRTIO_COMMON_QUEUE_MSIX_VECTOR, 2) != vector) {
        return -EPROTO; /* it found no room for that: 4.1.5.1.2.1 */
    }
    write_address(v, VIRTIO_COMMON_QUEUE_DESC, vq->dma.iova);
    write_address(v, VIRTIO_COMMON_QUEUE_DRIVER, vnet_vq_avail_iova(vq));
    write_address(v, VIRTIO_COMMON_QUEUE_DEVICE, vnet_vq_used_iova(vq));
    vnet_write(&v->common, VIRTIO_COMMON_QUEUE_ENABLE, 2, 1);
    return 0;
}

static void prime_rx(struct vnet *v, struct vnet_rxq *q)
{
    vnet_vq_prime(&q->vq, v->vectors != 0 && q->armed);
    q->room = v->buf_room;
    q->mergeable = vnet_has(v, VIRTIO_NET_F_MRG_RXBUF);
    q->max_frame = v->net->config.mtu + FRAME_OVERHEAD;
    uint32_t longest = q->room - VIRTIO_NET_HDR_SIZE;
    longest = longest < q->max_frame ? longest : q->max_frame;
    q->plain_span = longest - VNET_FRAME_MIN;
    q->stopped = false;
}

static int program_pair(struct vnet *v, uint16_t i)
{
    struct vnet_rxq *rx = vnet_rxq(v, i);
    struct vnet_txq *tx = vnet_txq(v, i);
    prime_rx(v, rx);
    vnet_vq_prime(&tx->vq, false);
    tx->max_frame = v->net->config.mtu + FRAME_OVERHEAD;
    int err = program(v, &rx->vq, (uint16_t)VIRTIO_NET_RXQ(i), vnet_irq_of_queue(v, i));
    return err != 0 ? err : program(v, &tx->vq, (uint16_t)VIRTIO_NET_TXQ(i), VIRTIO_MSI_NO_VECTOR);
}

int vnet_queues_program(struct vnet *v)
{
    uint16_t vector = vnet_irq_of_config(v);
    int err = 0;
    vnet_write(&v->common, VIRTIO_COMMON_CONFIG_MSIX_VECTOR, 2, vector);
    if (vnet_read(&v->common, VIRTIO_COMMON_CONFIG_MSIX_VECTOR, 2) != vector) {
        return -EPROTO;
    }
    for (uint16_t i = 0; err == 0 && i < v->net->config.queues; i++) {
        err = program_pair(v, i);
    }
    if (err == 0 && v->ctrl.there) {
        vnet_vq_prime(&v->ctrl.vq, false);
        err = program(v, &v->ctrl.vq, (uint16_t)VIRTIO_NET_CTRLQ(v->max_pairs), VIRTIO_MSI_NO_VECTOR);
    }
    return err;
}

void vnet_queues_begin(struct vnet *v)
{
    memset(v->watch, 0, sizeof(v->watch));
    for (uint16_t i = 0; i < v->net->config.queues; i++) {
        vnet_rx_refill(vnet_rxq(v, i));
    }
}

void vnet_queues_settle_tx(struct vnet *v)
{
    for (uint16_t i = 0; i < v->net->config.queues; i++) {
        v->in_doubt += vnet_tx_settle(vnet_txq(v, i));
    }
}

void vnet_queues_settle(struct vnet *v)
{
    for (uint16_t i = 0; i < v->net->config.queues; i++) {
        vnet_rx_settle(vnet_rxq(v, i));
    }
    vnet_queues_settle_tx(v);
}

void vnet_queues_reclaim(struct vnet *v)
{
    vnet_queues_settle(v);
    for (uint16_t i = 0; i < v->net->config.queues; i++) {
        struct vnet_rxq *q = vnet_rxq(v, i);
        vnet_rx_drop_held(q);
        sriov_pool_cache_drain(&q->stock);
        q->armed = false;
        vnet_txq(v, i)->in_doubt = 0;
    }
}

/* ---- watching: beside queue threads, so it only reads ---- */

static bool tx_stuck(struct vnet *v, uint16_t i, uint64_t now)
{
    const struct vnet_vq *vq = &vnet_txq(v, i)->vq;
    struct vnet_watch *watch = &v->watch[i];
    uint16_t seen = __atomic_load_n(&vq->seen, __ATOMIC_RELAXED);
    uint16_t next = __atomic_load_n(&vq->next, __ATOMIC_RELAXED);
    bool waits = v->net->link.up && seen != next && vq->used->idx == seen;
    if (!waits || watch->since == 0 || watch->at != seen) {
        watch->at = seen;
        watch->since = waits ? now : 0;
        return false;
    }
    return now - watch->since >= STUCK_NS;
}

const char *vnet_queues_wrong(struct vnet *v)
{
    uint64_t now = sriov_fn_now(v->net->fn);
    for (uint16_t i = 0; i < v->net->config.queues; i++) {
        if (__atomic_load_n(&vnet_rxq(v, i)->vq.broken, __ATOMIC_RELAXED) ||
            __atomic_load_n(&vnet_txq(v, i)->vq.broken, __ATOMIC_RELAXED)) {
            return "the device broke a queue";
        }
        if (tx_stuck(v, i, now)) {
            return "a transmit queue is stuck";
        }
    }
    return NULL;
}
