/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A domain for the Xen shim's tests: a folder with fake sysfs, dev and proc, and a scripted Xen behind the
 * shim's door. Files, mappings and eventfds are real; what is held is counted.
 */
#ifndef XEN_FAKE_H
#define XEN_FAKE_H

#include "sxen.h"

#include <sriov/dma.h>
#include <sriov/irq.h>

#define FAKE_VF          "0000:01:10.0" /* no driver */
#define FAKE_VF2         "0000:01:10.2" /* bound to igbvf */
#define FAKE_PF          "0000:01:00.0" /* bound to igb; 7 VFs, 2 enabled */
#define FAKE_BAR         0x4000u
#define FAKE_BAR0        0xfe800000u
#define FAKE_BAR3        0xfe820000u
#define FAKE_IRQS        3u
#define FAKE_FDS         256
#define FAKE_FRAME0      0x10000u /* the first machine frame of Xen's heap */
#define FAKE_FRAMES      4096u
#define FAKE_MAPS        64
#define FAKE_PORTS       16
#define FAKE_NODES       96
#define FAKE_WATCHES     8
#define FAKE_FIRED       32
#define FAKE_MSIX        0x40u
#define FAKE_MSIX_ENABLE 0x8000u

struct fake_map {
    unsigned char *va; /* NULL: free */
    uint64_t length;
};

struct fake_port {
    int32_t pirq; /* 0: free */
    bool bound;   /* to an event channel */
    bool ours;    /* the handle takes it */
    bool pending;
    bool masked;
    uint32_t entry;
};

struct fake_node {
    char path[96]; /* empty: free */
    char value[64];
};

struct fake_firing {
    char path[96];
    char token[SXEN_STORE_TOKEN];
};

struct fake {
    struct skvm_sys sys;
    struct sxen_door door;
    pthread_mutex_t lock; /* the shim has a thread of its own */
    char root[64];
    char sysfs[80];
    char dev[80];
    char proc[80];

    /* Faults: the call with this number (from 1) fails with fail_err. */
    uint64_t calls;
    uint64_t fail_at;
    int fail_err;

    /* What Xen and the kernel are like. */
    const char *denied; /* a path that may not be opened */
    bool refuse_calls;  /* hypercalls */
    bool old_kernel;    /* gives a program no pirq */
    bool no_store;
    bool vanished;      /* config space says ENODEV */
    bool stuck_command; /* config space takes no writes */
    bool keeps_frames;  /* Xen takes nothing back */
    bool no_move;       /* mappings cannot be moved */
    uint64_t heap;      /* frames that Xen has */
    uint32_t max_order; /* in a row, at most */
    uint32_t max_pirqs;

    /* What was seen. */
    char path_of[FAKE_FDS][SKVM_PATH_MAX];
    bool fd_open[FAKE_FDS];
    uint32_t open_fds;
    uint32_t live_maps; /* of files and anonymous memory */
    uint32_t live_allocs;
    uint32_t live_xens;
    uint32_t live_stores;
    uint32_t live_ports_handles;
    uint32_t hypercalls; /* that get or give frames */
    uint32_t prepared;
    uint32_t restored;
    uint32_t resets;
    uint64_t table_base;
    int memory; /* machine memory */
    bool frame_used[FAKE_FRAMES];
    struct fake_map maps[FAKE_MAPS]; /* of frames */
    struct fake_port ports[FAKE_PORTS];
    int ports_fd;
    struct fake_node nodes[FAKE_NODES];
    struct fake_firing watches[FAKE_WATCHES]; /* empty path: free */
    struct fake_firing fired[FAKE_FIRED];
    uint32_t num_fired;
    int store_fd;
    int clock_fd;
    uint64_t timer_ns; /* as it was started */
    char last_error[SRIOV_LOG_LINE_MAX];
    char last_warning[SRIOV_LOG_LINE_MAX];
};

/* A dom0 of Xen on Linux 6.12; fake_down checks that nothing is left and removes the folder. */
struct fake *fake_up(void);
/* The same as a PV domU, in which the function is the only one. */
struct fake *fake_up_domu(void);
void fake_down(struct fake *fake);
void fake_check_clean(const struct fake *fake);
/* What the domain keeps is no longer looked at: frames, and the notes of them. */
void fake_forget(struct fake *fake);
uint64_t fake_frames_used(const struct fake *fake);
/* A VMM on it, with the log caught. */
int fake_vmm_opts(struct fake *fake, struct sriov_xen_opts *opts, struct sriov_vmm **out);
struct sriov_vmm *fake_vmm(struct fake *fake);
struct sriov_fn *fake_open(struct sriov_vmm *vmm);

/* True when this call is the one that fails. */
bool fake_due(struct fake *fake);
int fake_track(struct fake *fake, int fd, const char *path);

/* tree.c: paths are below the root */
void tree_make(struct fake *fake, bool dom0);
void tree_remove(struct fake *fake);
void tree_write(struct fake *fake, const char *path, const char *text);
void tree_link(struct fake *fake, const char *path, const char *target);
void tree_drop(struct fake *fake, const char *path);
void tree_driver(struct fake *fake, const char *bdf, const char *driver); /* NULL: none */
uint32_t tree_config(struct fake *fake, uint32_t off, uint32_t width);
void tree_config_set(struct fake *fake, uint32_t off, uint32_t width, uint32_t value);
/* What sysfs does when these files are written. */
void tree_wrote(struct fake *fake, const char *path);

/* door.c */
extern const struct sxen_door fake_door;
/* The device sends an MSI-X message. */
void fake_message(struct fake *fake, uint32_t entry);
unsigned char *fake_memory_at(struct fake *fake, uint64_t bus_address);

/* store.c */
int fake_store_open(void *ctx, struct sxen_store **store, int *fd);
void fake_store_close(void *ctx, struct sxen_store *store);
int fake_store_read(void *ctx, struct sxen_store *store, const char *path, char *text, size_t room);
int fake_store_list(void *ctx, struct sxen_store *store, const char *path,
                    int (*cb)(void *arg, const char *child), void *arg);
int fake_store_put(void *ctx, struct sxen_store *store, const char *path, const char *value);
int fake_store_watch(void *ctx, struct sxen_store *store, const char *path, const char *token);
int fake_store_next(void *ctx, struct sxen_store *store, char path[SXEN_STORE_PATH],
                    char token[SXEN_STORE_TOKEN]);
/* Somebody writes a node; NULL takes it away. Watches fire. */
void fake_store_write(struct fake *fake, const char *path, const char *value);
/* All watches fire, as when the kernel has set them again. */
void fake_store_again(struct fake *fake);
/* The timer that was started ends. */
void fake_timer_ends(struct fake *fake);

#endif
