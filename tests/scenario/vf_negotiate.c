/* SPDX-License-Identifier: BSD-3-Clause */
/* VF and PF agree: mailbox API of every age, queues, MAC, settings, refusals. */
#include "vf_fixture.h"

#include <errno.h>
#include <string.h>

static const struct vf_setup both[] = {{.model = "82599"}, {.model = "82576"}};

#define EACH_MODEL(setup) for (const struct vf_setup *setup = both; setup < both + 2; setup++)

static const struct sriov_mac group = {{0x01, 0x00, 0x5e, 0x11, 0x22, 0x33}};

static void agrees_with_a_pf_of_every_age(void **state)
{
    (void)state;
    for (uint32_t api = 0x0100; api <= 0x0107; api++) {
        struct vf_setup setup = {.model = "82599", .max_api = api};
        struct vf_world w;
        vf_world_make(&w, &setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        struct sriov_pf_vf_info info = {.size = sizeof(info)};
        assert_int_equal(sriov_pf_get_vf(w.pf, 0, &info), 0);
        assert_int_equal(vf_info(&w, 0)->mailbox_api, api);
        assert_int_equal(info.mailbox_api, api);
        assert_int_equal(vf_info(&w, 0)->max_mtu, api == 0x0100 ? 1500 : 9706);
        vf_expect_traffic(&w, 0, 1);
        int err = sriov_net_set_rx_mode(w.port[0].net, SRIOV_RX_NONE);
        assert_int_equal(err, api < 0x0102 ? -EOPNOTSUPP : 0);
        vf_world_end(&w);
    }
}

static void learns_its_mac(void **state)
{
    (void)state;
    const struct sriov_mac given = {{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}};
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        assert_int_equal(sriov_pf_set_vf_mac(w.pf, 1, &given), 0);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        struct sriov_mac none = {{0}};
        assert_memory_not_equal(&vf_info(&w, 0)->mac, &none, sizeof(none));
        assert_int_equal(w.port[0].info.mac.b[0] & 1, 0);
        assert_memory_equal(&vf_info(&w, 1)->mac, &given, sizeof(given));
        vf_expect_traffic(&w, 0, 1);
        vf_world_end(&w);
    }
}

static void is_told_what_policy_denies(void **state)
{
    (void)state;
    const struct sriov_mac given = {{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}};
    const struct sriov_mac wish = {{0x02, 0x66, 0x77, 0x88, 0x99, 0xaa}};
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        assert_int_equal(sriov_pf_set_vf_mac(w.pf, 0, &given), 0);
        assert_int_equal(sriov_pf_set_vf_vlan(w.pf, 0, 42), 0);
        vf_port_up(&w, 0);
        assert_int_equal(sriov_net_set_mac(w.port[0].net, &wish), -EACCES);
        assert_memory_equal(&vf_info(&w, 0)->mac, &given, sizeof(given));
        assert_int_equal(sriov_net_set_vlan(w.port[0].net, 7, true), -EACCES);
        assert_int_equal(sriov_net_set_rx_mode(w.port[0].net, SRIOV_RX_PROMISC), -EACCES);
        struct sriov_pf_vf_info info = {.size = sizeof(info)};
        assert_int_equal(sriov_pf_get_vf(w.pf, 0, &info), 0);
        assert_true(info.refused >= 2);
        vf_run(&w, 50 * VF_MS);
        assert_int_equal(vf_info(&w, 0)->recoveries, 0);
        assert_true(vf_info(&w, 0)->link.up);
        vf_world_end(&w);
    }
}

static void changes_its_mac(void **state)
{
    (void)state;
    const struct sriov_mac wish = {{0x02, 0x66, 0x77, 0x88, 0x99, 0xaa}};
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        assert_int_equal(sriov_net_set_mac(w.port[1].net, &wish), 0);
        assert_memory_equal(&vf_info(&w, 1)->mac, &wish, sizeof(wish));
        vf_expect_traffic(&w, 0, 1);
        assert_int_equal(sriov_net_set_mac(w.port[1].net, &group), -EINVAL);
        vf_world_end(&w);
    }
}

static uint32_t hears_group(struct vf_world *w, uint16_t i)
{
    uint8_t frame[100];
    const struct sriov_mac from = {{0x02, 0xee, 0, 0, 0, 1}};
    vf_fill(frame, sizeof(frame), &group, &from, 1);
    assert_int_equal(sriov_mock_wire_send(w->mock, w->pf_name, frame, sizeof(frame)), 0);
    vf_run(w, VF_MS);
    struct sriov_buf *buf = vf_recv(w, i, 0);
    sriov_buf_free(buf);
    return buf != NULL ? 1 : 0;
}

static void hears_the_groups_it_joined(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        struct sriov_mac many[31];
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        assert_int_equal(hears_group(&w, 0), 0);
        assert_int_equal(sriov_net_set_multicast(w.port[0].net, &group, 1), 0);
        assert_int_equal(hears_group(&w, 0), 1);
        vf_pf_reset(&w);
        vf_run_until(&w, 0, SRIOV_NET_EV_RECOVERED, 5000 * VF_MS);
        vf_run(&w, 1000 * VF_MS);
        assert_int_equal(hears_group(&w, 0), 1);
        assert_int_equal(sriov_net_set_multicast(w.port[0].net, NULL, 0), 0);
        assert_int_equal(hears_group(&w, 0), 0);
        for (uint32_t i = 0; i < 31; i++) {
            many[i] = group;
            many[i].b[5] = (uint8_t)(i + 0x40);
        }
        assert_int_equal(sriov_net_set_multicast(w.port[0].net, many, 31), -ENOSPC);
        assert_int_equal(sriov_net_set_multicast(w.port[0].net, many, 30), 0);
        vf_world_end(&w);
    }
}

