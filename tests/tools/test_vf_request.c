/* SPDX-License-Identifier: BSD-3-Clause */
/* vf set: options to a policy, all of it or nothing. The owner of the PF is made up. */
#include "vf_request.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define EVERY                                                                                                \
    (VF_POLICY_MAC | VF_POLICY_VLAN | VF_POLICY_TRUST | VF_POLICY_SPOOF_CHECK | VF_POLICY_LINK |             \
     VF_POLICY_RATE | VF_POLICY_TRUNK | VF_POLICY_RX_MODE)

static struct {
    struct vf_policy is;
    uint32_t refused; /* parts */
    uint32_t stuck;   /* parts that change once only */
    uint32_t touched;
    unsigned calls;
    char line[CLI_WHY_MAX];
} world;

int cli_fail(struct cli *cli, const char *fmt, ...)
{
    va_list args;

    (void)cli;
    va_start(args, fmt);
    (void)vsnprintf(world.line, sizeof(world.line), fmt, args);
    va_end(args);
    return CLI_USAGE;
}

static void copy_part(struct vf_policy *to, const struct vf_policy *from, uint32_t part)
{
    switch (part) {
    case VF_POLICY_MAC:
        to->mac = from->mac;
        break;
    case VF_POLICY_VLAN:
        to->vlan = from->vlan;
        to->qos = from->qos;
        break;
    case VF_POLICY_TRUST:
        to->trusted = from->trusted;
        break;
    case VF_POLICY_SPOOF_CHECK:
        to->spoof_check = from->spoof_check;
        break;
    case VF_POLICY_LINK:
        to->link = from->link;
        break;
    case VF_POLICY_TRUNK:
        to->num_trunk = from->num_trunk;
        memcpy(to->trunk, from->trunk, sizeof(to->trunk));
        break;
    case VF_POLICY_RX_MODE:
        to->rx_mode = from->rx_mode;
        break;
    default:
        to->max_rate = from->max_rate;
        to->min_rate = from->min_rate;
        break;
    }
}

static int set(struct vf_owner *owner, uint16_t vf, uint32_t part, const struct vf_policy *wanted, char *why)
{
    (void)owner;
    assert_int_equal(vf, 3);
    world.calls++;
    if ((world.refused & part) != 0 || (world.stuck & world.touched & part) != 0) {
        (void)snprintf(why, CLI_WHY_MAX, "no %s here", vf_policy_part_name(part));
        return -EOPNOTSUPP;
    }
    if (vf_policy_same(&world.is, wanted, part)) {
        return 0;
    }
    if ((part == VF_POLICY_TRUNK && wanted->num_trunk != 0 && world.is.vlan != 0) ||
        (part == VF_POLICY_VLAN && wanted->vlan != 0 && world.is.num_trunk != 0)) {
        (void)snprintf(why, CLI_WHY_MAX, "not both");
        return -EBUSY;
    }
    world.touched |= part;
    copy_part(&world.is, wanted, part);
    return 1;
}

static const char *lacks(uint32_t part)
{
    return part == VF_POLICY_TRUNK ? "the owner's reason" : NULL;
}

static const struct vf_owner_ops ops = {.parts = EVERY, .qos = true, .min_rate = true, .set = set};
static struct cli cli;
static struct vf_owner owner = {.ops = &ops, .cli = &cli, .driver = "brave", .bdf = "0000:03:00.0"};

static const struct vf_policy before = {.known = EVERY,
                                        .mac = {{2, 0, 0, 0, 0, 1}},
                                        .vlan_protocol = VF_POLICY_8021Q,
                                        .spoof_check = true,
                                        .min_rate = 5};

static const struct vf_values all = {.mac = "02:AA:bb:cc:dd:ee",
                                     .vlan = "100:6",
                                     .trust = "on",
                                     .spoof_check = "off",
                                     .link = "off",
                                     .rx_mode = "allmulti",
                                     .rate = 700,
                                     .min_rate = VF_NOT_GIVEN};

static int setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof(world));
    world.is = before;
    return 0;
}

static int carry_out(const struct vf_values *values, uint32_t *changed)
{
    struct vf_policy wanted;

    if (!vf_request_read(&cli, values, &wanted)) {
        return CLI_USAGE;
    }
    int status = vf_request_check(&owner, values, &world.is, &wanted);
    return status == CLI_OK ? vf_request_apply(&owner, 3, &before, &wanted, changed) : status;
}

static void assert_as_before(void)
{
    for (uint32_t part = 1; part < EVERY; part <<= 1) {
        assert_true(vf_policy_same(&world.is, &before, part));
    }
}

