/* SPDX-License-Identifier: BSD-3-Clause */
/* The handshake with the PF: VF reset, RESET message, negotiation, in steps that never wait. */
#include "vf.h"
#include "vf_msg.h"

#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>
#include <string.h>

#define RETRY_NS      (10 * SRI_MS)
#define PAUSE_MAX_NS  (320 * SRI_MS)  /* between attempts that keep failing */
#define CALM_NS       (1000 * SRI_MS) /* a VF that was well for so long has nothing to be blamed for */
#define GREET_NS      (1000 * SRI_MS) /* all exchanges of one handshake together */
#define ASK_MIN_NS    (200 * SRI_MS)
#define ASK_MAX_NS    (400 * SRI_MS) /* a PF that comes back is noticed within this */
#define SETTLE_NS     SRI_MS         /* the PF sees VFLRE before the message that follows */
#define STEP_EVERY_NS 200000u
#define EXCHANGE_NS   (250 * SRI_MS) /* one request and its answer */

static uint64_t now(const struct sri_vf *vf)
{
    return sriov_fn_now(vf->net->fn);
}

/* The PF is away: only looked for. */
static void look_later(struct sri_vf *vf)
{
    vf->phase = SRI_VF_ABSENT;
    vf->next_try = now(vf) + RETRY_NS;
}

static void grow_pause(struct sri_vf *vf)
{
    uint64_t twice = vf->pause_ns != 0 ? 2 * vf->pause_ns : RETRY_NS;
    vf->pause_ns = twice < PAUSE_MAX_NS ? twice : PAUSE_MAX_NS;
}

/* The PF is there and the attempt failed. */
static void retry_later(struct sri_vf *vf)
{
    grow_pause(vf);
    vf->phase = SRI_VF_ABSENT;
    vf->next_try = now(vf) + vf->pause_ns;
}

void sri_vf_lose(struct sri_vf *vf)
{
    if (vf->ready_at != 0 && now(vf) - vf->ready_at < CALM_NS) {
        grow_pause(vf);
    } else {
        vf->pause_ns = 0;
    }
    vf->phase = SRI_VF_ABSENT;
    vf->next_try = now(vf) + vf->pause_ns;
    vf->ask_ns = ASK_MIN_NS;
}

uint64_t sri_vf_exchange_ns(const struct sri_vf *vf)
{
    if (vf->greet_until == 0) {
        return EXCHANGE_NS;
    }
    uint64_t left = now(vf) < vf->greet_until ? vf->greet_until - now(vf) : 0;
    return left < EXCHANGE_NS ? left : EXCHANGE_NS;
}

static int step_absent(struct sri_vf *vf)
{
    uint32_t mbx = sri_mbx_look(&vf->mbx);
    if (mbx == UINT32_MAX) {
        return -ENODEV;
    }
    if ((mbx & SRI_MBX_RSTI) != 0) {
        look_later(vf); /* the PF says itself that it is down */
        return 0;
    }
    sriov_wr32(&vf->bar, vf->hw->ctrl, IXGBE_CTRL_RST);
    vf->resets++;
    vf->phase = SRI_VF_RESETTING;
    vf->next_try = now(vf) + SETTLE_NS;
    return 0;
}

static int step_resetting(struct sri_vf *vf)
{
    uint32_t mbx = sri_mbx_look(&vf->mbx);
    if (mbx == UINT32_MAX) {
        return -ENODEV;
    }
    if ((mbx & SRI_MBX_RSTI) != 0) {
        look_later(vf);
        return 0;
    }
    sri_mbx_forget(&vf->mbx, SRI_MBX_RC_BITS); /* of the time before this reset */
    vf->mbx.notice = 0;
    int err = sri_msg_reset(&vf->mbx);
    if (err != 0) {
        retry_later(vf);
        return err == -ENODEV ? err : 0;
    }
    vf->phase = SRI_VF_ASKED;
    vf->deadline = now(vf) + vf->ask_ns;
    return 0;
}

/* FNV-1a over the function's name and the time: apart for every VF, again after a restart. */
static void choose_mac(struct sri_vf *vf)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ now(vf);
    for (const char *c = sriov_fn_info(vf->net->fn)->name; *c != '\0'; c++) {
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    }
    for (uint32_t i = 0; i < SRIOV_ETH_ALEN; i++) {
        vf->own_mac.b[i] = (uint8_t)(hash >> (8 * i));
    }
    vf->own_mac.b[0] = (uint8_t)((vf->own_mac.b[0] & 0xfcu) | 0x02u); /* locally administered, unicast */
}

