/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One hostile VF, three that run echo traffic among each other and with the wire in virtual time, with a
 * device that takes its time. What the three see must be the same, packet by packet, as in a run without
 * the fourth; and that one is contained within the bounds of sriov/pf.h.
 */
#include "hostile_vf.h"
#include "vf_fixture.h"

#include <stdlib.h>
#include <string.h>

#define US         UINT64_C(1000)
#define GOOD       3u
#define BAD        3u
#define BLOWS      100000u
#define STEP_NS    (20u * US)
#define POLL_NS    (200u * US) /* of the fixture */
#define DRAIN      500u        /* steps without new requests */
#define BROADCASTS 64u         /* steps between two */
#define REQUESTS   BLOWS
#define ETH_HEADER 14u
#define LATENCY_US 1000u
#define EVENTS     16u
#define QUESTIONS  600u

enum kind {
    REQUEST = 1,
    REPLY = 2,
    NOISE = 3,
};

/* Behind the Ethernet header. */
struct echo {
    uint64_t sent_ns;
    uint32_t id;
    uint32_t kind;
};

struct load {
    struct vf_world w;
    struct sriov_mac mac[GOOD];
    uint64_t *latency; /* ns by request; 0: not answered */
    uint32_t sent, answered, broadcasts, broadcasts_seen;
    uint64_t seed;
    struct sriov_pf_event events[EVENTS];
    uint32_t n_events;
    uint64_t began;
};

static const char *const models[] = {"82599", "82576"};

static const struct sriov_mac wire_mac = {{0x02, 0xee, 0, 0, 0, 0x01}};

static uint32_t next_random(struct load *l)
{
    l->seed = l->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(l->seed >> 32);
}

/* ---- the three ---- */

static void send_echo(struct load *l, uint16_t from, const struct sriov_mac *dst, const struct echo *echo,
                      uint32_t len)
{
    uint8_t frame[1514] = {0};

    memcpy(frame, dst->b, SRIOV_ETH_ALEN);
    memcpy(frame + 6, l->mac[from].b, SRIOV_ETH_ALEN);
    frame[12] = 0x88;
    frame[13] = 0xb5;
    memcpy(frame + ETH_HEADER, echo, sizeof(*echo));
    assert_int_equal(vf_send_bytes(&l->w, from, frame, len, 0, 0), 1);
}

static void take_frame(struct load *l, uint16_t vf, const uint8_t *frame, uint32_t len)
{
    struct sriov_mac src;
    struct echo echo;

    memcpy(&echo, frame + ETH_HEADER, sizeof(echo));
    memcpy(src.b, frame + 6, SRIOV_ETH_ALEN);
    switch (echo.kind) {
    case REQUEST:
        echo.kind = REPLY;
        send_echo(l, vf, &src, &echo, len);
        break;
    case REPLY:
        assert_true(echo.id < REQUESTS);
        assert_int_equal(l->latency[echo.id], 0);
        l->latency[echo.id] = sriov_mock_now(l->w.mock) - echo.sent_ns;
        l->answered++;
        break;
    case NOISE:
        l->broadcasts_seen++;
        break;
    default:
        fail_msg("VF %u received what none of the three sent", vf);
    }
}

static void receive_all(struct load *l, uint16_t vf)
{
    struct sriov_buf *buf;
    uint8_t frame[1522];

    while ((buf = vf_recv(&l->w, vf, 0)) != NULL) {
        const uint32_t len = sriov_buf_copy_out(buf, frame, sizeof(frame));

        sriov_buf_free(buf);
        assert_true(len >= 60);
        take_frame(l, vf, frame, len);
    }
}

static void on_wire(void *arg, const void *bytes, size_t len)
{
    struct load *l = arg;
    uint8_t frame[1514];
    struct echo echo;

    assert_true(len >= 60 && len <= sizeof(frame));
    memcpy(&echo, (const uint8_t *)bytes + ETH_HEADER, sizeof(echo));
    if (echo.kind != REQUEST) {
        assert_int_equal(echo.kind, NOISE); /* a spoofed frame would be neither */
        return;
    }
    memcpy(frame, bytes, len);
    memcpy(frame, (const uint8_t *)bytes + 6, SRIOV_ETH_ALEN);
    memcpy(frame + 6, wire_mac.b, SRIOV_ETH_ALEN);
    echo.kind = REPLY;
    memcpy(frame + ETH_HEADER, &echo, sizeof(echo));
    assert_int_equal(sriov_mock_wire_send(l->w.mock, l->w.pf_name, frame, len), 0);
}

