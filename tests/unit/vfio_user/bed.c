/* SPDX-License-Identifier: BSD-3-Clause */
#include "bed.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned fds_before;

unsigned bed_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        n++;
    }
    assert_int_equal(closedir(dir), 0);
    return n;
}

struct bed *bed_make(void)
{
    struct bed *b = calloc(1, sizeof(*b));
    struct sriov_mock_opts opts = {0};

    assert_non_null(b);
    fds_before = bed_fds();
    b->sock = -1;
    b->rx.buf = b->in;
    b->tx.buf = b->out;
    b->f = fixture_make(&opts);
    assert_int_equal(sriov_fn_open(sriov_mock_vmm(b->f->mock), b->f->pf, NULL, &b->pf), 0);
    assert_int_equal(sriov_fn_set_vfs(b->pf, 2), 0);
    assert_int_equal(sriov_mock_vf_name(b->f->mock, b->f->pf, 0, b->f->vf), 0);
    assert_int_equal(sriov_fn_open(sriov_mock_vmm(b->f->mock), b->f->vf, NULL, &b->vf), 0);
    assert_int_equal(sriov_vfu_server_create(&b->server), 0);
    return b;
}

void bed_export(struct bed *b, uint32_t flags, uint32_t max_maps)
{
    struct sriov_vfu_device_opts opts = {.size = sizeof(opts), .flags = flags, .max_maps = max_maps};

    assert_int_equal(sriov_vfu_device_add(b->server, b->vf, &opts, &b->device), 0);
}

void bed_connect(struct bed *b)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(sriov_vfu_device_adopt(b->device, pair[1]), 0);
    b->sock = pair[0];
}

void bed_hello(struct bed *b)
{
    const struct vfu_version version = {.major = VFU_MAJOR, .minor = 0};
    struct vfu_version answer;

    assert_true(bed_ask(b, VFU_VERSION, &version, sizeof(version), &answer, sizeof(answer)) > 4);
    assert_int_equal(answer.major, VFU_MAJOR);
    assert_int_equal(answer.minor, 0);
}

void bed_hang_up(struct bed *b)
{
    assert_int_equal(close(b->sock), 0);
    b->sock = -1;
    vfu_rx_next(&b->rx);
    bed_run(b);
}

int bed_setup(void **state)
{
    struct bed *b = bed_make();

    bed_export(b, 0, 0);
    bed_connect(b);
    bed_hello(b);
    *state = b;
    return 0;
}

int bed_teardown(void **state)
{
    struct bed *b = *state;
    void *fixture = b->f;

    if (b->sock >= 0) {
        assert_int_equal(close(b->sock), 0);
    }
    vfu_rx_next(&b->rx);
    sriov_vfu_server_destroy(b->server);
    assert_int_equal(sriov_fn_close(b->vf), 0);
    assert_int_equal(sriov_fn_set_vfs(b->pf, 0), 0);
    assert_int_equal(sriov_fn_close(b->pf), 0);
    assert_int_equal(fixture_teardown(&fixture), 0);
    free(b);
    assert_int_equal(bed_fds(), fds_before);
    return 0;
}

void bed_run(struct bed *b)
{
    /* A step that does no message may have let a client in. */
    for (unsigned idle = 0; idle < 2;) {
        int rc = sriov_vfu_server_step(b->server);

        assert_true(rc >= 0);
        idle = rc > 0 ? 0 : idle + 1;
    }
}

void bed_send(struct bed *b, uint32_t cmd, uint32_t flags, const void *payload, uint32_t length,
              const int *fds, uint32_t num_fds)
{
    struct vfu_header hdr = {.id = ++b->next_id, .cmd = (uint16_t)cmd, .flags = flags};

    assert_int_equal(vfu_tx_put(&b->tx, hdr, payload, length, NULL, 0, fds, num_fds), 0);
    assert_int_equal(vfu_tx_flush(&b->tx, b->sock), 1);
}

