/* SPDX-License-Identifier: BSD-3-Clause */
/* The wire, captures and replay. */
#include "fixture.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct catcher {
    uint8_t last[128];
    size_t len;
    unsigned count;
    struct fixture *f;
    const char *echo_to; /* a port that each frame is sent into, at once */
};

static void catch (void *arg, const void *frame, size_t len)
{
    struct catcher *c = arg;

    assert_true(len <= sizeof(c->last));
    memcpy(c->last, frame, len);
    c->len = len;
    c->count++;
    if (c->echo_to != NULL) {
        assert_int_equal(sriov_mock_wire_send(c->f->mock, c->echo_to, frame, len), 0);
    }
}

static void transmit(struct fixture *f, void *fn, uint64_t word, uint32_t len)
{
    assert_int_equal(f->ops->bar_write(fn, TOY_BAR, TOY_BUFFER, 8, word), 0);
    fixture_wr(f, fn, TOY_TX, len);
}

static void temp_name(char *path, size_t room)
{
    const char *dir = getenv("TMPDIR");
    int fd;

    (void)snprintf(path, room, "%s/mock-wire-XXXXXX", dir != NULL ? dir : "/tmp");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
}

static void frames_reach_sink_and_port(void **state)
{
    struct fixture *f = *state;
    struct catcher c = {0};
    void *fn = fixture_open(f, f->pf);

    assert_int_equal(fixture_rd(f, fn, TOY_LINK), 1);
    assert_int_equal(sriov_mock_wire_sink(f->mock, f->pf, catch, &c), 0);
    transmit(f, fn, 0x1122334455667788, 60);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.len, 60);
    assert_int_equal(c.last[0], 0x88);
    assert_int_equal(sriov_mock_wire_send(f->mock, f->pf, "frame", 5), 0);
    assert_int_equal(fixture_rd(f, fn, TOY_RX_COUNT), 1);
    assert_int_equal(fixture_rd(f, fn, TOY_RX_LEN), 5);
    assert_int_equal(sriov_mock_wire_sink(f->mock, f->pf, NULL, NULL), 0);
    transmit(f, fn, 0, 60);
    assert_int_equal(c.count, 1);
    assert_int_equal(sriov_mock_wire_send(f->mock, "none", "frame", 5), -ENOENT);
    assert_int_equal(sriov_mock_wire_send(f->mock, f->pf, "", 0), -EINVAL);
    assert_int_equal(sriov_mock_carrier(f->mock, f->pf, false), 0);
    assert_int_equal(fixture_rd(f, fn, TOY_LINK), 0);
    f->ops->close(fn);
}

static void an_echo_does_not_reenter_the_model(void **state)
{
    struct fixture *f = *state;
    struct catcher c = {.f = f, .echo_to = f->pf};
    void *fn = fixture_open(f, f->pf);

    assert_int_equal(sriov_mock_wire_sink(f->mock, f->pf, catch, &c), 0);
    transmit(f, fn, 1, 60);
    assert_int_equal(fixture_rd(f, fn, TOY_RX_COUNT), 0);
    f->ops->relax(f->vmm);
    assert_int_equal(fixture_rd(f, fn, TOY_RX_COUNT), 1);
    f->ops->close(fn);
}

static void a_cable_joins_two_ports(void **state)
{
    struct fixture *f = *state;
    char other[SRIOV_NAME_MAX];
    void *a = fixture_open(f, f->pf);
    void *b;

    assert_int_equal(sriov_mock_add_model(f->mock, &toy_model, NULL, other), 0);
    b = fixture_open(f, other);
    assert_int_equal(sriov_mock_wire_join(f->mock, f->pf, f->pf), -EINVAL);
    assert_int_equal(sriov_mock_wire_join(f->mock, f->pf, other), 0);
    assert_int_equal(sriov_mock_wire_join(f->mock, other, f->pf), -EBUSY);
    transmit(f, a, 1, 60);
    assert_int_equal(fixture_rd(f, b, TOY_RX_COUNT), 1);
    assert_int_equal(fixture_rd(f, a, TOY_RX_COUNT), 0);
    transmit(f, b, 1, 60);
    assert_int_equal(fixture_rd(f, a, TOY_RX_COUNT), 1);
    assert_int_equal(sriov_mock_remove(f->mock, f->pf, false, 0), 0);
    f->ops->relax(f->vmm);
    assert_int_equal(fixture_rd(f, b, TOY_LINK), 0);
    f->ops->close(a);
    f->ops->close(b);
}

