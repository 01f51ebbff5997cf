/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VF that process A serves moves to process B with its device state alone: its driver, here, has its rings
 * and buffers where they were and goes on, with frames on the wire of B. Whoever fails, A's goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "move_server.h"
#include "relay.h"
#include "vfuc.h"

#include <sriov/drivers.h>
#include <sriov/log.h>
#include <sriov/vfio_user.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MS       UINT64_C(1000000)
#define PATIENCE (60000 * MS)
#define BUFS     256u
#define FRAMES   40u
#define HEAD     14u
#define LENGTH   100u
#define DOOR     "vf0.sock"

struct bed {
    const char *model;
    struct move_server a;
    struct move_server b;
    struct sriov_vmm *client_a; /* two shims: both functions have one name */
    struct sriov_vmm *client_b;
    struct sriov_fn *fn_a;
    struct sriov_fn *fn_b;
    struct relay *relay;
    struct sriov_fn *fn; /* the driver's */
    struct sriov_pool *pool;
    struct sriov_net *net;
    uint32_t sent;
};

static void client(const char *path, struct sriov_vmm **vmm)
{
    struct sriov_vfu_client_opts opts = {
        .size = sizeof(opts), .num_paths = 1, .paths = &path, .flags = SRIOV_VFU_CLIENT_UNSHARED};
    assert_int_equal(sriov_vfu_client_create(&opts, vmm), 0);
    sriov_log_set_level(*vmm, SRIOV_LOG_ERROR);
}

static void await_link(struct bed *bed)
{
    struct sriov_net_info info = {.size = sizeof(info)};
    uint64_t begin = sriov_vmm_now(bed->client_a);
    while (!info.link.up) {
        (void)sriov_net_poll(bed->net);
        assert_int_equal(sriov_net_get_info(bed->net, &info), 0);
        assert_true(sriov_vmm_now(bed->client_a) - begin < PATIENCE);
        sriov_vmm_sleep(bed->client_a, MS);
    }
}

static void drive(struct bed *bed)
{
    struct sriov_pool_opts pool = {.size = sizeof(pool), .count = BUFS};
    assert_int_equal(sriov_fn_open(relay_vmm(bed->relay), DOOR, NULL, &bed->fn), 0);
    assert_int_equal(sriov_pool_create(bed->fn, &pool, &bed->pool), 0);
    assert_int_equal(sriov_net_open(bed->fn, sriov_net_drivers, &bed->net), 0);
    struct sriov_net_config config = {.size = sizeof(config),
                                      .flags = SRIOV_NET_INTERRUPTS,
                                      .rx_desc = 64,
                                      .tx_desc = 64,
                                      .pool = bed->pool};
    assert_int_equal(sriov_net_configure(bed->net, &config), 0);
    assert_int_equal(sriov_net_start(bed->net), 0);
    await_link(bed);
}

static void set_up(struct bed *bed, const char *model)
{
    memset(bed, 0, sizeof(*bed));
    bed->model = model;
    move_server_start(&bed->a, model);
    move_server_start(&bed->b, model);
    client(bed->a.path, &bed->client_a);
    client(bed->b.path, &bed->client_b);
    assert_int_equal(sriov_fn_open(bed->client_a, DOOR, NULL, &bed->fn_a), 0);
    bed->relay = relay_make(bed->fn_a);
    drive(bed);
}

static void tear_down(struct bed *bed)
{
    sriov_net_close(bed->net);
    assert_int_equal(sriov_pool_in_use(bed->pool), 0);
    assert_int_equal(sriov_pool_destroy(bed->pool), 0);
    assert_int_equal(sriov_fn_close(bed->fn), 0);
    relay_destroy(bed->relay);
    assert_int_equal(sriov_fn_close(bed->fn_a), 0);
    assert_int_equal(sriov_fn_close(bed->fn_b), 0);
    assert_int_equal(sriov_vfu_client_destroy(bed->client_a), 0);
    assert_int_equal(sriov_vfu_client_destroy(bed->client_b), 0);
    assert_int_equal(move_server_stop(&bed->a), 0);
    assert_int_equal(move_server_stop(&bed->b), 0);
}

