/* SPDX-License-Identifier: BSD-3-Clause */
/* A VMM's ops from inside the machine: memory is RAM, registers are guest-physical, interrupts are taken. */
#ifndef MIGRATE_INSIDE_H
#define MIGRATE_INSIDE_H

#include "guest.h"

#include <stdio.h>
#include <stdlib.h>

#define INSIDE_MUST(what)                                                                                    \
    do {                                                                                                     \
        if (!(what)) {                                                                                       \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #what);                         \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

/* Places BARs, turns memory and bus mastering on. */
void inside_boot(struct guest *g);
const struct sriov_vmm_ops *inside_ops(void);

#endif