static void send_request(struct load *l, uint16_t from)
{
    static const struct sriov_mac all = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    const struct echo echo = {.sent_ns = sriov_mock_now(l->w.mock), .id = l->sent, .kind = REQUEST};
    const struct echo noise = {.kind = NOISE};
    const uint32_t to = next_random(l) % GOOD;
    const uint32_t len = 64u + next_random(l) % 1400u;

    send_echo(l, from, to == from ? &wire_mac : &l->mac[to], &echo, len);
    if (l->sent++ % BROADCASTS == 0) {
        send_echo(l, from, &all, &noise, 64);
        l->broadcasts++;
    }
}

/* Each looks at its queue in some steps only, by a die that falls the same in every run. */
static void step(struct load *l, bool ask)
{
    sriov_mock_advance(l->w.mock, STEP_NS);
    for (uint16_t vf = 0; vf < GOOD; vf++) {
        if (next_random(l) % 3u == 0) {
            receive_all(l, vf);
        }
    }
    if (ask) {
        send_request(l, (uint16_t)(next_random(l) % GOOD));
    }
}

/* ---- a run ---- */

static void on_event(void *arg, const struct sriov_pf_event *event)
{
    struct load *l = arg;

    assert_true(l->n_events < EVENTS);
    l->events[l->n_events++] = *event;
}

static void open_load(struct load *l, const char *model)
{
    const struct vf_setup setup = {.model = model, .vf_queues = 1};
    static const uint64_t tx_ns[GOOD] = {3u * US, 7u * US, 11u * US};

    memset(l, 0, sizeof(*l));
    vf_world_make(&l->w, &setup);
    l->latency = calloc(REQUESTS, sizeof(*l->latency));
    assert_non_null(l->latency);
    l->seed = 4711;
    for (uint16_t vf = 0; vf < GOOD; vf++) {
        vf_port_up(&l->w, vf);
        l->mac[vf] = vf_info(&l->w, vf)->mac;
    }
    for (uint16_t vf = 0; vf < GOOD; vf++) {
        assert_int_equal(sriov_mock_set_delay(l->w.mock, l->w.port[vf].name, SRIOV_DELAY_TX, tx_ns[vf]), 0);
        assert_int_equal(sriov_mock_set_delay(l->w.mock, l->w.port[vf].name, SRIOV_DELAY_RX, 2u * US), 0);
    }
    assert_int_equal(sriov_mock_wire_sink(l->w.mock, l->w.pf_name, on_wire, l), 0);
    assert_int_equal(sriov_pf_set_event_sink(l->w.pf, on_event, l), 0);
}

static void close_load(struct load *l)
{
    assert_int_equal(sriov_pf_set_event_sink(l->w.pf, NULL, NULL), 0);
    vf_world_end(&l->w);
    free(l->latency);
    l->latency = NULL;
}

static void run_load(struct load *l, struct hostile *h, enum hostile_way way)
{
    l->began = sriov_mock_now(l->w.mock);
    for (uint32_t i = 0; i < BLOWS; i++) {
        if (h != NULL) {
            hostile_blow(h, way);
        }
        step(l, true);
    }
    for (uint32_t i = 0; i < DRAIN; i++) {
        step(l, false);
    }
    assert_int_equal(l->answered, REQUESTS);
    assert_int_equal(l->broadcasts_seen, (GOOD - 1u) * l->broadcasts);
}

static int by_size(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y ? 1 : 0;
}

static void tell_latency(const char *what, const struct load *l)
{
    uint64_t *sorted = malloc(REQUESTS * sizeof(*sorted));
    uint64_t sum = 0;

    assert_non_null(sorted);
    memcpy(sorted, l->latency, REQUESTS * sizeof(*sorted));
    qsort(sorted, REQUESTS, sizeof(*sorted), by_size);
    for (uint32_t i = 0; i < REQUESTS; i++) {
        sum += sorted[i];
    }
    print_message("  %-18s %u sent, %u lost; round trip us: least %.2f, mean %.3f, p99 %.2f, most %.2f\n",
                  what, l->sent, l->sent - l->answered, (double)sorted[0] / 1e3,
                  (double)sum / (double)REQUESTS / 1e3, (double)sorted[REQUESTS / 100u * 99u] / 1e3,
                  (double)sorted[REQUESTS - 1u] / 1e3);
    free(sorted);
}

static const char *kind_name(uint32_t kind)
{
    return kind == SRIOV_PF_EVENT_VF_LIMITED ? "limited" : kind == SRIOV_PF_EVENT_VF_SHUT ? "shut down" : "?";
}

static void tell_events(const struct load *l)
{
    for (uint32_t i = 0; i < l->n_events; i++) {
        const struct sriov_pf_event *e = &l->events[i];

        print_message("      %8.3f ms  VF %u %s: %s, %u\n", (double)(e->time_ns - l->began) / 1e6, e->vf,
                      kind_name(e->kind), sriov_pf_reason_name((enum sriov_pf_reason)e->reason),
                      (unsigned)e->count);
    }
}

