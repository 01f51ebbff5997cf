/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the PF's policy denies a VF driver reports as that, -EACCES, at once: no timeout, no recovery, and
 * what was in force before still is. Each kind of refusal, on both devices.
 */
#include "vf_fixture.h"

#include <errno.h>
#include <string.h>

#define DENIED    0u /* the VF that is */
#define OTHER     1u
#define PROMPT_NS (20u * VF_MS) /* for up to 65 questions; one timeout takes hundreds */

static const struct sriov_mac wish = {{0x02, 0x66, 0x77, 0x88, 0x99, 0xaa}};
static const struct sriov_mac given = {{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}};
static const uint16_t trunk[] = {10, 20};

struct denial {
    const char *what;
    void (*policy)(struct vf_world *w); /* of the host, before the VF comes up; NULL: as at first */
    int (*ask)(struct vf_world *w);
};

static struct sriov_net *net_of(struct vf_world *w)
{
    return w->port[DENIED].net;
}

/* ---- policies ---- */

static void own_mac(struct vf_world *w)
{
    assert_int_equal(sriov_pf_set_vf_mac(w->pf, DENIED, &given), 0);
}

static void port_vlan(struct vf_world *w)
{
    assert_int_equal(sriov_pf_set_vf_vlan(w->pf, DENIED, 42), 0);
}

static void a_trunk(struct vf_world *w)
{
    assert_int_equal(sriov_pf_set_vf_trunk(w->pf, DENIED, trunk, 2), 0);
}

static void trust(struct vf_world *w)
{
    assert_int_equal(sriov_pf_set_vf_trust(w->pf, DENIED, true), 0);
}

static void trusted_to_listen_a_little(struct vf_world *w)
{
    trust(w);
    assert_int_equal(sriov_pf_set_vf_rx_mode(w->pf, DENIED, SRIOV_RX_MULTI), 0);
}

/* ---- what is asked ---- */

static int another_mac(struct vf_world *w)
{
    return sriov_net_set_mac(net_of(w), &wish);
}

static int the_mac_of_another(struct vf_world *w)
{
    return sriov_net_set_mac(net_of(w), &vf_info(w, OTHER)->mac);
}

static int a_vlan(struct vf_world *w)
{
    return sriov_net_set_vlan(net_of(w), 7, true);
}

/* The table is the port's: those that fit are granted. */
static int too_many_vlans(struct vf_world *w)
{
    int rc = 0;

    for (uint16_t vid = 1; vid <= 65 && rc == 0; vid++) {
        rc = sriov_net_set_vlan(net_of(w), vid, true);
    }
    return rc;
}

static int all_groups(struct vf_world *w)
{
    return sriov_net_set_rx_mode(net_of(w), SRIOV_RX_ALLMULTI);
}

static int everything(struct vf_world *w)
{
    return sriov_net_set_rx_mode(net_of(w), SRIOV_RX_PROMISC);
}

static int a_jumbo_mtu(struct vf_world *w)
{
    const int rc = sriov_net_stop(net_of(w));
    const int denied = sriov_net_set_mtu(net_of(w), 9000);

    assert_int_equal(rc, 0);
    assert_int_equal(sriov_net_start(net_of(w)), 0);
    return denied;
}

static const struct denial denials[] = {
    {"a MAC of its own, the host chose one", own_mac, another_mac},
    {"the MAC of another VF", NULL, the_mac_of_another},
    {"a VLAN, in a port VLAN", port_vlan, a_vlan},
    {"a VLAN that its trunk has not", a_trunk, a_vlan},
    {"more VLANs than the port has", NULL, too_many_vlans},
    {"all groups, untrusted", NULL, all_groups},
    {"promiscuous mode, untrusted", NULL, everything},
    {"promiscuous mode, that the device lacks", trust, everything},
    {"all groups, beyond its receive mode", trusted_to_listen_a_little, all_groups},
    {"frames longer than the PF takes", NULL, a_jumbo_mtu},
};

static void deny(const char *model, const struct denial *d)
{
    const struct vf_setup setup = {.model = model, .max_frame = 3018};
    struct sriov_pf_vf_info before = {.size = sizeof(before)};
    struct sriov_pf_vf_info after = {.size = sizeof(after)};
    struct vf_world w;

    vf_world_make(&w, &setup);
    if (d->policy != NULL) {
        d->policy(&w);
    }
    vf_port_up(&w, DENIED);
    vf_port_up(&w, OTHER);
    assert_int_equal(sriov_pf_get_vf(w.pf, DENIED, &before), 0);
    const struct sriov_mac mac = vf_info(&w, DENIED)->mac;
    const uint64_t start = sriov_mock_now(w.mock);
    const int rc = d->ask(&w);
    const uint64_t took = sriov_mock_now(w.mock) - start;
    if (rc != -EACCES) {
        fail_msg("%s: %s: %d, not -EACCES", model, d->what, rc);
    }
    assert_true(took < PROMPT_NS);
    assert_int_equal(sriov_pf_get_vf(w.pf, DENIED, &after), 0);
    assert_true(after.ready);
    vf_run(&w, 2000 * VF_MS);
    assert_int_equal(vf_info(&w, DENIED)->recoveries, 0);
    assert_true(w.port[DENIED].info.link.up);
    assert_memory_equal(&w.port[DENIED].info.mac, &mac, sizeof(mac));
    print_message("  %s: %-42s -EACCES after %llu us\n", model, d->what, (unsigned long long)(took / 1000u));
    if (after.port_vlan == 0) {
        vf_expect_traffic(&w, DENIED, OTHER);
    }
    vf_world_end(&w);
}

static void each_refusal_is_typed(void **state)
{
    static const char *const models[] = {"82599", "82576"};

    (void)state;
    for (size_t m = 0; m < 2; m++) {
        for (size_t i = 0; i < sizeof(denials) / sizeof(denials[0]); i++) {
            deny(models[m], &denials[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_is_typed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
