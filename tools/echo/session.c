/* SPDX-License-Identifier: BSD-3-Clause */
/* A session's life, and the door through which frames come in. */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int echo_session_create(const struct sriov_mac *mac, uint32_t ip, const struct echo_io *io,
                        struct echo_session **out)
{
    struct echo_session *session = calloc(1, sizeof(*session));

    if (session == NULL) {
        return -ENOMEM;
    }
    session->mac = *mac;
    session->ip = ip;
    session->io = *io;
    *out = session;
    return 0;
}

void echo_session_destroy(struct echo_session *session)
{
    free(session);
}

void echo_session_finish(struct echo_session *session)
{
    session->finishing = true;
}

void echo_session_abort(struct echo_session *session)
{
    struct echo_slot *slot;

    while ((slot = window_oldest(&session->window)) != NULL) {
        window_settle(&session->window, slot, SLOT_LOST);
        session->stats.lost++;
        outage_blame(session, slot->sent_ns);
    }
    if (session->phase != ECHO_IDLE && session->phase != ECHO_UNRESOLVED) {
        session->phase = ECHO_DONE;
    }
}

void echo_session_hold(struct echo_session *session, bool held)
{
    session->held = held;
}

void echo_session_trouble(struct echo_session *session)
{
    if (session->phase == ECHO_SENDING || session->phase == ECHO_DRAINING) {
        outage_begin(session);
    }
}

enum echo_phase echo_session_phase(const struct echo_session *session)
{
    return session->phase;
}

bool echo_session_over(const struct echo_session *session)
{
    return session->phase == ECHO_DONE || session->phase == ECHO_UNRESOLVED;
}

uint32_t echo_session_pending(const struct echo_session *session)
{
    return session->window.pending;
}

const struct echo_stats *echo_session_stats(const struct echo_session *session)
{
    return &session->stats;
}

int session_send(struct echo_session *session, struct frame *frame)
{
    uint32_t len = frame_build(session->out, frame);

    return len == 0 ? -EINVAL : session->io.send(session->io.arg, session->out, len);
}

void echo_session_set_mac(struct echo_session *session, const struct sriov_mac *mac)
{
    struct frame told = {.kind = FRAME_ARP_REQUEST,
                         .src = *mac,
                         .dst = frame_broadcast,
                         .arp_mac = *mac,
                         .src_ip = session->ip,
                         .dst_ip = session->ip};

    session->mac = *mac;
    (void)session_send(session, &told); /* who misses it asks by ARP later */
}

/* ---- answering others ---- */

static void answer(struct echo_session *session, struct frame *frame, uint64_t *counter)
{
    *(session_send(session, frame) == 0 ? counter : &session->stats.answers_dropped) += 1;
}

static void answer_arp(struct echo_session *session, const struct frame *asked)
{
    struct frame reply = {.kind = FRAME_ARP_REPLY,
                          .src = session->mac,
                          .dst = asked->arp_mac,
                          .arp_mac = session->mac,
                          .src_ip = session->ip,
                          .dst_ip = asked->src_ip};

    if ((asked->arp_mac.b[0] & 1) != 0) {
        session->stats.ignored++; /* no host has a group address */
        return;
    }
    ask_learn(session, asked->src_ip, &asked->arp_mac);
    if (session->ip != 0 && asked->dst_ip == session->ip && asked->src_ip != session->ip) {
        answer(session, &reply, &session->stats.answered_arp);
    }
}

static void answer_echo(struct echo_session *session, const struct frame *asked)
{
    struct frame reply = {.kind = asked->kind == FRAME_PING ? FRAME_PONG : FRAME_UDP,
                          .src = session->mac,
                          .dst = asked->src,
                          .src_ip = session->ip,
                          .dst_ip = asked->src_ip,
                          .ident = asked->ident,
                          .seq = asked->seq,
                          .payload = asked->payload,
                          .payload_len = asked->payload_len};

    if (reply.kind == FRAME_UDP) {
        reply.ident = asked->seq;
        reply.seq = asked->ident;
    }
    answer(session, &reply, &session->stats.answered_echo);
}

/* ---- the door ---- */

static bool same_mac(const struct sriov_mac *a, const struct sriov_mac *b)
{
    return memcmp(a->b, b->b, SRIOV_ETH_ALEN) == 0;
}

/* Some switches reflect a broadcast to its sender: what we sent ourselves is not for us. */
static bool is_for_us(const struct echo_session *session, const struct frame *frame)
{
    return frame->kind != FRAME_OTHER && !same_mac(&frame->src, &session->mac) &&
           (frame->src.b[0] & 1) == 0 &&
           (same_mac(&frame->dst, &session->mac) || same_mac(&frame->dst, &frame_broadcast));
}

static void take_arp(struct echo_session *session, const struct frame *frame)
{
    if (frame->kind == FRAME_ARP_REQUEST) {
        answer_arp(session, frame);
    } else {
        ask_learn(session, frame->src_ip, &frame->arp_mac);
    }
}

/* A port 7 that answers a port 7 would never end. */
static bool is_question(const struct frame *frame)
{
    return frame->kind == FRAME_PING ||
           (frame->kind == FRAME_UDP && frame->seq == ECHO_UDP_PORT && frame->ident != ECHO_UDP_PORT);
}

void echo_input(struct echo_session *session, const uint8_t *bytes, uint32_t len)
{
    struct frame frame;

    frame_parse(bytes, len, &frame);
    if (!is_for_us(session, &frame)) {
        session->stats.ignored++;
    } else if (frame.kind == FRAME_ARP_REQUEST || frame.kind == FRAME_ARP_REPLY) {
        take_arp(session, &frame);
    } else if (session->ip == 0 || frame.dst_ip != session->ip || !same_mac(&frame.dst, &session->mac)) {
        session->stats.ignored++;
    } else if (!is_question(&frame)) {
        ask_answered(session, &frame);
    } else if (frame.damaged) {
        session->stats.damaged++;
    } else {
        answer_echo(session, &frame);
    }
}
