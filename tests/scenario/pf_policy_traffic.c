/* SPDX-License-Identifier: BSD-3-Clause */
/* Trunk, link state, receive mode and counters of VFs: in what passes the models' switch, over a reset of
 * the PF too, and only once when they are set twice. Both devices. */
#include "policy_stage.h"

#define RECOVERY (3000 * VF_MS)

static const struct sriov_mac group = {{0x01, 0x00, 0x5e, 0x01, 0x02, 0x03}};

static struct vf_setup setup_82599 = {.model = "82599", .vf_queues = 1};
static struct vf_setup setup_old_82599 = {.model = "82599", .vf_queues = 1, .max_api = 0x0101};
static struct vf_setup setup_82576 = {.model = "82576"};

static uint64_t count(uint16_t i, const char *name)
{
    struct sriov_stat stats[32];
    const uint32_t n = sriov_pf_vf_stats(world.pf, i, stats, 32);

    assert_in_range(n, 1, 32);
    assert_int_equal(sriov_pf_vf_stats(world.pf, i, NULL, 0), n);
    for (uint32_t s = 0; s < n; s++) {
        if (strcmp(stats[s].name, name) == 0) {
            return stats[s].value;
        }
    }
    fail_msg("no counter \"%s\"", name);
    return 0;
}

static void from_wire(const struct sriov_mac *dst, uint16_t vid)
{
    uint8_t frame[LEN + 4];
    uint32_t len = LEN;

    vf_fill(frame, len, dst, &stranger, 1);
    if (vid != 0) {
        memmove(frame + 16, frame + 12, LEN - 12);
        frame[12] = 0x81;
        frame[13] = 0x00;
        frame[14] = (uint8_t)(vid >> 8);
        frame[15] = (uint8_t)vid;
        len += 4;
    }
    assert_int_equal(sriov_mock_wire_send(world.mock, world.pf_name, frame, len), 0);
    vf_run(&world, VF_MS);
}

static uint32_t received(uint16_t i)
{
    struct sriov_buf *buf;
    uint32_t n = 0;

    for (uint16_t q = 0; q < vf_info(&world, i)->queues; q++) {
        while ((buf = vf_recv(&world, i, q)) != NULL) {
            n++;
            sriov_buf_free(buf);
        }
    }
    return n;
}

/* Frames of this VLAN that reach the port, of one sent. */
static uint32_t hears(uint16_t i, uint16_t vid)
{
    const struct sriov_mac mac = mac_of(i);

    (void)received(i);
    from_wire(&mac, vid);
    return received(i);
}

/* ---- trunk ---- */

static void trunk(void **state)
{
    const uint16_t two[] = {7, 5, 7, 5};
    const uint16_t one[] = {7};
    uint16_t list[3];

    (void)state;
    ports_up(2);
    assert_int_equal(sriov_net_set_vlan(world.port[0].net, 9, true), 0);
    assert_int_equal(hears(0, 9), 1);
    assert_int_equal(sriov_pf_set_vf_trunk(world.pf, 0, two, 4), 0);
    assert_int_equal(vf_of(0).trunk_vids, 2);
    assert_int_equal(sriov_pf_get_vf_trunk(world.pf, 0, list, 1), 2);
    assert_int_equal(list[0], 5);
    assert_int_equal(sriov_pf_get_vf_trunk(world.pf, 0, list, 3), 2);
    assert_int_equal(list[1], 7);
    assert_int_equal(sriov_pf_get_vf_trunk(world.pf, 1, NULL, 3), 0);
    assert_int_equal(hears(0, 9), 0); /* at once, whatever the VF does */
    vf_run(&world, RECOVERY);
    assert_int_equal(hears(0, 9), 0);
    assert_int_equal(hears(0, 0), 1);
    assert_int_equal(sriov_net_set_vlan(world.port[0].net, 5, true), 0);
    assert_int_equal(sriov_net_set_vlan(world.port[0].net, 6, true), -EACCES);
    assert_int_equal(sriov_net_set_vlan(world.port[0].net, 0, true), 0);
    assert_int_equal(sriov_net_set_vlan(world.port[1].net, 6, true), 0);
    assert_int_equal(hears(0, 5), 1);
    assert_int_equal(hears(0, 6), 0);
    assert_int_equal(hears(1, 6), 1);
    assert_int_equal(sriov_pf_set_vf_trunk(world.pf, 0, one, 1), 0);
    assert_int_equal(hears(0, 5), 0);
    assert_int_equal(sriov_pf_set_vf_trunk(world.pf, 0, NULL, 0), 0);
    vf_run(&world, RECOVERY);
    assert_int_equal(sriov_net_set_vlan(world.port[0].net, 6, true), 0);
    assert_int_equal(hears(0, 6), 1);
}

