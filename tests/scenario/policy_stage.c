/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy_stage.h"

#define RECOVERY (3000 * VF_MS)

struct vf_world world;
const struct sriov_mac stranger = {{0x02, 0xee, 0, 0, 0, 9}};

int make(void **state)
{
    vf_world_make(&world, *state);
    return 0;
}

int end(void **state)
{
    (void)state;
    vf_world_end(&world);
    return 0;
}

bool is_82599(void)
{
    return strcmp(world.setup.model, "82599") == 0;
}

struct sriov_mac mac_of(uint16_t i)
{
    return vf_info(&world, i)->mac;
}

void ports_up(uint16_t n)
{
    for (uint16_t i = 0; i < n; i++) {
        vf_port_up(&world, i);
    }
    for (uint16_t i = 0; i < n; i++) {
        const struct sriov_mac mac = mac_of(i);

        assert_int_equal(sriov_pf_set_vf_mac(world.pf, i, &mac), 0);
    }
    vf_run(&world, RECOVERY);
}

struct sriov_pf_vf_info vf_of(uint16_t i)
{
    struct sriov_pf_vf_info info = {.size = sizeof(info)};

    assert_int_equal(sriov_pf_get_vf(world.pf, i, &info), 0);
    return info;
}

void flood(uint16_t i, uint64_t ns)
{
    const struct sriov_mac src = mac_of(i);
    const uint64_t until = sriov_mock_now(world.mock) + ns;
    uint8_t frame[LEN];

    vf_fill(frame, LEN, &stranger, &src, 1);
    while (sriov_mock_now(world.mock) < until) {
        for (uint16_t q = 0; q < vf_info(&world, i)->queues; q++) {
            struct sriov_buf *buf;

            while ((buf = sriov_buf_from(world.port[i].pool, frame, LEN)) != NULL) {
                if (sriov_tx_burst(sriov_net_txq(world.port[i].net, q), &buf, 1) == 0) {
                    sriov_buf_free(buf);
                    break;
                }
            }
        }
        vf_run(&world, VF_MS);
    }
}

void drain(uint16_t i)
{
    assert_int_equal(sriov_pf_set_vf_rate(world.pf, i, 0), 0);
    vf_run(&world, 50 * VF_MS);
}

void assert_rate(uint16_t i, uint32_t mbps)
{
    const uint64_t ns = 200 * VF_MS;
    uint32_t sent;
    uint64_t got;

    flood(i, 20 * VF_MS); /* past what was saved up */
    sent = world.wire_frames;
    flood(i, ns);
    got = (uint64_t)(world.wire_frames - sent) * BITS * 1000u / ns;
    if (got * 100u < (uint64_t)mbps * 98u || got * 100u > (uint64_t)mbps * 102u) {
        fail_msg("%s: %u Mbit/s were asked for, %u came", world.setup.model, mbps, (uint32_t)got);
    }
}
