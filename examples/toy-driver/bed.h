/* SPDX-License-Identifier: BSD-3-Clause */
/* A mock with one toy NIC, the driver on it and an application that echoes what it hears. */
#ifndef TOY_BED_H
#define TOY_BED_H

#include "toy.h"

#include <sriov/mock.h>

struct bed {
    struct sriov_mock *mock;
    struct sriov_vmm *vmm;
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    struct sriov_net *net;
    char name[SRIOV_NAME_MAX];
    uint32_t buf_size; /* for bed_up; 0: the pool's own choice */
    uint32_t sent;
    uint32_t returned; /* echoes on the wire, each as it was sent and in order */
    uint32_t wrong;    /* echoes that were not */
    uint32_t expect;   /* least number that the next echo may have */
    uint32_t events;   /* SRIOV_NET_EV_* so far */
};

/* The simulated machine. 0 or a negative errno. */
int bed_make(struct bed *bed);
/* The driver on it, started. On failure bed_down takes back what is there. */
int bed_up(struct bed *bed);
/* Closes all that is open. Returns the number of leaks. */
uint64_t bed_down(struct bed *bed);
/* Ends the machine; returns what the mock found wrong or still holds. */
uint64_t bed_end(struct bed *bed);

/* A numbered frame from the wire, and 10 us for it. */
void bed_send(struct bed *bed);
/* One turn of the application: echo, then house-keeping. Returns the frames it heard. */
uint16_t bed_turn(struct bed *bed);

#endif
