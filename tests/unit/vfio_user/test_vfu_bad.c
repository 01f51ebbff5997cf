/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clients that do what no client should, beside one that works: each is refused as the specification has
 * it and logged once, the neighbour loses nothing, and no descriptor stays.
 */
#include "bed.h"

#include <sriov/log.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define REGIONS 10000u

struct street {
    struct bed *b;        /* the bad one's, on `path` */
    struct bed neighbour; /* on a socket pair */
    uint32_t lines;       /* of the log, warnings and worse */
    unsigned fds;         /* with the bad one's connection */
    char dir[64];
    char path[96];
};

static void count_line(void *arg, uint32_t level, const char *line)
{
    struct street *s = arg;

    (void)line;
    s->lines += level <= SRIOV_LOG_WARN;
}

static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(sock >= 0 && strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(connect(sock, (const struct sockaddr *)&address, sizeof(address)), 0);
    return sock;
}

/* A client of the bad one's, before its VERSION. */
static void come(struct street *s)
{
    s->b->sock = dial(s->path);
    bed_run(s->b);
}

static void open_neighbour(struct street *s)
{
    struct bed *n = &s->neighbour;
    char name[SRIOV_NAME_MAX];

    n->server = s->b->server;
    n->f = s->b->f;
    n->rx.buf = n->in;
    n->tx.buf = n->out;
    assert_int_equal(sriov_mock_vf_name(n->f->mock, n->f->pf, 1, name), 0);
    assert_int_equal(sriov_fn_open(sriov_mock_vmm(n->f->mock), name, NULL, &n->vf), 0);
    bed_export(n, 0, 0);
    bed_connect(n);
    bed_hello(n);
    bed_wr32(n, TOY_SCRATCH, 0x900d);
}

static int setup(void **state)
{
    struct street *s = calloc(1, sizeof(*s));
    struct sriov_vfu_device_opts opts = {.size = sizeof(opts)};

    assert_non_null(s);
    s->b = bed_make();
    snprintf(s->dir, sizeof(s->dir), "/tmp/sriov-bad-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    snprintf(s->path, sizeof(s->path), "%s/vf0.sock", s->dir);
    opts.path = s->path;
    assert_int_equal(sriov_vfu_device_add(s->b->server, s->b->vf, &opts, &s->b->device), 0);
    open_neighbour(s);
    sriov_log_set_sink(sriov_mock_vmm(s->b->f->mock), count_line, s);
    come(s);
    s->fds = bed_fds();
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct street *s = *state;
    void *bed = s->b;

    bed_hang_up(&s->neighbour);
    sriov_vfu_device_del(s->neighbour.device);
    assert_int_equal(sriov_fn_close(s->neighbour.vf), 0);
    sriov_log_set_sink(sriov_mock_vmm(s->b->f->mock), NULL, NULL);
    assert_int_equal(bed_teardown(&bed), 0);
    assert_int_equal(rmdir(s->dir), 0);
    free(s);
    return 0;
}

/* What the bad one did is over; `lines` were said about it. */
static void all_is_well(struct street *s, uint32_t lines)
{
    assert_int_equal(s->lines, lines);
    assert_int_equal(bed_rd32(&s->neighbour, TOY_SCRATCH), 0x900d);
    assert_int_equal(bed_counts(&s->neighbour).refused, 0);
    fixture_expect_none(s->b->f);
}

/* It was cut off, and the next one is served. */
static void next_is_served(struct street *s)
{
    bed_closed(s->b);
    come(s);
    bed_hello(s->b);
    assert_int_equal(bed_fds(), s->fds);
}

static void another_version(void **state)
{
    static const struct vfu_version versions[] = {{.major = 1}, {.major = UINT16_MAX, .minor = UINT16_MAX}};
    struct street *s = *state;

    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(bed_ask(s->b, VFU_VERSION, &versions[i], sizeof(versions[i]), NULL, 0),
                         -EPROTONOSUPPORT);
        bed_closed(s->b);
        come(s);
    }
    bed_hello(s->b);
    all_is_well(s, 2); /* connections */
}

static void a_second_client(void **state)
{
    struct street *s = *state;
    uint8_t byte;

    bed_hello(s->b);
    for (int i = 0; i < 3; i++) {
        int second = dial(s->path);

        bed_run(s->b);
        assert_int_equal(recv(second, &byte, 1, MSG_DONTWAIT), 0); /* the end of the stream */
        assert_int_equal(close(second), 0);
    }
    assert_int_equal(bed_rd32(s->b, TOY_SCRATCH), 0);
    assert_int_equal(bed_counts(s->b).turned_away, 3);
    assert_int_equal(bed_fds(), s->fds);
    all_is_well(s, 1);
}

