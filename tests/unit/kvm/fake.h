/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A host for the KVM shim's tests: a folder with fake sysfs, dev and proc, and a scripted VFIO behind
 * the shim's table of system calls. Descriptors and eventfds are real; what is held is counted.
 */
#ifndef KVM_FAKE_H
#define KVM_FAKE_H

#include "skvm.h"

#include <sriov/dma.h>
#include <sriov/irq.h>

#include <linux/kvm.h>
#include <linux/vfio.h>

#define FAKE_VF       "0000:01:10.0" /* in a group of its own, bound to vfio-pci, vfio0 */
#define FAKE_VF_GROUP 5
#define FAKE_VF2      "0000:01:10.2" /* bound to igbvf; group 6 */
#define FAKE_PF       "0000:01:00.0" /* bound to igb; 7 VFs, 2 enabled; group 4 */
#define FAKE_SHARED_A "0000:02:00.0" /* these two share group 9, bound to vfio-pci; vfio1, vfio2 */
#define FAKE_SHARED_B "0000:02:00.1"
#define FAKE_BAR      0x4000u
#define FAKE_FDS      256
#define FAKE_MAPS     512
#define FAKE_IRQS     3u
#define FAKE_WRITTEN  64

enum fake_kind {
    FAKE_NONE = 0,
    FAKE_FILE,
    FAKE_CONTAINER,
    FAKE_GROUP,
    FAKE_DEVICE,
    FAKE_IOMMUFD,
    FAKE_OTHER,
    FAKE_KVM_VM,
    FAKE_KVM_VFIO,
};

#define FAKE_SLOTS      64
#define FAKE_IOEVENTFDS 64
#define FAKE_IRQFDS     16
#define FAKE_ROUTES     128
#define FAKE_FILES      4
#define FAKE_PAGES      256u /* of a slot, at most, for its log */

struct fake_slot {
    struct kvm_userspace_memory_region region; /* memory_size 0: free */
    uint64_t dirty[FAKE_PAGES / 64];
};

/* KVM, as far as the shim uses it. */
struct fake_kvm {
    struct fake_slot slots[FAKE_SLOTS];
    struct kvm_ioeventfd ioeventfds[FAKE_IOEVENTFDS]; /* len 0: free */
    struct kvm_irqfd irqfds[FAKE_IRQFDS];
    struct kvm_irq_routing_entry routes[FAKE_ROUTES];
    int files[FAKE_FILES]; /* 0: free */
    uint32_t live_slots;
    uint32_t live_ioeventfds;
    uint32_t live_irqfds;
    uint32_t live_files;
    uint32_t num_routes;
    uint32_t interrupts;       /* by irqfd */
    uint32_t ioeventfd_budget; /* 0: as many as there is room for */
    uint64_t enabled_ring;     /* bytes */
    bool manual;
    bool no_ring;
    bool only_acq_rel;
    bool no_manual;
    bool no_irqfd;
    bool no_ioeventfd;
    bool no_memory;
    bool no_vfio;
    bool vcpus; /* there are some already: too late for a ring */
    uint32_t ring_resets;
    uint32_t clears;
    uint64_t cleared_first; /* of the last clear */
    uint64_t cleared_pages;
};

struct fake_fd {
    enum fake_kind kind;
    char path[SKVM_PATH_MAX];
};

struct fake_dma {
    uint64_t iova;
    uint64_t length;
    void *va;
    uint32_t dir;
    bool live;
};

struct fake {
    struct skvm_sys sys;
    char root[64];
    char sysfs[80];
    char dev[80];
    char proc[80];

    /* Faults: the call with this number (from 1) fails with fail_err. */
    uint64_t calls;
    uint64_t fail_at;
    int fail_err;
    /* One ioctl request that fails, always. 0: none. */
    unsigned long bad_ioctl;
    int bad_ioctl_err;

    /* What the kernel is like. */
    const char *denied; /* a path that may not be opened */
    const char *busy;   /* a path that is in use */
    bool viable;
    bool no_type1;
    bool token_needed;
    bool token_old_kernel;
    bool short_info; /* type 1 without capabilities, as before Linux 5.4 */
    bool liar_info;  /* its capability chain is cut in the middle */
    bool sparse;     /* BAR 3 may be mapped only beside its first page */
    bool absent;     /* pulled out: reads all-ones */
    bool vanished;   /* every call on the device says ENODEV */
    bool many_ranges;
    uint32_t msix_given; /* vectors the host has */
    uint64_t map_budget;
    uint64_t memlock;
    int map_err;   /* MAP fails so */
    int unmap_err; /* UNMAP fails so */
    uint64_t pagemap_frame;
    bool large_pages;  /* the IOMMU's smallest are 64 KiB */
    bool dirty_tables; /* iommufd has page tables that know what was written */

