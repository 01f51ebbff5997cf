/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest that means harm: no driver, only register writes on its own VF, a blow each time it is asked. */
#ifndef HOSTILE_VF_H
#define HOSTILE_VF_H

#include <sriov/dma.h>
#include <sriov/net.h>

enum hostile_way {
    HOSTILE_FLOOD = 0,  /* sound requests, without end */
    HOSTILE_WORDS = 1,  /* random words for requests */
    HOSTILE_MAC = 2,    /* frames with a foreign source address */
    HOSTILE_VLAN = 3,   /* ... of a VLAN that it never asked for */
    HOSTILE_DESC = 4,   /* malformed descriptors */
    HOSTILE_RESETS = 5, /* resets itself all the time */
    HOSTILE_ALL = 6,    /* one after the other */
    HOSTILE_WAYS = 7,
};

struct hostile_layout;

struct hostile {
    const struct hostile_layout *at;
    struct sriov_fn *fn;
    struct sriov_bar bar;
    struct sriov_dma memory; /* transmit ring, receive ring, a frame */
    struct sriov_mac mac;    /* that it asked for */
    struct sriov_mac victim;
    uint64_t seed;
    uint32_t tail;
    uint32_t age; /* blows since it reset itself */
    uint64_t messages;
    uint64_t frames;
    uint64_t descriptors; /* malformed ones */
    uint64_t resets;
};

/* name: of the VF. Nothing of it is open yet; its PF serves it. */
void hostile_open(struct hostile *h, struct sriov_vmm *vmm, const char *model, const char *name,
                  const struct sriov_mac *victim);
void hostile_close(struct hostile *h);
/* Some time should pass between two, but needs not. */
void hostile_blow(struct hostile *h, enum hostile_way way);
const char *hostile_way_name(enum hostile_way way);

#endif
