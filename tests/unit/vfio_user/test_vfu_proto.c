/* SPDX-License-Identifier: BSD-3-Clause */
/* Framing over a socket pair, and the VERSION message's text. */
#include "bed.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct pipe2 {
    int a;
    int b;
    struct vfu_rx rx;
    struct vfu_tx tx;
    unsigned fds;
};

static int setup(void **state)
{
    struct pipe2 *p = calloc(1, sizeof(*p));
    int pair[2];

    assert_non_null(p);
    p->fds = bed_fds();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    p->a = pair[0];
    p->b = pair[1];
    p->rx.buf = malloc(VFU_MSG_MAX);
    p->tx.buf = malloc(VFU_MSG_MAX);
    assert_true(p->rx.buf != NULL && p->tx.buf != NULL);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct pipe2 *p = *state;
    unsigned fds = p->fds;

    vfu_rx_next(&p->rx);
    if (p->a >= 0) {
        close(p->a);
    }
    close(p->b);
    free(p->rx.buf);
    free(p->tx.buf);
    free(p);
    assert_int_equal(bed_fds(), fds);
    return 0;
}

static void put(struct pipe2 *p, uint16_t id, const void *payload, uint32_t length, const int *fds,
                uint32_t n)
{
    struct vfu_header hdr = {.id = id, .cmd = VFU_REGION_READ};

    assert_int_equal(vfu_tx_put(&p->tx, hdr, payload, length, NULL, 0, fds, n), 0);
    assert_int_equal(vfu_tx_flush(&p->tx, p->a), 1);
}

static void a_message_comes_whole_whatever_the_pieces(void **state)
{
    struct pipe2 *p = *state;
    struct vfu_header hdr = {.id = 7, .cmd = VFU_DMA_MAP, .size = 16 + 5, .flags = VFU_F_NO_REPLY};
    uint8_t bytes[21];
    char text[5];

    memcpy(bytes, &hdr, 16);
    memcpy(bytes + 16, "hello", 5);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        assert_int_equal(vfu_rx_step(&p->rx, p->b), 0);
        assert_int_equal(write(p->a, &bytes[i], 1), 1);
    }
    assert_int_equal(vfu_rx_step(&p->rx, p->b), 1);
    assert_int_equal(vfu_rx_step(&p->rx, p->b), 1);
    assert_int_equal(vfu_rx_length(&p->rx), 5);
    assert_int_equal(vfu_rx_get(&p->rx, text, 5), 0);
    assert_memory_equal(text, "hello", 5);
    assert_int_equal(vfu_rx_get(&p->rx, text, 6), -EINVAL);
    assert_int_equal(vfu_rx_header(&p->rx).id, 7);
    assert_int_equal(vfu_rx_header(&p->rx).flags, VFU_F_NO_REPLY);
}

static void descriptors_belong_to_their_message(void **state)
{
    struct pipe2 *p = *state;
    int fds[2] = {eventfd(3, 0), eventfd(4, 0)};
    unsigned before = bed_fds();
    uint64_t value = 0;
    int fd;

    put(p, 1, "x", 1, fds, 2);
    put(p, 2, "y", 1, fds, 1);
    put(p, 3, NULL, 0, NULL, 0);
    assert_int_equal(vfu_rx_step(&p->rx, p->b), 1);
    assert_int_equal(vfu_rx_header(&p->rx).id, 1);
    assert_int_equal(p->rx.num_fds, 2);
    fd = vfu_rx_take_fd(&p->rx, 1);
    assert_int_equal(read(fd, &value, sizeof(value)), sizeof(value));
    assert_int_equal(value, 4);
    assert_int_equal(vfu_rx_take_fd(&p->rx, 1), -1);
    assert_int_equal(vfu_rx_take_fd(&p->rx, 2), -1);
    vfu_rx_next(&p->rx);
    assert_int_equal(bed_fds(), before + 1); /* the one that was taken */
    close(fd);
    assert_int_equal(vfu_rx_step(&p->rx, p->b), 1);
    assert_int_equal(p->rx.num_fds, 1);
    vfu_rx_next(&p->rx);
    assert_int_equal(vfu_rx_step(&p->rx, p->b), 1);
    assert_int_equal(p->rx.num_fds, 0);
    assert_int_equal(vfu_rx_length(&p->rx), 0);
    close(fds[0]);
    close(fds[1]);
}

