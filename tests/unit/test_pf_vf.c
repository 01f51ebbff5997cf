/* SPDX-License-Identifier: BSD-3-Clause */
/* Class pf about one VF: who owns it, and what is checked before a driver hears of policy. */
#include "fake_driver.h"

struct ctx {
    struct fake *f;
    struct sriov_fn *fn;
    struct sriov_pf *pf;
};

static struct ctx here;

static int setup_with(void **state, const struct sriov_driver *const *drivers)
{
    memset(&fake_pf_plan, 0, sizeof(fake_pf_plan));
    memset(&here, 0, sizeof(here));
    fake_setup((void **)&here.f);
    here.fn = fake_open(here.f, NULL);
    assert_int_equal(sriov_pf_open(here.fn, drivers, NULL, &here.pf), 0);
    assert_int_equal(sriov_pf_enable_vfs(here.pf, 4), 0);
    fake_pf_plan.calls[0] = '\0';
    *state = &here;
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, fake_pf_drivers);
}

static int setup_bare(void **state)
{
    return setup_with(state, fake_bare_pf_drivers);
}

static int teardown(void **state)
{
    (void)state;
    sriov_pf_close(here.pf);
    assert_int_equal(sriov_fn_close(here.fn), 0);
    return fake_teardown((void **)&here.f);
}

static void calls_were(const char *want)
{
    assert_string_equal(fake_pf_plan.calls, want);
    fake_pf_plan.calls[0] = '\0';
}

static void assert_owner(uint16_t vf, const char *owner)
{
    struct sriov_pf_vf_info info = {.size = sizeof(info)};

    assert_int_equal(sriov_pf_get_vf(here.pf, vf, &info), 0);
    assert_string_equal(info.owner, owner);
}

static void test_one_owner(void **state)
{
    struct ctx *c = *state;

    assert_owner(1, "");
    assert_int_equal(sriov_pf_claim_vf(c->pf, 1, "guest A"), 0);
    assert_int_equal(sriov_pf_claim_vf(c->pf, 1, "guest A"), 0);
    assert_int_equal(sriov_pf_claim_vf(c->pf, 1, "guest B"), -EBUSY);
    assert_int_equal(sriov_pf_claim_vf(c->pf, 1, "guest"), -EBUSY);
    assert_int_equal(sriov_pf_claim_vf(c->pf, 2, "guest B"), 0);
    assert_owner(1, "guest A");
    assert_owner(2, "guest B");
    assert_int_equal(sriov_pf_release_vf(c->pf, 1, "guest B"), -EPERM);
    assert_owner(1, "guest A");
    assert_int_equal(sriov_pf_release_vf(c->pf, 1, "guest A"), 0);
    assert_int_equal(sriov_pf_release_vf(c->pf, 1, "guest A"), 0); /* nobody's */
    assert_int_equal(sriov_pf_claim_vf(c->pf, 1, "guest B"), 0);
    assert_owner(1, "guest B");
}

static void test_names(void **state)
{
    struct ctx *c = *state;
    char name[SRIOV_NAME_MAX + 1];

    memset(name, 'x', sizeof(name));
    name[SRIOV_NAME_MAX] = '\0';
    assert_int_equal(sriov_pf_claim_vf(c->pf, 0, name), -EINVAL);
    name[SRIOV_NAME_MAX - 1] = '\0';
    assert_int_equal(sriov_pf_claim_vf(c->pf, 0, name), 0);
    assert_owner(0, name);
    name[SRIOV_NAME_MAX - 2] = 'y';
    assert_int_equal(sriov_pf_claim_vf(c->pf, 0, name), -EBUSY);
    assert_int_equal(sriov_pf_claim_vf(c->pf, 1, ""), -EINVAL);
    assert_int_equal(sriov_pf_claim_vf(c->pf, 1, NULL), -EINVAL);
    assert_int_equal(sriov_pf_release_vf(c->pf, 0, NULL), -EINVAL);
    assert_int_equal(sriov_pf_claim_vf(c->pf, 4, "guest"), -EINVAL);
    assert_int_equal(sriov_pf_release_vf(c->pf, 4, "guest"), -EINVAL);
}

