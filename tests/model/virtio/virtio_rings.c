/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames and questions through the rings of the virtio-net model, and what it does with wrong ones. */
#include "virtio_rig.h"

#include <string.h>

#define BASE  (VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_NET_F_MAC)
#define CTRL  (BASE | VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_MQ)
#define NEXT  VIRTQ_DESC_F_NEXT
#define WRITE VIRTQ_DESC_F_WRITE
#define FRAME 100u

static void fill(uint8_t *at, uint32_t len, uint8_t seed)
{
    for (uint32_t i = 0; i < len; i++) {
        at[i] = (uint8_t)(seed + i);
    }
}

/* Header and frame in one piece, apart, or in many: the device may not care (2.7.4). */
static void frames_go_out_of_any_chain(void **state)
{
    struct rig r;
    (void)state;
    rig_make(&r, NULL);
    rig_run(&r, BASE);
    for (uint16_t pieces = 1; pieces <= 4; pieces++) {
        uint8_t wanted[FRAME];
        uint8_t flat[FRAME + VIRTIO_NET_HDR_SIZE] = {0};
        uint32_t each = sizeof(flat) / pieces;
        fill(wanted, FRAME, (uint8_t)pieces);
        memcpy(flat + VIRTIO_NET_HDR_SIZE, wanted, FRAME);
        for (uint16_t i = 0; i < pieces; i++) {
            bool last = i + 1 == pieces;
            uint16_t flags = last ? 0 : (uint16_t)NEXT;
            uint32_t len = last ? (uint32_t)sizeof(flat) - each * i : each;
            memcpy(r.queue[1].payload + i * RIG_ROOM, flat + each * i, len);
            rig_desc(&r, 1, i, len, flags, (uint16_t)(i + 1));
        }
        rig_offer(&r, 1, 0);
        assert_int_equal(r.wire_frames, pieces);
        assert_int_equal(r.wire_len, FRAME);
        assert_memory_equal(r.wire_last, wanted, FRAME);
        assert_int_equal(rig_used(&r, 1), pieces);
        assert_int_equal(r.queue[1].elem[pieces - 1].id, 0);
    }
    rig_end(&r);
}

static void frames_come_in_one_or_merged(void **state)
{
    struct rig r;
    uint8_t frame[300] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    (void)state;
    rig_make(&r, NULL);
    rig_run(&r, BASE | VIRTIO_NET_F_MRG_RXBUF);
    fill(frame + 6, sizeof(frame) - 6, 3);
    for (uint16_t i = 0; i < 4; i++) {
        rig_desc(&r, 0, i, 128, WRITE, 0);
        rig_offer(&r, 0, i);
    }
    assert_int_equal(sriov_mock_wire_send(r.mock, r.name, frame, sizeof(frame)), 0);
    assert_int_equal(rig_used(&r, 0), 3); /* 312 bytes by 128 */
    struct virtio_net_hdr hdr;
    memcpy(&hdr, r.queue[0].payload, sizeof(hdr));
    assert_int_equal(hdr.num_buffers, 3);
    assert_int_equal(r.queue[0].elem[0].len, 128);
    assert_int_equal(r.queue[0].elem[2].len, 312 - 256);
    assert_memory_equal(r.queue[0].payload + VIRTIO_NET_HDR_SIZE, frame, 116);
    assert_memory_equal(r.queue[0].payload + RIG_ROOM, frame + 116, 128);
    assert_memory_equal(r.queue[0].payload + 2 * RIG_ROOM, frame + 244, 56);
    /* One buffer is left, too few for another: dropped whole, and the buffer stays. */
    assert_int_equal(sriov_mock_wire_send(r.mock, r.name, frame, sizeof(frame)), 0);
    assert_int_equal(rig_used(&r, 0), 3);
    assert_int_equal(sriov_mock_rx_drops(r.mock, r.name), 1);
    assert_int_equal(sriov_mock_wire_send(r.mock, r.name, frame, 64), 0);
    assert_int_equal(rig_used(&r, 0), 4);
    rig_end(&r);
}