/* Around the sender's own bound. */
static void send_many(int sock, int fd, unsigned n, uint32_t size)
{
    struct vfu_header hdr = {.cmd = VFU_DEVICE_SET_IRQS, .size = size};
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(int) * 64)];
    } control = {0};
    struct iovec iov = {.iov_base = &hdr, .iov_len = sizeof(hdr)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = CMSG_SPACE(sizeof(int) * n)};

    CMSG_FIRSTHDR(&msg)->cmsg_level = SOL_SOCKET;
    CMSG_FIRSTHDR(&msg)->cmsg_type = SCM_RIGHTS;
    CMSG_FIRSTHDR(&msg)->cmsg_len = CMSG_LEN(sizeof(int) * n);
    for (unsigned i = 0; i < n; i++) {
        memcpy(control.bytes + CMSG_LEN(0) + i * sizeof(int), &fd, sizeof(fd));
    }
    assert_int_equal(sendmsg(sock, &msg, 0), sizeof(hdr));
}

static void too_many_descriptors_are_a_breach_and_none_stays(void **state)
{
    static const unsigned counts[] = {VFU_FDS_MAX + 1, VFU_FDS_MAX + 2, 64};

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct pipe2 *p = *state;
        unsigned before = bed_fds();

        send_many(p->a, p->b, counts[i], 16);
        assert_int_equal(vfu_rx_step(&p->rx, p->b), -EPROTO);
        vfu_rx_next(&p->rx);
        assert_int_equal(bed_fds(), before);
    }
}

static void too_many_in_two_parts_of_a_message_are_one_too(void **state)
{
    struct pipe2 *p = *state;

    send_many(p->a, p->b, VFU_FDS_MAX, 32);
    assert_int_equal(vfu_rx_step(&p->rx, p->b), 0);
    assert_int_equal(p->rx.num_fds, VFU_FDS_MAX);
    send_many(p->a, p->b, 1, 16);
    assert_int_equal(vfu_rx_step(&p->rx, p->b), -EPROTO);
}

static void sizes_that_no_message_has_are_a_breach(void **state)
{
    static const uint32_t sizes[] = {0, 1, 15, VFU_MSG_MAX + 1, 0x80000000u, UINT32_MAX};
    struct pipe2 *p = *state;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct vfu_header hdr = {.size = sizes[i]};

        assert_int_equal(write(p->a, &hdr, sizeof(hdr)), sizeof(hdr));
        assert_int_equal(vfu_rx_step(&p->rx, p->b), -EPROTO);
        vfu_rx_next(&p->rx);
    }
}

static void a_peer_that_leaves_in_the_middle_is_gone(void **state)
{
    struct pipe2 *p = *state;
    struct vfu_header hdr = {.size = 20};

    assert_int_equal(write(p->a, &hdr, sizeof(hdr)), sizeof(hdr));
    assert_int_equal(vfu_rx_step(&p->rx, p->b), 0);
    close(p->a);
    p->a = -1;
    assert_int_equal(vfu_rx_step(&p->rx, p->b), -ENODEV);
}