static void test_owned_vfs_stay(void **state)
{
    struct ctx *c = *state;

    assert_int_equal(sriov_pf_claim_vf(c->pf, 3, "guest"), 0);
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 2), -EBUSY);
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 8), -EBUSY);
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 0), -EBUSY);
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 4), 0);
    calls_were("");
    assert_int_equal(sriov_pf_reset(c->pf), 0);
    assert_owner(3, "guest");
    assert_int_equal(sriov_pf_release_vf(c->pf, 3, "guest"), 0);
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 2), 0);
    assert_int_equal(c->f->vfs, 2);
}

/* The PF is closed all the same; whose VF it was is in the log. */
static void test_close_with_an_owner(void **state)
{
    struct ctx *c = *state;

    assert_int_equal(sriov_pf_claim_vf(c->pf, 3, "guest"), 0);
    sriov_pf_close(c->pf);
    assert_int_equal(c->f->vfs, 0);
    assert_int_equal(sriov_pf_open(c->fn, fake_pf_drivers, NULL, &c->pf), 0);
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 4), 0);
    assert_owner(3, "");
}

static void test_gone(void **state)
{
    struct ctx *c = *state;

    assert_int_equal(sriov_pf_claim_vf(c->pf, 3, "guest"), 0);
    fake_event(c->f, SRIOV_EVENT_REMOVED);
    assert_int_equal(sriov_pf_claim_vf(c->pf, 2, "guest"), -ENODEV);
    assert_int_equal(sriov_pf_release_vf(c->pf, 3, "other"), -EPERM);
    assert_int_equal(sriov_pf_release_vf(c->pf, 3, "guest"), 0);
    assert_int_equal(sriov_pf_set_vf_rate(c->pf, 0, 100), -ENODEV);
    assert_int_equal(sriov_pf_shut_vf(c->pf, 0), -ENODEV);
    assert_int_equal(sriov_pf_set_event_sink(c->pf, NULL, NULL), -ENODEV);
    assert_int_equal(sriov_pf_vf_stats(c->pf, 0, NULL, 0), 0);
    calls_were("");
    c->f->vfs = 0; /* they went with the PF */
}

/* A driver gets each VLAN once, in rising order. */
static void test_trunk(void **state)
{
    struct ctx *c = *state;
    const uint16_t vids[] = {4094, 7, 1, 7, 64, 63};
    const uint16_t none[] = {7, 0};
    const uint16_t reserved[] = {4095};
    const uint16_t beyond[] = {4096};
    uint16_t many[SRIOV_PF_TRUNK_MAX + 1] = {0};

    assert_int_equal(sriov_pf_set_vf_trunk(c->pf, 1, vids, 6), 0);
    calls_were("trunk5 vid1 vid7 vid63 vid64 vid4094 ");
    assert_int_equal(sriov_pf_set_vf_trunk(c->pf, 1, NULL, 0), 0);
    calls_were("trunk0 ");
    assert_int_equal(sriov_pf_set_vf_trunk(c->pf, 1, none, 2), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_trunk(c->pf, 1, reserved, 1), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_trunk(c->pf, 1, beyond, 1), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_trunk(c->pf, 1, NULL, 1), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_trunk(c->pf, 4, vids, 1), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_trunk(c->pf, 1, many, SRIOV_PF_TRUNK_MAX + 1), -ENOSPC);
    calls_were("");
    fake_pf_plan.port_vlan = 5;
    assert_int_equal(sriov_pf_set_vf_trunk(c->pf, 1, vids, 1), -EBUSY);
    assert_int_equal(sriov_pf_set_vf_trunk(c->pf, 1, NULL, 0), 0);
    fake_pf_plan.trunk_vids = 2;
    assert_int_equal(sriov_pf_set_vf_vlan(c->pf, 1, 5), -EBUSY);
    assert_int_equal(sriov_pf_set_vf_vlan(c->pf, 1, 0), 0);
    calls_were("trunk0 vlan0 ");
}

