/* SPDX-License-Identifier: BSD-3-Clause */
/* The asking side: resolves the target, sends requests on time, judges answers. */
#include "session.h"

#include <errno.h>
#include <string.h>

#define DEFAULT_WINDOW  64u
#define DEFAULT_TIMEOUT UINT64_C(1000000000)
#define DEFAULT_RESOLVE UINT64_C(3000000000)
#define ARP_EVERY       UINT64_C(250000000)
#define ARP_AGAIN_EVERY UINT64_C(1000000000)
#define LOST_BEFORE_ARP 3u
/* A sender that fell behind catches up by at most so many requests. */
#define CATCH_UP   64u
#define BURST_MOST 64u

static uint64_t now_of(const struct echo_session *session)
{
    return session->io.now(session->io.arg);
}

uint16_t session_udp_port(const struct echo_session *session)
{
    return (uint16_t)(session->plan.ident | 0xc000u);
}

static bool plan_is_possible(const struct echo_plan *plan)
{
    uint32_t least = plan->protocol == ECHO_UDP ? ECHO_UDP_SIZE_MIN : 0;

    return (plan->protocol == ECHO_ICMP || plan->protocol == ECHO_UDP) && plan->size_min >= least &&
           plan->size_min <= plan->size_max && plan->size_max <= FRAME_PAYLOAD_MAX &&
           plan->window <= ECHO_WINDOW_MAX;
}

int echo_session_start(struct echo_session *session, const struct echo_plan *wanted)
{
    struct echo_plan plan = *wanted;

    plan.protocol = plan.protocol != 0 ? plan.protocol : ECHO_ICMP;
    plan.window = plan.window != 0 ? plan.window : DEFAULT_WINDOW;
    plan.timeout_ns = plan.timeout_ns != 0 ? plan.timeout_ns : DEFAULT_TIMEOUT;
    plan.resolve_ns = plan.resolve_ns != 0 ? plan.resolve_ns : DEFAULT_RESOLVE;
    if (!plan_is_possible(&plan)) {
        return -EINVAL;
    }
    if (plan.target != session->plan.target) {
        session->target_known = false;
    }
    session->plan = plan;
    session->phase = ECHO_RESOLVING;
    session->finishing = false;
    session->lost_in_row = 0;
    session->last_answer = 0;
    session->next_arp = session->next_send = now_of(session);
    session->resolve_until = session->next_arp + plan.resolve_ns;
    window_clear(&session->window);
    memset(&session->stats, 0, sizeof(session->stats));
    return 0;
}

/* ---- ARP ---- */

static void ask_who_has(struct echo_session *session, uint64_t now, uint64_t every)
{
    struct frame arp = {.kind = FRAME_ARP_REQUEST,
                        .src = session->mac,
                        .dst = frame_broadcast,
                        .arp_mac = session->mac,
                        .src_ip = session->ip,
                        .dst_ip = session->plan.target};

    if (!session->held && session_send(session, &arp) == 0) {
        session->next_arp = now + every;
    }
}

void ask_learn(struct echo_session *session, uint32_t ip, const struct sriov_mac *mac)
{
    if (session->phase == ECHO_IDLE || ip != session->plan.target || (mac->b[0] & 1) != 0) {
        return;
    }
    session->target_mac = *mac;
    session->target_known = true;
}

static uint64_t step_resolving(struct echo_session *session, uint64_t now)
{
    if (session->target_known) {
        session->phase = ECHO_SENDING;
        session->next_send = session->next_arp = now;
        return 0;
    }
    if (session->finishing) {
        session->phase = ECHO_DONE;
        return UINT64_MAX;
    }
    if (now >= session->resolve_until) {
        session->phase = ECHO_UNRESOLVED;
        return UINT64_MAX;
    }
    if (now >= session->next_arp) {
        ask_who_has(session, now, ARP_EVERY);
    }
    uint64_t next = session->next_arp > now ? session->next_arp : now + ARP_EVERY / 64;
    return (next < session->resolve_until ? next : session->resolve_until) - now;
}

/* ---- requests ---- */

static bool send_request(struct echo_session *session, uint64_t now)
{
    uint64_t number = session->window.next;
    uint32_t size = payload_size(&session->plan, number);
    uint8_t *payload = session->out + FRAME_OVERHEAD;
    bool udp = session->plan.protocol == ECHO_UDP;
    struct frame request = {.kind = udp ? FRAME_UDP : FRAME_PING,
                            .src = session->mac,
                            .dst = session->target_mac,
                            .src_ip = session->ip,
                            .dst_ip = session->plan.target,
                            .ident = udp ? session_udp_port(session) : session->plan.ident,
                            .seq = udp ? ECHO_UDP_PORT : (uint16_t)number,
                            .payload_len = size};

    payload_fill(payload, 0, size, number);
    if (udp) {
        payload[0] = (uint8_t)(session->plan.ident >> 8);
        payload[1] = (uint8_t)session->plan.ident;
        payload[2] = (uint8_t)(number >> 8);
        payload[3] = (uint8_t)number;
    }
    if (session_send(session, &request) != 0) {
        return false;
    }
    window_add(&session->window, now, size);
    session->stats.sent++;
    return true;
}

static bool all_is_sent(const struct echo_session *session)
{
    return session->finishing || (session->plan.count != 0 && session->stats.sent >= session->plan.count);
}

