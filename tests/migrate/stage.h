/* SPDX-License-Identifier: BSD-3-Clause */
/* One process's world: a mock with a port served by our PF driver, a machine with the guest's RAM, and VF 0
 * in it; and the peer on the wire. */
#ifndef MIGRATE_STAGE_H
#define MIGRATE_STAGE_H

#include "guest.h"
#include "inside.h"

#include <sriov/migrate.h>

#include <setjmp.h>
#include <stdarg.h>

#define STAGE_US UINT64_C(1000)
#define STAGE_MS UINT64_C(1000000)

struct stage {
    struct sriov_mock *mock;
    struct sriov_vmm *vmm;
    char pf_name[SRIOV_NAME_MAX];
    char vf_name[SRIOV_NAME_MAX];
    struct sriov_fn *pf_fn;
    struct sriov_pf *pf;
    int task;
    struct sriov_vm *vm;
    struct sriov_fn *fn;
    struct sriov_assign *assign;
    uint64_t findings;
    /* The peer: numbers of its own frames, and what it judges of the guest's. */
    uint32_t peer_sent, peer_got, peer_lost, peer_again;
};

/* The guest's RAM, at its one address, once a process; zeroed each time. */
void stage_ram(void);
/* A model of the test's own in place of the one of that name; NULL: the mock's. Each program has one. */
const struct sriov_model_ops *stage_model(const char *name);
/* Up to the assigned, untouched function. */
void stage_make(struct stage *s, const char *model);
void stage_end(struct stage *s);
/* The peer sends n frames. */
void stage_peer_send(struct stage *s, uint32_t n);
/* `turns` turns of traffic both ways, and some more until everything has arrived. */
void stage_traffic(struct stage *s, uint32_t turns);
void stage_settle(struct stage *s);
/* Everything that was sent has arrived, once. */
bool stage_is_perfect(const struct stage *s);

#endif
