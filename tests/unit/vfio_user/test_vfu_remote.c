/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that a client keeps to itself: the server asks for it in the middle of a device's work. One thread
 * is both sides, so the client answers before it is asked: ids count from 0.
 */
#include "bed.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define BOTH       (VFU_DMA_F_READ | VFU_DMA_F_WRITE)
#define TIMEOUT_NS UINT64_C(1000000) /* of a client that stays silent; others never come near */
#define PATIENT_NS UINT64_C(60000000000)

static int hook_answer; /* of remote_map, where it is not 0 */

static int remote_map(void *arg, struct sriov_fn *fn, sriov_iova_t iova, uint64_t length,
                      enum sriov_dma_dir dir, const struct sriov_dma_remote *remote)
{
    return hook_answer != 0 ? hook_answer
                            : sriov_mock_dma_remote(arg, sriov_fn_info(fn)->name, iova, length, dir, remote);
}

static int remote_unmap(void *arg, struct sriov_fn *fn, sriov_iova_t iova, uint64_t length)
{
    return sriov_mock_dma_unremote(arg, sriov_fn_info(fn)->name, iova, length);
}

static void export(struct bed *b, uint64_t timeout_ns)
{
    struct sriov_vfu_device_opts opts = {.size = sizeof(opts),
                                         .remote_map = remote_map,
                                         .remote_unmap = remote_unmap,
                                         .remote_arg = b->f->mock,
                                         .remote_timeout_ns = timeout_ns};

    assert_int_equal(sriov_vfu_device_add(b->server, b->vf, &opts, &b->device), 0);
}

static int map(struct bed *b, uint64_t addr, uint64_t size, uint32_t flags)
{
    struct vfu_dma_map ask = {.argsz = sizeof(ask), .flags = flags, .addr = addr, .size = size};

    return bed_ask(b, VFU_DMA_MAP, &ask, sizeof(ask), NULL, 0);
}

static struct bed *make(uint64_t timeout_ns)
{
    struct bed *b = bed_make();

    hook_answer = 0;
    export(b, timeout_ns);
    bed_connect(b);
    bed_hello(b);
    assert_int_equal(map(b, IOVA, 2 * PAGE, BOTH), 0);
    return b;
}

static int setup(void **state)
{
    *state = make(PATIENT_NS);
    return 0;
}

static int setup_impatient(void **state)
{
    *state = make(TIMEOUT_NS);
    return 0;
}

/* ---- both sides by hand ---- */

static void place(struct bed *b, uint64_t iova, uint32_t length)
{
    bed_wr32(b, TOY_DMA_LO, (uint32_t)iova);
    bed_wr32(b, TOY_DMA_HI, (uint32_t)(iova >> 32));
    bed_wr32(b, TOY_DMA_LEN, length);
}

/* The write that sets the device to work; its reply comes after all that the device asks. */
static void start(struct bed *b, uint32_t command)
{
    struct {
        struct vfu_region_access at;
        uint32_t value;
    } write = {{.offset = TOY_DMA_CMD, .region = TOY_BAR, .count = 4}, command};

    bed_send(b, VFU_REGION_WRITE, 0, &write, sizeof(write.at) + 4, NULL, 0);
}

static void answer(struct bed *b, struct vfu_header hdr, uint64_t addr, uint64_t count, const void *data,
                   uint32_t length)
{
    const struct vfu_dma_access at = {.addr = addr, .count = count};

    hdr.flags |= VFU_F_REPLY;
    assert_int_equal(vfu_tx_put(&b->tx, hdr, &at, sizeof(at), data, length, NULL, 0), 0);
    assert_int_equal(vfu_tx_flush(&b->tx, b->sock), 1);
}

/* The next message that the server sent, which is a command. */
static struct vfu_dma_access asked(struct bed *b, uint16_t cmd, uint16_t id)
{
    struct vfu_dma_access at = {0};
    struct vfu_header hdr;

