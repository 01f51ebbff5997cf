/* SPDX-License-Identifier: BSD-3-Clause */
/* One round of service: VF resets, requests, control messages, link. Never waits. */
#include "intel/pf_engine.h"

#include <errno.h>

/* How long an unread answer keeps a control message back: the VF may still be after it. */
#define UNREAD_NS UINT64_C(5000000)
/* Linux's VF drivers look for the answer to RESET 10 ms after its acknowledgement, and for a second. */
#define GREETING_NS   UINT64_C(1100000000)
#define NACK_AGAIN_NS UINT64_C(2000000000)
/* What a VF may set in a header. */
#define HEADER_KNOWN (INTEL_MBX_TYPE | INTEL_MBX_INFO)

static const struct sri_pf_request *find_request(const struct sri_pf *p, uint32_t type)
{
    for (const struct sri_pf_request *r = p->dev->requests; r->type != 0; r++) {
        if (r->type == type) {
            return r;
        }
    }
    return NULL;
}

static uint32_t refuse(struct sri_pf_vf *v, uint32_t *msg)
{
    v->refused++;
    msg[0] = (msg[0] & HEADER_KNOWN) | INTEL_MBX_NACK | (v->cts ? INTEL_MBX_CTS : 0);
    return 1;
}

/* What this PF lacks or has no room for is no fault of the VF. */
static bool is_amiss(int err)
{
    return err != -EOPNOTSUPP && err != -ENOSPC;
}

static uint32_t answer_request(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    struct sri_pf_vf *v = &p->vf[vf];
    const struct sri_pf_request *req = find_request(p, msg[0] & INTEL_MBX_TYPE);
    int err = -EPROTO;

    if ((msg[0] & ~HEADER_KNOWN) == 0 && req != NULL && v->api >= req->api) {
        err = req->handle(p, vf, msg);
    }
    if (err != 0) {
        sri_pf_guard_blame(p, vf, SRI_PF_BAD, is_amiss(err) ? 1 : 0);
        return refuse(v, msg);
    }
    msg[0] |= INTEL_MBX_ACK | INTEL_MBX_CTS;
    return req->reply;
}

uint32_t sri_pf_answer(struct sri_pf *p, uint16_t vf, uint32_t msg[INTEL_MBX_WORDS])
{
    struct sri_pf_vf *v = &p->vf[vf];

    v->requests++;
    v->fresh = false;
    /* Our own answer, rung back at us. */
    if ((msg[0] & INTEL_MBX_RESULT) != 0) {
        v->refused++;
        sri_pf_guard_blame(p, vf, SRI_PF_BAD, 1);
        return 0;
    }
    if (msg[0] == INTEL_MBX_VF_RESET) {
        sri_pf_guard_blame(p, vf, SRI_PF_RESETS, 1);
        if (sri_pf_vf_is_silenced(p, vf)) {
            sri_pf_vf_restart(p, vf);
            return 0;
        }
        return sri_pf_guard_is_shut(p, vf) ? 0 : sri_pf_msg_reset(p, vf, msg);
    }
    if (!v->cts) {
        return refuse(v, msg);
    }
    return answer_request(p, vf, msg);
}

/* One that is shut has nothing left to take back. */
static void serve_reset(struct sri_pf *p, uint16_t vf)
{
    if (!sri_pf_guard_is_shut(p, vf)) {
        sri_pf_vf_restart(p, vf);
        sri_pf_guard_blame(p, vf, SRI_PF_RESETS, 1);
    }
}

static void serve_resets(struct sri_pf *p)
{
    for (uint32_t group = 0; group < 2 && p->dev->mbx.vflre[group] != 0; group++) {
        const uint32_t vfs = sri_pf_mbx_resets(p, group);

        for (uint32_t i = 0; i < 32; i++) {
            const uint32_t vf = 32u * group + i;

            if ((vfs & (UINT32_C(1) << i)) == 0) {
                continue;
            }
            if (vf >= p->num_vfs) {
                p->bad_doorbells++;
                continue;
            }
            serve_reset(p, (uint16_t)vf);
        }
    }
}

static void serve_request(struct sri_pf *p, uint16_t vf)
{
    uint32_t msg[INTEL_MBX_WORDS];
    uint32_t words;

    if (!sri_pf_guard_hears(p, vf)) {
        sri_pf_mbx_drop(p, vf);
        return;
    }
    /* Not to be had: the doorbell still rings at the next poll, and no other VF waits for this one. */
    if (!sri_pf_mbx_take_request(p, vf)) {
        return;
    }
    sri_pf_mbx_read(p, vf, msg);
    /* The reset that it speaks of may have come since we looked: later it would undo the greeting. */
    if (msg[0] == INTEL_MBX_VF_RESET) {
        serve_resets(p);
    }
    p->served++;
    sri_pf_guard_heard(p, vf);
    words = sri_pf_answer(p, vf, msg);
    if (words == 0 || sri_pf_guard_is_shut(p, vf)) {
        sri_pf_mbx_release(p, vf);
    } else {
        sri_pf_mbx_send(p, vf, msg, words);
    }
}

