/* SPDX-License-Identifier: BSD-3-Clause */
/* A server that does one thing wrong, at each message in turn: the client says no, gives all back, and
 * holds no descriptor more than before. */
#include "peer.h"

#include <dirent.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS            UINT64_C(1000000)
#define OPEN_MESSAGES 16u /* version, info, 7 regions, interrupts, 3 features, 3 words of config space */
#define FIRST_FEATURE 10u
#define LAST_FEATURE  12u

static uint32_t open_fds(void)
{
    uint32_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        n++;
    }
    closedir(dir);
    return n;
}

static struct sriov_vmm *client_of(struct peer *peer, uint64_t timeout_ns)
{
    static const char *const paths[] = {"/nowhere/vf0.sock"};
    struct sriov_vfu_client_opts opts = {
        .size = sizeof(opts), .paths = paths, .num_paths = 1, .timeout_ns = timeout_ns};
    struct sriov_vmm *vmm = NULL;
    assert_int_equal(sriov_vfu_client_create(&opts, &vmm), 0);
    sriov_log_set_level(vmm, 0);
    struct vfuc *client = sriov_vmm_ctx(vmm);
    client->dial = peer_dial;
    client->dial_arg = peer;
    return vmm;
}

static int try_open(struct sriov_vmm *vmm, void **fn)
{
    struct sriov_open_args args = {.size = sizeof(args), .name = "vf0.sock"};
    return sriov_vmm_ops(vmm)->open(sriov_vmm_ctx(vmm), &args, fn);
}

/* Only a silent server may cost time: all others are found out by what they say. */
static uint64_t patience(enum peer_hurt hurt)
{
    return hurt == PEER_SILENT ? MS : 60000 * MS;
}

/* A feature that is refused, with whatever number, is one that the server has not. */
static bool is_a_no(enum peer_hurt hurt, uint32_t at)
{
    bool error = hurt == PEER_ERROR || hurt == PEER_ERROR_NO_NUM || hurt == PEER_ERROR_HUGE;
    return error && at >= FIRST_FEATURE && at <= LAST_FEATURE;
}

static void each_message_of_open(void **state)
{
    (void)state;
    uint32_t before = open_fds();
    for (enum peer_hurt hurt = PEER_CLOSES; hurt < PEER_HURTS; hurt++) {
        for (uint32_t at = 0; at < OPEN_MESSAGES; at++) {
            struct peer peer;
            void *fn = NULL;
            peer_init(&peer);
            peer.features = true;
            peer.hurt = hurt;
            peer.at = at;
            peer.value = EINVAL;
            struct sriov_vmm *vmm = client_of(&peer, patience(hurt));
            int err = try_open(vmm, &fn);
            if (err == 0 && is_a_no(hurt, at)) {
                sriov_vmm_ops(vmm)->close(fn);
                fn = NULL;
            } else if (err >= 0 || err == -EAGAIN) {
                fail_msg("hurt %d at message %u: %d", (int)hurt, at, err);
            }
            assert_null(fn);
            assert_int_equal(sriov_vfu_client_destroy(vmm), 0);
            peer_join(&peer);
        }
    }
    assert_int_equal(open_fds(), before);
}

static void told(void *arg, uint32_t event)
{
    uint32_t *seen = arg;
    *seen = *seen == 0 && event == SRIOV_EVENT_REMOVED ? 1 : 99;
}

/* What an op says, what it is afterwards, and the event. */
static void later_message(enum peer_hurt hurt, int want)
{
    struct peer peer;
    void *fn = NULL;
    uint32_t removed = 0;
    uint64_t value = 0;
    struct sriov_event_sink sink = {.size = sizeof(sink), .cb = told, .arg = &removed};
    peer_init(&peer);
    peer.features = true;
    peer.hurt = hurt;
    peer.at = OPEN_MESSAGES;
    struct sriov_vmm *vmm = client_of(&peer, 60000 * MS);
    const struct sriov_vmm_ops *ops = sriov_vmm_ops(vmm);
    assert_int_equal(try_open(vmm, &fn), 0);
    ((struct vfuc_fn *)fn)->conn.timeout_ns = patience(hurt); /* open itself takes what it takes */
    assert_int_equal(ops->set_event_sink(fn, &sink), 0);
    int err = ops->bar_read(fn, 0, 8, 4, &value);
    if (err != want) {
        fail_msg("hurt %d: %d, not %d", (int)hurt, err, want);
    }
    assert_true(value == UINT32_MAX);
    assert_int_equal(sriov_vmm_wait(vmm, UINT64_MAX), 0);
    assert_int_equal(sriov_vmm_wait(vmm, 0), -ETIMEDOUT); /* told once */
    assert_int_equal(removed, 1);
    assert_int_equal(ops->bar_read(fn, 0, 8, 4, &value), -ENODEV);
    ops->close(fn);
    assert_int_equal(sriov_vfu_client_destroy(vmm), 0);
    peer_join(&peer);
}

