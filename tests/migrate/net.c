/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver in a process goes on in another one: migrate_net MODEL starts itself once more. What is in the
 * rings when it stops, both ways, travels; settings are asked of the other port's PF; damage is refused with
 * nothing changed; and what is refused lets the source go on with every frame.
 */
#include <sriov/drivers.h>
#include <sriov/migrate.h>
#include <sriov/mock.h>

#include "wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST(what)                                                                                           \
    do {                                                                                                     \
        if (!(what)) {                                                                                       \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #what);                         \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)
#define MS  UINT64_C(1000000)
#define LEN 100u
#define VID 9u

static const struct sriov_mac own = {{0x02, 0x4d, 0x49, 0x47, 0, 0x07}};
static const struct sriov_mac peer = {{0x02, 0xee, 0, 0, 0, 0x01}};
static const struct sriov_mac group = {{0x01, 0, 0x5e, 0, 0, 0x42}};

struct world {
    struct sriov_mock *mock;
    char pf_name[SRIOV_NAME_MAX];
    char vf_name[SRIOV_NAME_MAX];
    struct sriov_fn *pf_fn, *fn;
    struct sriov_pf *pf;
    struct sriov_pool *pool;
    struct sriov_net *net;
    uint32_t received, sent, wire_sent, wire_got, wrong;
    uint64_t findings;
};

static void on_finding(void *arg, const struct sriov_violation *violation)
{
    struct world *w = arg;

    w->findings++;
    fprintf(stderr, "finding: %s\n", violation->text);
}

static void pf_turn(void *arg)
{
    struct world *w = arg;

    if (w->pf != NULL) {
        (void)sriov_pf_poll(w->pf);
    }
}

static uint32_t number_of(const uint8_t *bytes)
{
    uint32_t n;

    memcpy(&n, bytes + 20, sizeof(n));
    return n;
}

static void on_wire(void *arg, const void *frame, size_t len)
{
    struct world *w = arg;

    if (len == LEN && ((const uint8_t *)frame)[12] == 0x88) {
        w->wrong += number_of(frame) != w->wire_got;
        w->wire_got++;
    }
}

static void make_frame(uint8_t *out, const struct sriov_mac *to, const struct sriov_mac *from, uint32_t n)
{
    memset(out, 0, LEN);
    memcpy(out, to->b, 6);
    memcpy(out + 6, from->b, 6);
    out[12] = 0x88;
    out[13] = 0xb5;
    memcpy(out + 20, &n, sizeof(n));
}

static void take_rx(void *arg, uint16_t queue, struct sriov_buf *buf)
{
    struct world *w = arg;
    uint8_t bytes[LEN + 4];
    uint32_t len = sriov_buf_copy_out(buf, bytes, sizeof(bytes));
    uint32_t tag = bytes[12] == 0x81 ? 4 : 0; /* not every kind takes it out */

    w->wrong += queue != 0 || len != LEN + tag || number_of(bytes + tag) != w->received;
    w->received++;
    sriov_buf_free(buf);
}

static void make(struct world *w, const char *model)
{
    struct sriov_mock_opts opts = {
        .size = sizeof(opts), .flags = SRIOV_MOCK_QUIET, .on_violation = on_finding, .arg = w};
    struct sriov_pf_opts pf = {.size = sizeof(pf)};
    struct sriov_pool_opts pool = {.size = sizeof(pool), .count = 512};

    memset(w, 0, sizeof(*w));
    MUST(sriov_mock_create(&opts, &w->mock) == 0);
    sriov_log_set_level(sriov_mock_vmm(w->mock), SRIOV_LOG_ERROR);
    MUST(sriov_mock_add_pf(w->mock, model, NULL, w->pf_name) == 0);
    MUST(sriov_fn_open(sriov_mock_vmm(w->mock), w->pf_name, NULL, &w->pf_fn) == 0);
    MUST(sriov_pf_open(w->pf_fn, sriov_pf_drivers, &pf, &w->pf) == 0);
    MUST(sriov_pf_enable_vfs(w->pf, 1) == 0);
    MUST(sriov_mock_task(w->mock, 200000, pf_turn, w) > 0);
    MUST(sriov_mock_wire_sink(w->mock, w->pf_name, on_wire, w) == 0);
    sriov_mock_advance(w->mock, 1000 * MS);
    MUST(sriov_mock_vf_name(w->mock, w->pf_name, 0, w->vf_name) == 0);
    MUST(sriov_fn_open(sriov_mock_vmm(w->mock), w->vf_name, NULL, &w->fn) == 0);
    MUST(sriov_pool_create(w->fn, &pool, &w->pool) == 0);
    MUST(sriov_net_open(w->fn, sriov_net_drivers, &w->net) == 0);
}

/* Every buffer is back, nothing is left open. */
static void end(struct world *w)
{
    sriov_net_close(w->net);
    MUST(sriov_pool_in_use(w->pool) == 0 && sriov_pool_destroy(w->pool) == 0);
    MUST(sriov_fn_close(w->fn) == 0);
    sriov_pf_close(w->pf);
    w->pf = NULL;
    MUST(sriov_fn_close(w->pf_fn) == 0);
    MUST(sriov_mock_held(w->mock) == 0);
    sriov_mock_destroy(w->mock);
}

static void configure(struct world *w)
{
    struct sriov_net_config config = {.size = sizeof(config), .rx_desc = 64, .tx_desc = 64, .pool = w->pool};

    MUST(sriov_net_configure(w->net, &config) == 0);
}

static void turn(struct world *w, uint64_t ns)
{
    struct sriov_buf *bufs[8];
    uint16_t n;

    sriov_mock_advance(w->mock, ns);
    (void)sriov_net_poll(w->net);
    while ((n = sriov_rx_burst(sriov_net_rxq(w->net, 0), bufs, 8)) != 0) {
        for (uint16_t i = 0; i < n; i++) {
            take_rx(w, 0, bufs[i]);
        }
    }
}

static void link_up(struct world *w)
{
    struct sriov_net_info info = {.size = sizeof(info)};

    for (uint32_t i = 0; i < 5000 && !info.link.up; i++) {
        turn(w, MS);
        MUST(sriov_net_get_info(w->net, &info) == 0);
    }
    MUST(info.link.up);
}

static void from_wire(struct world *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint8_t frame[LEN];

        make_frame(frame, w->wire_sent % 4 == 0 ? &group : &own, &peer, w->wire_sent);
        w->wire_sent++;
        MUST(sriov_mock_wire_send(w->mock, w->pf_name, frame, LEN) == 0);
    }
}

static void to_wire(struct world *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint8_t frame[LEN];
        struct sriov_buf *buf;

        make_frame(frame, &peer, &own, w->sent);
        buf = sriov_buf_from(w->pool, frame, LEN);
        MUST(buf != NULL && sriov_tx_burst(sriov_net_txq(w->net, 0), &buf, 1) == 1);
        w->sent++;
    }
}

