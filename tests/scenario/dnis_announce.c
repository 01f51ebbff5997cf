/* SPDX-License-Identifier: BSD-3-Clause */
/* What a pair tells the network after a switch, and the options that it refuses. */
#include "dnis_stage.h"

#include <errno.h>
#include <string.h>

static const struct stage_setup plain = {.vf_model = "82599",
                                         .standby_model = "82576",
                                         .frame_len = 300,
                                         .frame_ns = 50 * US,
                                         .opts = {.hold_down_ns = 20 * MS}};

static struct stage stage;

static struct stage *begin(const struct stage_setup *setup)
{
    stage_make(&stage, setup);
    return &stage;
}

static void check_sum(const uint8_t *p, uint32_t len, uint32_t sum)
{
    for (uint32_t i = 0; i < len; i += 2) {
        sum += (uint32_t)p[i] << 8 | p[i + 1];
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    assert_int_equal(sum, 0xffff);
}

static void announces_addresses(void **state)
{
    (void)state;
    static const uint8_t arp_head[] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0xaa, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0,   6, 4, 0,
        1,    0x02, 0xaa, 0,    0,    0,    1,    192,  0, 2, 7, 0, 0, 0, 0, 0, 0, 192, 0, 2, 7};
    static const uint8_t na_head[] = {0x33, 0x33, 0, 0, 0, 1, 0x02, 0xaa, 0, 0, 0, 1, 0x86, 0xdd};
    struct sriov_dnis_addr v4 = {.ip = {192, 0, 2, 7}};
    struct sriov_dnis_addr v6 = {.ip = {0x20, 1, 0x0d, 0xb8, [15] = 7}, .is_ipv6 = 1};
    struct stage_setup setup = plain;
    setup.opts.addrs = &v4;
    setup.opts.addr_count = 1;
    struct stage *s = begin(&setup);
    stage_run(s, 1000 * MS);
    assert_int_equal(s->arps, 3);
    assert_memory_equal(s->last_announced, arp_head, sizeof(arp_head));
    assert_true(s->last_announced_len >= 60);
    stage_end(s);

    setup.opts.addrs = &v6;
    setup.opts.announce_rounds = 1;
    s = begin(&setup);
    stage_run(s, 1000 * MS);
    assert_int_equal(s->nas, 1);
    assert_int_equal(s->last_announced_len, 86);
    assert_memory_equal(s->last_announced, na_head, sizeof(na_head));
    assert_int_equal(s->last_announced[14 + 7], 255);
    assert_int_equal(s->last_announced[54], 136);
    assert_int_equal(s->last_announced[58], 0x20);
    assert_memory_equal(s->last_announced + 62, v6.ip, 16);
    assert_memory_equal(s->last_announced + 80, na_head + 6, 6);
    check_sum(s->last_announced + 22, 64, 32 + 58);
    stage_end(s);

    setup.opts.addr_count = 0;
    s = begin(&setup);
    assert_int_equal(s->rarps, 1);
    stage_vf_up(s);
    assert_int_equal(s->rarps, 2);
    assert_int_equal(s->fdb, VF_SIDE);
    stage_end(s);

    setup.opts.flags = SRIOV_DNIS_NO_RARP;
    s = begin(&setup);
    stage_vf_up(s);
    assert_int_equal(stage_stats(s).announced, 0);
    stage_end(s);
}

static void refuses_wrong_options(void **state)
{
    (void)state;
    struct stage *s = begin(&plain);
    struct sriov_dnis *d = NULL;
    struct sriov_dnis_addr addr = {.vlan = 4095};
    struct sriov_dnis_opts good = {.size = sizeof(good)};
    struct sriov_dnis_opts opts = good;
    assert_int_equal(sriov_dnis_create(NULL, &good, &d), -EINVAL);
    assert_int_equal(sriov_dnis_create(s->vmm, NULL, &d), -EINVAL);
    assert_int_equal(sriov_dnis_create(s->vmm, &good, NULL), -EINVAL);
    opts.flags = 1u << 30;
    assert_int_equal(sriov_dnis_create(s->vmm, &opts, &d), -EINVAL);
    opts = good;
    opts.queues = SRIOV_NET_QUEUES_MAX + 1;
    assert_int_equal(sriov_dnis_create(s->vmm, &opts, &d), -EINVAL);
    opts = good;
    opts.policy = 2;
    assert_int_equal(sriov_dnis_create(s->vmm, &opts, &d), -EINVAL);
    opts = good;
    opts.addr_count = 1;
    assert_int_equal(sriov_dnis_create(s->vmm, &opts, &d), -EINVAL);
    opts.addrs = &addr;
    assert_int_equal(sriov_dnis_create(s->vmm, &opts, &d), -EINVAL);
    assert_null(d);
    sriov_dnis_destroy(NULL);
    assert_int_equal(sriov_dnis_attach(s->dnis, NULL), -EINVAL);
    assert_int_equal(sriov_dnis_switch(s->dnis, SRIOV_DNIS_NONE), -EINVAL);
    assert_int_equal(sriov_dnis_switch(s->dnis, SRIOV_DNIS_VF), -EINVAL);
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(announces_addresses),
        cmocka_unit_test(refuses_wrong_options),
    };
    return cmocka_run_group_tests_name("DNIS announcements", tests, NULL, NULL);
}