    bool migrates; /* the device's driver has the features of migration */
    bool pre_copy;
    bool logs;   /* ... and those of logging */
    int log_err; /* which fail so at the start */
    int mig_err; /* a change of state fails so, and leads to ERROR where mig_broken */
    bool mig_broken;

    /* What was seen. */
    uint32_t mig_state;
    int mig_fd; /* where the state comes and goes; the shim's */
    char loaded[32];
    bool logging;
    uint64_t log_ranges;
    bool dirty_on;
    uint64_t written[FAKE_WRITTEN]; /* IOVA of pages that the device wrote, not yet told; 0: free */
    struct fake_fd fds[FAKE_FDS];
    struct fake_dma dma[FAKE_MAPS];
    uint32_t open_fds;
    uint32_t live_maps; /* mappings of memory, whole ones */
    uint32_t live_allocs;
    uint32_t live_dma;
    uint32_t containers; /* opened ever */
    uint32_t resets;
    int32_t irq_fd[FAKE_IRQS];
    uint32_t irq_on;
    int32_t request_fd;
    int32_t error_fd;
    char device_name[128]; /* as GET_DEVICE_FD was told */
    bool token_seen;
    int bar_fd; /* memory of the BARs */
    unsigned char config[4096];
    struct fake_kvm kvm;
    char last_error[SRIOV_LOG_LINE_MAX];
    char last_warning[SRIOV_LOG_LINE_MAX];
};

/* A whole host; fake_down checks that nothing is left and removes the folder. */
struct fake *fake_up(void);
void fake_down(struct fake *fake);
/* All zero again: descriptors, mappings, memory, DMA. */
void fake_check_clean(struct fake *fake);
/* A VMM on it, with the log caught. */
int fake_vmm(struct fake *fake, uint32_t backend, uint32_t flags, struct sriov_vmm **out);
int fake_vmm_opts(struct fake *fake, struct sriov_kvm_opts *opts, struct sriov_vmm **out);
void fake_host(struct fake *fake, struct skvm_host *host);
/* As if the device had signalled. */
void fake_signal(int32_t fd);

/* tree.c: paths are below the root */
void tree_make(struct fake *fake);
void tree_remove(struct fake *fake);
void tree_write(struct fake *fake, const char *path, const char *text);
void tree_link(struct fake *fake, const char *path, const char *target);
void tree_drop(struct fake *fake, const char *path);
void tree_driver(struct fake *fake, const char *bdf, const char *driver); /* NULL: none */
/* What sysfs does when these files are written. */
void tree_wrote(struct fake *fake, const char *path, const char *text);

/* fake_kvm.c */
int fake_kvm_ioctl(struct fake *fake, unsigned long request, void *arg);
int fake_kvm_vfio_ioctl(struct fake *fake, unsigned long request, void *arg);
/* True for a call that takes something back: the sweep lets it be, to see what is forgotten. */
bool fake_kvm_undoes(unsigned long request, const void *arg);
/* A descriptor that the caller has of KVM_CREATE_VM. */
int fake_kvm_vm(struct fake *fake);
void fake_kvm_vm_close(struct fake *fake, int fd);
/* KVM lets go of an irqfd whose eventfd is closed. */
void fake_kvm_closed(struct fake *fake, int fd);
/* The guest stores: true when an ioeventfd took it. */
bool fake_kvm_store(struct fake *fake, uint64_t gpa, uint32_t width, uint64_t value);
/* The guest writes a page of memory. */
void fake_kvm_dirty(struct fake *fake, uint64_t gpa);
/* A device signals: KVM takes it where the descriptor is an irqfd. */
void fake_kvm_signal(struct fake *fake, int fd);

/* What STOP_COPY gives. */
#define FAKE_STATE "state of a device"

/* vfio.c */
/* The device writes a page while its log is on. */
void fake_device_writes(struct fake *fake, uint64_t iova);
int fake_ioctl(struct fake *fake, int fd, unsigned long request, void *arg);

/* fake_mig.c */
struct vfio_device_feature;
int fake_device_feature(struct fake *fake, struct vfio_device_feature *ask);

#endif