static void tagged_comes_through(struct world *w)
{
    uint8_t frame[LEN];
    uint8_t tagged[LEN + 4];
    uint32_t before = w->received;

    make_frame(frame, &own, &peer, w->wire_sent);
    memcpy(tagged, frame, 12);
    memcpy(tagged + 12, (const uint8_t[4]){0x81, 0, 0, VID}, 4);
    memcpy(tagged + 16, frame + 12, LEN - 12);
    w->wire_sent++;
    MUST(sriov_mock_wire_send(w->mock, w->pf_name, tagged, sizeof(tagged)) == 0);
    turn(w, MS);
    MUST(w->received == before + 1);
}

static void works(struct world *w)
{
    for (uint32_t i = 0; i < 20; i++) {
        from_wire(w, 5);
        to_wire(w, 5);
        turn(w, MS);
    }
    turn(w, 10 * MS);
    MUST(w->received == w->wire_sent && w->wire_got == w->sent && w->wrong == 0 && w->findings == 0);
}

static struct sriov_mig_net_opts opts_of(struct world *w)
{
    /* No time at all for what is still to be sent: it is taken back. */
    return (struct sriov_mig_net_opts){
        .size = sizeof(struct sriov_mig_net_opts), .timeout_ns = 0, .rx = take_rx, .arg = w};
}

/* ---- both ends ---- */

static void save(struct world *w, struct sriov_mig_blob *stream)
{
    struct sriov_mig_net_opts opts = opts_of(w);
    uint32_t in_doubt = 7;

    MUST(sriov_mock_carrier(w->mock, w->pf_name, true) == 0);
    from_wire(w, 7);
    MUST(sriov_mock_set_delay(w->mock, w->vf_name, SRIOV_DELAY_TX, 100 * MS) == 0);
    to_wire(w, 9);
    MUST(sriov_mig_save_net(w->net, &opts, stream, &in_doubt) == 0);
    MUST(in_doubt == 0);
    MUST(sriov_mock_set_delay(w->mock, w->vf_name, SRIOV_DELAY_TX, 0) == 0);
}