/* Frames to the wire; each comes back with its number. */
static void send_some(struct bed *bed, uint32_t n)
{
    uint8_t bytes[LENGTH] = {2, 0, 0, 0, 0, 0xee};
    struct sriov_net_info info = {.size = sizeof(info)};
    uint64_t begin = sriov_vmm_now(bed->client_a);
    assert_int_equal(sriov_net_get_info(bed->net, &info), 0);
    memcpy(bytes + 6, info.mac.b, 6);
    bytes[12] = 0x88;
    bytes[13] = 0xb5;
    for (uint32_t i = 0; i < n; i++) {
        memcpy(bytes + HEAD, &bed->sent, sizeof(bed->sent));
        struct sriov_buf *buf = sriov_buf_from(bed->pool, bytes, sizeof(bytes));
        assert_non_null(buf);
        while (sriov_tx_burst(sriov_net_txq(bed->net, 0), &buf, 1) == 0) {
            assert_true(sriov_vmm_now(bed->client_a) - begin < PATIENCE);
            (void)sriov_net_poll(bed->net);
            sriov_vmm_sleep(bed->client_a, MS / 10);
        }
        bed->sent++;
    }
}

static void take_some(struct bed *bed, uint32_t first, uint32_t n)
{
    uint64_t begin = sriov_vmm_now(bed->client_a);
    for (uint32_t i = 0; i < n;) {
        struct sriov_buf *buf;
        uint32_t number;
        if (sriov_rx_burst(sriov_net_rxq(bed->net, 0), &buf, 1) == 0) {
            assert_true(sriov_vmm_now(bed->client_a) - begin < PATIENCE);
            (void)sriov_net_poll(bed->net);
            (void)sriov_net_rx_wait(bed->net, 10 * MS);
            continue;
        }
        assert_int_equal(buf->pkt_len, LENGTH);
        memcpy(&number, buf->data + HEAD, sizeof(number));
        assert_int_equal(number, first + i); /* none lost, none twice, in order */
        sriov_buf_free(buf);
        i++;
    }
}

static void traffic(struct bed *bed)
{
    uint32_t first = bed->sent;
    send_some(bed, FRAMES);
    take_some(bed, first, FRAMES);
    struct sriov_net_info info = {.size = sizeof(info)};
    assert_int_equal(sriov_net_get_info(bed->net, &info), 0);
    assert_int_equal(info.recoveries, 0); /* the driver has seen nothing */
}

static void save(struct bed *bed, struct sriov_mig_blob *blob)
{
    assert_true(sriov_fn_can(bed->fn_a, SRIOV_CAP_MIGRATION | SRIOV_CAP_DIRTY));
    assert_int_equal(sriov_mig_set_state(bed->fn_a, SRIOV_MIG_PRE_COPY), 0);
    assert_int_equal(sriov_mig_save_fn(bed->fn_a, NULL, blob), 0);
    assert_true(blob->len > SRIOV_MIG_HEADER_BYTES);
}

static void open_b(struct bed *bed)
{
    assert_int_equal(sriov_fn_open(bed->client_b, DOOR, NULL, &bed->fn_b), 0);
}

/* While it is stopped nobody can touch what was saved. */
static void registers_are_out_of_reach(struct bed *bed)
{
    struct sriov_bar bar;
    uint64_t value;
    assert_int_equal(sriov_bar_open(bed->fn_a, 0, 16, &bar), 0);
    assert_int_equal(sriov_bar_read(&bar, 8, 4, &value), -EBUSY);
    sriov_bar_close(&bar);
    assert_int_equal(sriov_mig_write(bed->fn_a, &value, sizeof(value)), -EINVAL);
}