int bed_reply(struct bed *b, void *out, uint32_t room)
{
    struct vfu_header hdr;
    uint32_t length;

    bed_run(b);
    vfu_rx_next(&b->rx);
    assert_int_equal(vfu_rx_step(&b->rx, b->sock), 1);
    hdr = vfu_rx_header(&b->rx);
    assert_int_equal(hdr.id, b->next_id);
    assert_int_equal(hdr.cmd, vfu_rx_header(&(struct vfu_rx){.buf = b->out}).cmd);
    assert_int_equal(hdr.flags & VFU_F_TYPE, VFU_F_REPLY);
    length = vfu_rx_length(&b->rx);
    if ((hdr.flags & VFU_F_ERROR) != 0) {
        assert_int_equal(length, 0);
        assert_true(hdr.error > 0);
        return -(int)hdr.error;
    }
    if (out != NULL) {
        memcpy(out, vfu_rx_payload(&b->rx), length < room ? length : room);
    }
    return (int)length;
}

int bed_ask(struct bed *b, uint32_t cmd, const void *payload, uint32_t length, void *out, uint32_t room)
{
    bed_send(b, cmd, 0, payload, length, NULL, 0);
    return bed_reply(b, out, room);
}

void bed_silent(struct bed *b)
{
    bed_run(b);
    vfu_rx_next(&b->rx);
    assert_int_equal(vfu_rx_step(&b->rx, b->sock), 0);
    assert_true(sriov_vfu_device_connected(b->device));
}

void bed_closed(struct bed *b)
{
    bed_run(b);
    vfu_rx_next(&b->rx);
    assert_int_equal(vfu_rx_step(&b->rx, b->sock), -ENODEV);
    assert_false(sriov_vfu_device_connected(b->device));
    assert_int_equal(close(b->sock), 0);
    b->sock = -1;
}

int bed_write(struct bed *b, uint32_t region, uint64_t off, const void *data, uint32_t count)
{
    struct vfu_region_access at = {.offset = off, .region = region, .count = count};
    struct vfu_header hdr = {.id = ++b->next_id, .cmd = VFU_REGION_WRITE};
    struct vfu_region_access answer;
    int rc;

    assert_int_equal(vfu_tx_put(&b->tx, hdr, &at, sizeof(at), data, count, NULL, 0), 0);
    assert_int_equal(vfu_tx_flush(&b->tx, b->sock), 1);
    rc = bed_reply(b, &answer, sizeof(answer));
    if (rc >= 0) {
        assert_int_equal(rc, sizeof(answer));
        assert_memory_equal(&answer, &at, sizeof(at));
    }
    return rc < 0 ? rc : 0;
}

int bed_read(struct bed *b, uint32_t region, uint64_t off, void *data, uint32_t count)
{
    struct vfu_region_access at = {.offset = off, .region = region, .count = count};
    int rc = bed_ask(b, VFU_REGION_READ, &at, sizeof(at), NULL, 0);

    if (rc >= 0) {
        assert_int_equal(rc, sizeof(at) + count);
        assert_memory_equal(vfu_rx_payload(&b->rx), &at, sizeof(at));
        memcpy(data, vfu_rx_payload(&b->rx) + sizeof(at), count);
    }
    return rc < 0 ? rc : 0;
}

void bed_wr32(struct bed *b, uint64_t off, uint32_t value)
{
    assert_int_equal(bed_write(b, TOY_BAR, off, &value, sizeof(value)), 0);
}

uint32_t bed_rd32(struct bed *b, uint64_t off)
{
    uint32_t value = 0;

    assert_int_equal(bed_read(b, TOY_BAR, off, &value, sizeof(value)), 0);
    return value;
}

struct sriov_vfu_counts bed_counts(const struct bed *b)
{
    struct sriov_vfu_counts counts = {.size = sizeof(counts)};

    assert_int_equal(sriov_vfu_device_counts(b->device, &counts), 0);
    return counts;
}
