/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VFs of every mailbox API against PFs of every API, and PFs that have some versions only: what they
 * agree on, and that traffic flows. VFs of different ages share one PF.
 */
#include "vf_fixture.h"

#include "intel/vf.h"

#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>
#include <string.h>

#define FIRST_API 0x0100u
#define LAST_API  0x0107u
#define APIS      (LAST_API - FIRST_API + 1u)

/* ---- a VF driver of a certain age ---- */

static uint32_t newest_of_vf;

static int attach_aged(struct sriov_net *net)
{
    sri_vf_of(net)->max_api = newest_of_vf;
    return ixgbevf_driver.net->attach(net);
}

static const struct sriov_driver *const *aged_drivers(void)
{
    static struct sriov_net_ops ops;
    static struct sriov_driver driver;
    static const struct sriov_driver *const list[] = {&driver, NULL};

    ops = *ixgbevf_driver.net;
    ops.attach = attach_aged;
    driver = ixgbevf_driver;
    driver.net = &ops;
    return list;
}

static void port_of_age(struct vf_world *w, uint16_t i, uint32_t api)
{
    newest_of_vf = api;
    vf_port_up(w, i);
}

/* ---- a PF that is not ours, in what it has not and in what it says ---- */

struct foreign {
    const char *name;
    uint32_t lacks;    /* versions that it refuses: bit of the minor number */
    uint32_t newest;   /* of ours, behind it */
    uint32_t features; /* that it would claim, were it asked */
};

static const struct foreign *pf_kind;
static uint32_t agreed[APIS];    /* measured, by the VF's API */
static uint32_t asked[VF_PORTS]; /* ids of requests that VFs sent, a bit each */

static uint32_t version_of(uint32_t wire)
{
    return wire == IXGBE_MBX_API_1_0 ? FIRST_API : FIRST_API + wire - 1u;
}

static void answer(const struct sriov_bar *bar, uint16_t vf, const uint32_t *words, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        sriov_wr32(bar, IXGBE_PFMBMEM(vf) + 4u * i, words[i]);
    }
    sriov_wr32(bar, IXGBE_PFMAILBOX(vf), IXGBE_PFMAILBOX_STS);
}

/* True: answered here, our driver does not get to see it. */
static bool is_foreign(const struct sriov_bar *bar, uint16_t vf, const uint32_t *words)
{
    const uint32_t type = words[0] & INTEL_MBX_TYPE;
    uint32_t reply[2] = {words[0] | INTEL_MBX_CTS, 0};
    const uint32_t minor = version_of(words[1]) & 0xffu;

    if (type == IXGBE_MBX_VF_API_NEGOTIATE && (pf_kind->lacks >> minor & 1u) != 0) {
        reply[0] |= INTEL_MBX_NACK;
        answer(bar, vf, reply, 1);
        return true;
    }
    if (type == IXGBE_MBX_VF_FEATURES_NEGOTIATE) {
        reply[0] |= INTEL_MBX_ACK;
        reply[1] = pf_kind->features;
        answer(bar, vf, reply, 2);
        return true;
    }
    return false;
}

static void look_at(const struct sriov_bar *bar, uint16_t vf)
{
    uint32_t words[INTEL_MBX_WORDS];

    sriov_wr32(bar, IXGBE_PFMAILBOX(vf), IXGBE_PFMAILBOX_PFU);
    if ((sriov_rd32(bar, IXGBE_PFMAILBOX(vf)) & IXGBE_PFMAILBOX_PFU) == 0) {
        return;
    }
    for (uint32_t i = 0; i < INTEL_MBX_WORDS; i++) {
        words[i] = sriov_rd32(bar, IXGBE_PFMBMEM(vf) + 4u * i);
    }
    asked[vf] |= UINT32_C(1) << (words[0] & 0x1fu);
    assert_true((words[0] & INTEL_MBX_TYPE) < 32u);
    if (is_foreign(bar, vf, words)) {
        sriov_wr32(bar, IXGBE_PFMBICR(0), UINT32_C(1) << vf);
    } else {
        sriov_wr32(bar, IXGBE_PFMAILBOX(vf), 0);
    }
}

static void before_poll(struct vf_world *w)
{
    struct sriov_bar bar;

    assert_int_equal(sriov_bar_open(w->pf_fn, 0, IXGBE_PF_BAR_SIZE, &bar), 0);
    for (uint16_t vf = 0; vf < VF_PORTS; vf++) {
        if ((sriov_rd32(&bar, IXGBE_PFMBICR(0)) & UINT32_C(1) << vf) != 0) {
            look_at(&bar, vf);
        }
    }
    sriov_bar_close(&bar);
}

