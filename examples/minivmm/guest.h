/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One guest: a machine of KVM, the same machine as the manager knows it, a VF in it, a thread that runs
 * its CPU, and what the peer image (examples/bare) says through its ports.
 */
#ifndef MINIVMM_GUEST_H
#define MINIVMM_GUEST_H

#include "image.h"
#include "machine.h"
#include "net.h"

#include <sriov/kvm.h>

#include <stdatomic.h>
#include <stdbool.h>

#define GUEST_PAGES_MAX 8u
#define GUEST_LINE_MAX  256u
#define GUEST_PEERS_MAX (NET_VFS_MAX + 1u)

/* What the guest found out about one peer. */
struct guest_ping {
    uint32_t ip;
    uint64_t sent;
    uint64_t received;
    uint64_t bad; /* corrupt or twice */
};

/* Exits that this VMM answers itself; the shim counts its own. */
enum guest_exit {
    GUEST_EXIT_SERIAL,
    GUEST_EXIT_ORDERS,
    GUEST_EXIT_OTHER, /* nobody's port or address */
    GUEST_EXITS,
};

/* Page numbers, as the guest announced them. */
struct guest_pages {
    uint32_t n;
    uint32_t page[GUEST_PAGES_MAX];
};

struct guest_host;

struct guest {
    struct guest_host *host;
    uint32_t index;
    char name[16];
    struct machine machine;
    struct sriov_vm *vm;
    struct sriov_fn *fn;
    struct sriov_assign *assign;
    bool ecam; /* config space by memory, not by ports */
    bool ring; /* its dirty log is KVM's ring, not the bitmap */
    bool has_memory;
    uint32_t slot;  /* where it was asked to let go */
    uint32_t event; /* enum sriov_assign_event, the last one; 0: none */
    bool quiet;     /* prints nothing */

    pthread_t thread;
    bool threaded;
    _Atomic bool stop;
    /* Said by one thread, read by the other. */
    _Atomic uint32_t order; /* enum order */
    _Atomic uint32_t state; /* enum peer_state */
    _Atomic bool over;
    _Atomic int32_t status; /* 0: the guest says that all was well */

    /* The CPU's thread writes them; others read after `state` or `over` said so. */
    bool divisor; /* the serial port's data register is its divisor now */
    char line[GUEST_LINE_MAX];
    uint32_t line_len;
    struct guest_pages cpu_pages;
    struct guest_pages device_pages;
    struct guest_pages table_pages;
    struct guest_ping ping[GUEST_PEERS_MAX];
    uint32_t pings;
    uint64_t interrupts; /* taken */
    uint64_t exits[GUEST_EXITS];
};

/* What all guests share. The lock is the VMM's one: the manager, the PF and the simulation. */
struct guest_host {
    int kvm_fd;
    struct sriov_vmm *kvm;
    struct net *net;
    const struct image *image;
    pthread_mutex_t lock; /* recursive */
    uint64_t ram_size;
    uint32_t pings; /* of each peer */
    bool quiet;
    const char *words; /* more for the image's command line; see orders.h */
};

/* A whole machine with VF `index` in it, its CPU not running yet. Every other guest has ECAM and a dirty
 * ring, the others ports and the bitmap. peers: addresses, comma-separated. Negative errno; *step says what
 * failed, and nothing is left. */
int guest_create(struct guest_host *host, uint32_t index, const char *peers, struct guest *guest,
                 const char **step);
int guest_start(struct guest *guest);
/* Its CPU stops between two instructions, for good. */
void guest_stop(struct guest *guest);
/* Everything of it goes; the VF is as it was before. */
void guest_destroy(struct guest *guest);

/* Hot-remove: the guest is asked to let go of its VF, and has timeout_ns for it. guest->event tells of the
 * end, within sriov_vm_poll. Negative errno. */
int guest_unplug(struct guest *guest, uint64_t timeout_ns);
/* Hot-add, afterwards: the VF comes back to the guest while it runs. */
int guest_plug(struct guest *guest);

/* Exit 0 of the image's, and the thread has ended. */
bool guest_is_over(const struct guest *guest);

#endif