#define TAG(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/* The stream with its frames to be sent so many times over, the first of them on another queue. */
static void bend(struct world *w, const uint8_t *bytes, uint64_t len, uint32_t times, uint16_t queue,
                 struct sriov_mig_blob *out)
{
    struct sriov_mig_section s[4] = {{.tag = TAG('N', 'E', 'T', 'C'), .version = 1},
                                     {.tag = TAG('D', 'R', 'V', 'R'), .version = 1},
                                     {.tag = TAG('R', 'X', 'F', 'R'), .version = 1},
                                     {.tag = TAG('T', 'X', 'F', 'R'), .version = 1}};
    struct sriov_mig_writer writer;
    uint8_t *frames;

    MUST(sriov_mig_parse(bytes, len, w->fn, SRIOV_MIG_KIND_NET, s, 4, NULL) == 0);
    frames = malloc(times * s[3].len);
    MUST(frames != NULL && s[3].len > 6);
    for (uint32_t i = 0; i < times; i++) {
        memcpy(frames + i * s[3].len, s[3].bytes, s[3].len);
    }
    memcpy(frames + 4, &queue, sizeof(queue));
    MUST(sriov_mig_writer_begin(&writer, w->fn, SRIOV_MIG_KIND_NET) == 0);
    for (uint32_t i = 0; i < 3; i++) {
        MUST(sriov_mig_put(&writer, s[i].tag, 1, s[i].bytes, s[i].len) == 0);
    }
    MUST(sriov_mig_put(&writer, s[3].tag, 1, frames, times * s[3].len) == 0);
    MUST(sriov_mig_writer_end(&writer, out) == 0);
    free(frames);
}

/* For a queue that there is not: neither sent nor delivered, and still held. */
static void abort_of_a_wrong_stream(struct world *w, const struct sriov_mig_blob *stream)
{
    struct sriov_mig_net_opts opts = opts_of(w);
    struct sriov_mig_blob wrong = {0};
    uint32_t received = w->received;

    bend(w, stream->bytes, stream->len, 1, 40000, &wrong);
    MUST(sriov_mig_abort_net(w->net, &opts, &wrong) == -EPROTO);
    MUST(w->received == received && sriov_fn_state(w->fn) == SRIOV_FN_QUIESCED);
    sriov_mig_blob_free(&wrong);
}

/* More to be sent than its ring holds, on a device that does not send: nothing comes in, it is stopped. */
static void load_into_a_slow_one(struct world *w, const uint8_t *bytes, uint64_t len)
{
    struct sriov_mig_net_opts opts = opts_of(w);
    struct sriov_mig_fault fault = {.size = sizeof(fault)};
    struct sriov_mig_blob many = {0};

    bend(w, bytes, len, 10, 0, &many);
    MUST(sriov_mock_set_delay(w->mock, w->vf_name, SRIOV_DELAY_TX, 400 * MS) == 0);
    MUST(sriov_mig_load_net(w->net, &opts, many.bytes, many.len, &fault) == -ETIMEDOUT);
    MUST(strstr(fault.text, "does not take what is to be sent") != NULL);
    MUST(w->received == 0 && w->wire_got == 0);
    MUST(sriov_fn_state(w->fn) == SRIOV_FN_STOPPED);
    MUST(sriov_mock_set_delay(w->mock, w->vf_name, SRIOV_DELAY_TX, 0) == 0);
    sriov_mig_blob_free(&many);
}