/* Nothing is taken that the device was not told of. */
static void only_what_was_notified(void **state)
{
    struct rig r;
    uint8_t frame[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    (void)state;
    rig_make(&r, NULL);
    rig_run(&r, BASE | VIRTIO_NET_F_MRG_RXBUF);
    rig_desc(&r, 0, 0, 1526, WRITE, 0);
    r.queue[0].avail[2] = 0;
    r.queue[0].avail[1] = 1;
    assert_int_equal(sriov_mock_wire_send(r.mock, r.name, frame, sizeof(frame)), 0);
    assert_int_equal(rig_used(&r, 0), 0);
    rig_notify(&r, 0);
    assert_int_equal(sriov_mock_wire_send(r.mock, r.name, frame, sizeof(frame)), 0);
    assert_int_equal(rig_used(&r, 0), 1);
    rig_end(&r);
}

static void interrupts_are_asked_for(void **state)
{
    struct rig r;
    uint32_t got;
    (void)state;
    rig_make(&r, NULL);
    assert_int_equal(sriov_irq_enable(r.fn, 10, 10, &got), 0);
    rig_run(&r, BASE);
    rig_desc(&r, 1, 0, VIRTIO_NET_HDR_SIZE + 60, 0, 0);
    r.queue[1].avail[0] = VIRTQ_AVAIL_F_NO_INTERRUPT;
    rig_offer(&r, 1, 0);
    assert_int_equal(sriov_mock_interrupts(r.mock, r.name), 0);
    r.queue[1].avail[0] = 0;
    rig_offer(&r, 1, 0);
    assert_int_equal(sriov_mock_interrupts(r.mock, r.name), 1);
    assert_int_equal(r.wire_frames, 2);
    assert_int_equal(sriov_irq_disable(r.fn), 0);
    rig_end(&r);
}

/* ---- what a driver may not do; each leaves a device that wants a reset ---- */

static void index_runs_ahead(struct rig *r)
{
    r->queue[1].avail[1] = RIG_RING + 1;
    rig_notify(r, 1);
}

static void entry_names_nothing(struct rig *r)
{
    rig_offer(r, 1, RIG_RING);
}

static void chain_has_no_end(struct rig *r)
{
    rig_desc(r, 1, 0, 60, NEXT, 1);
    rig_desc(r, 1, 1, 60, NEXT, 0);
    rig_offer(r, 1, 0);
}

static void chain_leaves_the_table(struct rig *r)
{
    rig_desc(r, 1, 0, 60, NEXT, RIG_RING);
    rig_offer(r, 1, 0);
}

static void indirect_was_not_agreed(struct rig *r)
{
    rig_desc(r, 1, 0, 64, VIRTQ_DESC_F_INDIRECT, 0);
    rig_offer(r, 1, 0);
}

static void descriptor_was_not_written(struct rig *r)
{
    rig_offer(r, 1, 3); /* all zero */
}

static void read_behind_write(struct rig *r)
{
    rig_desc(r, 1, 0, 60, NEXT | WRITE, 1);
    rig_desc(r, 1, 1, 60, 0, 0);
    rig_offer(r, 1, 0);
}

static void frame_to_send_is_writable(struct rig *r)
{
    rig_desc(r, 1, 0, 100, WRITE, 0);
    rig_offer(r, 1, 0);
}

static void frame_to_send_has_no_frame(struct rig *r)
{
    rig_desc(r, 1, 0, VIRTIO_NET_HDR_SIZE + 13, 0, 0);
    rig_offer(r, 1, 0);
}

static void header_wants_segmentation(struct rig *r)
{
    r->queue[1].payload[1] = 1; /* gso_type */
    rig_desc(r, 1, 0, 100, 0, 0);
    rig_offer(r, 1, 0);
}

static void used_ring_is_written(struct rig *r)
{
    r->queue[1].used[1] = 1;
    rig_desc(r, 1, 0, 100, 0, 0);
    rig_offer(r, 1, 0);
}

static void a_frame_comes(struct rig *r)
{
    uint8_t frame[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    assert_int_equal(sriov_mock_wire_send(r->mock, r->name, frame, sizeof(frame)), 0);
}

static void receive_buffer_is_readable(struct rig *r)
{
    rig_desc(r, 0, 0, 1526, 0, 0);
    rig_offer(r, 0, 0);
    a_frame_comes(r);
}

static void receive_buffer_is_small(struct rig *r)
{
    rig_desc(r, 0, 0, 1525, WRITE, 0);
    rig_offer(r, 0, 0);
    a_frame_comes(r);
}

static void question_has_no_room_for_an_answer(struct rig *r)
{
    rig_desc(r, 2, 0, 3, 0, 0);
    rig_offer(r, 2, 0);
}

/* The device keeps a chain until it has given it back. */
static void descriptor_is_used_again(struct rig *r)
{
    struct sriov_mock_fault late = {.size = sizeof(late),
                                    .kind = SRIOV_MOCK_FAULT_WB_LATE,
                                    .fn = r->name,
                                    .op = "tx",
                                    .nth = 1,
                                    .value = 1000000};
    assert_int_equal(sriov_mock_inject(r->mock, &late), 0);
    rig_desc(r, 1, 0, 100, NEXT, 1);
    rig_desc(r, 1, 1, 100, 0, 0);
    rig_offer(r, 1, 0);
    assert_int_equal(rig_used(r, 1), 0);
    rig_expect_none(r);
    rig_desc(r, 1, 2, 100, NEXT, 1);
    rig_offer(r, 1, 2);
    assert_int_equal(sriov_mock_clear_faults(r->mock), 1);
}

static const struct wrong {
    const char *name;
    void (*act)(struct rig *r);
    enum sriov_report_kind kind;
} wrongs[] = {
    {"index runs ahead", index_runs_ahead, SRIOV_REPORT_BAD_TAIL},
    {"entry names nothing", entry_names_nothing, SRIOV_REPORT_BAD_DESC},
    {"chain has no end", chain_has_no_end, SRIOV_REPORT_BAD_DESC},
    {"chain leaves the table", chain_leaves_the_table, SRIOV_REPORT_BAD_DESC},
    {"indirect", indirect_was_not_agreed, SRIOV_REPORT_BAD_DESC},
    {"not written", descriptor_was_not_written, SRIOV_REPORT_BAD_DESC},
    {"read behind write", read_behind_write, SRIOV_REPORT_BAD_DESC},
    {"writable frame to send", frame_to_send_is_writable, SRIOV_REPORT_BAD_DESC},
    {"no frame", frame_to_send_has_no_frame, SRIOV_REPORT_BAD_DESC},
    {"header", header_wants_segmentation, SRIOV_REPORT_BAD_DESC},
    {"used ring", used_ring_is_written, SRIOV_REPORT_BAD_TAIL},
    {"readable receive buffer", receive_buffer_is_readable, SRIOV_REPORT_BAD_DESC},
    {"small receive buffer", receive_buffer_is_small, SRIOV_REPORT_BAD_DESC},
    {"question", question_has_no_room_for_an_answer, SRIOV_REPORT_BAD_DESC},
    {"used again", descriptor_is_used_again, SRIOV_REPORT_BAD_DESC},
};

static void wrongs_are_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        struct rig r;
        rig_make(&r, NULL);
        rig_run(&r, CTRL);
        rig_expect_none(&r);
        wrongs[i].act(&r);
        if (r.reports != 1 || r.last_report != wrongs[i].kind || !rig_needs_reset(&r)) {
            fail_msg("%s: %u reports, the last of kind %u", wrongs[i].name, r.reports, r.last_report);
        }
        r.reports = 0;
        r.queue[1].payload[1] = 0;
        /* A reset makes it good again. */
        rig_run(&r, CTRL);
        rig_desc(&r, 1, 0, VIRTIO_NET_HDR_SIZE + 60, 0, 0);
        uint32_t before = r.wire_frames;
        rig_offer(&r, 1, 0);
        assert_int_equal(r.wire_frames, before + 1);
        rig_end(&r);
    }
}