/* ---- what two of them agree on ---- */

static uint32_t agreed_with(const struct foreign *kind, uint32_t vf_api)
{
    uint32_t api = vf_api < kind->newest ? vf_api : kind->newest;

    while (api > FIRST_API && (kind->lacks >> (api & 0xffu) & 1u) != 0) {
        api--;
    }
    return api;
}

/* Nothing that the API agreed on does not have, and nothing of which it means more than one thing. */
static void check_asked(uint32_t ids, uint32_t api)
{
    const uint32_t always = 1u << INTEL_MBX_VF_RESET | 1u << INTEL_MBX_VF_SET_MAC_ADDR |
                            1u << INTEL_MBX_VF_SET_MULTICAST | 1u << INTEL_MBX_VF_SET_VLAN |
                            1u << INTEL_MBX_VF_SET_LPE | 1u << IXGBE_MBX_VF_API_NEGOTIATE;
    const uint32_t since_1_1 = 1u << IXGBE_MBX_VF_GET_QUEUES;
    const uint32_t since_1_2 = 1u << IXGBE_MBX_VF_UPDATE_XCAST_MODE | 1u << IXGBE_MBX_VF_GET_LINK_STATE;
    const uint32_t may = always | (api >= 0x0101u ? since_1_1 : 0) | (api >= 0x0102u ? since_1_2 : 0);

    assert_int_equal(ids & ~may, 0);
    assert_int_equal(ids & always, always);
    assert_int_equal(ids & since_1_1, api >= 0x0101u ? since_1_1 : 0);
    assert_int_equal(ids & since_1_2, api >= 0x0102u ? since_1_2 : 0);
}

static void check_port(struct vf_world *w, uint16_t i, uint32_t api)
{
    static const struct sriov_mac group = {{0x01, 0x00, 0x5e, 0x11, 0x22, 0x33}};
    struct sriov_pf_vf_info info = {.size = sizeof(info)};
    struct sriov_net *net = w->port[i].net;

    assert_int_equal(sriov_pf_get_vf(w->pf, i, &info), 0);
    assert_int_equal(info.mailbox_api, api);
    assert_int_equal(vf_info(w, i)->mailbox_api, api);
    assert_int_equal(vf_info(w, i)->max_mtu, api == FIRST_API ? 1500 : 9706);
    assert_int_equal(sriov_net_set_vlan(net, (uint16_t)(100u + i), true), 0);
    assert_int_equal(sriov_net_set_vlan(net, (uint16_t)(100u + i), false), 0);
    assert_int_equal(sriov_net_set_multicast(net, &group, 1), 0);
    assert_int_equal(sriov_net_set_rx_mode(net, SRIOV_RX_NONE), api < 0x0102u ? -EOPNOTSUPP : 0);
    assert_int_equal(sriov_net_set_rx_mode(net, SRIOV_RX_MULTI), 0);
}

static void check_world(struct vf_world *w, const uint32_t *vf_api)
{
    for (uint16_t i = 0; i < VF_PORTS; i++) {
        const uint32_t api = agreed_with(pf_kind, vf_api[i]);

        check_port(w, i, api);
        check_asked(asked[i], api);
        agreed[vf_api[i] - FIRST_API] = vf_info(w, i)->mailbox_api;
    }
    vf_expect_traffic(w, 0, 1);
    vf_expect_traffic(w, 2, 3);
    vf_expect_traffic(w, 3, 0);
}

/* Four VFs of those ages on one PF; once more after its reset, when each negotiates anew. */
static void four_ages(const struct foreign *kind, const uint32_t *vf_api)
{
    const struct vf_setup setup = {.model = "82599",
                                   .max_api = kind->newest,
                                   .polled = true,
                                   .net_drivers = aged_drivers(),
                                   .before_poll = before_poll};
    struct vf_world w;

    pf_kind = kind;
    memset(asked, 0, sizeof(asked));
    vf_world_make(&w, &setup);
    for (uint16_t i = 0; i < VF_PORTS; i++) {
        port_of_age(&w, i, vf_api[i]);
    }
    check_world(&w, vf_api);
    for (uint16_t i = 0; i < VF_PORTS; i++) {
        w.port[i].events = 0;
    }
    vf_pf_reset(&w);
    for (uint16_t i = 0; i < VF_PORTS; i++) {
        (void)vf_run_until(&w, i, SRIOV_NET_EV_RECOVERED, 10000 * VF_MS);
    }
    vf_run(&w, 1000 * VF_MS);
    check_world(&w, vf_api);
    vf_world_end(&w);
}