/* What came back and lies in the ring when the device stops is there afterwards. */
static void it_moves_and_goes_on(struct bed *bed)
{
    struct sriov_mig_blob blob = {0};
    struct sriov_mig_fault fault = {.size = sizeof(fault)};
    traffic(bed);
    uint32_t first = bed->sent;
    send_some(bed, 5);
    save(bed, &blob);
    registers_are_out_of_reach(bed);
    open_b(bed);
    assert_int_equal(relay_prepare(bed->relay, bed->fn_b), 0);
    blob.bytes[blob.len / 2] ^= 1;
    assert_int_equal(sriov_mig_load_fn(bed->fn_b, blob.bytes, blob.len, &fault), -EPROTO);
    blob.bytes[blob.len / 2] ^= 1;
    assert_int_equal(sriov_mig_load_fn(bed->fn_b, blob.bytes, blob.len, &fault), 0);
    assert_int_equal(sriov_mig_set_state(bed->fn_b, SRIOV_MIG_RUNNING), 0);
    sriov_mig_blob_free(&blob);
    relay_switch(bed->relay, bed->fn_b);
    take_some(bed, first, 5);
    traffic(bed);
}

/* The destination dies in the midst of a load, and says nonsense before: the source goes on. */
static void a_broken_destination_leaves_the_source(struct bed *bed)
{
    struct sriov_mig_blob blob = {0};
    bool was_reset = false;
    traffic(bed);
    save(bed, &blob);
    open_b(bed);
    assert_int_equal(sriov_mig_set_state(bed->fn_b, SRIOV_MIG_RESUMING), 0);
    assert_int_equal(sriov_mig_write(bed->fn_b, blob.bytes, blob.len / 2), 0);
    assert_int_equal(sriov_fn_close(bed->fn_b), 0); /* as if its client had died */
    open_b(bed);
    uint32_t state = SRIOV_MIG_ERROR;
    assert_int_equal(sriov_mig_get_state(bed->fn_b, &state), 0);
    assert_int_equal(state, SRIOV_MIG_RUNNING);
    assert_int_equal(sriov_mig_set_state(bed->fn_b, SRIOV_MIG_RESUMING), 0);
    assert_int_equal(sriov_mig_write(bed->fn_b, "nonsense", 8), 0);
    assert_int_equal(sriov_mig_set_state(bed->fn_b, SRIOV_MIG_STOP), -EPROTO);
    assert_int_equal(sriov_mig_abort(bed->fn_a, &was_reset), 0);
    assert_false(was_reset);
    sriov_mig_blob_free(&blob);
    traffic(bed);
}

/* Whose client dies with the device stopped serves the next one. */
static void a_dead_client_leaves_a_server(struct bed *bed)
{
    struct sriov_mig_blob blob = {0};
    traffic(bed);
    open_b(bed);
    uint32_t state;
    assert_int_equal(sriov_mig_save_fn(bed->fn_b, NULL, &blob), 0);
    sriov_mig_blob_free(&blob);
    sriov_fn_kill(bed->fn_b);
    assert_int_equal(sriov_fn_close(bed->fn_b), 0);
    open_b(bed);
    assert_int_equal(sriov_mig_get_state(bed->fn_b, &state), 0);
    assert_int_equal(state, SRIOV_MIG_RUNNING);
    traffic(bed);
}

/* Pages that the device wrote to are told once; the ones that it read are not. */
static void its_writes_are_logged(struct bed *bed)
{
    static uint64_t bitmap[RELAY_ARENA_BYTES / SRIOV_VM_PAGE / 64];
    bool exact = false;
    uint64_t pages = 0;
    assert_int_equal(sriov_mig_dirty_start(bed->fn_a, &exact), 0);
    assert_true(exact);
    traffic(bed);
    assert_int_equal(sriov_mig_dirty_read(bed->fn_a, sriov_iova(RELAY_ARENA_IOVA), RELAY_ARENA_BYTES, bitmap),
                     0);
    for (size_t i = 0; i < sizeof(bitmap) / sizeof(bitmap[0]); i++) {
        pages += (uint64_t)__builtin_popcountll(bitmap[i]);
    }
    assert_true(pages >= 2); /* frames, and the rings' write-backs */
    assert_true(pages <= 3 * FRAMES);
    memset(bitmap, 0xff, sizeof(bitmap));
    assert_int_equal(sriov_mig_dirty_read(bed->fn_a, sriov_iova(RELAY_ARENA_IOVA), RELAY_ARENA_BYTES, bitmap),
                     0);
    for (size_t i = 0; i < sizeof(bitmap) / sizeof(bitmap[0]); i++) {
        assert_int_equal(bitmap[i], 0);
    }
    assert_int_equal(sriov_mig_dirty_stop(bed->fn_a), 0);
    open_b(bed);
}

