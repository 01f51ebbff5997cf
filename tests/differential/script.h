/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DIFFERENTIAL_SCRIPT_H
#define DIFFERENTIAL_SCRIPT_H

#include "world.h"

/* All steps, in order. 0, or a negative errno and w->what says of what. */
int script_run(struct world *w);

/* registers.c: reads all registers of a VF that the datasheet gives it, but for those that reading
 * changes in a way the driver relies on. */
void registers_read(struct world *w, uint32_t vf);
/* Writes ones and zeros to registers that only hold what is written, and reads them back. VF not running. */
void registers_hold(struct world *w, uint32_t vf);
/* Its counters, each cleared or not by being read as the device has it. */
void counters_read(struct world *w, uint32_t vf);

/* traffic.c */
struct frame {
    const uint8_t *to; /* 6 bytes */
    uint16_t length;   /* without FCS, 14 at least */
    uint16_t vid;      /* 0: no tag */
    bool insert;       /* the device puts the tag in, not the frame */
    uint16_t segments; /* 0: one */
};
extern const uint8_t everybody[6];
extern const uint8_t group[6];
/* Sends it from VF `from` and notes what came where; other frames are numbered on. */
int traffic_send(struct world *w, uint32_t from, const struct frame *frame);
/* Without looking what came. */
int traffic_post(struct world *w, uint32_t from, const struct frame *frame);
/* Takes and notes what is there for VF `at`. */
uint32_t traffic_take(struct world *w, uint32_t at);

/* life.c: resets of all kinds, each with what the registers are then, and recovery. */
int life_run(struct world *w);
/* Until both VFs have their link, and have recovered if they were expected to. */
int life_settle(struct world *w);
/* From here to the next life_settle these VFs recover once more. */
void life_expect(struct world *w, bool first, bool second);

/* mailbox.c, interrupts.c */
int mailbox_run(struct world *w);
int interrupts_run(struct world *w);

#endif