static uint64_t next_due(uint64_t due, uint64_t interval, uint64_t now)
{
    due += interval;
    return interval == 0 || due + CATCH_UP * interval < now ? now : due;
}

static void send_due(struct echo_session *session, uint64_t now)
{
    for (uint32_t i = 0; i < BURST_MOST && now >= session->next_send; i++) {
        if (all_is_sent(session) || !window_has_room(&session->window, session->plan.window) ||
            !send_request(session, now)) {
            return;
        }
        session->next_send = next_due(session->next_send, session->plan.interval_ns, now);
    }
}

static void give_up_late(struct echo_session *session, uint64_t now)
{
    struct echo_slot *slot;

    while ((slot = window_oldest(&session->window)) != NULL &&
           now - slot->sent_ns >= session->plan.timeout_ns) {
        window_settle(&session->window, slot, SLOT_LOST);
        session->stats.lost++;
        session->lost_in_row++;
        outage_blame(session, slot->sent_ns);
    }
    /* Its address may have moved: ask again, beside the requests. */
    if (session->lost_in_row >= LOST_BEFORE_ARP && now >= session->next_arp) {
        ask_who_has(session, now, ARP_AGAIN_EVERY);
    }
}

/* Until the oldest request is late or the next one may go. */
static uint64_t until_due(struct echo_session *session, uint64_t now)
{
    struct echo_slot *oldest = window_oldest(&session->window);
    uint64_t due = UINT64_MAX;
    uint64_t wait = session->next_send > now ? session->next_send - now : 0;

    if (oldest != NULL) {
        due = oldest->sent_ns + session->plan.timeout_ns - now;
    }
    if (session->phase != ECHO_SENDING || session->held ||
        !window_has_room(&session->window, session->plan.window)) {
        return due;
    }
    return wait < due ? wait : due;
}

static uint64_t step_sending(struct echo_session *session, uint64_t now)
{
    give_up_late(session, now);
    if (session->phase == ECHO_SENDING && !session->held) {
        send_due(session, now);
    }
    if (all_is_sent(session)) {
        session->phase = session->window.pending == 0 ? ECHO_DONE : ECHO_DRAINING;
    }
    return until_due(session, now);
}

uint64_t echo_step(struct echo_session *session)
{
    uint64_t now = now_of(session);

    switch (session->phase) {
    case ECHO_RESOLVING:
        return step_resolving(session, now);
    case ECHO_SENDING:
    case ECHO_DRAINING:
        return step_sending(session, now);
    case ECHO_IDLE:
    case ECHO_DONE:
    case ECHO_UNRESOLVED:
        break;
    }
    return UINT64_MAX;
}

/* ---- answers ---- */

static bool answer_is_for_us(const struct echo_session *session, const struct frame *frame, uint16_t *seq)
{
    const struct echo_plan *plan = &session->plan;

    if (session->phase == ECHO_IDLE || frame->src_ip != plan->target) {
        return false;
    }
    if (frame->kind == FRAME_PONG) {
        *seq = frame->seq;
        return plan->protocol == ECHO_ICMP && frame->ident == plan->ident;
    }
    if (plan->protocol != ECHO_UDP || frame->seq != session_udp_port(session) ||
        frame->payload_len < ECHO_UDP_SIZE_MIN) {
        return false;
    }
    *seq = (uint16_t)(frame->payload[2] << 8 | frame->payload[3]);
    return (uint16_t)(frame->payload[0] << 8 | frame->payload[1]) == plan->ident;
}

static void take_good(struct echo_session *session, const struct echo_slot *slot, uint64_t number)
{
    struct echo_stats *stats = &session->stats;
    uint64_t now = now_of(session);

    stats->received++;
    stats->bytes += slot->size;
    echo_rtt_add(&stats->rtt, now - slot->sent_ns);
    if (number < session->window.highest) {
        stats->reordered++;
    } else {
        session->window.highest = number + 1;
    }
    session->lost_in_row = 0;
    outage_answered(session, slot->sent_ns, now);
}

static void judge(struct echo_session *session, const struct frame *frame, struct echo_slot *slot,
                  uint64_t number)
{
    /* UDP's number was looked at already. */
    uint32_t from = session->plan.protocol == ECHO_UDP ? ECHO_UDP_SIZE_MIN : 0;

    if (frame->damaged || frame->payload_len != slot->size ||
        !payload_matches(frame->payload, from, slot->size, number)) {
        window_settle(&session->window, slot, SLOT_CORRUPT);
        session->stats.corrupt++;
        return;
    }
    window_settle(&session->window, slot, SLOT_ANSWERED);
    take_good(session, slot, number);
}

void ask_answered(struct echo_session *session, const struct frame *frame)
{
    uint64_t number = 0;
    uint16_t seq;
    struct echo_slot *slot = NULL;

    if (answer_is_for_us(session, frame, &seq)) {
        slot = window_find(&session->window, seq, &number);
    }
    if (slot == NULL) {
        *(frame->damaged ? &session->stats.damaged : &session->stats.ignored) += 1;
    } else if (slot->state == SLOT_PENDING) {
        judge(session, frame, slot, number);
    } else if (slot->state == SLOT_LOST) {
        session->stats.late++;
    } else {
        session->stats.duplicates++;
    }
}
