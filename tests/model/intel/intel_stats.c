/* SPDX-License-Identifier: BSD-3-Clause */
/* A VF's counters: 82599 datasheet, section 8.3.5.7; 82576 datasheet, chapter 8. Never cleared: drivers
 * take differences, and watch for them to wrap. */
#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include "nic.h"
#include "rig.h"

#define LEN    100u
#define OCTETS (LEN + 4u)

static void send_one(struct rig *r)
{
    uint8_t f[LEN], mac[6];

    rig_mac(2, mac);
    rig_send(r, 1, 0, f, frame_make(f, mac, 1, LEN));
    assert_int_equal(rig_rx_count(r, 2, 0), 1);
    rig_rx_give(r, 2, 0, 1);
}

static struct rig *two_talk(const struct rig_chip *chip)
{
    struct rig *r = rig_up(chip, NULL, 2);

    rig_queues(r, 1);
    rig_queues(r, 2);
    return r;
}

static uint64_t octets_82599(struct rig *r, uint16_t fn, uint32_t lsb, uint32_t msb)
{
    uint64_t low = rd(r, fn, lsb);

    return (uint64_t)rd(r, fn, msb) << 32 | low;
}

static void octets_wrap_at_36_bits(void **state)
{
    struct rig *r = two_talk(&rig_82599);

    (void)state;
    r->m->regs.vfgorc[2] = UINT32_MAX - OCTETS + 1u; /* of VF 1, low half first */
    r->m->regs.vfgorc[3] = 0xe;
    r->m->regs.vfgotc[0] = UINT32_MAX;
    r->m->regs.vfgotc[1] = 0xf;
    send_one(r);
    assert_int_equal(octets_82599(r, 2, IXGBE_VFGORC_LSB, IXGBE_VFGORC_MSB), UINT64_C(0xf00000000));
    assert_int_equal(octets_82599(r, 1, IXGBE_VFGOTC_LSB, IXGBE_VFGOTC_MSB), OCTETS - 1u);
    assert_int_equal(rd(r, 0, IXGBE_PVFGORC_MSB(1u)), 0xf); /* the PF looks at the same */
    rig_end(r);
}

static void octets_wrap_at_32_bits(void **state)
{
    struct rig *r = two_talk(&rig_82576);

    (void)state;
    r->m->regs.vfgorc[2] = UINT32_MAX;
    r->m->regs.vfgotc[0] = UINT32_MAX;
    r->m->regs.vfgorlbc[1] = UINT32_MAX;
    r->m->regs.vfgotlbc[0] = UINT32_MAX;
    send_one(r);
    assert_int_equal(rd(r, 2, IGBVF_VFGORC), OCTETS - 1u);
    assert_int_equal(rd(r, 1, IGBVF_VFGOTC), OCTETS - 1u);
    assert_int_equal(rd(r, 2, IGBVF_VFGORLBC), OCTETS - 1u);
    assert_int_equal(rd(r, 1, IGBVF_VFGOTLBC), OCTETS - 1u);
    send_one(r);
    assert_int_equal(rd(r, 2, IGBVF_VFGORC), 2u * OCTETS - 1u); /* nothing above bit 31 is left */
    rig_end(r);
}

static void packets_wrap_at_32_bits(void **state)
{
    static const struct rig_chip *const chips[] = {&rig_82599, &rig_82576};

    (void)state;
    for (uint32_t i = 0; i < 2u; i++) {
        struct rig *r = two_talk(chips[i]);

        r->m->regs.vfgprc[1] = UINT32_MAX;
        r->m->regs.vfgptc[0] = UINT32_MAX;
        send_one(r);
        assert_int_equal(rd(r, 2, r->c->gprc), 0);
        assert_int_equal(rd(r, 1, r->c->gptc), 0);
        rig_end(r);
    }
}

/* VFCTRL.RST: the drivers take their base from what they find, before and after. */
static void outlive_a_reset_of_the_vf(void **state)
{
    static const struct rig_chip *const chips[] = {&rig_82599, &rig_82576};

    (void)state;
    for (uint32_t i = 0; i < 2u; i++) {
        struct rig *r = two_talk(chips[i]);

        send_one(r);
        wr(r, 2, r->c->ctrl, IXGBE_CTRL_RST);
        assert_int_equal(rd(r, 2, r->c->gprc), 1);
        assert_int_equal(rd(r, 2, r->c->gorc), OCTETS);
        assert_int_equal(rd(r, 2, r->c->gprc), 1); /* nor does reading clear */
        rig_end(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599 8.3.5.7: octets wrap at 36 bits", octets_wrap_at_36_bits),
        CASE("82576 8: octets wrap at 32 bits", octets_wrap_at_32_bits),
        CASE("82599 8.3.5.7, 82576 8: packets wrap at 32 bits", packets_wrap_at_32_bits),
        CASE("82599 4.2, 82576 4.3: counters outlive a reset of the VF", outlive_a_reset_of_the_vf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