static void tell_row(const char *name)
{
    char row[APIS * 5u + 1u];

    for (uint32_t v = 0; v < APIS; v++) {
        (void)sriov_format(row + 5u * v, 6, "  %u.%u", (unsigned)(agreed[v] >> 8),
                           (unsigned)(agreed[v] & 0xffu));
    }
    print_message("  %-24s %s\n", name, row);
}

static void every_age(const char *name, const struct foreign *kind)
{
    static const uint32_t young_and_old[2][VF_PORTS] = {{0x0107, 0x0100, 0x0105, 0x0102},
                                                        {0x0106, 0x0104, 0x0101, 0x0103}};

    memset(agreed, 0, sizeof(agreed));
    four_ages(kind, young_and_old[0]);
    four_ages(kind, young_and_old[1]);
    tell_row(name);
}

static void every_vf_with_every_pf(void **state)
{
    (void)state;
    print_message("  agreed, by the VF's API:   1.0  1.1  1.2  1.3  1.4  1.5  1.6  1.7\n");
    for (uint32_t api = FIRST_API; api <= LAST_API; api++) {
        const struct foreign ours = {.newest = api};
        char name[24];

        (void)sriov_format(name, sizeof(name), "PF with 1.%u", (unsigned)(api & 0xffu));
        every_age(name, &ours);
    }
}

/*
 * CVE-2025-40104 from the VF's side: versions said nothing of IPsec and of the locked mailbox, which
 * some PFs of them have and others have not. Our VF relies on neither, whatever a PF says that it has.
 */
static void every_vf_with_pfs_of_others(void **state)
{
    static const struct foreign kinds[] = {
        {"Linux 3.6", 0xff & ~0x03u, 0x0101, 0},
        {"Linux 6.17: not 1.5, 1.7", 1u << 5 | 1u << 7, LAST_API, 0},
        {"Linux 6.18: not 1.5", 1u << 5, LAST_API, IXGBE_MBX_FEATURE_IPSEC},
        {"ESXi: 1.5", 0, 0x0105, IXGBE_MBX_FEATURE_LOCKED_MBX},
        {"one that refuses all", 0xff, LAST_API, UINT32_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        every_age(kinds[i].name, &kinds[i]);
    }
}

static void a_pf_of_no_version_is_none(void **state)
{
    struct sriov_mock *mock;
    struct sriov_fn *fn;
    struct sriov_pf *pf;
    char name[SRIOV_NAME_MAX];
    const struct sriov_mock_opts opts = {.size = sizeof(opts), .flags = SRIOV_MOCK_QUIET};
    const struct sriov_pf_opts too_old = {.size = sizeof(too_old), .max_api = FIRST_API - 1u};

    (void)state;
    assert_int_equal(sriov_mock_create(&opts, &mock), 0);
    assert_int_equal(sriov_mock_add_pf(mock, "82599", NULL, name), 0);
    assert_int_equal(sriov_fn_open(sriov_mock_vmm(mock), name, NULL, &fn), 0);
    assert_int_equal(sriov_pf_open(fn, sriov_pf_drivers, &too_old, &pf), -EINVAL);
    assert_int_equal(sriov_fn_close(fn), 0);
    sriov_mock_destroy(mock);
}

/* The 82576's mailbox has no versions: there is one pair. */
static void igbvf_like_with_igb_like(void **state)
{
    const struct vf_setup setup = {.model = "82576"};
    struct vf_world w;

    (void)state;
    vf_world_make(&w, &setup);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint16_t i = 0; i < VF_PORTS; i++) {
            if (round == 0) {
                vf_port_up(&w, i);
            }
            assert_int_equal(vf_info(&w, i)->mailbox_api, 0);
            assert_int_equal(sriov_net_set_vlan(w.port[i].net, 7, true), 0);
            w.port[i].events = 0;
        }
        vf_expect_traffic(&w, 0, 1);
        vf_expect_traffic(&w, 2, 3);
        if (round == 0) {
            vf_pf_reset(&w);
            vf_run_until(&w, 3, SRIOV_NET_EV_RECOVERED, 10000 * VF_MS);
            vf_run(&w, 1000 * VF_MS);
        }
    }
    vf_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vf_with_every_pf),
        cmocka_unit_test(every_vf_with_pfs_of_others),
        cmocka_unit_test(a_pf_of_no_version_is_none),
        cmocka_unit_test(igbvf_like_with_igb_like),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