/* What the device of this model can tell its PF. */
static enum sriov_pf_reason expected_reason(const char *model, enum hostile_way way)
{
    static const enum sriov_pf_reason reasons[HOSTILE_WAYS] = {
        SRIOV_PF_REASON_MAILBOX_FLOOD, SRIOV_PF_REASON_BAD_REQUESTS, SRIOV_PF_REASON_SPOOF,
        SRIOV_PF_REASON_SPOOF,         SRIOV_PF_REASON_BAD_DESC,     SRIOV_PF_REASON_RESET_STORM,
        SRIOV_PF_REASON_NONE,
    };

    /* An 82599 does not tell of malformed descriptors; the queue stops, and its VF resets again and again. */
    return way == HOSTILE_DESC && strcmp(model, "82599") == 0 ? SRIOV_PF_REASON_RESET_STORM : reasons[way];
}

/* One that posts malformed descriptors has to reset itself again and again, which takes time. */
static uint64_t bound_ns(enum hostile_way way)
{
    return way == HOSTILE_DESC || way == HOSTILE_ALL ? 1000u * VF_MS : SRIOV_PF_GUARD_FLOOD_POLLS * POLL_NS;
}

static void check_contained(struct load *l, enum hostile_way way)
{
    const enum sriov_pf_reason reason = expected_reason(l->w.setup.model, way);
    struct sriov_pf_vf_info info = {.size = sizeof(info)};

    tell_events(l);
    assert_int_equal(l->n_events, 2);
    assert_int_equal(l->events[0].kind, SRIOV_PF_EVENT_VF_LIMITED);
    assert_int_equal(l->events[1].kind, SRIOV_PF_EVENT_VF_SHUT);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(l->events[i].vf, BAD);
    }
    if (reason != SRIOV_PF_REASON_NONE) {
        assert_int_equal(l->events[0].reason, reason);
    }
    assert_true(l->events[1].time_ns - l->began <= bound_ns(way));
    for (uint16_t vf = 0; vf <= BAD; vf++) {
        assert_int_equal(sriov_pf_get_vf(l->w.pf, vf, &info), 0);
        assert_int_equal(info.shut, vf == BAD);
        assert_false(info.limited);
    }
    assert_true(info.requests <= 2u * SRIOV_PF_GUARD_REQUESTS);
}

static void one_way(struct load *quiet, const char *model, enum hostile_way way)
{
    static struct load l;
    struct hostile h;
    char name[SRIOV_NAME_MAX];

    open_load(&l, model);
    assert_int_equal(sriov_mock_vf_name(l.w.mock, l.w.pf_name, BAD, name), 0);
    memcpy(l.w.culprit, name, sizeof(name));
    hostile_open(&h, l.w.vmm, model, name, &l.mac[0]);
    run_load(&l, &h, way);
    tell_latency(hostile_way_name(way), &l);
    print_message("      %u messages, %u frames, %u bad descriptors, %u resets\n", (unsigned)h.messages,
                  (unsigned)h.frames, (unsigned)h.descriptors, (unsigned)h.resets);
    check_contained(&l, way);
    assert_memory_equal(l.latency, quiet->latency, REQUESTS * sizeof(*l.latency));
    hostile_close(&h);
    close_load(&l);
}

static void the_others_feel_nothing(void **state)
{
    static struct load quiet;

    (void)state;
    for (size_t m = 0; m < 2; m++) {
        print_message("%s, 3 good VFs, %u requests, %.1f s of virtual time\n", models[m], REQUESTS,
                      (double)(BLOWS + DRAIN) * (double)STEP_NS / 1e9);
        open_load(&quiet, models[m]);
        run_load(&quiet, NULL, HOSTILE_FLOOD);
        tell_latency("nobody hostile", &quiet);
        assert_int_equal(quiet.n_events, 0);
        for (uint32_t way = 0; way < HOSTILE_WAYS; way++) {
            one_way(&quiet, models[m], (enum hostile_way)way);
        }
        close_load(&quiet);
    }
}

/* ---- their mailboxes ---- */

struct flooder {
    struct hostile h;
    enum hostile_way way;
};

static void on_task(void *arg)
{
    struct flooder *f = arg;

    hostile_blow(&f->h, f->way);
}

struct answers {
    uint64_t most_ns;
    uint64_t sum_ns;
};

/* A question each millisecond, of the three in turn. */
static struct answers ask_on(struct vf_world *w)
{
    static const struct sriov_mac group = {{0x01, 0x00, 0x5e, 0x11, 0x22, 0x33}};
    struct answers a = {0, 0};

