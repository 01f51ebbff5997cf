/* SPDX-License-Identifier: BSD-3-Clause */
/* The stand for planted lies: a bed whose steps must succeed, and the judgement after each lie. */
#ifndef PLANTED_STAND_H
#define PLANTED_STAND_H

#include "bed.h"

#define SETTLE_NS (5000 * BED_MS)

struct planted_stand {
    struct bed bed;
    unsigned lies;
    unsigned restarted; /* times that stop and start were needed */
    unsigned reopened;  /* times that only opening anew helped */
};
extern struct planted_stand t;
extern const char *const models[2];

/* PF and two VFs, VF 0 with the flags, traffic running. */
void up(const char *model, uint32_t flags);
/* Closes all: nothing may be left, nobody may have broken a rule. */
void down(const char *lie);
/* One fault on VF 0 from the next occasion on, see struct sriov_mock_fault. */
void lie(uint32_t kind, const char *op, uint32_t index, uint64_t value, uint64_t times);
/* Traffic of all kinds that nobody waits for. */
void busy(void);
/* Until the VFs have link and frames go all ways: 0, or what went wrong. */
int again(void);
/* The lie is over: the driver goes on by itself. */
void goes_on(const char *what);
/* Group teardown: prints the figures. */
int tell(void **state);

#endif