static void a_capture_has_nanoseconds_of_virtual_time(void **state)
{
    struct fixture *f = *state;
    char path[256];
    char error[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const u_char *bytes;
    pcap_t *file;
    void *pf = fixture_open(f, f->pf);
    void *vf;

    temp_name(path, sizeof(path));
    fixture_vfs(f, pf, 1);
    vf = fixture_open(f, f->vf);
    assert_int_equal(sriov_mock_capture(f->mock, f->vf, path), 0);
    assert_int_equal(sriov_mock_capture(f->mock, f->vf, path), -EBUSY);
    sriov_mock_advance(f->mock, 3 * SECOND + 123456789 - sriov_mock_now(f->mock));
    transmit(f, vf, 0xabcdef, 64);
    transmit(f, pf, 0, 64); /* another port */
    assert_int_equal(sriov_mock_capture(f->mock, f->vf, NULL), 0);
    transmit(f, vf, 0, 64);
    file = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
    assert_non_null(file);
    assert_int_equal(pcap_next_ex(file, &header, &bytes), 1);
    assert_int_equal(header->ts.tv_sec, 3);
    assert_int_equal(header->ts.tv_usec, 123456789);
    assert_int_equal(header->len, 64);
    assert_int_equal(bytes[0], 0xef);
    assert_int_equal(pcap_next_ex(file, &header, &bytes), PCAP_ERROR_BREAK);
    pcap_close(file);
    assert_int_equal(remove(path), 0);
    assert_int_equal(sriov_mock_capture(f->mock, f->vf, "/nonexistent/x.pcap"), -EACCES);
    assert_int_equal(sriov_mock_capture(f->mock, "none", path), -ENOENT);
    f->ops->close(vf);
    f->ops->close(pf);
}

static void a_replay_keeps_the_distances(void **state)
{
    struct fixture *f = *state;
    char path[256];
    char other[SRIOV_NAME_MAX];
    void *fn = fixture_open(f, f->pf);
    void *to;

    temp_name(path, sizeof(path));
    assert_int_equal(sriov_mock_capture(f->mock, f->pf, path), 0);
    transmit(f, fn, 1, 60);
    sriov_mock_advance(f->mock, 5 * MS);
    assert_int_equal(sriov_mock_wire_send(f->mock, f->pf, "12345678901234", 14),
                     0); /* both ways are captured */
    sriov_mock_advance(f->mock, 1);
    transmit(f, fn, 2, 62);
    assert_int_equal(sriov_mock_capture(f->mock, f->pf, NULL), 0);
    assert_int_equal(sriov_mock_add_model(f->mock, &toy_model, NULL, other), 0);
    to = fixture_open(f, other);
    assert_int_equal(sriov_mock_replay(f->mock, other, path), 3);
    sriov_mock_advance(f->mock, 5 * MS - 1);
    assert_int_equal(fixture_rd(f, to, TOY_RX_COUNT), 1);
    sriov_mock_advance(f->mock, 1);
    assert_int_equal(fixture_rd(f, to, TOY_RX_COUNT), 2);
    assert_int_equal(fixture_rd(f, to, TOY_RX_LEN), 14);
    sriov_mock_advance(f->mock, 1);
    assert_int_equal(fixture_rd(f, to, TOY_RX_COUNT), 3);
    assert_int_equal(fixture_rd(f, to, TOY_RX_LEN), 62);
    assert_int_equal(remove(path), 0);
    f->ops->close(fn);
    f->ops->close(to);
}

/* What a VF sent, once more from its port of the switch. */
static void a_replay_enters_the_switch_at_a_vf(void **state)
{
    struct fixture *f = *state;
    struct catcher c = {0};
    char path[256];
    void *pf = fixture_open(f, f->pf);
    void *vf;

    temp_name(path, sizeof(path));
    fixture_vfs(f, pf, 1);
    vf = fixture_open(f, f->vf);
    assert_int_equal(sriov_mock_capture(f->mock, f->vf, path), 0);
    for (uint32_t i = 0; i < 3; i++) {
        transmit(f, vf, i, 60 + i);
        sriov_mock_advance(f->mock, 2 * MS);
    }
    assert_int_equal(sriov_mock_capture(f->mock, f->vf, NULL), 0);
    assert_int_equal(sriov_mock_wire_sink(f->mock, f->pf, catch, &c), 0);
    assert_int_equal(sriov_mock_replay(f->mock, f->vf, path), 3);
    sriov_mock_advance(f->mock, 2 * MS);
    assert_int_equal(c.count, 2);
    assert_int_equal(c.len, 61);
    assert_int_equal(c.last[0], 1);
    assert_int_equal(sriov_mock_remove(f->mock, f->vf, false, 0), 0); /* the third dies with it */
    sriov_mock_advance(f->mock, SECOND);
    assert_int_equal(c.count, 2);
    assert_int_equal(sriov_mock_replay(f->mock, f->vf, path), -ENOENT);
    assert_int_equal(remove(path), 0);
    f->ops->close(vf);
    f->ops->close(pf);
}

/* A table from before port_tx is taken, and asked for nothing that it does not have. */
static void an_older_model_takes_no_replay_at_a_vf(void **state)
{
    struct fixture *f = *state;
    struct sriov_model_ops older = toy_model;
    struct sriov_mock *mock;
    struct fixture g = {.ops = f->ops};
    void *pf;

    older.size = offsetof(struct sriov_model_ops, port_tx);
    assert_int_equal(sriov_mock_create(NULL, &mock), 0);
    g.mock = mock;
    g.vmm = sriov_mock_ctx(mock);
    assert_int_equal(sriov_mock_add_model(mock, &older, NULL, g.pf), 0);
    pf = fixture_open(&g, g.pf);
    fixture_vfs(&g, pf, 1);
    assert_int_equal(sriov_mock_replay(mock, g.vf, "/nonexistent/x.pcap"), -EOPNOTSUPP);
    assert_int_equal(sriov_mock_replay(mock, g.pf, "/nonexistent/x.pcap"), -ENOENT);
    f->ops->close(pf);
    sriov_mock_destroy(mock);
    older.size--;
    assert_int_equal(sriov_mock_add_model(f->mock, &older, NULL, NULL), -EINVAL);
}

static void a_capture_can_be_ended_after_its_function(void **state)
{
    struct fixture *f = *state;
    char path[256];
    char error[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const u_char *bytes;
    pcap_t *file;
    void *pf = fixture_open(f, f->pf);

    temp_name(path, sizeof(path));
    assert_int_equal(sriov_mock_capture(f->mock, f->pf, path), 0);
    transmit(f, pf, 7, 60);
    assert_int_equal(sriov_mock_remove(f->mock, f->pf, false, 0), 0);
    assert_int_equal(sriov_mock_capture(f->mock, f->pf, path), -ENOENT);
    assert_int_equal(sriov_mock_capture(f->mock, f->pf, NULL), 0);
    file = pcap_open_offline(path, error);
    assert_non_null(file);
    assert_int_equal(pcap_next_ex(file, &header, &bytes), 1);
    pcap_close(file);
    assert_int_equal(sriov_mock_capture(f->mock, f->pf, NULL), -ENOENT);
    assert_int_equal(remove(path), 0);
    f->ops->close(pf);
}

static void a_broken_file_sends_nothing(void **state)
{
    struct fixture *f = *state;
    char path[256];
    void *fn = fixture_open(f, f->pf);
    FILE *file;

    temp_name(path, sizeof(path));
    assert_int_equal(sriov_mock_replay(f->mock, f->pf, "/nonexistent/x.pcap"), -ENOENT);
    assert_int_equal(sriov_mock_capture(f->mock, f->pf, path), 0);
    transmit(f, fn, 1, 60);
    assert_int_equal(sriov_mock_capture(f->mock, f->pf, NULL), 0);
    file = fopen(path, "ab");
    assert_non_null(file);
    assert_int_equal(fwrite("torn", 1, 4, file), 4);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(sriov_mock_replay(f->mock, f->pf, path), -EPROTO);
    sriov_mock_advance(f->mock, SECOND);
    assert_int_equal(fixture_rd(f, fn, TOY_RX_COUNT), 0);
    assert_int_equal(remove(path), 0);
    f->ops->close(fn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOCK_TEST(frames_reach_sink_and_port),
        MOCK_TEST(an_echo_does_not_reenter_the_model),
        MOCK_TEST(a_cable_joins_two_ports),
        MOCK_TEST(a_capture_has_nanoseconds_of_virtual_time),
        MOCK_TEST(a_replay_keeps_the_distances),
        MOCK_TEST(a_broken_file_sends_nothing),
        MOCK_TEST(a_replay_enters_the_switch_at_a_vf),
        MOCK_TEST(an_older_model_takes_no_replay_at_a_vf),
        MOCK_TEST(a_capture_can_be_ended_after_its_function),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