static void trunk_or_port_vlan(void **state)
{
    const uint16_t list[] = {7, 8};
    const uint16_t reserved[] = {7, 4095};
    uint16_t many[SRIOV_PF_TRUNK_MAX + 1];

    (void)state;
    for (uint16_t i = 0; i <= SRIOV_PF_TRUNK_MAX; i++) {
        many[i] = (uint16_t)(i + 1u);
    }
    assert_int_equal(sriov_pf_set_vf_trunk(world.pf, 0, list, 2), 0);
    assert_int_equal(sriov_pf_set_vf_vlan(world.pf, 0, 7), -EBUSY);
    assert_int_equal(sriov_pf_set_vf_vlan(world.pf, 0, 0), 0);
    assert_int_equal(sriov_pf_set_vf_vlan(world.pf, 1, 7), 0);
    assert_int_equal(sriov_pf_set_vf_trunk(world.pf, 1, list, 2), -EBUSY);
    assert_int_equal(sriov_pf_set_vf_trunk(world.pf, 1, NULL, 0), 0);
    assert_int_equal(sriov_pf_set_vf_trunk(world.pf, 0, many, SRIOV_PF_TRUNK_MAX + 1), -ENOSPC);
    assert_int_equal(sriov_pf_set_vf_trunk(world.pf, 0, many, SRIOV_PF_TRUNK_MAX), 0);
    assert_int_equal(vf_of(0).trunk_vids, SRIOV_PF_TRUNK_MAX);
    assert_int_equal(sriov_pf_set_vf_trunk(world.pf, 0, reserved, 2), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_trunk(world.pf, 0, NULL, 2), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_trunk(world.pf, VF_PORTS, list, 2), -EINVAL);
    assert_int_equal(vf_of(0).trunk_vids, SRIOV_PF_TRUNK_MAX);
}

/* ---- link ---- */

static void link_down_silences_one(void **state)
{
    const struct sriov_mac broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    struct sriov_mac mac;
    uint8_t frame[LEN];

    (void)state;
    ports_up(3);
    mac = mac_of(0);
    world.port[1].events = 0;
    world.port[2].events = 0;
    assert_int_equal(sriov_pf_set_vf_link(world.pf, 0, SRIOV_PF_VF_LINK_DOWN), 0);
    assert_int_equal(vf_of(0).link, SRIOV_PF_VF_LINK_DOWN);
    (void)received(1);
    (void)received(2);
    for (uint32_t round = 0; round < 2; round++) {
        world.wire_frames = 0;
        vf_fill(frame, LEN, &broadcast, &mac, 1);
        (void)vf_send_bytes(&world, 0, frame, LEN, 0, 0);
        from_wire(&mac, 0);
        assert_int_equal(world.wire_frames, 0);
        assert_int_equal(received(0) + received(1) + received(2), 0);
        vf_expect_traffic(&world, 1, 2);
        vf_run(&world, 10000 * VF_MS);
    }
    if (strcmp(world.setup.model, "82576") == 0 || world.setup.max_api == 0) {
        assert_false(vf_info(&world, 0)->link.up);
    }
    assert_int_equal(world.port[1].events | world.port[2].events, 0);
    assert_int_equal(sriov_pf_set_vf_link(world.pf, 0, SRIOV_PF_VF_LINK_AUTO), 0);
    vf_run(&world, RECOVERY);
    assert_true(vf_info(&world, 0)->link.up);
    (void)received(0);
    (void)received(1);
    (void)received(2);
    vf_expect_traffic(&world, 0, 1);
}

/* With the port's own link a VF cannot be up by itself. */
static void link_up_cannot_be_had(void **state)
{
    (void)state;
    assert_int_equal(sriov_pf_set_vf_link(world.pf, 0, SRIOV_PF_VF_LINK_UP), -EOPNOTSUPP);
    assert_int_equal(sriov_pf_set_vf_link(world.pf, 0, (enum sriov_pf_vf_link)3), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_link(world.pf, VF_PORTS, SRIOV_PF_VF_LINK_DOWN), -EINVAL);
    assert_int_equal(vf_of(0).link, SRIOV_PF_VF_LINK_AUTO);
}

