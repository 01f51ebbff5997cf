/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests under way and those just answered, found again by the 16 bits that the wire carries. */
#ifndef ECHO_WINDOW_H
#define ECHO_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* Requests that are remembered; a power of two well below 2^16, so that 16 bits are unambiguous. */
#define WINDOW_SLOTS 4096u

enum slot_state {
    SLOT_FREE = 0,
    SLOT_PENDING,
    SLOT_ANSWERED,
    SLOT_CORRUPT, /* an answer came, but damaged */
    SLOT_LOST,    /* none came in time */
};

struct echo_slot {
    uint64_t sent_ns;
    uint32_t size; /* payload bytes */
    uint32_t state;
};

struct echo_window {
    uint64_t next;    /* number of the next request; free-running */
    uint64_t oldest;  /* no pending request has a lower number */
    uint64_t highest; /* one more than the highest number answered; 0: none yet */
    uint32_t pending;
    struct echo_slot slots[WINDOW_SLOTS];
};

void window_clear(struct echo_window *window);
bool window_has_room(const struct echo_window *window, uint32_t limit);
/* Takes number window->next. */
void window_add(struct echo_window *window, uint64_t now, uint32_t size);
/* The request that an answer with this number is for; NULL when it is none of the remembered. */
struct echo_slot *window_find(struct echo_window *window, uint16_t seq, uint64_t *number);
/* A pending slot ends in the state. */
void window_settle(struct echo_window *window, struct echo_slot *slot, enum slot_state state);
/* The oldest pending request; NULL when none is. */
struct echo_slot *window_oldest(struct echo_window *window);

#endif
