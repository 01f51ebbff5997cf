/* SPDX-License-Identifier: BSD-3-Clause */
/* A PF of Linux on the made-up kernel, opened for each test and closed behind it. */
#ifndef LINUX_PF_STAGE_H
#define LINUX_PF_STAGE_H

#include "fake_rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct stage {
    struct fake_rtnl fake;
    struct linux_pf *pf;
    char why[256];
};

static inline int open_pf(struct stage *stage)
{
    struct linux_pf_opts opts = {.sysfs_root = stage->fake.root, .transport = &stage->fake.transport};

    stage->pf = NULL;
    stage->why[0] = '\0';
    return linux_pf_open(FAKE_BDF, &opts, &stage->pf, stage->why, sizeof(stage->why));
}

static inline int setup_closed(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    fake_rtnl_open(&stage->fake);
    *state = stage;
    return 0;
}

static inline int setup(void **state)
{
    (void)setup_closed(state);
    struct stage *stage = *state;
    assert_int_equal(open_pf(stage), 0);
    stage->fake.gets = 0;
    return 0;
}

static inline int teardown(void **state)
{
    struct stage *stage = *state;

    if (stage->pf != NULL) {
        linux_pf_close(stage->pf);
        assert_int_equal(stage->fake.closed, 1);
    }
    fake_rtnl_close(&stage->fake);
    free(stage);
    return 0;
}

static inline int get(struct stage *stage, uint16_t vf, struct vf_policy *policy)
{
    stage->why[0] = '\0';
    return linux_pf_get_vf(stage->pf, vf, policy, NULL, stage->why, sizeof(stage->why));
}

static inline int set(struct stage *stage, uint16_t vf, uint32_t part, const struct vf_policy *wanted)
{
    stage->why[0] = '\0';
    return linux_pf_set_vf(stage->pf, vf, part, wanted, stage->why, sizeof(stage->why));
}

#define assert_says(stage, words) assert_non_null(strstr((stage)->why, words))

#define EVERY                                                                                                \
    (VF_POLICY_MAC | VF_POLICY_VLAN | VF_POLICY_TRUST | VF_POLICY_SPOOF_CHECK | VF_POLICY_LINK |             \
     VF_POLICY_RATE)

/* Another value for each part than the made-up kernel begins with. */
static const struct vf_policy other = {.known = EVERY,
                                       .mac = {{2, 0xaa, 0xbb, 0xcc, 0xdd, 0xee}},
                                       .vlan = 4094,
                                       .qos = 7,
                                       .vlan_protocol = VF_POLICY_8021Q,
                                       .trusted = true,
                                       .spoof_check = false,
                                       .link = VF_POLICY_LINK_OFF,
                                       .max_rate = 500,
                                       .min_rate = 100};

#define ON_OPEN(test)   cmocka_unit_test_setup_teardown(test, setup, teardown)
#define ON_CLOSED(test) cmocka_unit_test_setup_teardown(test, setup_closed, teardown)

#endif