static void take_mac(struct sri_vf *vf, const struct sriov_mac *mac)
{
    if (memcmp(&vf->net->mac, mac, sizeof(*mac)) != 0) {
        vf->net->mac = *mac;
        vf->net->pending_events |= SRIOV_NET_EV_MAC;
    }
}

/* The application's own address first, then the PF's, then one of ours: each but the PF's needs its
 * consent. Without an address the device hears broadcasts only, which is no reason to give up. */
static int settle_mac(struct sri_vf *vf, const struct sriov_mac *given)
{
    struct sriov_mac want = sri_mac_is_zero(&vf->set.mac) ? *given : vf->set.mac;
    if (sri_mac_is_zero(&want)) {
        if (sri_mac_is_zero(&vf->own_mac)) {
            choose_mac(vf);
        }
        want = vf->own_mac;
    }
    if (memcmp(&want, given, sizeof(want)) != 0) {
        int err = sri_msg_set_mac(&vf->mbx, &want, sri_vf_exchange_ns(vf));
        if (err == -EACCES) {
            sri_vf_log(vf, SRIOV_LOG_WARN, "%s", "the PF refuses our MAC address");
            want = *given;
        } else if (err != 0) {
            return err;
        }
    }
    take_mac(vf, &want);
    return 0;
}

static int greet(struct sri_vf *vf, const struct sri_reset_reply *reply)
{
    vf->mc_type = reply->mc_type;
    vf->granted_queues = vf->hw->max_queues;
    vf->link_allowed = true;
    vf->net->mailbox_api = 0;
    vf->net->max_mtu = SRI_VF_MAX_MTU;
    vf->greet_until = now(vf) + GREET_NS;
    int err = vf->hw->greet(vf);
    if (err == 0) {
        err = settle_mac(vf, &reply->mac);
    }
    if (err == 0) {
        err = sri_vf_replay(vf, false);
    }
    vf->greet_until = 0;
    return err;
}

static int step_asked(struct sri_vf *vf)
{
    struct sri_reset_reply reply;
    int got = sri_msg_reset_answer(&vf->mbx, vf->hw->reset_reply_words, &reply);
    if (got == -ENODEV) {
        return got;
    }
    if (got == 0) {
        if (now(vf) >= vf->deadline) {
            vf->mbx.timeouts++;
            vf->ask_ns = vf->ask_ns * 2 < ASK_MAX_NS ? vf->ask_ns * 2 : ASK_MAX_NS;
            look_later(vf);
        }
        return 0;
    }
    /* Whatever reset that was, and whoever the PF did not know: it has answered after that. */
    sri_mbx_forget(&vf->mbx, SRI_MBX_RSTD);
    vf->mbx.notice &= ~SRI_MBX_NOTICE_LOST;
    int err = got < 0 ? got : greet(vf, &reply);
    if (err != 0) {
        sri_vf_log(vf, SRIOV_LOG_WARN, "handshake with the PF failed (%d), again", err);
        retry_later(vf);
        return err == -ENODEV ? err : 0;
    }
    vf->ask_ns = ASK_MIN_NS;
    vf->ready_at = now(vf);
    vf->phase = SRI_VF_READY;
    return 1;
}

int sri_vf_step(struct sri_vf *vf)
{
    if (sriov_fn_gone(vf->net->fn)) {
        return -ENODEV;
    }
    switch (vf->phase) {
    case SRI_VF_ABSENT:
        return now(vf) < vf->next_try ? 0 : step_absent(vf);
    case SRI_VF_RESETTING:
        return now(vf) < vf->next_try ? 0 : step_resetting(vf);
    case SRI_VF_ASKED:
        return step_asked(vf);
    case SRI_VF_READY:
    default:
        return 1;
    }
}

static int step_of(void *arg)
{
    return sri_vf_step(arg);
}

int sri_vf_bring_up(struct sri_vf *vf, uint64_t timeout_ns)
{
    int err = sriov_fn_wait_until(vf->net->fn, step_of, vf, timeout_ns, STEP_EVERY_NS);
    if (err > 0) {
        return 0;
    }
    return err == -ETIMEDOUT ? -EAGAIN : err;
}
