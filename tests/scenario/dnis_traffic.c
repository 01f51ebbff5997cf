/* SPDX-License-Identifier: BSD-3-Clause */
/* The traffic of the DNIS stage: frames with numbers, the switch, and the application. */
#include "dnis_stage.h"

#include <errno.h>
#include <string.h>

#define MAX_LEN     9100u
#define HEADER      14u
#define BURST       32u
#define GROUP_EVERY 512u

const struct sriov_mac stage_pair_mac = {{0x02, 0xaa, 0, 0, 0, 0x01}};
static const struct sriov_mac peer_mac = {{0x02, 0xee, 0, 0, 0, 0x01}};
static const struct sriov_mac everyone = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

/* ---- frames with numbers ---- */

static void fill(const struct stage *s, uint8_t *frame, bool to_peer, bool group, uint64_t number)
{
    uint32_t len = s->setup.frame_len;
    const struct sriov_mac *dst = group ? &everyone : to_peer ? &peer_mac : &stage_pair_mac;

    memcpy(frame, dst->b, 6);
    memcpy(frame + 6, to_peer ? stage_pair_mac.b : peer_mac.b, 6);
    frame[12] = 0x88; /* IEEE 802.1 local experimental */
    frame[13] = 0xb5;
    memcpy(frame + HEADER, &number, 8);
    memset(frame + HEADER + 8, (int)(number & 0xff), len - HEADER - 16);
    memcpy(frame + len - 8, &number, 8);
}

static bool is_as_sent(const struct stage *s, const uint8_t *frame, uint32_t len, uint64_t number)
{
    uint8_t mark = (uint8_t)(number & 0xff);

    return len == s->setup.frame_len && memcmp(frame + len - 8, &number, 8) == 0 &&
           frame[HEADER + 8] == mark && frame[len / 2] == mark && frame[len - 9] == mark;
}

static void judge(struct stage *s, struct stage_count *c, const uint8_t *frame, uint32_t len)
{
    uint64_t number;

    memcpy(&number, frame + HEADER, 8);
    if (len < 60 || !is_as_sent(s, frame, len, number)) {
        c->bad++;
        return;
    }
    c->received++;
    if (number < c->next) {
        c->late++;
        return;
    }
    c->lost += number - c->next;
    c->next = number + 1;
}

static void arrived(struct stage *s, struct stage_stream *stream, const uint8_t *frame, uint32_t len)
{
    uint64_t now = sriov_mock_now(s->mock);

    if (len < HEADER + 16 || frame[12] != 0x88 || frame[13] != 0xb5) {
        return;
    }
    judge(s, (frame[0] & 1) != 0 ? &stream->group : &stream->ours, frame, len);
    if (stream->last_ns != 0 && now - stream->last_ns > stream->gap_ns) {
        stream->gap_ns = now - stream->last_ns;
    }
    stream->last_ns = now;
}

/* Frames that are due since the stream began. */
static uint64_t due(const struct stage *s, const struct stage_stream *stream)
{
    uint64_t now = sriov_mock_now(s->mock);

    if (!s->sending || s->setup.frame_ns == 0) {
        return 0;
    }
    return (now - stream->since) / s->setup.frame_ns - stream->sent;
}

static bool is_group_turn(const struct stage_stream *stream)
{
    return stream->sent % GROUP_EVERY == GROUP_EVERY / 2;
}

static uint64_t take_number(struct stage_stream *stream, bool group)
{
    uint64_t number = group ? stream->groups_sent : stream->sent - stream->groups_sent;

    stream->sent++;
    stream->groups_sent += group ? 1 : 0;
    return number;
}

/* ---- the switch ---- */

static void put_flight(struct stage *s, int port, bool group, uint64_t number)
{
    assert_true(s->flights_tail - s->flights_head < FLIGHTS);
    s->flight[s->flights_tail++ % FLIGHTS] =
        (struct stage_flight){.due = sriov_mock_now(s->mock) + s->setup.wire_ns[port],
                              .number = number,
                              .port = port,
                              .group = group};
}

static void land(struct stage *s, const struct stage_flight *f)
{
    uint8_t frame[MAX_LEN];
    struct stage_side *side = &s->side[f->port];

    if (side->dead) {
        s->dead_hands += f->group ? 0 : 1;
        s->dead_group += f->group ? 1 : 0;
    }
    fill(s, frame, false, f->group, f->number);
    (void)sriov_mock_wire_send(s->mock, side->pf_name, frame, s->setup.frame_len);
}

/* Each cable keeps its order; frames on different ones land as they are due. */
static void land_due(struct stage *s)
{
    uint64_t now = sriov_mock_now(s->mock);
    bool waits[3] = {false, false, false};

    for (uint32_t i = s->flights_head; i != s->flights_tail; i++) {
        struct stage_flight *f = &s->flight[i % FLIGHTS];

        if (f->port == NO_PORT) {
            continue;
        }
        waits[f->port] = waits[f->port] || f->due > now;
        if (!waits[f->port]) {
            land(s, f);
            f->port = NO_PORT;
        }
    }
    while (s->flights_head != s->flights_tail && s->flight[s->flights_head % FLIGHTS].port == NO_PORT) {
        s->flights_head++;
    }
}

