/* SPDX-License-Identifier: BSD-3-Clause */
/* Migration of a function's device state. */
#ifndef MOCK_MIG_H
#define MOCK_MIG_H

#include <sriov/vmm.h>

struct mock_handle;
struct mock_slot;

/* A function on the move. */
struct mock_mig {
    uint32_t state; /* enum sriov_mig_state; 0 until it is first asked for anything: RUNNING */
    uint8_t *bytes; /* what is to be read, or was written */
    uint64_t len;
    uint64_t room;
    uint64_t at; /* read so far */
    bool failed; /* SRIOV_MIG_ERROR */
};

bool mock_can_migrate(const struct mock_slot *slot);
/* After FLR: it runs, and nothing is left of what was read or written. */
void mock_mig_forget(struct mock_handle *h);
/* Its owner goes. One that was stopped does not go on by that. */
void mock_mig_end(struct mock_handle *h);

int mock_op_mig_info(void *fn, struct sriov_mig_info *info);
int mock_op_mig_state(void *fn, uint32_t *state);
int mock_op_mig_set_state(void *fn, uint32_t state);
int mock_op_mig_read(void *fn, void *bytes, uint64_t room, uint64_t *len);
int mock_op_mig_write(void *fn, const void *bytes, uint64_t len);

#endif