    for (uint32_t i = 0; i < QUESTIONS; i++) {
        const uint64_t start = sriov_mock_now(w->mock);

        assert_int_equal(sriov_net_set_multicast(w->port[i % GOOD].net, &group, (uint16_t)(i / GOOD % 2u)),
                         0);
        const uint64_t took = sriov_mock_now(w->mock) - start;
        a.sum_ns += took;
        a.most_ns = took > a.most_ns ? took : a.most_ns;
        vf_run(w, VF_MS);
    }
    return a;
}

static struct answers questions(const char *model, struct flooder *f)
{
    const struct vf_setup setup = {.model = model};
    struct vf_world w;
    struct answers a;
    int task = 0;

    vf_world_make(&w, &setup);
    for (uint16_t vf = 0; vf < GOOD; vf++) {
        vf_port_up(&w, vf);
    }
    if (f != NULL) {
        assert_int_equal(sriov_mock_vf_name(w.mock, w.pf_name, BAD, w.culprit), 0);
        hostile_open(&f->h, w.vmm, model, w.culprit, &wire_mac);
        task = sriov_mock_task(w.mock, STEP_NS, on_task, f);
        assert_true(task > 0);
    }
    a = ask_on(&w);
    if (f != NULL) {
        assert_int_equal(sriov_mock_task_stop(w.mock, task), 0);
        hostile_close(&f->h);
    }
    vf_world_end(&w);
    return a;
}

/* Each flood begins while they ask, and ends contained: never do they wait a turn of the PF longer. */
static void their_questions_are_answered_as_soon(void **state)
{
    static struct flooder f;

    (void)state;
    for (size_t m = 0; m < 2; m++) {
        const struct answers quiet = questions(models[m], NULL);

        print_message("%s, %u questions: mean %.1f us, most %.1f; nobody hostile\n", models[m], QUESTIONS,
                      (double)quiet.sum_ns / QUESTIONS / 1e3, (double)quiet.most_ns / 1e3);
        for (uint32_t way = 0; way < HOSTILE_WAYS; way++) {
            f.way = (enum hostile_way)way;
            const struct answers a = questions(models[m], &f);

            print_message("  %-18s mean %.1f us, most %.1f\n", hostile_way_name(f.way),
                          (double)a.sum_ns / QUESTIONS / 1e3, (double)a.most_ns / 1e3);
            assert_true(a.most_ns <= quiet.most_ns + POLL_NS);
        }
    }
}

/* It hangs its queue and rests: the device says so, or its head does. It is sent back to RESET. */
static void a_queue_that_hangs_is_noticed(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        const struct vf_setup setup = {.model = models[m]};
        struct sriov_pf_vf_info info = {.size = sizeof(info)};
        struct vf_world w;
        struct hostile h;

        vf_world_make(&w, &setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        assert_int_equal(sriov_mock_vf_name(w.mock, w.pf_name, BAD, w.culprit), 0);
        hostile_open(&h, w.vmm, models[m], w.culprit, &wire_mac);
        while (h.descriptors < 4) {
            hostile_blow(&h, HOSTILE_DESC);
            vf_run(&w, POLL_NS);
        }
        vf_run(&w, 4000 * VF_MS);
        assert_int_equal(sriov_pf_get_vf(w.pf, BAD, &info), 0);
        assert_false(info.ready);
        assert_false(info.shut || info.limited);
        vf_expect_traffic(&w, 0, 1);
        hostile_close(&h);
        vf_world_end(&w);
    }
}

/* What was shut down is as good as new once the host readmits it and a driver resets it. */
static void readmitted_it_works(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        const struct vf_setup setup = {.model = models[m]};
        struct sriov_pf_vf_info info = {.size = sizeof(info)};
        struct vf_world w;

        vf_world_make(&w, &setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, BAD);
        assert_int_equal(sriov_pf_shut_vf(w.pf, BAD), 0);
        vf_run(&w, 3000 * VF_MS);
        assert_int_equal(sriov_pf_get_vf(w.pf, BAD, &info), 0);
        assert_true(info.shut);
        w.port[BAD].events = 0;
        assert_int_equal(sriov_pf_readmit_vf(w.pf, BAD), 0);
        (void)vf_run_until(&w, BAD, SRIOV_NET_EV_RECOVERED, 30000 * VF_MS);
        vf_run(&w, 1000 * VF_MS);
        vf_expect_traffic(&w, 0, BAD);
        vf_world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_others_feel_nothing),
        cmocka_unit_test(their_questions_are_answered_as_soon),
        cmocka_unit_test(a_queue_that_hangs_is_noticed),
        cmocka_unit_test(readmitted_it_works),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
