/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each bug that a driver can have with its rings and its DMA memory, planted on purpose: the mock
 * catches it and names the function, the address and the register or descriptor.
 */
#include "bed.h"
#include "planted_driver.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LATER (50 * BED_US)

struct stand {
    struct bed bed;
    struct planted driver;
    uint64_t on_wire;
};

static const struct planted_regs *const kinds[] = {&planted_82599, &planted_82576};

static void count_frame(void *arg, const void *frame, size_t len)
{
    struct stand *s = arg;

    (void)frame;
    (void)len;
    s->on_wire++;
}

static struct stand *stand_up(const struct planted_regs *regs, enum planted_bug bug, bool deferred)
{
    struct stand *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    assert_int_equal(bed_create(&s->bed, regs->model), 0);
    assert_int_equal(bed_pf_up(&s->bed), 0);
    assert_int_equal(sriov_mock_wire_sink(s->bed.mock, s->bed.pf_name, count_frame, s), 0);
    if (deferred) {
        assert_int_equal(sriov_mock_set_delay(s->bed.mock, NULL, SRIOV_DELAY_TX, LATER), 0);
        assert_int_equal(sriov_mock_set_delay(s->bed.mock, NULL, SRIOV_DELAY_RX, LATER), 0);
    }
    sriov_mock_advance(s->bed.mock, 100 * BED_MS);
    assert_int_equal(planted_open(&s->driver, s->bed.vmm, s->bed.vf[0].name, regs, bug), 0);
    return s;
}

static int strike(struct stand *s)
{
    int leaks = planted_close(&s->driver);

    (void)bed_destroy(&s->bed);
    free(s);
    return leaks;
}

static void make_frame(const struct stand *s, uint8_t *frame, uint32_t len)
{
    memset(frame, 0x5a, len);
    memset(frame, 0xff, 6);
    memcpy(frame + 6, s->driver.mac, 6);
    frame[12] = 0x88;
    frame[13] = 0xb5;
}

static void send_frames(struct stand *s, uint32_t count)
{
    uint8_t frame[200];

    make_frame(s, frame, sizeof(frame));
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(planted_send(&s->driver, frame, sizeof(frame)), 0);
        sriov_mock_advance(s->bed.mock, 2 * LATER);
        (void)planted_reap(&s->driver);
    }
}

static void deliver(struct stand *s, uint32_t len)
{
    uint8_t frame[PLANTED_BUFLEN * 4];

    make_frame(s, frame, len);
    frame[11] ^= 1; /* from somebody else */
    assert_int_equal(sriov_mock_wire_send(s->bed.mock, s->bed.pf_name, frame, len), 0);
    sriov_mock_advance(s->bed.mock, 2 * LATER);
}

static const struct sriov_violation *must_find(const struct stand *s, enum sriov_violation_kind kind,
                                               const char *part)
{
    const struct sriov_violation *v = bed_found(&s->bed, kind, part);

    if (v == NULL) {
        for (uint32_t i = 0; i < s->bed.findings; i++) {
            print_error("found instead: %s\n", s->bed.finding[i].text);
        }
        fail_msg("%s: nothing found of kind %d that says \"%s\"", s->driver.regs->model, (int)kind, part);
    }
    assert_string_equal(v->function, s->bed.vf[0].name);
    assert_non_null(strstr(v->text, s->bed.vf[0].name));
    return v;
}

/* The finding has the IOVA, in its field and in its text, and the descriptor. */
static void must_name_iova(const struct sriov_violation *v, uint64_t iova, uint16_t site)
{
    char hex[32];

    (void)snprintf(hex, sizeof(hex), "0x%" PRIx64, iova);
    assert_int_equal(v->iova.raw, iova);
    assert_non_null(strstr(v->text, hex));
    assert_int_equal(v->site.kind, site);
    assert_int_equal(v->site.function, 1);
    assert_int_equal(v->site.index, 0);
    assert_non_null(strstr(v->text, "queue 0, descriptor 0"));
}

static void must_report(const struct sriov_violation *v, enum sriov_report_kind kind, uint16_t site,
                        uint32_t index)
{
    char where[32];

    (void)snprintf(where, sizeof(where), "descriptor %" PRIu32, index);
    assert_int_equal(v->report_kind, kind);
    assert_int_equal(v->site.kind, site);
    assert_int_equal(v->site.index, index);
    assert_non_null(strstr(v->text, where));
}

/* ---- without a bug ---- */

