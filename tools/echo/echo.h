/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The echo engine: a host with one MAC and one IPv4 address that answers ARP, ICMP echo and UDP
 * echo (port 7), and that can ask another host and judge the answers byte by byte. It knows
 * frames and a clock, no device: port.h joins it to class net. One thread.
 */
#ifndef ECHO_H
#define ECHO_H

#include "rtt.h"

#include <sriov/net.h>

struct echo_session;

/* Where frames go and time comes from. */
struct echo_io {
    /* 0 when the frame was taken, -EAGAIN when it cannot be now. Copies the bytes. */
    int (*send)(void *arg, const uint8_t *frame, uint32_t len);
    uint64_t (*now)(void *arg); /* nanoseconds */
    void *arg;
};

enum echo_protocol {
    ECHO_ICMP = 1,
    ECHO_UDP = 2,
};

#define ECHO_WINDOW_MAX   1024u
#define ECHO_UDP_PORT     7u
#define ECHO_UDP_SIZE_MIN 4u /* UDP carries its number in the payload */

struct echo_plan {
    uint32_t target;      /* IPv4 address, host order */
    uint32_t protocol;    /* enum echo_protocol; 0: ICMP */
    uint64_t count;       /* requests; 0: until echo_session_finish */
    uint32_t size_min;    /* payload bytes: the first request has the least, the second the most, */
    uint32_t size_max;    /* later ones vary between */
    uint64_t interval_ns; /* between requests; 0: as fast as the window lets */
    uint32_t window;      /* unanswered requests at a time; 0: 64 */
    uint16_t ident;       /* tells this run's answers from others' */
    uint64_t timeout_ns;  /* for one answer; 0: 1 s */
    uint64_t resolve_ns;  /* for ARP altogether; 0: 3 s */
};

enum echo_phase {
    ECHO_IDLE = 0, /* answers others */
    ECHO_RESOLVING,
    ECHO_SENDING,
    ECHO_DRAINING, /* all is sent; last answers may come */
    ECHO_DONE,
    ECHO_UNRESOLVED, /* nobody answered ARP */
};

#define ECHO_OUTAGES_MAX 16u

/* A device event cut the traffic. The clock is the session's. */
struct echo_outage {
    uint64_t event_ns; /* when the device last told trouble */
    uint64_t from_ns;  /* last good answer before it; event_ns where there was none */
    uint64_t to_ns;    /* first good answer to a request sent after it; 0: still waited for */
    uint64_t lost;     /* requests that this outage swallowed */
};

struct echo_stats {
    uint64_t sent;
    uint64_t received; /* good answers, first copies in time */
    uint64_t lost;     /* no answer within the timeout */
    uint64_t lost_in_outages;
    uint64_t corrupt; /* answers with a wrong checksum, length or payload byte */
    uint64_t duplicates;
    uint64_t reordered; /* good answers that came after one to a later request */
    uint64_t late;      /* answers to requests that were counted as lost */
    uint64_t bytes;     /* payload of good answers */
    uint64_t answered_arp;
    uint64_t answered_echo;
    uint64_t answers_dropped; /* for want of room to send */
    uint64_t ignored;         /* frames for others, of other kinds, stray */
    uint64_t damaged;         /* frames for us with a wrong checksum that no request waited for */
    uint32_t outages;         /* since the plan began; the last ones are kept */
    struct echo_outage outage[ECHO_OUTAGES_MAX];
    struct echo_rtt rtt;
};

/* ip 0: a host that only listens. io is copied. -ENOMEM. */
int echo_session_create(const struct sriov_mac *mac, uint32_t ip, const struct echo_io *io,
                        struct echo_session **out);
void echo_session_destroy(struct echo_session *session);

/* Begins anew with zeroed figures. -EINVAL: a size, window or protocol that cannot be. */
int echo_session_start(struct echo_session *session, const struct echo_plan *plan);
/* No more requests; answers under way are still waited for. */
void echo_session_finish(struct echo_session *session);
/* Requests still unanswered are counted as lost now. */
void echo_session_abort(struct echo_session *session);

/* A frame from the wire: anything may be in it. */
void echo_input(struct echo_session *session, const uint8_t *bytes, uint32_t len);
/* Sends what is due, gives up what is late. Returns nanoseconds until it wants to be called again;
 * UINT64_MAX when only a frame can wake it. */
uint64_t echo_step(struct echo_session *session);

/* While held nothing new is asked: the device has no link or recovers. */
void echo_session_hold(struct echo_session *session, bool held);
/* The device told of trouble: an outage begins, or goes on. */
void echo_session_trouble(struct echo_session *session);
/* Another own address; neighbours are told. */
void echo_session_set_mac(struct echo_session *session, const struct sriov_mac *mac);

enum echo_phase echo_session_phase(const struct echo_session *session);
/* Nothing more will come of the plan. */
bool echo_session_over(const struct echo_session *session);
uint32_t echo_session_pending(const struct echo_session *session);
const struct echo_stats *echo_session_stats(const struct echo_session *session);
/* Kept outages, i from 0 (the oldest kept); NULL past the last. */
const struct echo_outage *echo_stats_outage(const struct echo_stats *stats, uint32_t i);

#endif