    bed_run(b);
    vfu_rx_next(&b->rx);
    assert_int_equal(vfu_rx_step(&b->rx, b->sock), 1);
    hdr = vfu_rx_header(&b->rx);
    assert_int_equal(hdr.flags, VFU_F_COMMAND);
    assert_int_equal(hdr.cmd, cmd);
    assert_int_equal(hdr.id, id);
    assert_int_equal(vfu_rx_get(&b->rx, &at, sizeof(at)), 0);
    assert_int_equal(vfu_rx_length(&b->rx), sizeof(at) + (cmd == VFU_DMA_WRITE ? at.count : 0));
    return at;
}

static void replied(struct bed *b, uint16_t cmd)
{
    vfu_rx_next(&b->rx);
    assert_int_equal(vfu_rx_step(&b->rx, b->sock), 1);
    assert_int_equal(vfu_rx_header(&b->rx).cmd, cmd);
    assert_int_equal(vfu_rx_header(&b->rx).flags, VFU_F_REPLY);
}

static void started(struct bed *b)
{
    replied(b, VFU_REGION_WRITE);
}

static void the_device_reads_by_message(void **state)
{
    struct bed *b = *state;
    struct vfu_dma_access at;
    char text[8];

    place(b, IOVA + PAGE - 3, 6);
    start(b, TOY_DMA_READ);
    answer(b, (struct vfu_header){.id = 0, .cmd = VFU_DMA_READ}, IOVA + PAGE - 3, 6, "hello", 6);
    at = asked(b, VFU_DMA_READ, 0);
    assert_int_equal(at.addr, IOVA + PAGE - 3);
    assert_int_equal(at.count, 6);
    started(b);
    assert_int_equal(bed_rd32(b, TOY_STATUS), 0);
    assert_int_equal(bed_read(b, TOY_BAR, TOY_BUFFER, text, 6), 0);
    assert_string_equal(text, "hello");
    assert_int_equal(bed_counts(b).dma_reads, 1);
    assert_int_equal(bed_counts(b).dma_writes, 0);
    assert_int_equal(bed_counts(b).bytes, 2 * PAGE);
}

static void the_device_writes_by_message(void **state)
{
    struct bed *b = *state;
    struct vfu_dma_access at;

    assert_int_equal(bed_write(b, TOY_BAR, TOY_BUFFER, "world", 6), 0);
    place(b, IOVA, 6);
    start(b, TOY_DMA_WRITE);
    answer(b, (struct vfu_header){.id = 0, .cmd = VFU_DMA_WRITE}, IOVA, 6, NULL, 0);
    at = asked(b, VFU_DMA_WRITE, 0);
    assert_int_equal(at.addr, IOVA);
    assert_string_equal((const char *)vfu_rx_payload(&b->rx) + sizeof(at), "world");
    started(b);
    assert_int_equal(bed_rd32(b, TOY_STATUS), 0);
    assert_int_equal(bed_counts(b).dma_writes, 1);
}

/* The specification's table gives the count in a reply to a write 4 bytes. */
static void a_short_reply_to_a_write_will_do(void **state)
{
    const uint32_t reply[3] = {(uint32_t)IOVA, (uint32_t)(IOVA >> 32), 4};
    struct vfu_header hdr = {.cmd = VFU_DMA_WRITE, .flags = VFU_F_REPLY};
    struct bed *b = *state;

    place(b, IOVA, 4);
    start(b, TOY_DMA_WRITE);
    assert_int_equal(vfu_tx_put(&b->tx, hdr, reply, sizeof(reply), NULL, 0, NULL, 0), 0);
    assert_int_equal(vfu_tx_flush(&b->tx, b->sock), 1);
    (void)asked(b, VFU_DMA_WRITE, 0);
    started(b);
    assert_int_equal(bed_rd32(b, TOY_STATUS), 0);
}