static void breach_removes_the_function(void **state)
{
    (void)state;
    uint32_t before = open_fds();
    later_message(PEER_CLOSES, -ENODEV);
    later_message(PEER_HALF_HEADER, -ENODEV);
    later_message(PEER_HALF_MESSAGE, -ENODEV);
    later_message(PEER_SILENT, -ETIMEDOUT);
    later_message(PEER_WRONG_ID, -EPROTO);
    later_message(PEER_WRONG_COMMAND, -EPROTO);
    later_message(PEER_WRONG_TYPE, -EPROTO);
    later_message(PEER_SIZE_ZERO, -EPROTO);
    later_message(PEER_SIZE_HUGE, -EPROTO);
    later_message(PEER_SHORT, -EPROTO);
    later_message(PEER_LONG, -EPROTO);
    later_message(PEER_FLOOD, -EPROTO);
    assert_int_equal(open_fds(), before);
}

/* An error is an answer: the connection goes on. */
static void error_reply_is_no_breach(void **state)
{
    (void)state;
    const struct {
        enum peer_hurt hurt;
        uint32_t value;
        int want;
    } cases[] = {{PEER_ERROR, EINVAL, -EINVAL},
                 {PEER_ERROR, ENOTTY, -EPROTO},
                 {PEER_ERROR_NO_NUM, 0, -EPROTO},
                 {PEER_ERROR_HUGE, 0, -EPROTO}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct peer peer;
        void *fn = NULL;
        uint64_t value = 0;
        peer_init(&peer);
        peer.features = true;
        peer.hurt = cases[i].hurt;
        peer.value = cases[i].value;
        peer.at = OPEN_MESSAGES;
        struct sriov_vmm *vmm = client_of(&peer, 60000 * MS);
        const struct sriov_vmm_ops *ops = sriov_vmm_ops(vmm);
        assert_int_equal(try_open(vmm, &fn), 0);
        assert_int_equal(ops->bar_read(fn, 0, 8, 4, &value), cases[i].want);
        assert_int_equal(ops->bar_read(fn, 0, 8, 4, &value), 0);
        ops->close(fn);
        assert_int_equal(sriov_vfu_client_destroy(vmm), 0);
        peer_join(&peer);
    }
}

static void refused(struct peer *peer, int want)
{
    void *fn = NULL;
    struct sriov_vmm *vmm = client_of(peer, 60000 * MS);
    assert_int_equal(try_open(vmm, &fn), want);
    assert_int_equal(sriov_vfu_client_destroy(vmm), 0);
    peer_join(peer);
}

#define SAYS(peer, member, what)                                                                             \
    do {                                                                                                     \
        peer_init(&(peer));                                                                                  \
        (peer).member = (what);                                                                              \
        refused(&(peer), -EPROTO);                                                                           \
    } while (0)

static void impossible_devices_are_refused(void **state)
{
    (void)state;
    struct peer peer;
    SAYS(peer, flags, 0);
    SAYS(peer, num_regions, 7);
    SAYS(peer, num_irqs, 2);
    SAYS(peer, bar_size[0], 8);
    SAYS(peer, bar_size[2], 4097);
    SAYS(peer, bar_size[5], UINT64_MAX);
    SAYS(peer, bar_size[1], UINT64_C(1) << 63);
    SAYS(peer, config_size, 0);
    SAYS(peer, config_size, 255);
    SAYS(peer, config_size, 8192);
    SAYS(peer, irq_count, 2049);
    SAYS(peer, irq_count, UINT32_MAX);
    SAYS(peer, major, 1);
    SAYS(peer, version, "");
    SAYS(peer, version, "{");
    SAYS(peer, version, "[1]");
    SAYS(peer, version, "{\"capabilities\":{\"max_msg_fds\":\"many\"}}");
    SAYS(peer, version, "{\"capabilities\":{\"max_msg_fds\":0}}");
    SAYS(peer, version, "{\"capabilities\":{\"max_msg_fds\":-1}}");
    SAYS(peer, version, "{\"capabilities\":{\"pgsizes\":1099511627776}}");
}

static void unasked_fds_are_closed(void **state)
{
    (void)state;
    uint32_t before = open_fds();
    struct peer peer;
    void *fn = NULL;
    peer_init(&peer);
    peer.features = true;
    peer.extra_fds = VFU_FDS_MAX - 1;
    struct sriov_vmm *vmm = client_of(&peer, 60000 * MS);
    assert_int_equal(try_open(vmm, &fn), 0);
    sriov_vmm_ops(vmm)->close(fn);
    assert_int_equal(sriov_vfu_client_destroy(vmm), 0);
    peer_join(&peer);
    assert_int_equal(open_fds(), before);
}

static void many_strays_are_a_breach(void **state)
{
    (void)state;
    struct peer peer;
    peer_init(&peer);
    peer.features = true;
    peer.strays = 16;
    refused(&peer, -EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_of_open),     cmocka_unit_test(breach_removes_the_function),
        cmocka_unit_test(error_reply_is_no_breach), cmocka_unit_test(impossible_devices_are_refused),
        cmocka_unit_test(unasked_fds_are_closed),   cmocka_unit_test(many_strays_are_a_breach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