static void test_all_of_it(void **state)
{
    uint32_t changed;

    (void)state;
    assert_int_equal(carry_out(&all, &changed), CLI_OK);
    assert_int_equal(changed, EVERY & ~(uint32_t)VF_POLICY_TRUNK);
    assert_int_equal(world.is.rx_mode, SRIOV_RX_ALLMULTI);
    assert_int_equal(world.is.mac.b[1], 0xaa);
    assert_int_equal(world.is.mac.b[5], 0xee);
    assert_int_equal(world.is.vlan, 100);
    assert_int_equal(world.is.qos, 6);
    assert_true(world.is.trusted);
    assert_false(world.is.spoof_check);
    assert_int_equal(world.is.link, VF_POLICY_LINK_OFF);
    assert_int_equal(world.is.max_rate, 700);
    assert_int_equal(world.is.min_rate, 5); /* not given: kept */
    assert_int_equal(carry_out(&all, &changed), CLI_OK);
    assert_int_equal(changed, 0);
}

static void test_only_what_is_asked(void **state)
{
    const struct vf_values one = {.vlan = "7", .rate = VF_NOT_GIVEN, .min_rate = VF_NOT_GIVEN};
    uint32_t changed;

    (void)state;
    assert_int_equal(carry_out(&one, &changed), CLI_OK);
    assert_int_equal(changed, VF_POLICY_VLAN);
    assert_int_equal(world.calls, 1);
}

/* Whichever is refused: nothing has changed at the end, and the line says so. */
static void test_refused_means_nothing(void **state)
{
    (void)state;
    for (uint32_t part = 1; part < EVERY; part <<= 1) {
        uint32_t changed;
        if (part == VF_POLICY_TRUNK) {
            continue;
        }
        (void)setup(NULL);
        world.refused = part;
        assert_int_equal(carry_out(&all, &changed), CLI_USAGE);
        assert_as_before();
        assert_non_null(strstr(world.line, vf_policy_part_name(part)));
        assert_non_null(strstr(world.line, part == VF_POLICY_LINK ? "nothing was changed" : "was put back"));
    }
}

/* One goes before the other comes, there and back. */
static void test_trunk_or_port_vlan(void **state)
{
    const struct vf_values trunk = {
        .trunk = "9,5-7", .vlan = "0", .rate = VF_NOT_GIVEN, .min_rate = VF_NOT_GIVEN};
    const struct vf_values vlan = {.trunk = "any",
                                   .vlan = "100",
                                   .mac = "02:00:00:00:00:09",
                                   .rate = VF_NOT_GIVEN,
                                   .min_rate = VF_NOT_GIVEN};
    struct vf_policy wanted;
    struct vf_policy was;
    uint32_t changed;

    (void)state;
    world.is.vlan = 3;
    assert_int_equal(carry_out(&trunk, &changed), CLI_OK);
    assert_int_equal(changed, VF_POLICY_TRUNK | VF_POLICY_VLAN);
    assert_int_equal(world.is.num_trunk, 4);
    assert_int_equal(world.is.trunk[3], 9);
    was = world.is;
    for (uint32_t round = 0; round < 2; round++) {
        assert_true(vf_request_read(&cli, &vlan, &wanted));
        world.refused = round == 0 ? VF_POLICY_MAC : 0;
        assert_int_equal(vf_request_apply(&owner, 3, &was, &wanted, &changed),
                         round == 0 ? CLI_USAGE : CLI_OK);
        assert_int_equal(world.is.num_trunk, round == 0 ? 4 : 0);
        assert_int_equal(world.is.vlan, round == 0 ? 0 : 100);
    }
    was = world.is;
    assert_true(vf_request_read(&cli, &trunk, &wanted));
    world.refused = VF_POLICY_TRUNK;
    assert_int_equal(vf_request_apply(&owner, 3, &was, &wanted, &changed), CLI_USAGE);
    assert_int_equal(world.is.vlan, 100);
    world.refused = 0;
    assert_int_equal(vf_request_apply(&owner, 3, &was, &wanted, &changed), CLI_OK);
    assert_int_equal(vf_request_undo(&owner, 3, &was, changed), 0);
    assert_int_equal(world.is.vlan, 100);
    assert_int_equal(world.is.num_trunk, 0);
}