/* What the client can take at once is not exceeded. */
static void large_accesses_go_in_pieces(void **state)
{
    static const char json[] = "\0\0\0\0{\"capabilities\":{\"max_data_xfer_size\":100}}";
    struct bed *b = *state;

    bed_hang_up(b);
    bed_connect(b);
    assert_true(bed_ask(b, VFU_VERSION, json, sizeof(json), NULL, 0) > 0);
    assert_int_equal(map(b, IOVA, PAGE, BOTH), 0);
    place(b, IOVA, 250);
    start(b, TOY_DMA_WRITE);
    for (uint16_t i = 0; i < 3; i++) {
        answer(b, (struct vfu_header){.id = i, .cmd = VFU_DMA_WRITE}, IOVA + 100u * i, i < 2 ? 100 : 50, NULL,
               0);
    }
    for (uint16_t i = 0; i < 3; i++) {
        assert_int_equal(asked(b, VFU_DMA_WRITE, i).addr, IOVA + 100u * i);
    }
    started(b);
    assert_int_equal(bed_rd32(b, TOY_STATUS), 0);
}

static void an_error_is_an_answer(void **state)
{
    struct vfu_header hdr = {.cmd = VFU_DMA_READ, .flags = VFU_F_REPLY | VFU_F_ERROR, .error = EFAULT};
    struct bed *b = *state;

    place(b, IOVA, 4);
    start(b, TOY_DMA_READ);
    assert_int_equal(vfu_tx_put(&b->tx, hdr, NULL, 0, NULL, 0, NULL, 0), 0);
    assert_int_equal(vfu_tx_flush(&b->tx, b->sock), 1);
    (void)asked(b, VFU_DMA_READ, 0);
    started(b);
    assert_int_equal(bed_rd32(b, TOY_STATUS), 1);
    assert_int_equal(bed_counts(b).broken, 0);
    fixture_expect_none(b->f);
}

/* Nor does the device get what is not mapped, and nobody is asked for it. */
static void the_iommu_is_as_strict_as_ever(void **state)
{
    struct bed *b = *state;

    assert_int_equal(map(b, IOVA + 4 * PAGE, PAGE, VFU_DMA_F_READ), 0);
    place(b, IOVA + 4 * PAGE, 4);
    bed_wr32(b, TOY_DMA_CMD, TOY_DMA_WRITE);
    assert_int_equal(bed_rd32(b, TOY_STATUS), 1);
    fixture_expect(b->f, SRIOV_VIOLATION_IOMMU_DIRECTION);
    place(b, IOVA + 2 * PAGE, 4);
    bed_wr32(b, TOY_DMA_CMD, TOY_DMA_READ);
    assert_int_equal(bed_rd32(b, TOY_STATUS), 1);
    fixture_expect(b->f, SRIOV_VIOLATION_IOMMU_UNMAPPED);
    assert_int_equal(bed_counts(b).dma_reads, 0);
}

/* ---- what comes meanwhile ---- */

static void commands_meanwhile_are_done_afterwards(void **state)
{
    struct vfu_irq_set set = {.argsz = sizeof(set),
                              .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
                              .index = VFIO_PCI_MSIX_IRQ_INDEX,
                              .count = 1};
    struct vfu_region_access at = {.offset = TOY_STATUS, .region = TOY_BAR, .count = 4};
    struct bed *b = *state;
    unsigned fds = bed_fds();
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    uint64_t rung = 0;

    place(b, IOVA, 4);
    start(b, TOY_DMA_READ);
    bed_send(b, VFU_DEVICE_SET_IRQS, 0, &set, sizeof(set), &fd, 1);
    bed_send(b, VFU_REGION_READ, 0, &at, sizeof(at), NULL, 0);
    answer(b, (struct vfu_header){.id = 0, .cmd = VFU_DMA_READ}, IOVA, 4, "abc", 4);
    (void)asked(b, VFU_DMA_READ, 0);
    started(b);
    replied(b, VFU_DEVICE_SET_IRQS);
    replied(b, VFU_REGION_READ);
    assert_int_equal(bed_fds(), fds + 2); /* ours and the server's */
    bed_wr32(b, TOY_IRQ, 0);
    sriov_mock_advance(b->f->mock, 1000);
    assert_int_equal(read(fd, &rung, sizeof(rung)), sizeof(rung));
    assert_int_equal(close(fd), 0);
    bed_hang_up(b);
}