static void peer_sends(struct stage *s)
{
    bool group = is_group_turn(&s->in);
    uint64_t number = take_number(&s->in, group);

    for (int port = 0; port < 2; port++) {
        bool flood = group || s->fdb == NO_PORT;

        if (flood || s->fdb == port) {
            put_flight(s, port, group, number);
        }
    }
}

void stage_network_turn(void *arg)
{
    struct stage *s = arg;

    for (uint64_t n = due(s, &s->in); n > 0; n--) {
        peer_sends(s);
    }
    land_due(s);
}

static void look_at_announcement(struct stage *s, const uint8_t *frame, size_t len)
{
    uint32_t type = (uint32_t)frame[12] << 8 | frame[13];

    if (type == 0x88b5) {
        return;
    }
    s->arps += type == 0x0806;
    s->rarps += type == 0x8035;
    s->nas += type == 0x86dd;
    s->last_announced_len = len < sizeof(s->last_announced) ? (uint32_t)len : sizeof(s->last_announced);
    memcpy(s->last_announced, frame, s->last_announced_len);
}

/* A frame from one of the pair: its port is learned, the peer gets it. What is for everyone goes to the
 * other adapter too. */
static void on_wire(struct stage *s, int port, const void *bytes, size_t len)
{
    const uint8_t *frame = bytes;
    struct stage_side *other = &s->side[port ^ 1];

    if (len < HEADER) {
        return;
    }
    if (memcmp(frame + 6, stage_pair_mac.b, 6) == 0 && s->fdb != port) {
        s->fdb = port;
        s->moves++;
    }
    arrived(s, &s->out, frame, (uint32_t)len);
    look_at_announcement(s, frame, len);
    if ((frame[0] & 1) != 0 && other->pf_name[0] != '\0') {
        (void)sriov_mock_wire_send(s->mock, other->pf_name, frame, len);
    }
}

void stage_on_vf_wire(void *arg, const void *frame, size_t len)
{
    on_wire(arg, VF_SIDE, frame, len);
}

void stage_on_standby_wire(void *arg, const void *frame, size_t len)
{
    on_wire(arg, STANDBY, frame, len);
}

/* ---- the application ---- */

static void app_receives(struct stage *s)
{
    struct sriov_buf *bufs[BURST];
    uint8_t frame[MAX_LEN];
    uint16_t n;

    for (uint16_t q = 0; q < stage_info(s).queues; q++) {
        while ((n = sriov_dnis_rx_burst(s->dnis, q, bufs, BURST)) != 0) {
            for (uint16_t i = 0; i < n; i++) {
                uint32_t len = sriov_buf_copy_out(bufs[i], frame, sizeof(frame));

                if (memcmp(frame + 6, stage_pair_mac.b, 6) == 0) {
                    s->in.ours.bad++; /* its own, come back */
                }
                arrived(s, &s->in, frame, len);
            }
            sriov_buf_free_bulk(bufs, n);
        }
    }
}

/* Up to n frames that the pair takes. */
static uint16_t app_sends(struct stage *s, uint64_t n)
{
    struct sriov_buf *bufs[BURST];
    uint8_t frame[MAX_LEN];
    struct sriov_pool *pool = sriov_dnis_pool(s->dnis);
    struct stage_stream saved[BURST + 1];
    uint16_t made = 0;
    uint16_t sent;

    saved[0] = s->out;
    while (pool != NULL && made < n && made < BURST) {
        bool group = is_group_turn(&s->out);

        fill(s, frame, true, group, take_number(&s->out, group));
        bufs[made] = sriov_buf_from(pool, frame, s->setup.frame_len);
        if (bufs[made] == NULL) {
            break;
        }
        saved[++made] = s->out;
    }
    s->out = saved[made];
    sent = sriov_dnis_tx_burst(s->dnis, 0, bufs, made);
    if (sent < made) {
        sriov_buf_free_bulk(bufs + sent, (uint16_t)(made - sent));
        /* Those were never sent; what arrived meanwhile stays counted. */
        s->out.sent = saved[sent].sent;
        s->out.groups_sent = saved[sent].groups_sent;
    }
    return sent;
}

static void app_control(struct stage *s)
{
    if (s->attach) {
        s->attach = false;
        s->attach_rc = sriov_dnis_attach(s->dnis, s->side[VF_SIDE].net);
    }
    if (s->released == NULL && (s->want_detach || (s->events & SRIOV_DNIS_EV_RELEASE) != 0)) {
        s->detach_rc = sriov_dnis_detach(s->dnis, &s->released);
        if (s->detach_rc != -EAGAIN) {
            s->want_detach = false;
        }
    }
}

void stage_app_turn(void *arg)
{
    struct stage *s = arg;
    uint64_t now = sriov_mock_now(s->mock);

    if (s->inside || s->halted || s->dnis == NULL) {
        return;
    }
    s->inside = true;
    app_receives(s);
    for (uint64_t n = due(s, &s->out); n > 0;) {
        uint16_t sent = app_sends(s, n);

        n -= sent;
        if (sent < BURST) {
            break;
        }
    }
    if (now >= s->poll_due) {
        s->poll_due = now + s->setup.poll_ns;
        s->events &= ~SRIOV_DNIS_EV_RELEASE;
        s->events |= sriov_dnis_poll(s->dnis);
        app_control(s);
    }
    s->inside = false;
}