/* By messages of the test's own on the connection to B. */
static int say(struct vfuc_fn *fn, uint16_t command, const void *payload, size_t len)
{
    static uint8_t answer[VFU_PAYLOAD_MAX];
    struct vfuc_msg msg = {
        .command = command, .head = payload, .head_len = len, .reply = answer, .reply_room = sizeof(answer)};
    return vfuc_call(&fn->conn, &msg);
}

static int go(struct vfuc_fn *fn, uint32_t to)
{
    struct {
        struct vfu_device_feature head;
        struct vfu_mig_state data;
    } ask = {.head = {.argsz = sizeof(ask), .flags = VFU_FEATURE_MIG_DEVICE_STATE | VFU_FEATURE_SET},
             .data = {.state = to, .data_fd = -1}};
    return say(fn, VFU_DEVICE_FEATURE, &ask, sizeof(ask));
}

static int transfer(struct vfuc_fn *fn, uint16_t command, uint32_t argsz, uint32_t size, size_t bytes)
{
    static struct {
        struct vfu_mig_data head;
        uint8_t bytes[64];
    } ask;
    ask.head = (struct vfu_mig_data){.argsz = argsz, .size = size};
    return say(fn, command, &ask, sizeof(ask.head) + bytes);
}

static int log_range(struct vfuc_fn *fn, uint64_t iova, uint64_t length, uint32_t num, uint32_t reserved)
{
    struct {
        struct vfu_device_feature head;
        struct vfu_log_control data;
        struct vfu_log_range range;
    } ask = {.head = {.argsz = sizeof(ask), .flags = VFU_FEATURE_DMA_LOGGING_START | VFU_FEATURE_SET},
             .data = {.page_size = 4096, .num_ranges = num, .reserved = reserved},
             .range = {.iova = iova, .length = length}};
    return say(fn, VFU_DEVICE_FEATURE, &ask, sizeof(ask));
}

static int log_report(struct vfuc_fn *fn, uint64_t iova, uint64_t length, uint64_t page, uint32_t argsz)
{
    struct {
        struct vfu_device_feature head;
        struct vfu_log_report data;
    } ask = {.head = {.argsz = argsz, .flags = VFU_FEATURE_DMA_LOGGING_REPORT | VFU_FEATURE_GET},
             .data = {.iova = iova, .length = length, .page_size = page}};
    return say(fn, VFU_DEVICE_FEATURE, &ask, sizeof(ask));
}

static void wrong_states(struct vfuc_fn *fn)
{
    static const uint32_t none[] = {0, 5, 7, 8, UINT32_MAX};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_int_equal(go(fn, none[i]), EINVAL);
    }
    assert_int_equal(transfer(fn, VFU_MIG_DATA_READ, 72, 64, 0), EINVAL); /* it runs */
    assert_int_equal(transfer(fn, VFU_MIG_DATA_WRITE, 72, 64, 64), EINVAL);
    assert_int_equal(go(fn, SRIOV_MIG_STOP_COPY), 0);
    assert_int_equal(go(fn, SRIOV_MIG_PRE_COPY), EINVAL); /* the protocol has no such way */
    assert_int_equal(transfer(fn, VFU_MIG_DATA_WRITE, 72, 64, 64), EINVAL);
    assert_int_equal(transfer(fn, VFU_MIG_DATA_READ, 71, 64, 0), EINVAL); /* no room for the reply */
    assert_int_equal(transfer(fn, VFU_MIG_DATA_READ, UINT32_MAX, VFU_XFER_MAX + 1, 0), EINVAL);
    assert_int_equal(transfer(fn, VFU_MIG_DATA_READ, 72, 0, 0), EINVAL);
    assert_int_equal(transfer(fn, VFU_MIG_DATA_READ, 72, 64, 1), EINVAL);
    assert_int_equal(transfer(fn, VFU_MIG_DATA_READ, 72, 64, 0), 0);
    assert_int_equal(go(fn, SRIOV_MIG_RESUMING), 0);
    assert_int_equal(transfer(fn, VFU_MIG_DATA_READ, 72, 64, 0), EINVAL);
    assert_int_equal(transfer(fn, VFU_MIG_DATA_WRITE, 72, 64, 63), EINVAL);
    assert_int_equal(transfer(fn, VFU_MIG_DATA_WRITE, 72, 63, 64), EINVAL);
    assert_int_equal(transfer(fn, VFU_MIG_DATA_WRITE, 72, 64, 64), 0);
    assert_int_equal(go(fn, SRIOV_MIG_RUNNING), EPROTO); /* that was nobody's state */
    assert_int_equal(say(fn, VFU_DEVICE_RESET, NULL, 0), 0);
    assert_int_equal(go(fn, SRIOV_MIG_PRE_COPY), 0);
    assert_int_equal(go(fn, SRIOV_MIG_RUNNING), 0);
}