/* Asked by a timer of the device's: the client that waits for a reply sends nothing more that would wake us.
 */
static void commands_between_messages_are_done(void **state)
{
    struct vfu_region_access at = {.offset = TOY_STATUS, .region = TOY_BAR, .count = 4};
    struct bed *b = *state;
    struct sriov_bar regs;

    place(b, IOVA, 4);
    assert_int_equal(sriov_bar_open(b->vf, TOY_BAR, 1, &regs), 0);
    bed_send(b, VFU_REGION_READ, 0, &at, sizeof(at), NULL, 0);
    answer(b, (struct vfu_header){.id = 0, .cmd = VFU_DMA_READ}, IOVA, 4, "abc", 4);
    assert_int_equal(sriov_bar_write(&regs, TOY_DMA_CMD, 4, TOY_DMA_READ), 0);
    sriov_bar_close(&regs);
    (void)asked(b, VFU_DMA_READ, 0);
    replied(b, VFU_REGION_READ);
}

/* Descriptors, above all, are not heaped up; and the client that does it is no longer waited for. */
static void too_many_commands_meanwhile_are_a_breach(void **state)
{
    struct vfu_irq_set set = {.argsz = sizeof(set),
                              .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
                              .index = VFIO_PCI_MSIX_IRQ_INDEX,
                              .count = 1};
    struct bed *b = *state;
    unsigned fds = bed_fds();
    int many[VFU_FDS_MAX];

    for (uint32_t i = 0; i < VFU_FDS_MAX; i++) {
        many[i] = b->sock;
    }
    place(b, IOVA, 4);
    start(b, TOY_DMA_READ);
    for (uint32_t i = 0; i < 17; i++) {
        bed_send(b, VFU_DEVICE_SET_IRQS, 0, &set, sizeof(set), many, VFU_FDS_MAX);
    }
    bed_run(b);
    assert_false(sriov_vfu_device_connected(b->device));
    assert_int_equal(bed_counts(b).broken, 1);
    assert_int_equal(close(b->sock), 0);
    b->sock = -1;
    assert_int_equal(bed_fds(), fds - 2);
}

/* ---- clients that are lost ---- */

/* The next one is served as if nothing had been. */
static void next_client_is_served(struct bed *b)
{
    bed_run(b);
    assert_false(sriov_vfu_device_connected(b->device));
    if (b->sock >= 0) {
        assert_int_equal(close(b->sock), 0);
    }
    vfu_rx_next(&b->rx);
    assert_int_equal(bed_counts(b).maps, 0);
    bed_connect(b);
    bed_hello(b);
    assert_int_equal(bed_rd32(b, TOY_SCRATCH), 0);
    assert_int_equal(map(b, IOVA, PAGE, BOTH), 0);
}

static void one_that_stays_silent_is_cut_off(void **state)
{
    struct bed *b = *state;

    place(b, IOVA, 4);
    start(b, TOY_DMA_READ);
    next_client_is_served(b);
    assert_int_equal(bed_counts(b).broken, 1);
}

static void one_that_leaves_is_forgotten(void **state)
{
    struct bed *b = *state;

    place(b, IOVA, 4);
    start(b, TOY_DMA_WRITE);
    assert_int_equal(close(b->sock), 0);
    b->sock = -1;
    next_client_is_served(b);
    assert_int_equal(bed_counts(b).broken, 0);
}

static void one_that_leaves_in_its_answer_is_forgotten(void **state)
{
    struct bed *b = *state;

    place(b, IOVA, 4);
    start(b, TOY_DMA_READ);
    assert_int_equal(write(b->sock, "\0\0\13", 3), 3);
    assert_int_equal(close(b->sock), 0);
    b->sock = -1;
    next_client_is_served(b);
}