static int source(const char *model, int fd)
{
    struct world w;
    struct sriov_mig_blob stream = {0};
    struct sriov_mig_net_opts opts;
    uint32_t counters[4];

    make(&w, model);
    configure(&w);
    MUST(sriov_net_start(w.net) == 0);
    MUST(sriov_net_set_mac(w.net, &own) == 0 && sriov_net_set_vlan(w.net, VID, true) == 0 &&
         sriov_net_set_multicast(w.net, &group, 1) == 0);
    link_up(&w);
    works(&w);
    opts = opts_of(&w);
    save(&w, &stream); /* and not gone after all */
    abort_of_a_wrong_stream(&w, &stream);
    MUST(sriov_mig_abort_net(w.net, &opts, &stream) == 0);
    sriov_mig_blob_free(&stream);
    works(&w);
    save(&w, &stream);
    counters[0] = w.received;
    counters[1] = w.sent;
    counters[2] = w.wire_sent;
    counters[3] = w.wire_got;
    printf("source: stream of %llu bytes with %u frames received and %u to be sent\n",
           (unsigned long long)stream.len, w.wire_sent - w.received, w.sent - w.wire_got);
    fflush(stdout);
    MUST(w.wire_sent - w.received == 7);
    MUST(wire_put(fd, WIRE_PEER, 0, counters, sizeof(counters)));
    MUST(wire_put(fd, WIRE_STREAM, 0, stream.bytes, stream.len));
    sriov_mig_blob_free(&stream);
    MUST(w.wrong == 0 && w.findings == 0);
    end(&w);
    return 0;
}

static uint64_t try_wrong(struct world *w, uint8_t *bytes, uint64_t len)
{
    struct sriov_mig_net_opts opts = opts_of(w);
    uint64_t refused = 0;

    for (uint64_t i = 0; i < len; i++) {
        struct sriov_mig_fault fault = {.size = sizeof(fault)};
        uint8_t was = bytes[i];

        MUST(sriov_mig_load_net(w->net, &opts, bytes, i, &fault) < 0 && fault.text[0] != '\0');
        bytes[i] ^= (uint8_t)(1u << i % 8);
        MUST(sriov_mig_load_net(w->net, &opts, bytes, len, &fault) < 0 && fault.text[0] != '\0');
        bytes[i] = was;
        refused += 2;
    }
    MUST(w->received == 0);
    return refused;
}

static int dest(const char *model, int fd)
{
    struct world w;
    struct sriov_mig_fault fault = {.size = sizeof(fault)};
    struct sriov_mig_net_opts opts = opts_of(&w);
    struct sriov_net_info info = {.size = sizeof(info)};
    struct wire_head head;
    uint32_t counters[4];
    uint8_t *bytes;
    uint64_t refused;

    make(&w, model);
    configure(&w);
    MUST(wire_get(fd, &head) && head.len == sizeof(counters) && wire_bytes(fd, counters, sizeof(counters)));
    MUST(wire_get(fd, &head) && head.type == WIRE_STREAM);
    bytes = malloc(head.len);
    MUST(bytes != NULL && wire_bytes(fd, bytes, head.len));
    refused = try_wrong(&w, bytes, head.len);
    load_into_a_slow_one(&w, bytes, head.len);
    w.received = counters[0];
    w.sent = counters[1];
    w.wire_sent = counters[2];
    w.wire_got = counters[3];
    MUST(sriov_mig_load_net(w.net, &opts, bytes, head.len, &fault) == 0);
    free(bytes);
    MUST(w.received == w.wire_sent); /* at once: they were in the stream */
    link_up(&w);
    MUST(sriov_net_get_info(w.net, &info) == 0 && memcmp(&info.mac, &own, sizeof(own)) == 0);
    works(&w);
    tagged_comes_through(&w);
    printf("destination: %llu damaged streams refused; %u of %u received, %u of %u sent, none twice, none "
           "missing\n",
           (unsigned long long)refused, w.received, w.wire_sent, w.wire_got, w.sent);
    MUST(w.wrong == 0 && w.findings == 0);
    end(&w);
    return 0;
}

int main(int argc, char **argv)
{
    int fd[2];
    int status = 0;
    int bad = 0;

    if (argc == 4) {
        return strcmp(argv[2], "source") == 0 ? source(argv[1], atoi(argv[3])) : dest(argv[1], atoi(argv[3]));
    }
    MUST(argc == 2 && socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
    for (int i = 0; i < 2; i++) {
        char text[16];
        pid_t pid = fork();

        MUST(pid >= 0);
        if (pid == 0) {
            (void)close(fd[1 - i]);
            (void)snprintf(text, sizeof(text), "%d", fd[i]);
            (void)execl(argv[0], argv[0], argv[1], i == 0 ? "source" : "dest", text, (char *)NULL);
            _exit(127);
        }
    }
    (void)close(fd[0]);
    (void)close(fd[1]);
    while (wait(&status) > 0) {
        bad += status != 0;
    }
    return bad != 0;
}
