/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VF's state as bytes. One walk serves three ends: it writes them, it reads them to see whether they make
 * sense, and, once they did to the last byte, it reads them to make them so.
 */
#ifndef MOCK_INTEL_STATE_H
#define MOCK_INTEL_STATE_H

#include "nic.h"

enum mock_state_mode {
    MOCK_STATE_SAVE,
    MOCK_STATE_CHECK,
    MOCK_STATE_LOAD,
};

struct mock_state {
    struct sriov_model *nic;
    uint16_t fn;
    enum mock_state_mode mode;
    uint8_t *out; /* SAVE */
    const uint8_t *in;
    uint64_t room; /* of either */
    uint64_t at;
    bool bad;                      /* it makes no sense */
    bool full;                     /* the port has no filter left */
    uint32_t rx_queues, tx_queues; /* of the source's pool */
};

/* The value, saved, or the one that was: give what is now, take what is to be. */
uint64_t mock_state_word(struct mock_state *s, uint64_t now, uint32_t bytes);
static inline uint32_t mock_state_u32(struct mock_state *s, uint32_t now)
{
    return (uint32_t)mock_state_word(s, now, 4);
}
static inline uint64_t mock_state_u64(struct mock_state *s, uint64_t now)
{
    return mock_state_word(s, now, 8);
}
/* The same of a flag. */
bool mock_state_bool(struct mock_state *s, bool now);
/* n bytes at `bytes`, which may be NULL when they are only looked at. */
void mock_state_bytes(struct mock_state *s, void *bytes, uint64_t n);
/* Where they are read; NULL when there are not as many. */
const uint8_t *mock_state_view(struct mock_state *s, uint64_t n);
static inline void mock_state_need(struct mock_state *s, bool sense)
{
    s->bad = s->bad || !sense;
}
static inline bool mock_state_loads(const struct mock_state *s)
{
    return s->mode == MOCK_STATE_LOAD && !s->bad;
}

/* state_queue.c */
void mock_state_queues(struct mock_state *s);
void mock_state_fifo(struct mock_state *s);
/* state_filter.c */
void mock_state_filters(struct mock_state *s);

#endif