/* Memory that is not there is the IOMMU's finding; the device wants a reset, too. */
static void memory_that_is_not_there(void **state)
{
    struct rig r;
    (void)state;
    rig_make(&r, NULL);
    rig_run(&r, BASE);
    rig_desc(&r, 1, 0, 100, 0, 0);
    r.queue[1].desc[0].addr = 0x7000000000;
    rig_offer(&r, 1, 0);
    assert_int_equal(r.iommu, 1);
    assert_true(rig_needs_reset(&r));
    assert_int_equal(r.wire_frames, 0);
    r.iommu = 0;
    rig_end(&r);
}

/* ---- questions ---- */

static uint8_t ask(struct rig *r, uint8_t class, uint8_t command, const void *data, uint32_t len)
{
    uint8_t *memory = r->queue[2].payload;
    memory[0] = class;
    memory[1] = command;
    memcpy(memory + 2, data, len);
    rig_desc(r, 2, 0, 2 + len, NEXT, 1);
    rig_desc(r, 2, 1, 1, WRITE, 0);
    memory[RIG_ROOM] = 0xee;
    rig_offer(r, 2, 0);
    return memory[RIG_ROOM];
}

static void questions_are_answered(void **state)
{
    static const uint8_t on = 1;
    static const uint8_t two = 2;
    static const uint16_t pairs[] = {0, 1, 4, 5};
    static const uint8_t table[8 + 6] = {0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0x5e, 1, 2, 3};
    struct rig r;
    (void)state;
    rig_make(&r, NULL);
    rig_run(&r, CTRL);
    assert_int_equal(ask(&r, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, &on, 1), VIRTIO_NET_OK);
    assert_int_equal(ask(&r, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, &two, 1), VIRTIO_NET_ERR);
    assert_int_equal(ask(&r, 9, 0, &on, 1), VIRTIO_NET_ERR);
    for (size_t i = 0; i < 4; i++) {
        uint32_t wanted = i == 1 || i == 2 ? VIRTIO_NET_OK : VIRTIO_NET_ERR;
        assert_int_equal(ask(&r, VIRTIO_NET_CTRL_MQ, 0, &pairs[i], 2), wanted);
    }
    assert_int_equal(ask(&r, VIRTIO_NET_CTRL_MAC, 0, table, sizeof(table)), VIRTIO_NET_OK);
    for (uint32_t len = 0; len < sizeof(table); len++) {
        assert_int_equal(ask(&r, VIRTIO_NET_CTRL_MAC, 0, table, len), VIRTIO_NET_ERR);
    }
    /* Not negotiated. */
    assert_int_equal(ask(&r, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET, table + 8, 6),
                     VIRTIO_NET_ERR);
    assert_int_equal(ask(&r, VIRTIO_NET_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN_ADD, &pairs[1], 2), VIRTIO_NET_ERR);
    rig_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_go_out_of_any_chain), cmocka_unit_test(frames_come_in_one_or_merged),
        cmocka_unit_test(only_what_was_notified),     cmocka_unit_test(interrupts_are_asked_for),
        cmocka_unit_test(wrongs_are_reported),        cmocka_unit_test(memory_that_is_not_there),
        cmocka_unit_test(questions_are_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