static void test_what_cannot_be_put_back(void **state)
{
    uint32_t changed;

    (void)state;
    world.refused = VF_POLICY_MAC;
    world.stuck = VF_POLICY_TRUST | VF_POLICY_VLAN;
    assert_int_equal(carry_out(&all, &changed), CLI_FAILED);
    assert_non_null(
        strstr(world.line, "no MAC address here; already changed, and not to be put back: trust, vlan"));
    assert_int_equal(world.is.link, before.link);
    assert_int_equal(world.is.max_rate, before.max_rate);
}

static void test_refused_before_the_first(void **state)
{
    static const struct vf_owner_ops poor = {
        .parts = VF_POLICY_VLAN | VF_POLICY_RATE, .set = set, .lacks = lacks};
    struct vf_values values = all;
    uint32_t changed;

    (void)state;
    values.rate = 4;
    assert_int_equal(carry_out(&values, &changed), CLI_USAGE);
    assert_non_null(strstr(world.line, "minimum rate of 5 is above the rate of 4"));
    owner.ops = &poor;
    assert_int_equal(carry_out(&all, &changed), CLI_USAGE);
    assert_non_null(strstr(world.line, "--link"));
    values = (struct vf_values){.vlan = "5:1", .rate = VF_NOT_GIVEN, .min_rate = VF_NOT_GIVEN};
    assert_int_equal(carry_out(&values, &changed), CLI_USAGE);
    assert_non_null(strstr(world.line, ":1"));
    values = (struct vf_values){.trunk = "5", .rate = VF_NOT_GIVEN, .min_rate = VF_NOT_GIVEN};
    assert_int_equal(carry_out(&values, &changed), CLI_USAGE);
    assert_non_null(strstr(world.line, "the owner's reason: leave --trunk out"));
    values = (struct vf_values){.rate = 10, .min_rate = 2};
    assert_int_equal(carry_out(&values, &changed), CLI_USAGE);
    assert_non_null(strstr(world.line, "leave --min-rate out"));
    owner.ops = &ops;
    assert_int_equal(world.calls, 0);
}

static void test_words(void **state)
{
    static const char *const macs[] = {"",
                                       "02:00:00:00:00",
                                       "02:00:00:00:00:0g",
                                       "02-00-00-00-00-01",
                                       "03:00:00:00:00:01",
                                       "ff:ff:ff:ff:ff:ff",
                                       "02:00:00:00:00:011",
                                       " 2:00:00:00:00:01"};
    static const char *const vlans[] = {"",   "4095",  "-1", "5:", "5:8",
                                        ":1", "5:1:1", "5 ", "x",  "99999999999999999999"};
    static const char *const trunks[] = {"",    "0",  "4095", "5,",    ",5",   "5,,6",
                                         "7-5", "5-", "all",  "any,5", "1-65", "00000000000000005"};
    struct vf_values values = {.rate = VF_NOT_GIVEN, .min_rate = VF_NOT_GIVEN};
    struct vf_policy wanted;

    (void)state;
    for (size_t i = 0; i < sizeof(trunks) / sizeof(trunks[0]); i++) {
        values.trunk = trunks[i];
        assert_false(vf_request_read(&cli, &values, &wanted));
        assert_non_null(strstr(world.line, "--trunk"));
    }
    values.trunk = "1-64,5,64";
    assert_true(vf_request_read(&cli, &values, &wanted));
    assert_int_equal(wanted.num_trunk, 64);
    values.vlan = "5";
    assert_false(vf_request_read(&cli, &values, &wanted));
    values.vlan = NULL;
    values.trunk = NULL;
    assert_false(vf_request_read(&cli, &values, &wanted));
    for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++) {
        values.mac = macs[i];
        assert_false(vf_request_read(&cli, &values, &wanted));
        assert_non_null(strstr(world.line, "--mac"));
    }
    values.mac = "00:00:00:00:00:00";
    assert_true(vf_request_read(&cli, &values, &wanted));
    for (size_t i = 0; i < sizeof(vlans) / sizeof(vlans[0]); i++) {
        values.vlan = vlans[i];
        assert_false(vf_request_read(&cli, &values, &wanted));
        assert_non_null(strstr(world.line, "--vlan"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_all_of_it, setup),
        cmocka_unit_test_setup(test_only_what_is_asked, setup),
        cmocka_unit_test_setup(test_refused_means_nothing, setup),
        cmocka_unit_test_setup(test_trunk_or_port_vlan, setup),
        cmocka_unit_test_setup(test_what_cannot_be_put_back, setup),
        cmocka_unit_test_setup(test_refused_before_the_first, setup),
        cmocka_unit_test_setup(test_words, setup),
    };
    return cmocka_run_group_tests_name("vf_request", tests, NULL, NULL);
}