/* At each length that a message has until it is whole; with a descriptor that came in its first byte. */
static void an_end_in_the_middle_of_a_message(void **state)
{
    struct street *s = *state;
    struct vfu_dma_map ask = {.argsz = sizeof(ask), .flags = 3, .addr = IOVA, .size = PAGE};
    struct vfu_header hdr = {.cmd = VFU_DMA_MAP};
    int fd = memfd_create("client", MFD_CLOEXEC);

    for (uint32_t cut = 1; cut < sizeof(hdr) + sizeof(ask); cut += 3) {
        bed_hello(s->b);
        assert_int_equal(vfu_tx_put(&s->b->tx, hdr, &ask, sizeof(ask), NULL, 0, &fd, 1), 0);
        s->b->tx.length = cut;
        assert_int_equal(vfu_tx_flush(&s->b->tx, s->b->sock), 1);
        bed_hang_up(s->b);
        come(s);
        assert_int_equal(bed_fds(), s->fds + 1);
    }
    assert_int_equal(close(fd), 0);
    bed_hello(s->b);
    assert_int_equal(bed_counts(s->b).broken, 0);
    all_is_well(s, 0);
}

static void ten_thousand_regions(void **state)
{
    struct street *s = *state;
    int fd = memfd_create("client", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    uint32_t taken = 0;

    assert_int_equal(ftruncate(fd, (off_t)PAGE), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    bed_hello(s->b);
    for (uint32_t i = 0; i < REGIONS; i++) {
        struct vfu_dma_map ask = {
            .argsz = sizeof(ask), .flags = 3, .addr = IOVA + 2 * PAGE * i, .size = PAGE};
        int rc;

        bed_send(s->b, VFU_DMA_MAP, 0, &ask, sizeof(ask), &fd, 1);
        rc = bed_reply(s->b, NULL, 0);
        assert_true(rc == 0 || (rc == -ENOSPC && i >= SRIOV_VFU_MAPS_DEFAULT));
        taken += rc == 0;
    }
    assert_int_equal(taken, SRIOV_VFU_MAPS_DEFAULT);
    assert_int_equal(bed_counts(s->b).maps, taken);
    assert_int_equal(bed_counts(s->b).refused, REGIONS - taken);
    assert_int_equal(close(fd), 0);
    assert_int_equal(bed_fds(), s->fds);
    bed_hang_up(s->b);
    assert_int_equal(bed_counts(s->b).maps, 0);
    all_is_well(s, 1);
}

static void overlapping_and_absurd_addresses(void **state)
{
    static const struct {
        uint64_t addr;
        uint64_t size;
        uint64_t offset;
        int want;
    } asks[] = {
        {IOVA, 2 * PAGE, 0, 0},
        {IOVA, 2 * PAGE, 0, -EEXIST},
        {IOVA + PAGE, 2 * PAGE, 0, -EEXIST},
        {IOVA - PAGE, 4 * PAGE, 0, -EEXIST},
        {IOVA + 8 * PAGE, 0, 0, -EINVAL},
        {IOVA + 8 * PAGE + 1, PAGE, 0, -EINVAL},
        {IOVA + 8 * PAGE, PAGE - 1, 0, -EINVAL},
        {UINT64_MAX - PAGE + 1, 2 * PAGE, 0, -EINVAL},
        {IOVA + 8 * PAGE, PAGE, UINT64_MAX - PAGE + 1, -EINVAL},
        {IOVA + 8 * PAGE, 5 * PAGE, 0, -EINVAL},            /* more than the file has */
        {UINT64_C(1) << 62, PAGE, 0, -ERANGE},              /* beyond the device's reach */
        {IOVA + 8 * PAGE, (UINT64_C(1) << 62), 0, -ENOSPC}, /* beyond what a client may have */
    };
    struct street *s = *state;
    int fd = memfd_create("client", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    assert_int_equal(ftruncate(fd, (off_t)(4 * PAGE)), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    bed_hello(s->b);
    for (uint32_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        struct vfu_dma_map ask = {.argsz = sizeof(ask),
                                  .flags = 3,
                                  .addr = asks[i].addr,
                                  .size = asks[i].size,
                                  .offset = asks[i].offset};

        bed_send(s->b, VFU_DMA_MAP, 0, &ask, sizeof(ask), &fd, 1);
        assert_int_equal(bed_reply(s->b, NULL, 0), asks[i].want);
    }
    assert_int_equal(bed_counts(s->b).maps, 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(bed_fds(), s->fds);
    all_is_well(s, 1);
}

/* With every command, those with none, one and many of their own. */
static void descriptors_that_it_should_not_send(void **state)
{
    struct street *s = *state;
    uint8_t zero[64] = {0};
    int fds[VFU_FDS_MAX];

    for (uint32_t i = 0; i < VFU_FDS_MAX; i++) {
        fds[i] = s->b->sock;
    }
    bed_hello(s->b);
    for (uint32_t cmd = 0; cmd < 20; cmd++) {
        bed_send(s->b, cmd, 0, zero, sizeof(zero), fds, VFU_FDS_MAX);
        assert_true(bed_reply(s->b, NULL, 0) < 0);
        assert_int_equal(bed_fds(), s->fds);
    }
    all_is_well(s, 1);
}

/* More than any message may have: nobody knows what else is in the stream. */
static void more_descriptors_than_a_message_has(void **state)
{
    struct street *s = *state;
    struct vfu_header hdr = {.cmd = VFU_DEVICE_RESET, .size = sizeof(hdr)};
    struct iovec iov = {.iov_base = &hdr, .iov_len = sizeof(hdr)};
    union {
        struct cmsghdr head;
        uint8_t bytes[CMSG_SPACE(sizeof(int) * 64)];
    } control = {{0}};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};

    control.head = (struct cmsghdr){
        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int) * 64)};
    for (uint32_t i = 0; i < 64; i++) {
        memcpy(CMSG_DATA(&control.head) + i * sizeof(int), &s->b->sock, sizeof(int));
    }
    bed_hello(s->b);
    assert_int_equal(sendmsg(s->b->sock, &msg, 0), sizeof(hdr));
    next_is_served(s);
    assert_int_equal(bed_counts(s->b).broken, 1);
    all_is_well(s, 1);
}

static void what_is_no_eventfd(void **state)
{
    struct street *s = *state;
    struct vfu_irq_set set = {.argsz = sizeof(set),
                              .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
                              .index = VFIO_PCI_MSIX_IRQ_INDEX,
                              .count = 1};
    int ends[2];
    int memory = memfd_create("client", MFD_CLOEXEC);

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    bed_hello(s->b);
    for (uint32_t i = 0; i < 3; i++) {
        const int fds[] = {memory, ends[0], ends[1]};

        bed_send(s->b, VFU_DEVICE_SET_IRQS, 0, &set, sizeof(set), &fds[i], 1);
        assert_int_equal(bed_reply(s->b, NULL, 0), -EINVAL);
    }
    assert_int_equal(close(memory) + close(ends[0]) + close(ends[1]), 0);
    assert_int_equal(bed_fds(), s->fds);
    all_is_well(s, 1);
}

static void sizes_that_no_message_has(void **state)
{
    static const uint32_t sizes[] = {0, 15, VFU_MSG_MAX + 1, UINT32_MAX};
    struct street *s = *state;

    for (uint32_t i = 0; i < 4; i++) {
        struct vfu_header hdr = {.cmd = VFU_DEVICE_RESET, .size = sizes[i]};

        if (i == 0) {
            bed_hello(s->b);
        }
        assert_int_equal(send(s->b->sock, &hdr, sizeof(hdr), 0), sizeof(hdr));
        next_is_served(s);
    }
    assert_int_equal(bed_counts(s->b).broken, 4);
    all_is_well(s, 4); /* connections */
}

/* Its path: the manager's mistake, refused before anybody could come. */
static void paths_too_long_and_in_use(void **state)
{
    struct street *s = *state;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
    struct sriov_vfu_device_opts opts = {.size = sizeof(opts), .path = path};
    struct sriov_vfu_device *device;
    struct sriov_fn *vf = s->neighbour.vf;
    unsigned fds;

    bed_hang_up(&s->neighbour);
    sriov_vfu_device_del(s->neighbour.device);
    s->neighbour.device = NULL;
    fds = bed_fds();
    memset(path, 'x', sizeof(path));
    memcpy(path, "/tmp/", 5);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(sriov_vfu_device_add(s->b->server, vf, &opts, &device), -EINVAL);
    opts.path = s->path;
    assert_int_equal(sriov_vfu_device_add(s->b->server, vf, &opts, &device), -EBUSY);
    assert_int_equal(bed_fds(), fds);
    assert_int_equal(sriov_fn_close(vf), 0);
    open_neighbour(s);
    bed_hello(s->b);
    /* The look whether somebody listens there was a client that left again. */
    assert_int_equal(bed_counts(s->b).broken, 0);
    assert_int_equal(bed_counts(s->b).turned_away, 0);
    all_is_well(s, 0);
}

#define STREET_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STREET_TEST(paths_too_long_and_in_use),
        STREET_TEST(a_second_client),
        STREET_TEST(another_version),
        STREET_TEST(an_end_in_the_middle_of_a_message),
        STREET_TEST(ten_thousand_regions),
        STREET_TEST(overlapping_and_absurd_addresses),
        STREET_TEST(descriptors_that_it_should_not_send),
        STREET_TEST(more_descriptors_than_a_message_has),
        STREET_TEST(what_is_no_eventfd),
        STREET_TEST(sizes_that_no_message_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