static void wrong_answers_are_a_breach(void **state)
{
    static const struct {
        struct vfu_header hdr;
        uint64_t addr;
        uint64_t count;
        uint32_t length;
    } wrong[] = {
        {{.id = 1, .cmd = VFU_DMA_READ}, IOVA, 4, 4},
        {{.id = 0, .cmd = VFU_DMA_WRITE}, IOVA, 4, 4},
        {{.id = 0, .cmd = VFU_DMA_READ}, IOVA + 4, 4, 4},
        {{.id = 0, .cmd = VFU_DMA_READ}, IOVA, 8, 8},
        {{.id = 0, .cmd = VFU_DMA_READ}, IOVA, 4, 3},
        {{.id = 0, .cmd = VFU_DMA_READ}, IOVA, 4, 5},
        {{.id = 0, .cmd = VFU_DMA_READ}, IOVA, 4, 0},
        {{.id = 0, .cmd = VFU_DMA_READ, .flags = 2}, IOVA, 4, 4}, /* neither command nor reply */
    };
    struct bed *b = *state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        place(b, IOVA, 4);
        start(b, TOY_DMA_READ);
        answer(b, wrong[i].hdr, wrong[i].addr, wrong[i].count, "12345678", wrong[i].length);
        next_client_is_served(b);
        assert_int_equal(bed_counts(b).broken, i + 1);
    }
}

/* As from a timer of the device's, outside of any message. */
static void a_loss_between_messages_is_seen(void **state)
{
    struct bed *b = *state;
    struct sriov_bar regs;

    place(b, IOVA, 4);
    assert_int_equal(sriov_bar_open(b->vf, TOY_BAR, 1, &regs), 0);
    assert_int_equal(shutdown(b->sock, SHUT_WR), 0);
    assert_int_equal(sriov_bar_write(&regs, TOY_DMA_CMD, 4, TOY_DMA_READ), 0);
    assert_true(sriov_vfu_device_connected(b->device)); /* not torn down in the device's own course */
    sriov_bar_close(&regs);
    next_client_is_served(b);
}

/* ---- the hook ---- */

static void the_hooks_refusal_is_the_answer(void **state)
{
    struct bed *b = *state;

    hook_answer = -ERANGE;
    assert_int_equal(map(b, IOVA + 8 * PAGE, PAGE, BOTH), -ERANGE);
    hook_answer = 0;
    assert_int_equal(bed_counts(b).maps, 1);
    assert_int_equal(map(b, IOVA + PAGE, PAGE, BOTH), -EEXIST);
}

static void half_a_hook_is_refused(void **state)
{
    struct bed *b = *state;
    struct sriov_vfu_device_opts opts = {.size = sizeof(opts), .remote_map = remote_map};

    bed_hang_up(b);
    sriov_vfu_device_del(b->device);
    assert_int_equal(sriov_vfu_device_add(b->server, b->vf, &opts, &b->device), -EINVAL);
    /* A caller from before there were hooks. */
    opts = (struct sriov_vfu_device_opts){.size = offsetof(struct sriov_vfu_device_opts, remote_map)};
    assert_int_equal(sriov_vfu_device_add(b->server, b->vf, &opts, &b->device), 0);
}

#define REMOTE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, bed_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REMOTE_TEST(the_device_reads_by_message),
        REMOTE_TEST(the_device_writes_by_message),
        REMOTE_TEST(a_short_reply_to_a_write_will_do),
        REMOTE_TEST(large_accesses_go_in_pieces),
        REMOTE_TEST(an_error_is_an_answer),
        REMOTE_TEST(the_iommu_is_as_strict_as_ever),
        REMOTE_TEST(commands_meanwhile_are_done_afterwards),
        REMOTE_TEST(commands_between_messages_are_done),
        REMOTE_TEST(too_many_commands_meanwhile_are_a_breach),
        cmocka_unit_test_setup_teardown(one_that_stays_silent_is_cut_off, setup_impatient, bed_teardown),
        REMOTE_TEST(one_that_leaves_is_forgotten),
        REMOTE_TEST(one_that_leaves_in_its_answer_is_forgotten),
        REMOTE_TEST(wrong_answers_are_a_breach),
        REMOTE_TEST(a_loss_between_messages_is_seen),
        REMOTE_TEST(the_hooks_refusal_is_the_answer),
        REMOTE_TEST(half_a_hook_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