static void what_does_not_fit_the_socket_goes_later(void **state)
{
    struct pipe2 *p = *state;
    uint8_t *bytes = calloc(1, VFU_PAYLOAD_MAX);
    struct vfu_header hdr = {.id = 9};
    int room = 4096;
    int rc;

    assert_int_equal(setsockopt(p->a, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
    bytes[VFU_PAYLOAD_MAX - 1] = 0x5a;
    assert_int_equal(vfu_tx_put(&p->tx, hdr, bytes, VFU_PAYLOAD_MAX, bytes, 1, NULL, 0), -E2BIG);
    assert_int_equal(vfu_tx_put(&p->tx, hdr, NULL, 0, NULL, 0, NULL, VFU_FDS_MAX + 1), -E2BIG);
    assert_int_equal(
        vfu_tx_put(&p->tx, hdr, bytes, VFU_PAYLOAD_MAX - 7, bytes + VFU_PAYLOAD_MAX - 7, 7, NULL, 0), 0);
    assert_int_equal(vfu_tx_flush(&p->tx, p->a), 0);
    assert_int_equal(vfu_tx_put(&p->tx, hdr, NULL, 0, NULL, 0, NULL, 0), -EBUSY);
    do {
        rc = vfu_rx_step(&p->rx, p->b);
        assert_true(rc >= 0);
        assert_true(vfu_tx_flush(&p->tx, p->a) >= 0);
    } while (rc == 0);
    assert_int_equal(vfu_rx_length(&p->rx), VFU_PAYLOAD_MAX);
    assert_memory_equal(vfu_rx_payload(&p->rx), bytes, VFU_PAYLOAD_MAX);
    free(bytes);
}

static void nobody_to_send_to_is_no_signal(void **state)
{
    struct pipe2 *p = *state;
    struct vfu_header hdr = {.id = 9};

    close(p->b);
    p->b = dup(p->a); /* for teardown */
    assert_int_equal(vfu_tx_put(&p->tx, hdr, NULL, 0, NULL, 0, NULL, 0), 0);
    assert_int_equal(vfu_tx_flush(&p->tx, p->a), -ENODEV);
}

static void a_version_reads_back_as_written(void **state)
{
    const struct vfu_version version = {.major = 0, .minor = 1};
    const struct vfu_caps caps = {
        .max_msg_fds = 8, .max_data_xfer_size = 1048576, .max_dma_maps = 65535, .pgsizes = 4096};
    struct vfu_version v;
    struct vfu_caps c;
    uint8_t out[256];
    int n = vfu_version_write(&version, &caps, out, sizeof(out));

    (void)state;
    assert_true(n > 4);
    assert_int_equal(vfu_version_read(out, (uint32_t)n, &v, &c), 0);
    assert_memory_equal(&v, &version, sizeof(v));
    assert_memory_equal(&c, &caps, sizeof(c));
    assert_int_equal(vfu_version_write(&version, &caps, out, (uint32_t)n - 1), -E2BIG);
    assert_int_equal(vfu_version_write(&version, &caps, out, 3), -E2BIG);
}

static int read_text(const char *text, uint32_t length, struct vfu_caps *caps)
{
    struct vfu_version v;
    uint8_t payload[256] = {0};

    memcpy(payload + 4, text, length);
    return vfu_version_read(payload, 4 + length, &v, caps);
}

static void what_is_not_said_is_the_default(void **state)
{
    static const char *const texts[] = {"{}", "{\"capabilities\":{}}", "{\"other\":3}",
                                        "{\"capabilities\":{\"twin_socket\":{\"supported\":true}}}"};
    struct vfu_caps caps;

    (void)state;
    assert_int_equal(read_text("", 0, &caps), 0);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(read_text(texts[i], (uint32_t)strlen(texts[i]) + 1, &caps), 0);
        assert_int_equal(caps.max_msg_fds, VFU_DEFAULT_FDS);
        assert_int_equal(caps.max_data_xfer_size, VFU_DEFAULT_XFER);
        assert_int_equal(caps.max_dma_maps, 0);
    }
}

static void what_is_no_version_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "3",
        "{\"capabilities\":3}",
        "{\"capabilities\":{\"max_msg_fds\":\"8\"}}",
        "{\"capabilities\":{\"max_msg_fds\":0}}",
        "{\"capabilities\":{\"max_msg_fds\":-1}}",
        "{\"capabilities\":{\"max_data_xfer_size\":1.5}}",
        "{\"capabilities\":{\"pgsizes\":99999999999999999999}}",
    };
    struct vfu_caps caps;
    struct vfu_version v;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(read_text(texts[i], (uint32_t)strlen(texts[i]) + 1, &caps), -EPROTO);
    }
    assert_int_equal(read_text("{}", 2, &caps), -EPROTO);     /* no NUL */
    assert_int_equal(read_text("{}\0{}", 6, &caps), -EPROTO); /* one before the end */
    assert_int_equal(vfu_version_read((const uint8_t *)"\0\0\0", 3, &v, &caps), -EPROTO);
}

#define PIPE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PIPE_TEST(a_message_comes_whole_whatever_the_pieces),
        PIPE_TEST(descriptors_belong_to_their_message),
        PIPE_TEST(too_many_descriptors_are_a_breach_and_none_stays),
        PIPE_TEST(too_many_in_two_parts_of_a_message_are_one_too),
        PIPE_TEST(sizes_that_no_message_has_are_a_breach),
        PIPE_TEST(a_peer_that_leaves_in_the_middle_is_gone),
        PIPE_TEST(what_does_not_fit_the_socket_goes_later),
        PIPE_TEST(nobody_to_send_to_is_no_signal),
        cmocka_unit_test(a_version_reads_back_as_written),
        cmocka_unit_test(what_is_not_said_is_the_default),
        cmocka_unit_test(what_is_no_version_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
