/* SPDX-License-Identifier: BSD-3-Clause */
/* The control queue: one question at a time, its answer polled for. 5.1.6.5. */
#include "vnet.h"

#include <errno.h>
#include <string.h>

#define CTRL_RING    2u /* one descriptor to be read, one to be written */
#define ANSWER_NS    (200 * VNET_MS)
#define STEP_NS      UINT64_C(20000)
#define QUESTION_MAX (VIRTIO_NET_CTRL_HDR_SIZE + 8u + SRIOV_ETH_ALEN * VNET_MULTICAST_MAX)
#define ANSWER_AT    448u /* in the memory behind the ring */
#define MEMORY       (ANSWER_AT + 64u)

_Static_assert(QUESTION_MAX <= ANSWER_AT, "the longest question ends before the answer");

int vnet_ctrl_create(struct vnet *v)
{
    struct vnet_ring_args args = {
        .fn = v->net->fn, .owner = "virtio-net control queue", .size = CTRL_RING, .extra = MEMORY};
    int err = vnet_vq_create(&v->ctrl.vq, &args, v->ctrl.free);
    v->ctrl.there = err == 0;
    return err;
}

void vnet_ctrl_destroy(struct vnet *v)
{
    if (v->ctrl.there) {
        vnet_vq_destroy(&v->ctrl.vq, v->net->fn);
        v->ctrl.there = false;
    }
}

static int answered(void *arg)
{
    struct vnet_vq *vq = arg;
    if (vq->broken) {
        return -EPROTO;
    }
    return vnet_vq_used(vq) != 0 ? 1 : 0;
}

static void put_question(struct vnet_vq *vq, uint32_t len)
{
    sriov_iova_t memory = sriov_iova_add(vq->dma.iova, vq->extra);
    vq->desc[0].addr = memory.raw;
    vq->desc[0].len = len;
    vq->desc[0].flags = VIRTQ_DESC_F_NEXT;
    vq->desc[0].next = 1;
    vq->desc[1].addr = sriov_iova_add(memory, ANSWER_AT).raw;
    vq->desc[1].len = 1;
    vq->desc[1].flags = VIRTQ_DESC_F_WRITE;
    vq->desc[1].next = 0;
    vq->avail_ring[vq->next & vq->mask] = 0;
    vq->next++;
    vnet_vq_publish(vq);
    vnet_vq_kick(vq);
}

static int take_answer(struct vnet_vq *vq)
{
    struct virtq_used_elem elem;
    if (!vnet_vq_take(vq, &elem) || elem.id != 0) {
        vq->broken = true;
        return -EPROTO;
    }
    const volatile uint8_t *ack = (uint8_t *)vq->dma.va + vq->extra + ANSWER_AT;
    return *ack == VIRTIO_NET_OK ? 0 : -EACCES;
}

int vnet_ctrl_ask(struct vnet *v, uint8_t class, uint8_t command, const void *data, uint32_t len)
{
    struct vnet_vq *vq = &v->ctrl.vq;
    if (!v->ctrl.there) {
        return -EOPNOTSUPP;
    }
    if (vq->broken || len > QUESTION_MAX - VIRTIO_NET_CTRL_HDR_SIZE) {
        return vq->broken ? -EPROTO : -EINVAL;
    }
    uint8_t *memory = (uint8_t *)vq->dma.va + vq->extra;
    memory[0] = class;
    memory[1] = command;
    memcpy(memory + VIRTIO_NET_CTRL_HDR_SIZE, data, len);
    memory[ANSWER_AT] = VIRTIO_NET_ERR;
    put_question(vq, VIRTIO_NET_CTRL_HDR_SIZE + len);
    int err = sriov_fn_wait_until(v->net->fn, answered, vq, ANSWER_NS, STEP_NS);
    if (err > 0) {
        return take_answer(vq);
    }
    vq->broken = true; /* the memory is the device's until it is reset */
    return err;
}
