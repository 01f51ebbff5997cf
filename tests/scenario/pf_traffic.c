/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's policy seen in the frames that pass, and do not pass, the models' switch. */
#include "vf_fixture.h"

#include <errno.h>
#include <string.h>

#define LEN       100u
#define PORT_VLAN 77u

static const struct sriov_mac broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
static const struct sriov_mac stranger = {{0x02, 0xee, 0, 0, 0, 9}};
static const struct sriov_mac group = {{0x01, 0x00, 0x5e, 0x01, 0x02, 0x03}};
static const struct sriov_mac other_group = {{0x01, 0x00, 0x5e, 0x7f, 0x02, 0x04}};

static struct vf_setup setup_82599 = {.model = "82599"};
static struct vf_setup setup_82576 = {.model = "82576"};
static struct vf_world world;

static int make(void **state)
{
    vf_world_make(&world, *state);
    return 0;
}

static int end(void **state)
{
    (void)state;
    vf_world_end(&world);
    return 0;
}

static void ports_up(uint16_t n)
{
    for (uint16_t i = 0; i < n; i++) {
        vf_port_up(&world, i);
    }
}

static struct sriov_mac mac_of(uint16_t i)
{
    return vf_info(&world, i)->mac;
}

static void from_wire(const struct sriov_mac *dst, uint32_t len)
{
    uint8_t frame[VF_FRAME_MAX];

    vf_fill(frame, len, dst, &stranger, 1);
    assert_int_equal(sriov_mock_wire_send(world.mock, world.pf_name, frame, len), 0);
    vf_run(&world, VF_MS);
}

static void tagged_from_wire(const struct sriov_mac *dst, uint16_t vid)
{
    uint8_t frame[LEN + 4];

    vf_fill(frame, LEN, dst, &stranger, 1);
    memmove(frame + 16, frame + 12, LEN - 12);
    frame[12] = 0x81;
    frame[13] = 0x00;
    frame[14] = (uint8_t)(vid >> 8);
    frame[15] = (uint8_t)vid;
    assert_int_equal(sriov_mock_wire_send(world.mock, world.pf_name, frame, sizeof(frame)), 0);
    vf_run(&world, VF_MS);
}

/* How many frames wait; all are taken. */
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

static void send_as(uint16_t from, const struct sriov_mac *dst, const struct sriov_mac *src)
{
    uint8_t frame[LEN];

    vf_fill(frame, LEN, dst, src, 1);
    assert_int_equal(vf_send_bytes(&world, from, frame, LEN, 0, 0), 1);
    vf_run(&world, VF_MS);
}

static void port_vlan(void **state)
{
    struct sriov_mac mac;

    (void)state;
    ports_up(2);
    mac = mac_of(1);
    assert_int_equal(sriov_pf_set_vf_mac(world.pf, 1, &mac), 0); /* or it would choose anew */
    assert_int_equal(sriov_pf_set_vf_vlan(world.pf, 1, PORT_VLAN), 0);
    vf_run(&world, 3000 * VF_MS);
    /* Out: the tag is put on behind the guest's back. */
    world.wire_frames = 0;
    send_as(1, &stranger, &mac);
    assert_int_equal(world.wire_frames, 1);
    assert_int_equal(world.wire_last[12] << 8 | world.wire_last[13], 0x8100);
    assert_int_equal(world.wire_last[14] << 8 | world.wire_last[15], PORT_VLAN);
    /* In: this VLAN and no other, nor untagged. */
    from_wire(&mac, LEN);
    assert_int_equal(received(1), 0);
    tagged_from_wire(&mac, PORT_VLAN + 1);
    assert_int_equal(received(1), 0);
    tagged_from_wire(&mac, PORT_VLAN);
    assert_int_equal(received(1), 1);
    /* And neighbours outside it are not reached. */
    assert_int_equal(vf_send(&world, 0, 1, LEN, 1), 1);
    vf_run(&world, VF_MS);
    assert_int_equal(received(1), 0);
    assert_int_equal(sriov_net_set_vlan(world.port[1].net, 5, true), -EACCES);
}

static void guest_vlan(void **state)
{
    struct sriov_mac mac0;
    struct sriov_mac mac1;

    (void)state;
    ports_up(2);
    mac0 = mac_of(0);
    mac1 = mac_of(1);
    tagged_from_wire(&mac0, 5);
    assert_int_equal(received(0), 0);
    assert_int_equal(sriov_net_set_vlan(world.port[0].net, 5, true), 0);
    tagged_from_wire(&mac0, 5);
    tagged_from_wire(&mac1, 5);
    assert_int_equal(received(0), 1);
    assert_int_equal(received(1), 0);
    from_wire(&mac0, LEN);
    assert_int_equal(received(0), 1);
    assert_int_equal(sriov_net_set_vlan(world.port[0].net, 5, false), 0);
    tagged_from_wire(&mac0, 5);
    assert_int_equal(received(0), 0);
}

