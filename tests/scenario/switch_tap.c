/* SPDX-License-Identifier: BSD-3-Clause */
/* What the models' switch carries, in a capture of it: each frame once. And what is lost at a port. */
#include "vf_fixture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEN   100u
#define MANY  20000u
#define TURNS 2000u

static const struct sriov_mac everyone = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
static const struct sriov_mac stranger = {{0x02, 0xee, 0, 0, 0, 9}};
static const struct sriov_mac nobody = {{0x02, 0xee, 0, 0, 0, 8}};

static struct vf_setup setup_82599 = {.model = "82599"};
static struct vf_setup setup_82576 = {.model = "82576"};
static struct vf_world world;
static char path[] = "/tmp/sriov-switch-XXXXXX";
static char port[SRIOV_NAME_MAX + 8];

static int make(void **state)
{
    int fd;

    vf_world_make(&world, *state);
    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    (void)snprintf(port, sizeof(port), "%s/switch", world.pf_name);
    for (uint16_t i = 0; i < 3; i++) {
        vf_port_up(&world, i);
    }
    vf_run(&world, VF_MS);
    assert_int_equal(sriov_mock_capture(world.mock, port, path), 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    assert_int_equal(unlink(path), 0);
    vf_world_end(&world);
    return 0;
}

/* Frames in the file; *last: length of the last one. */
static uint32_t captured(uint32_t *last)
{
    char error[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const u_char *bytes;
    pcap_t *file;
    uint32_t n = 0;

    assert_int_equal(sriov_mock_capture_flush(world.mock), 0);
    file = pcap_open_offline(path, error);
    assert_non_null(file);
    while (pcap_next_ex(file, &header, &bytes) == 1) {
        *last = header->len;
        n++;
    }
    pcap_close(file);
    return n;
}

static void send_as(uint16_t from, const struct sriov_mac *dst, const struct sriov_mac *src)
{
    uint8_t frame[LEN];

    vf_fill(frame, LEN, dst, src, 1);
    assert_int_equal(vf_send_bytes(&world, from, frame, LEN, 0, 0), 1);
    vf_run(&world, VF_MS);
}

static void from_wire(const struct sriov_mac *dst)
{
    uint8_t frame[LEN];

    vf_fill(frame, LEN, dst, &stranger, 1);
    assert_int_equal(sriov_mock_wire_send(world.mock, world.pf_name, frame, LEN), 0);
}

static void each_frame_once(void **state)
{
    struct sriov_mac mac[2];
    uint32_t length = 0;

    (void)state;
    mac[0] = vf_info(&world, 0)->mac;
    mac[1] = vf_info(&world, 1)->mac;
    assert_int_equal(captured(&length), 0);
    send_as(0, &mac[1], &mac[0]); /* from VF to VF */
    assert_int_equal(captured(&length), 1);
    assert_int_equal(length, LEN);
    send_as(0, &everyone, &mac[0]); /* to two VFs and the wire */
    assert_int_equal(captured(&length), 2);
    send_as(0, &stranger, &mac[0]); /* to the wire */
    assert_int_equal(captured(&length), 3);
    from_wire(&mac[1]);
    from_wire(&everyone);
    assert_int_equal(captured(&length), 5);
    from_wire(&nobody); /* that it does not carry */
    assert_int_equal(captured(&length), 5);
}

static void not_what_it_refuses(void **state)
{
    struct sriov_mac mac = vf_info(&world, 0)->mac;
    uint32_t length = 0;

    (void)state;
    assert_int_equal(sriov_pf_set_vf_mac(world.pf, 0, &mac), 0);
    assert_int_equal(sriov_pf_set_vf_spoof_check(world.pf, 0, true), 0);
    vf_run(&world, 3000 * VF_MS);
    send_as(0, &stranger, &nobody);
    assert_int_equal(captured(&length), 0);
}

static void the_capture_is_one_port(void **state)
{
    (void)state;
    assert_int_equal(sriov_mock_capture(world.mock, port, path), -EBUSY);
    assert_int_equal(sriov_mock_capture(world.mock, port, NULL), 0);
    port[strlen(port) - 1] = '\0';
    assert_int_equal(sriov_mock_capture(world.mock, port, path), -ENOENT);
    assert_int_equal(sriov_mock_capture_flush(world.mock), 0);
}

static void a_full_disk_is_told(void **state)
{
    struct sriov_mac mac = vf_info(&world, 0)->mac;

    (void)state;
    assert_int_equal(sriov_mock_capture(world.mock, world.port[0].name, "/dev/full"), 0);
    assert_int_equal(sriov_mock_capture_flush(world.mock), -ENOSPC);
    send_as(0, &stranger, &mac);
    assert_int_equal(sriov_mock_capture(world.mock, world.port[0].name, NULL), -ENOSPC);
}

/* Nobody takes them: the ring is full, then the device. */
static void what_is_lost_is_counted(void **state)
{
    struct sriov_mac mac = vf_info(&world, 0)->mac;
    uint64_t received = 0;
    uint64_t lost;

    (void)state;
    assert_int_equal(sriov_mock_rx_drops(world.mock, world.port[0].name), 0);
    for (uint32_t i = 0; i < MANY; i++) {
        from_wire(&mac);
    }
    lost = sriov_mock_rx_drops(world.mock, world.port[0].name);
    assert_true(lost > 0);
    for (uint32_t turn = 0; turn < TURNS; turn++) {
        for (uint16_t q = 0; q < vf_info(&world, 0)->queues; q++) {
            struct sriov_buf *buf;

            while ((buf = vf_recv(&world, 0, q)) != NULL) {
                received++;
                sriov_buf_free(buf);
            }
        }
        vf_run(&world, VF_MS / 5);
    }
    assert_int_equal(sriov_mock_rx_drops(world.mock, world.port[0].name), lost);
    assert_int_equal(received + lost, MANY);
    assert_int_equal(sriov_mock_rx_drops(world.mock, world.port[1].name), 0);
    assert_int_equal(sriov_mock_rx_drops(world.mock, "none"), 0);
}

#define BOTH(test)                                                                                           \
    {#test " (82599)", test, make, end, &setup_82599},                                                       \
    {                                                                                                        \
#test " (82576)", test, make, end, &setup_82576                                                      \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(each_frame_once),     BOTH(not_what_it_refuses),     BOTH(the_capture_is_one_port),
        BOTH(a_full_disk_is_told), BOTH(what_is_lost_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
