/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside the echo engine: what asking and answering share. */
#ifndef ECHO_SESSION_H
#define ECHO_SESSION_H

#include "echo.h"
#include "frame.h"
#include "window.h"

struct echo_session {
    struct sriov_mac mac;
    uint32_t ip;
    struct echo_io io;
    struct echo_plan plan;
    enum echo_phase phase;
    bool held;
    bool finishing;
    bool target_known;
    struct sriov_mac target_mac;
    uint64_t resolve_until;
    uint64_t next_arp;
    uint64_t next_send;
    uint64_t last_answer; /* 0: none yet */
    uint32_t lost_in_row;
    struct echo_window window;
    struct echo_stats stats;
    uint8_t out[FRAME_MAX];
};

/* Builds into session->out and sends; what io.send returned. */
int session_send(struct echo_session *session, struct frame *frame);
/* Number of the plan's own UDP port. */
uint16_t session_udp_port(const struct echo_session *session);

/* ---- payload.c ---- */

/* Bytes from to len - 1; each is a function of the request's number and its place. */
void payload_fill(uint8_t *payload, uint32_t from, uint32_t len, uint64_t number);
bool payload_matches(const uint8_t *payload, uint32_t from, uint32_t len, uint64_t number);
/* How many payload bytes request `number` carries. */
uint32_t payload_size(const struct echo_plan *plan, uint64_t number);

/* ---- outage.c ---- */

void outage_begin(struct echo_session *session);
/* A request that was sent at sent_ns is lost: is that an outage's doing? */
void outage_blame(struct echo_session *session, uint64_t sent_ns);
/* A good answer to a request that was sent at sent_ns. */
void outage_answered(struct echo_session *session, uint64_t sent_ns, uint64_t now);

/* ---- ask.c ---- */

void ask_answered(struct echo_session *session, const struct frame *frame);
void ask_learn(struct echo_session *session, uint32_t ip, const struct sriov_mac *mac);

#endif