static void spoofed_source(void **state)
{
    (void)state;
    ports_up(2);
    world.wire_frames = 0;
    send_as(0, &stranger, &stranger);
    assert_int_equal(world.wire_frames, 0);
    assert_int_equal(sriov_pf_set_vf_spoof_check(world.pf, 0, false), 0);
    send_as(0, &stranger, &stranger);
    assert_int_equal(world.wire_frames, 1);
    send_as(1, &stranger, &stranger);
    assert_int_equal(world.wire_frames, 1);
}

static void unknown_and_broadcast(void **state)
{
    struct sriov_mac pf_mac = {{0x02, 0, 0, 0, 1, 0}};
    struct sriov_mac mac0;

    (void)state;
    ports_up(3);
    mac0 = mac_of(0);
    from_wire(&stranger, LEN);
    from_wire(&pf_mac, LEN);
    for (uint16_t i = 0; i < 3; i++) {
        assert_int_equal(received(i), 0);
    }
    from_wire(&broadcast, LEN);
    for (uint16_t i = 0; i < 3; i++) {
        assert_int_equal(received(i), 1);
    }
    world.wire_frames = 0;
    send_as(0, &broadcast, &mac0);
    assert_int_equal(received(0), 0);
    assert_int_equal(received(1), 1);
    assert_int_equal(received(2), 1);
    assert_int_equal(world.wire_frames, 1);
}

static void multicast(void **state)
{
    (void)state;
    ports_up(2);
    from_wire(&group, LEN);
    assert_int_equal(received(0), 0);
    assert_int_equal(sriov_net_set_multicast(world.port[0].net, &group, 1), 0);
    from_wire(&group, LEN);
    from_wire(&other_group, LEN);
    assert_int_equal(received(0), 1);
    assert_int_equal(received(1), 0);
    assert_int_equal(sriov_net_set_multicast(world.port[0].net, NULL, 0), 0);
    from_wire(&group, LEN);
    assert_int_equal(received(0), 0);
}

/* All multicast is for the trusted; trust that ends takes it back. */
static void all_multicast(void **state)
{
    struct sriov_mac mac;

    (void)state;
    ports_up(1);
    mac = mac_of(0);
    (void)sriov_net_set_rx_mode(world.port[0].net, SRIOV_RX_ALLMULTI);
    from_wire(&other_group, LEN);
    assert_int_equal(received(0), 0);
    assert_int_equal(sriov_pf_set_vf_mac(world.pf, 0, &mac), 0);
    assert_int_equal(sriov_pf_set_vf_trust(world.pf, 0, true), 0);
    vf_run(&world, 3000 * VF_MS);
    assert_int_equal(sriov_net_set_rx_mode(world.port[0].net, SRIOV_RX_ALLMULTI), 0);
    from_wire(&other_group, LEN);
    assert_int_equal(received(0), 1);
    assert_int_equal(sriov_pf_set_vf_trust(world.pf, 0, false), 0);
    vf_run(&world, 3000 * VF_MS);
    from_wire(&other_group, LEN);
    assert_int_equal(received(0), 0);
}

/* A VF whose driver is not there gets nothing, and nobody waits for it. */
static void absent_driver(void **state)
{
    struct sriov_mac mac;

    (void)state;
    ports_up(2);
    mac = mac_of(1);
    vf_port_close(&world, 1);
    for (uint32_t i = 0; i < 200; i++) {
        from_wire(&broadcast, 1000);
        from_wire(&mac, 1000);
        assert_int_equal(received(0), 1);
    }
}

static void down_carries_nothing(void **state)
{
    struct sriov_mac mac;

    (void)state;
    ports_up(2);
    mac = mac_of(0);
    vf_pf_set_up(&world, false);
    world.wire_frames = 0;
    from_wire(&mac, LEN);
    assert_int_equal(vf_send(&world, 0, -1, LEN, 1), 0); /* the VF knows */
    vf_run(&world, 100 * VF_MS);
    assert_int_equal(world.wire_frames, 0);
    assert_int_equal(received(0), 0);
    vf_pf_set_up(&world, true);
    vf_run(&world, 5000 * VF_MS);
    (void)received(0);
    (void)received(1);
    vf_expect_traffic(&world, 0, 1);
}

#define ON(test, setup)                                                                                      \
    {                                                                                                        \
#test " " #setup, test, make, end, &(setup)                                                          \
    }
#define BOTH(test) ON(test, setup_82599), ON(test, setup_82576)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(port_vlan), BOTH(guest_vlan),    BOTH(spoofed_source), BOTH(unknown_and_broadcast),
        BOTH(multicast), BOTH(all_multicast), BOTH(absent_driver),  BOTH(down_carries_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