static void sound(const struct planted_regs *regs, bool deferred)
{
    struct stand *s = stand_up(regs, PLANTED_NONE, deferred);
    uint8_t out[PLANTED_BUFLEN];

    send_frames(s, 3 * PLANTED_RING);
    assert_int_equal(s->on_wire, 3 * PLANTED_RING);
    assert_int_equal(s->driver.tx_clean, s->driver.tx_next);
    for (uint32_t i = 0; i < 3 * PLANTED_RING; i++) {
        deliver(s, 60 + i);
        memset(out, 0, sizeof(out));
        assert_int_equal(planted_receive(&s->driver, out), 60 + i);
        assert_int_equal(out[59 + i], 0x5a);
        assert_int_equal(planted_receive(&s->driver, out), 0);
    }
    assert_int_equal(sriov_mock_violations(s->bed.mock, 0), 0);
    assert_int_equal(strike(s), 0);
}

static void a_sound_driver_is_not_accused(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        sound(kinds[k], false);
        sound(kinds[k], true);
    }
}

/* ---- DMA ---- */

static void tx_use_after_unmap(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        struct stand *s = stand_up(kinds[k], PLANTED_TX_AFTER_UNMAP, true);
        uint64_t iova = s->driver.tx_buf[0].iova.raw;

        send_frames(s, 1);
        must_name_iova(must_find(s, SRIOV_VIOLATION_IOMMU_AFTER_UNMAP, "used after unmap"), iova,
                       SRIOV_SITE_TX_PAYLOAD);
        assert_int_equal(s->on_wire, 0);
        (void)strike(s);
    }
}

static void rx_use_after_unmap(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        struct stand *s = stand_up(kinds[k], PLANTED_RX_AFTER_UNMAP, false);
        uint64_t iova = *(const volatile uint64_t *)s->driver.rx_ring.va;

        deliver(s, 100);
        must_name_iova(must_find(s, SRIOV_VIOLATION_IOMMU_AFTER_UNMAP, "device writes"), iova,
                       SRIOV_SITE_RX_PAYLOAD);
        (void)strike(s);
    }
}

static void wrong_direction(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        struct stand *s = stand_up(kinds[k], PLANTED_TX_DIRECTION, false);

        send_frames(s, 1);
        must_name_iova(must_find(s, SRIOV_VIOLATION_IOMMU_DIRECTION, "device reads"),
                       s->driver.tx_buf[0].iova.raw, SRIOV_SITE_TX_PAYLOAD);
        (void)strike(s);
        s = stand_up(kinds[k], PLANTED_RX_DIRECTION, false);
        deliver(s, 100);
        must_name_iova(must_find(s, SRIOV_VIOLATION_IOMMU_DIRECTION, "device writes"),
                       s->driver.rx_buf[0].iova.raw, SRIOV_SITE_RX_PAYLOAD);
        (void)strike(s);
    }
}

static void length_beyond_the_buffer(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        struct stand *s = stand_up(kinds[k], PLANTED_TX_TOO_LONG, false);

        send_frames(s, 1);
        must_name_iova(must_find(s, SRIOV_VIOLATION_IOMMU_BOUNDS, "runs out of its mapping"),
                       s->driver.tx_buf[0].iova.raw, SRIOV_SITE_TX_PAYLOAD);
        (void)strike(s);
    }
}

/* Only a frame longer than the page shows it, hence one that the PF lets pass. */
static void receive_buffer_shorter_than_told(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        struct stand *s = stand_up(kinds[k], PLANTED_RX_TOO_LONG, false);
        struct planted *d = &s->driver;

        deliver(s, 6000);
        must_name_iova(must_find(s, SRIOV_VIOLATION_IOMMU_BOUNDS, "device writes"), d->rx_buf[0].iova.raw,
                       SRIOV_SITE_RX_PAYLOAD);
        (void)strike(s);
    }
}

/* ---- order ---- */

static void tail_before_descriptor(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        struct stand *s = stand_up(kinds[k], PLANTED_TX_TAIL_FIRST, true);

        send_frames(s, 1);
        must_report(must_find(s, SRIOV_VIOLATION_MODEL, "tail written before the descriptor: it is empty"),
                    SRIOV_REPORT_BAD_DESC, SRIOV_SITE_TX_DESC_FETCH, 0);
        must_report(must_find(s, SRIOV_VIOLATION_MODEL, "changed after"), SRIOV_REPORT_STALE_DESC,
                    SRIOV_SITE_TX_DESC_FETCH, 0);
        (void)strike(s);
    }
}

/* In the second lap the slot holds a write-back instead of zeros. */
static void tail_before_descriptor_second_lap(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        struct stand *s = stand_up(kinds[k], PLANTED_NONE, true);

        send_frames(s, PLANTED_RING);
        assert_int_equal(sriov_mock_violations(s->bed.mock, 0), 0);
        s->driver.bug = PLANTED_TX_TAIL_FIRST;
        send_frames(s, 1);
        must_report(must_find(s, SRIOV_VIOLATION_MODEL, "still holds the last write-back"),
                    SRIOV_REPORT_BAD_DESC, SRIOV_SITE_TX_DESC_FETCH, 0);
        (void)strike(s);
    }
}

