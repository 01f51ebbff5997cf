/* SPDX-License-Identifier: BSD-3-Clause */
#include "mbx.h"

#include <errno.h>

#define ALL_ONES      UINT32_C(0xffffffff)
#define LOCK_NS       2000000u /* the PF holds the memory for a few register accesses at most */
#define LOOK_EVERY_NS 25000u   /* a PF answers from its interrupt handler; polls of others wait for it here */

void sri_mbx_init(struct sri_mbx *mbx, struct sriov_fn *fn, const struct sriov_bar *bar,
                  const struct sri_mbx_regs *regs)
{
    *mbx = (struct sri_mbx){.fn = fn, .bar = bar, .regs = *regs};
}

uint32_t sri_mbx_look(struct sri_mbx *mbx)
{
    uint32_t now = sri_rd32_sure(mbx->bar, mbx->regs.control);
    if (now == ALL_ONES) {
        sriov_fn_kill(mbx->fn);
        return now;
    }
    mbx->level = now;
    mbx->seen |= now & SRI_MBX_RC_BITS;
    return now | mbx->seen;
}

void sri_mbx_forget(struct sri_mbx *mbx, uint32_t bits)
{
    mbx->seen &= ~bits;
}

/* VFU is ours once a 1 written reads back; while the PF has PFU the write is ignored. */
static int try_lock(void *arg)
{
    struct sri_mbx *mbx = arg;
    sriov_wr32(mbx->bar, mbx->regs.control, SRI_MBX_VFU);
    uint32_t now = sri_mbx_look(mbx);
    if (now == ALL_ONES) {
        return -ENODEV;
    }
    return (now & SRI_MBX_VFU) != 0 ? 1 : 0;
}

static int lock(struct sri_mbx *mbx)
{
    int err = sriov_fn_wait_until(mbx->fn, try_lock, mbx, LOCK_NS, 0);
    if (err > 0) {
        return 0;
    }
    return err == -ETIMEDOUT ? -EBUSY : err;
}

static void note_control(struct sri_mbx *mbx, uint32_t header)
{
    mbx->notice |= SRI_MBX_NOTICE;
    if ((header & INTEL_MBX_CTS) == 0) {
        mbx->notice |= SRI_MBX_NOTICE_LOST;
    }
}

static bool is_control(uint32_t header)
{
    return (header & INTEL_MBX_TYPE) == INTEL_MBX_PF_CONTROL_MSG;
}

int sri_mbx_take(struct sri_mbx *mbx, uint32_t *msg, uint32_t words)
{
    uint32_t now = sri_mbx_look(mbx);
    if (now == ALL_ONES) {
        return -ENODEV;
    }
    if ((now & SRI_MBX_PFSTS) == 0) {
        return 0;
    }
    int err = lock(mbx);
    if (err != 0) {
        return err == -EBUSY ? 0 : err;
    }
    for (uint32_t i = 0; i < words && i < INTEL_MBX_WORDS; i++) {
        msg[i] = sriov_rd32(mbx->bar, mbx->regs.memory + 4 * i);
    }
    if (msg[0] == ALL_ONES && sri_mbx_look(mbx) == ALL_ONES) {
        return -ENODEV; /* pulled out between the two */
    }
    sri_mbx_forget(mbx, SRI_MBX_PFSTS);
    sriov_wr32(mbx->bar, mbx->regs.control, SRI_MBX_ACK); /* gives VFU back too */
    if (is_control(msg[0])) {
        note_control(mbx, msg[0]);
        return 0;
    }
    return 1;
}

int sri_mbx_post(struct sri_mbx *mbx, const uint32_t *msg, uint32_t words)
{
    /* A message that waits there would be overwritten: read it, it may tell that we are lost. */
    uint32_t stale;
    int err = sri_mbx_take(mbx, &stale, 1);
    if (err >= 0) {
        err = lock(mbx);
    }
    if (err != 0) {
        return err;
    }
    sri_mbx_forget(mbx, SRI_MBX_PFSTS | SRI_MBX_PFACK);
    for (uint32_t i = 0; i < words && i < INTEL_MBX_WORDS; i++) {
        sriov_wr32(mbx->bar, mbx->regs.memory + 4 * i, msg[i]);
    }
    mbx->requests++;
    sriov_wr32(mbx->bar, mbx->regs.control, SRI_MBX_REQ); /* gives VFU back too */
    return 0;
}

int sri_mbx_verdict(uint32_t request, uint32_t reply)
{
    if ((request & INTEL_MBX_TYPE) != (reply & INTEL_MBX_TYPE)) {
        return -EPROTO;
    }
    switch (reply & INTEL_MBX_RESULT) {
    case INTEL_MBX_ACK:
        return 0;
    case INTEL_MBX_NACK:
        return (reply & INTEL_MBX_CTS) != 0 ? -EACCES : -ESTALE;
    default:
        return -EPROTO;
    }
}

struct answer {
    struct sri_mbx *mbx;
    uint32_t *msg;
    uint32_t words;
};

static int look_for_answer(void *arg)
{
    struct answer *answer = arg;
    return sri_mbx_take(answer->mbx, answer->msg, answer->words);
}

int sri_mbx_request(struct sri_mbx *mbx, const uint32_t *msg, uint32_t words, uint32_t *reply,
                    uint32_t reply_words, uint64_t timeout_ns)
{
    uint32_t header = msg[0];
    int err = sri_mbx_post(mbx, msg, words);
    if (err != 0) {
        return err;
    }
    struct answer answer = {mbx, reply, reply_words};
    err = sriov_fn_wait_until(mbx->fn, look_for_answer, &answer, timeout_ns, LOOK_EVERY_NS);
    if (err < 0) {
        mbx->timeouts += err == -ETIMEDOUT ? 1 : 0;
        return err;
    }
    err = sri_mbx_verdict(header, reply[0]);
    mbx->malformed += err == -EPROTO ? 1 : 0;
    return err;
}