static void serve_group(struct sri_pf *p, uint32_t group)
{
    const uint32_t per = p->dev->mbx.vfs_per_icr;
    const uint32_t requests = sri_pf_mbx_requests(p, group);

    for (uint32_t i = 0; i < per; i++) {
        const uint32_t vf = group * per + i;

        if ((requests & (UINT32_C(1) << i)) == 0) {
            continue;
        }
        if (vf < p->num_vfs) {
            serve_request(p, (uint16_t)vf);
        } else {
            sri_pf_mbx_drop(p, (uint16_t)vf);
            p->bad_doorbells++;
        }
    }
}

static bool request_waits(struct sri_pf *p, uint16_t vf)
{
    const uint32_t per = p->dev->mbx.vfs_per_icr;

    return (sri_pf_mbx_requests(p, vf / per) & (UINT32_C(1) << (vf % per))) != 0;
}

/*
 * There is one memory for both ways. A control message must not overwrite a request that is not
 * read yet, nor, while there is hope that it will be read, an answer.
 */
static bool may_send(struct sri_pf *p, uint16_t vf)
{
    const struct sri_pf_vf *v = &p->vf[vf];
    const uint64_t patience = v->fresh ? GREETING_NS : UNREAD_NS;

    /* A look at the doorbells before the memory is taken finds acknowledgements, one after it
     * requests: from then on the VF cannot write. */
    if (request_waits(p, vf) || (v->unread && sriov_fn_now(p->pf->fn) - v->unread_since < patience)) {
        return false;
    }
    if (!sri_pf_mbx_take(p, vf)) {
        return false;
    }
    if (request_waits(p, vf)) {
        sri_pf_mbx_release(p, vf);
        return false;
    }
    return true;
}

/*
 * A VF whose driver gave up before the answer to its RESET came says nothing more, and takes that answer,
 * which has no CTS, for no answer: Linux's driver would wait for ever. A control message with CTS has it
 * start over; a VF that is well and has just nothing to ask for takes it for a link that is still up.
 */
static void watch_greeting(struct sri_pf *p, uint16_t vf)
{
    struct sri_pf_vf *v = &p->vf[vf];

    if (v->fresh && sriov_fn_now(p->pf->fn) - v->unread_since >= GREETING_NS) {
        v->fresh = false;
        v->tell = true;
    }
}

static void send_control(struct sri_pf *p, uint16_t vf)
{
    struct sri_pf_vf *v = &p->vf[vf];
    const uint32_t msg = INTEL_MBX_PF_CONTROL_MSG | (v->cts ? INTEL_MBX_CTS : 0);

    if (v->tell && !sri_pf_guard_is_shut(p, vf) && may_send(p, vf)) {
        v->tell = false;
        sri_pf_mbx_send(p, vf, &msg, 1);
    }
}

/*
 * Linux's VF drivers take a control message without CTS for a lost link only, and start over at a
 * NACK without CTS, which they expect once they have read the former.
 */
static void send_nack(struct sri_pf *p, uint16_t vf)
{
    static const uint32_t nack = INTEL_MBX_NACK;
    struct sri_pf_vf *v = &p->vf[vf];
    const uint64_t now = sriov_fn_now(p->pf->fn);

    if (!v->lost || v->tell || sri_pf_guard_is_shut(p, vf) ||
        (v->nacked_at != 0 && now - v->nacked_at < NACK_AGAIN_NS)) {
        return;
    }
    if (v->cts || sri_pf_vf_is_silenced(p, vf)) {
        v->lost = false;
    } else if (may_send(p, vf)) {
        v->lost = false;
        v->nacked_at = now;
        sri_pf_mbx_send(p, vf, &nack, 1);
    }
}

void sri_pf_tell(struct sri_pf *p, uint16_t vf)
{
    p->vf[vf].tell = true;
    if (p->serving) {
        send_control(p, vf);
    }
}

static void watch_link(struct sri_pf *p, const struct sriov_link *link)
{
    if (link->up == p->pf->link.up && link->mbps == p->pf->link.mbps) {
        return;
    }
    p->pf->link = *link;
    p->link_changes++;
    sriov_log(sriov_fn_vmm(p->pf->fn), SRIOV_LOG_INFO, "%s: %s: link %s, %u Mbit/s", p->dev->name,
              sriov_fn_info(p->pf->fn)->name, link->up ? "up" : "down", link->mbps);
    sri_pf_rate_rebase(p);
    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        p->vf[vf].tell = true;
    }
}

uint32_t sri_pf_serve(struct sri_pf *p)
{
    const uint32_t groups = (p->dev->max_vfs + p->dev->mbx.vfs_per_icr - 1u) / p->dev->mbx.vfs_per_icr;
    const uint32_t before = p->served;
    struct sriov_link link;

    if (!p->serving || !p->dev->read_link(p, &link)) {
        return 0;
    }
    if (p->interrupts) {
        p->dev->irq_ack(p);
    }
    /* What was acknowledged before a VF's reset must not count as news of the VF after it. */
    for (uint32_t group = 0; group < groups; group++) {
        (void)sri_pf_mbx_requests(p, group);
    }
    serve_resets(p);
    for (uint32_t group = 0; group < groups; group++) {
        serve_group(p, group);
    }
    watch_link(p, &link);
    sri_pf_guard_tick(p);
    sri_pf_rate_watch(p);
    sri_pf_count_watch(p);
    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        watch_greeting(p, vf);
        send_control(p, vf);
        send_nack(p, vf);
    }
    return p->served - before;
}