/* All that was set holds after a PF reset: MAC, VLANs, MTU, receive mode. */
static void keeps_its_settings_over_a_reset(void **state)
{
    (void)state;
    const struct sriov_mac wish = {{0x02, 0x66, 0x77, 0x88, 0x99, 0xaa}};
    EACH_MODEL(setup)
    {
        struct vf_world w;
        uint8_t frame[300];
        struct vf_setup jumbo = *setup;
        jumbo.config.mtu = 9000;
        vf_world_make(&w, &jumbo);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        assert_int_equal(sriov_net_set_mac(w.port[1].net, &wish), 0);
        for (uint16_t i = 0; i < 2; i++) {
            assert_int_equal(sriov_net_set_vlan(w.port[i].net, 5, true), 0);
            assert_int_equal(sriov_net_set_vlan(w.port[i].net, 4000, true), 0);
            assert_int_equal(sriov_net_set_vlan(w.port[i].net, 5, false), 0);
        }
        vf_pf_reset(&w);
        vf_run_until(&w, 0, SRIOV_NET_EV_RECOVERED, 5000 * VF_MS);
        vf_run_until(&w, 1, SRIOV_NET_EV_RECOVERED, 5000 * VF_MS);
        vf_run(&w, 1000 * VF_MS);
        assert_memory_equal(&vf_info(&w, 1)->mac, &wish, sizeof(wish));
        assert_int_equal(vf_send(&w, 0, 1, 9014, 1), 1);
        vf_run(&w, VF_MS);
        vf_expect(&w, 1, 0, 9014, 1);
        struct sriov_mac a = vf_info(&w, 0)->mac;
        vf_fill(frame, sizeof(frame), &wish, &a, 2);
        assert_int_equal(vf_send_bytes(&w, 0, frame, sizeof(frame), SRIOV_TX_VLAN, 4000), 1);
        vf_run(&w, VF_MS);
        struct sriov_buf *buf = vf_recv(&w, 1, 0);
        assert_non_null(buf);
        sriov_buf_free(buf);
        vf_world_end(&w);
    }
}

static void sets_its_mtu_between_runs(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        for (uint16_t i = 0; i < 2; i++) {
            assert_int_equal(sriov_net_stop(w.port[i].net), 0);
            assert_int_equal(sriov_net_set_mtu(w.port[i].net, 4000), 0);
            assert_int_equal(sriov_net_set_mtu(w.port[i].net, 9999), -EINVAL);
            assert_int_equal(sriov_net_start(w.port[i].net), 0);
        }
        vf_run(&w, VF_MS);
        assert_int_equal(vf_send(&w, 0, 1, 4014, 1), 1);
        vf_run(&w, VF_MS);
        vf_expect(&w, 1, 0, 4014, 1);
        assert_int_equal(vf_info(&w, 0)->mtu, 4000);
        vf_world_end(&w);
    }
}

static void is_denied_a_jumbo_mtu(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        struct vf_setup narrow = *setup;
        narrow.max_frame = 3018;
        vf_world_make(&w, &narrow);
        vf_port_attach(&w, 0);
        struct sriov_net_config config = {.size = sizeof(config), .mtu = 9000, .pool = w.port[0].pool};
        assert_int_equal(sriov_net_configure(w.port[0].net, &config), 0);
        assert_int_equal(sriov_net_start(w.port[0].net), -EACCES);
        assert_int_equal(sriov_pool_in_use(w.port[0].pool), 0);
        assert_int_equal(sriov_net_set_mtu(w.port[0].net, 9000), -EACCES);
        assert_int_equal(sriov_net_set_mtu(w.port[0].net, 3000), 0);
        assert_int_equal(sriov_net_start(w.port[0].net), 0);
        vf_world_end(&w);
    }
}

static void restarts_and_reconfigures(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        for (uint16_t round = 0; round < 4; round++) {
            vf_expect_traffic(&w, 0, 1);
            assert_int_equal(sriov_net_stop(w.port[0].net), 0);
            assert_int_equal(sriov_pool_in_use(w.port[0].pool), 0);
            struct sriov_buf *none;
            if (round % 2 != 0) {
                w.setup.config.rx_desc = (uint16_t)(64 << round);
                w.setup.config.tx_desc = 128;
                vf_port_start(&w, 0);
            } else {
                assert_int_equal(sriov_net_start(w.port[0].net), 0);
            }
            assert_int_equal(sriov_rx_burst(sriov_net_rxq(w.port[0].net, 0), &none, 1), 0);
        }
        vf_world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_a_pf_of_every_age), cmocka_unit_test(learns_its_mac),
        cmocka_unit_test(is_told_what_policy_denies),    cmocka_unit_test(changes_its_mac),
        cmocka_unit_test(hears_the_groups_it_joined),    cmocka_unit_test(keeps_its_settings_over_a_reset),
        cmocka_unit_test(sets_its_mtu_between_runs),     cmocka_unit_test(is_denied_a_jumbo_mtu),
        cmocka_unit_test(restarts_and_reconfigures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
