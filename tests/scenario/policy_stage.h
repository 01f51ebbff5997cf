/* SPDX-License-Identifier: BSD-3-Clause */
/* A PF with ports on its VFs, for what policy does to their traffic. */
#ifndef POLICY_STAGE_H
#define POLICY_STAGE_H

#include "vf_fixture.h"

#include <errno.h>
#include <string.h>

#define LEN  1246u /* 1250 bytes with FCS: 10,000 bits */
#define BITS 10000u

extern struct vf_world world;
extern const struct sriov_mac stranger;

/* The state of each test is its struct vf_setup. */
int make(void **state);
int end(void **state);
bool is_82599(void);
struct sriov_mac mac_of(uint16_t i);
/* The VFs keep their addresses over recoveries. */
void ports_up(uint16_t n);
struct sriov_pf_vf_info vf_of(uint16_t i);
/* Keep all transmit queues of the port full for so long. */
void flood(uint16_t i, uint64_t ns);
/* Let what is queued leave, without a limit from now on. */
void drain(uint16_t i);
/* The port sends at this rate, within 2 %. */
void assert_rate(uint16_t i, uint32_t mbps);

#define ON(setup, f)                                                                                         \
    {                                                                                                        \
#f " " #setup, f, make, end, &setup_##setup                                                          \
    }
#define BOTH(f) ON(82599, f), ON(82576, f)

#endif