/* ---- receive mode ---- */

static void rx_mode(void **state)
{
    struct sriov_net *net;

    (void)state;
    ports_up(1);
    net = world.port[0].net;
    assert_int_equal(vf_of(0).rx_mode, SRIOV_RX_PROMISC);
    assert_int_equal(sriov_pf_set_vf_trust(world.pf, 0, true), 0);
    vf_run(&world, RECOVERY);
    assert_int_equal(sriov_net_set_rx_mode(net, SRIOV_RX_ALLMULTI), 0);
    from_wire(&group, 0);
    assert_int_equal(received(0), 1);
    /* Trust is not enough from now on. */
    assert_int_equal(sriov_pf_set_vf_rx_mode(world.pf, 0, SRIOV_RX_MULTI), 0);
    from_wire(&group, 0);
    assert_int_equal(received(0), 0);
    vf_run(&world, RECOVERY);
    assert_int_equal(sriov_net_set_rx_mode(net, SRIOV_RX_ALLMULTI), -EACCES);
    assert_int_equal(sriov_net_set_multicast(net, &group, 1), 0);
    from_wire(&group, 0);
    assert_int_equal(received(0), 1);
    assert_int_equal(sriov_pf_set_vf_rx_mode(world.pf, 0, SRIOV_RX_NONE), 0);
    from_wire(&group, 0);
    assert_int_equal(received(0), 0);
    vf_run(&world, RECOVERY);
    assert_int_equal(sriov_net_set_multicast(net, &group, 1), -EACCES);
    assert_int_equal(hears(0, 0), 1);
    /* What the application wants still is asked for again once it may be had. */
    assert_int_equal(sriov_pf_set_vf_rx_mode(world.pf, 0, SRIOV_RX_PROMISC), 0);
    vf_run(&world, RECOVERY);
    from_wire(&group, 0);
    assert_int_equal(received(0), 1);
}

/* ---- over resets, twice, counted ---- */

static void set_all(void)
{
    const uint16_t list[] = {5, 7};

    assert_int_equal(sriov_pf_set_vf_trunk(world.pf, 0, list, 2), 0);
    assert_int_equal(sriov_pf_set_vf_rate(world.pf, 0, 100), 0);
    assert_int_equal(sriov_pf_set_vf_trust(world.pf, 0, true), 0);
    assert_int_equal(sriov_pf_set_vf_spoof_check(world.pf, 0, false), 0);
    assert_int_equal(sriov_pf_set_vf_rx_mode(world.pf, 0, SRIOV_RX_MULTI), 0);
    assert_int_equal(sriov_pf_set_vf_vlan(world.pf, 1, 33), 0);
    assert_int_equal(sriov_pf_set_vf_link(world.pf, 2, SRIOV_PF_VF_LINK_DOWN), 0);
}

static void assert_all(void)
{
    struct sriov_mac mac = mac_of(1);
    const struct sriov_pf_vf_info info = vf_of(0);

    assert_int_equal(info.trunk_vids, 2);
    assert_int_equal(info.max_mbps, 100);
    assert_true(info.trusted && info.admin_mac && !info.spoof_check);
    assert_int_equal(info.rx_mode, SRIOV_RX_MULTI);
    assert_int_equal(sriov_net_set_vlan(world.port[0].net, 5, true), 0);
    assert_int_equal(sriov_net_set_vlan(world.port[0].net, 6, true), -EACCES);
    assert_int_equal(sriov_net_set_rx_mode(world.port[0].net, SRIOV_RX_ALLMULTI), -EACCES);
    assert_rate(0, 100);
    (void)received(1);
    from_wire(&mac, 33);
    from_wire(&mac, 0);
    assert_int_equal(received(1), 1);
    assert_int_equal(sriov_net_set_vlan(world.port[1].net, 5, true), -EACCES);
    assert_false(vf_info(&world, 2)->link.up);
    mac = mac_of(2);
    from_wire(&mac, 0);
    assert_int_equal(received(2), 0);
}