static void test_passed_on(void **state)
{
    struct ctx *c = *state;
    struct sriov_stat stat;

    assert_int_equal(sriov_pf_set_vf_rate(c->pf, 3, 250), 0);
    assert_int_equal(sriov_pf_set_vf_rate(c->pf, 4, 250), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_link(c->pf, 3, SRIOV_PF_VF_LINK_DOWN), 0);
    assert_int_equal(sriov_pf_set_vf_link(c->pf, 3, (enum sriov_pf_vf_link)3), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_link(c->pf, 4, SRIOV_PF_VF_LINK_DOWN), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_rx_mode(c->pf, 3, SRIOV_RX_PROMISC), 0);
    assert_int_equal(sriov_pf_set_vf_rx_mode(c->pf, 3, (enum sriov_rx_mode)4), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_rx_mode(c->pf, 4, SRIOV_RX_NONE), -EINVAL);
    assert_int_equal(sriov_pf_set_event_sink(c->pf, NULL, NULL), 0);
    assert_int_equal(sriov_pf_shut_vf(c->pf, 2), 0);
    assert_int_equal(sriov_pf_shut_vf(c->pf, 4), -EINVAL);
    assert_int_equal(sriov_pf_readmit_vf(c->pf, 2), 0);
    assert_int_equal(sriov_pf_readmit_vf(c->pf, 4), -EINVAL);
    calls_were("rate250 link2 mode3 sink0 shut2 readmit2 ");
    assert_int_equal(sriov_pf_vf_stats(c->pf, 2, &stat, 1), 1);
    assert_int_equal(stat.value, 2);
    assert_int_equal(sriov_pf_vf_stats(c->pf, 2, NULL, 1), 1);
    assert_int_equal(sriov_pf_vf_stats(c->pf, 4, &stat, 1), 0);
}

static void test_bare_driver(void **state)
{
    struct ctx *c = *state;
    const uint16_t vid = 7;

    assert_int_equal(sriov_pf_set_vf_trunk(c->pf, 0, &vid, 1), -EOPNOTSUPP);
    assert_int_equal(sriov_pf_get_vf_trunk(c->pf, 0, NULL, 0), -EOPNOTSUPP);
    assert_int_equal(sriov_pf_get_vf_trunk(c->pf, 4, NULL, 0), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_rate(c->pf, 0, 100), -EOPNOTSUPP);
    assert_int_equal(sriov_pf_set_vf_link(c->pf, 0, SRIOV_PF_VF_LINK_DOWN), -EOPNOTSUPP);
    assert_int_equal(sriov_pf_set_vf_rx_mode(c->pf, 0, SRIOV_RX_NONE), -EOPNOTSUPP);
    assert_int_equal(sriov_pf_set_event_sink(c->pf, NULL, NULL), -EOPNOTSUPP);
    assert_int_equal(sriov_pf_shut_vf(c->pf, 0), -EOPNOTSUPP);
    assert_int_equal(sriov_pf_readmit_vf(c->pf, 0), -EOPNOTSUPP);
    assert_int_equal(sriov_pf_vf_stats(c->pf, 0, NULL, 0), 0);
    /* An owner needs no driver. */
    assert_int_equal(sriov_pf_claim_vf(c->pf, 0, "guest"), 0);
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 0), -EBUSY);
    assert_int_equal(sriov_pf_release_vf(c->pf, 0, "guest"), 0);
}

static void test_reason_names(void **state)
{
    (void)state;
    assert_string_equal(sriov_pf_reason_name(SRIOV_PF_REASON_NONE), "none");
    assert_string_equal(sriov_pf_reason_name(SRIOV_PF_REASON_HOST), "host");
    assert_string_equal(sriov_pf_reason_name((enum sriov_pf_reason)7), "unknown");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_one_owner),
        T(test_names),
        T(test_owned_vfs_stay),
        T(test_close_with_an_owner),
        T(test_gone),
        T(test_trunk),
        T(test_passed_on),
        cmocka_unit_test_setup_teardown(test_bare_driver, setup_bare, teardown),
        cmocka_unit_test(test_reason_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