static void wrong_logs(struct vfuc_fn *fn)
{
    const uint64_t most = UINT64_MAX - 4095;
    assert_int_equal(log_report(fn, 0, 4096, 4096, 4096), EINVAL); /* it is off */
    assert_int_equal(log_range(fn, 1, 4096, 1, 0), EINVAL);
    assert_int_equal(log_range(fn, 4096, 0, 1, 0), EINVAL);
    assert_int_equal(log_range(fn, most, 8192, 1, 0), EINVAL);
    assert_int_equal(log_range(fn, 0, 4096, 2, 0), EINVAL);
    assert_int_equal(log_range(fn, 0, 4096, UINT32_MAX, 0), EINVAL);
    assert_int_equal(log_range(fn, 0, 4096, 1, 1), EINVAL);
    assert_int_equal(log_range(fn, most, 4096, 1, 0), 0);
    assert_int_equal(log_range(fn, 0, 4096, 1, 0), EBUSY);
    assert_int_equal(log_report(fn, 0, 4096, 4096, 39), EINVAL); /* no room for the reply */
    assert_int_equal(log_report(fn, 0, 4096, 4096, 40), 0);
    assert_int_equal(log_report(fn, 0, 4096, 0, 4096), EINVAL);
    assert_int_equal(log_report(fn, 0, 4096, 12288, 4096), EINVAL);
    assert_int_equal(log_report(fn, 0, 4095, 4096, 4096), EINVAL);
    assert_int_equal(log_report(fn, 0, most, 4096, UINT32_MAX), EINVAL);
    assert_int_equal(log_report(fn, 0, UINT64_C(1) << 31, 1, UINT32_MAX), EINVAL);
    assert_int_equal(log_report(fn, 0, 65536, 512, 4096), 0); /* 128 bits */
    assert_int_equal(log_report(fn, most, 4096, UINT64_C(1) << 63, 4096), 0);
}

static void what_a_client_must_not_do_is_refused(struct bed *bed)
{
    struct sriov_open_args args = {.size = sizeof(args), .name = DOOR};
    const struct sriov_vmm_ops *ops = sriov_vmm_ops(bed->client_b);
    void *handle = NULL;
    assert_int_equal(ops->open(sriov_vmm_ctx(bed->client_b), &args, &handle), 0);
    wrong_states(handle);
    wrong_logs(handle);
    ops->close(handle);
    open_b(bed); /* and it is as good as ever */
    traffic(bed);
}

static void with_both(void (*what)(struct bed *bed))
{
    static const char *const models[] = {"82599", "82576"};
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
        struct bed bed;
        set_up(&bed, models[i]);
        what(&bed);
        tear_down(&bed);
    }
}

static void moves(void **state)
{
    (void)state;
    with_both(it_moves_and_goes_on);
}

static void destination(void **state)
{
    (void)state;
    with_both(a_broken_destination_leaves_the_source);
}

static void dead_client(void **state)
{
    (void)state;
    with_both(a_dead_client_leaves_a_server);
}

static void logged(void **state)
{
    (void)state;
    with_both(its_writes_are_logged);
}

static void refused(void **state)
{
    (void)state;
    with_both(what_a_client_must_not_do_is_refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves),  cmocka_unit_test(destination), cmocka_unit_test(dead_client),
        cmocka_unit_test(logged), cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