static void receive_tail_before_descriptor(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        struct stand *s = stand_up(kinds[k], PLANTED_RX_TAIL_FIRST, true);
        uint8_t out[PLANTED_BUFLEN];

        deliver(s, 100);
        assert_int_equal(planted_receive(&s->driver, out), 100);
        must_report(must_find(s, SRIOV_VIOLATION_MODEL, "tail written before the descriptor"),
                    SRIOV_REPORT_BAD_DESC, SRIOV_SITE_RX_DESC_FETCH, PLANTED_RING - 1);
        (void)strike(s);
    }
}

static void missing_barrier(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        struct stand *s = stand_up(kinds[k], PLANTED_TX_NO_BARRIER, true);

        send_frames(s, 1);
        must_report(must_find(s, SRIOV_VIOLATION_MODEL, "descriptor changed after the tail passed it"),
                    SRIOV_REPORT_STALE_DESC, SRIOV_SITE_TX_DESC_FETCH, 0);
        (void)strike(s);
    }
}

/* The load of DD left out, or done after the others: with a device that is late the driver takes a
 * descriptor that is not its own yet, and gives it back. */
static void payload_before_dd(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        struct stand *s = stand_up(kinds[k], PLANTED_RX_NOT_WAITING, true);
        const struct sriov_violation *v;
        uint8_t out[PLANTED_BUFLEN];
        char tail[32];

        assert_int_equal(planted_receive(&s->driver, out), 0);
        (void)snprintf(tail, sizeof(tail), "register 0x%05" PRIx32, kinds[k]->rx + 0x18u);
        v = must_find(s, SRIOV_VIOLATION_MODEL, "tail passes the head");
        assert_int_equal(v->report_kind, SRIOV_REPORT_BAD_TAIL);
        assert_int_equal(v->site.kind, SRIOV_SITE_REGISTER);
        assert_int_equal(v->site.offset, kinds[k]->rx + 0x18u);
        assert_non_null(strstr(v->text, tail));
        (void)strike(s);
    }
}

/* ---- leaks ---- */

static void leaked_mapping_is_named_by_its_owner(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        struct stand *s = stand_up(kinds[k], PLANTED_LEAK, false);
        uint64_t iova = s->driver.tx_buf[3].iova.raw;

        assert_int_equal(planted_close(&s->driver), 1);
        assert_string_equal(s->driver.leak_owner, "planted tx buffer");
        assert_int_equal(s->driver.leak_iova, iova);
        s->driver.fn = NULL;
        (void)strike(s);
    }
}

/* A user of the seam without the core's ledger: the mock itself names it. */
static void leaked_mapping_at_the_seam(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        struct stand *s = stand_up(kinds[k], PLANTED_NONE, false);
        const struct sriov_vmm_ops *ops = sriov_mock_ops();
        struct sriov_open_args args = {.size = sizeof(args), .name = s->bed.vf[1].name};
        struct sriov_dma_mem mem = {
            .size = sizeof(mem), .dir = SRIOV_DMA_BOTH, .length = 8192, .align = 4096, .iova = {0x7000000}};
        const struct sriov_violation *v;
        void *fn = NULL;

        assert_int_equal(ops->open(sriov_mock_ctx(s->bed.mock), &args, &fn), 0);
        assert_int_equal(ops->dma_alloc(fn, &mem), 0);
        ops->close(fn);
        v = bed_found(&s->bed, SRIOV_VIOLATION_LEAK, "IOVA 0x7000000, 8192 bytes");
        assert_non_null(v);
        assert_string_equal(v->function, s->bed.vf[1].name);
        assert_int_equal(v->iova.raw, 0x7000000);
        (void)strike(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_driver_is_not_accused),
        cmocka_unit_test(tx_use_after_unmap),
        cmocka_unit_test(rx_use_after_unmap),
        cmocka_unit_test(wrong_direction),
        cmocka_unit_test(length_beyond_the_buffer),
        cmocka_unit_test(receive_buffer_shorter_than_told),
        cmocka_unit_test(tail_before_descriptor),
        cmocka_unit_test(tail_before_descriptor_second_lap),
        cmocka_unit_test(receive_tail_before_descriptor),
        cmocka_unit_test(missing_barrier),
        cmocka_unit_test(payload_before_dd),
        cmocka_unit_test(leaked_mapping_is_named_by_its_owner),
        cmocka_unit_test(leaked_mapping_at_the_seam),
    };

    return cmocka_run_group_tests_name("planted driver bugs", tests, NULL, NULL);
}