static void all_of_it_outlives_resets(void **state)
{
    (void)state;
    ports_up(3);
    set_all();
    vf_run(&world, RECOVERY);
    assert_all();
    vf_pf_reset(&world);
    vf_run(&world, RECOVERY);
    assert_all();
    vf_pf_set_up(&world, false);
    vf_run(&world, RECOVERY);
    vf_pf_set_up(&world, true);
    vf_run(&world, RECOVERY);
    assert_all();
    /* And other VFs in its place know nothing of it. */
    for (uint16_t i = 0; i < 3; i++) {
        vf_port_close(&world, i);
    }
    world.pf_busy = true;
    assert_int_equal(sriov_pf_enable_vfs(world.pf, 0), 0);
    assert_int_equal(sriov_pf_enable_vfs(world.pf, 3), 0);
    world.pf_busy = false;
    ports_up(3);
    assert_int_equal(vf_of(0).trunk_vids, 0);
    assert_int_equal(vf_of(0).max_mbps, 0);
    assert_int_equal(vf_of(0).rx_mode, SRIOV_RX_PROMISC);
    assert_int_equal(vf_of(2).link, SRIOV_PF_VF_LINK_AUTO);
    vf_expect_traffic(&world, 0, 2);
}

static void twice_is_once(void **state)
{
    struct sriov_pf_vf_info before[3];
    struct sriov_mac mac;

    (void)state;
    ports_up(3);
    set_all();
    vf_run(&world, RECOVERY);
    for (uint16_t i = 0; i < 3; i++) {
        before[i] = vf_of(i);
        world.port[i].events = 0;
    }
    mac = mac_of(0);
    set_all();
    assert_int_equal(sriov_pf_set_vf_mac(world.pf, 0, &mac), 0);
    /* A reading of the policy changes nothing either; the mailbox stays as it was. */
    for (uint16_t i = 0; i < 3; i++) {
        const struct sriov_pf_vf_info now = vf_of(i);

        assert_memory_equal(&now, &before[i], sizeof(now));
    }
    vf_run(&world, 100 * VF_MS);
    for (uint16_t i = 0; i < 2; i++) {
        assert_int_equal(world.port[i].events, 0);
        assert_int_equal(vf_of(i).resets, before[i].resets);
        assert_int_equal(vf_of(i).requests, before[i].requests);
    }
}

static void counters(void **state)
{
    uint64_t packets;
    uint64_t bytes;

    (void)state;
    ports_up(2);
    packets = count(0, "tx_packets");
    bytes = count(0, "tx_bytes");
    for (uint32_t n = 0; n < 5; n++) {
        assert_int_equal(vf_send(&world, 0, 1, 200, n), 1);
        vf_run(&world, VF_MS);
        vf_expect(&world, 1, 0, 200, n);
    }
    assert_int_equal(count(0, "tx_packets"), packets + 5);
    assert_int_equal(count(0, "tx_bytes"), bytes + 5u * 204u);
    assert_int_equal(count(1, "rx_packets"), 5);
    assert_int_equal(count(1, "rx_bytes"), 5u * 204u);
    if (!is_82599()) {
        assert_int_equal(count(1, "rx_loopback_packets"), 5);
    }
    assert_int_equal(vf_send(&world, 0, 1, 200, 5), 1);
    vf_run(&world, VF_MS);
    vf_expect(&world, 1, 0, 200, 5);
    vf_pf_reset(&world); /* which has to look once more before it */
    assert_int_equal(count(1, "rx_packets"), 6);
    vf_run(&world, RECOVERY);
    assert_int_equal(count(1, "rx_bytes"), 6u * 204u);
    assert_int_equal(vf_send(&world, 0, 1, 200, 9), 1);
    vf_run(&world, VF_MS);
    vf_expect(&world, 1, 0, 200, 9);
    assert_int_equal(count(1, "rx_packets"), 7);
    assert_int_equal(count(0, "tx_bytes"), bytes + 7u * 204u);
    assert_int_equal(sriov_pf_vf_stats(world.pf, VF_PORTS, NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(trunk),
        BOTH(trunk_or_port_vlan),
        BOTH(link_down_silences_one),
        ON(old_82599, link_down_silences_one),
        BOTH(link_up_cannot_be_had),
        BOTH(rx_mode),
        BOTH(all_of_it_outlives_resets),
        BOTH(twice_is_once),
        BOTH(counters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
