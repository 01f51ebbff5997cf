/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside the Xen shim: the VM face, and all of the outside that it calls. */
#ifndef SXEN_VM_H
#define SXEN_VM_H

#include "sxen.h"

#define SXEN_TEXT 2048

/* A program that runs: what it prints, both streams, goes to text, the first bytes of it, terminated. */
struct sxen_child {
    int pid;
    int fd; /* readable when it printed or ended; -1: none */
    char *text;
    size_t room;
    size_t length;
};
static inline struct sxen_child sxen_child(char *text, size_t room)
{
    return (struct sxen_child){.pid = -1, .fd = -1, .text = text, .room = room};
}

struct sxen_domain {
    bool hvm;
    bool hap;
    bool dying;
    uint64_t pages;
};

/* XEN_DOMCTL_VMSI_X86_* of Xen's public domctl.h, which is for GNU's C alone; vm_ctl.c compares them. */
#define SXEN_MSI_DEST     0x000ffu
#define SXEN_MSI_RH       0x00100u
#define SXEN_MSI_DM       0x00200u
#define SXEN_MSI_DELIV    0x07000u
#define SXEN_MSI_TRIG     0x08000u
#define SXEN_MSI_UNMASKED 0x10000u

/* A vector of a function, as Xen is told of it. */
struct sxen_msi {
    uint32_t pirq;
    uint32_t vector; /* the guest's */
    uint32_t flags;  /* SXEN_MSI_* */
};

/*
 * The outside as the VM face uses it: one table, so that tests put a scripted Xen in its place and let
 * each call fail in turn. Every int is 0 or more, or a negative errno.
 */
struct sxen_vm_door {
    void *ctx;
    uint64_t (*now)(void *ctx);
    void (*rest)(void *ctx, uint64_t ns);
    /* ---- the toolstack ---- */
    int (*start)(void *ctx, const char *const *argv, struct sxen_child *child);
    /* More of what it printed; 1: it has ended, *status as exit gave it (128 + n: signal n); 0: not yet. Its
     * descriptor stays open until `end`. */
    int (*follow)(void *ctx, struct sxen_child *child, uint64_t timeout_ns, int *status);
    /* It and what it started, at once. */
    void (*end)(void *ctx, struct sxen_child *child);
    /* XenbusState of the domain's pciback; -ENOENT: it has none. */
    int (*backend)(void *ctx, uint32_t domid, uint32_t *state);
    /* ---- the hypervisor: an open handle to it is *xen ---- */
    int (*open)(void *ctx, void **xen);
    void (*close)(void *ctx, void *xen);
    int (*domain)(void *ctx, void *xen, uint32_t domid, struct sxen_domain *domain);
    int (*test_assign)(void *ctx, void *xen, uint32_t domid, uint32_t sbdf);
    int (*assign)(void *ctx, void *xen, uint32_t domid, uint32_t sbdf);
    int (*deassign)(void *ctx, void *xen, uint32_t domid, uint32_t sbdf);
    int (*iomem)(void *ctx, void *xen, uint32_t domid, uint64_t mfn, uint64_t n, bool allow);
    int (*map)(void *ctx, void *xen, uint32_t domid, uint64_t gfn, uint64_t mfn, uint64_t n, bool add);
    int (*pirq_map)(void *ctx, void *xen, uint32_t domid, uint32_t sbdf, uint32_t vector, uint64_t table,
                    uint32_t *pirq);
    int (*pirq_unmap)(void *ctx, void *xen, uint32_t domid, uint32_t pirq);
    int (*msi_bind)(void *ctx, void *xen, uint32_t domid, const struct sxen_msi *msi);
    int (*msi_unbind)(void *ctx, void *xen, uint32_t domid, const struct sxen_msi *msi);
    int (*log)(void *ctx, void *xen, uint32_t domid, bool on);
    /* Pages of [0, pages) that were written since the last call, a bit each; they are clean afterwards. */
    int (*log_take)(void *ctx, void *xen, uint32_t domid, uint64_t *bitmap, uint64_t pages);
    int (*trap)(void *ctx, void *xen, uint32_t domid, uint32_t server, uint64_t first, uint64_t last,
                bool on);
    int (*trap_config)(void *ctx, void *xen, uint32_t domid, uint32_t server, uint32_t slot, bool on);
};
extern const struct sxen_vm_door sxen_vm_door_linux;

/* vm_spawn.c: the toolstack's part of it */
uint64_t sxen_vm_now(void *ctx);
void sxen_vm_rest(void *ctx, uint64_t ns);
int sxen_vm_backend(void *ctx, uint32_t domid, uint32_t *state);
int sxen_vm_start(void *ctx, const char *const *argv, struct sxen_child *child);
int sxen_vm_follow(void *ctx, struct sxen_child *child, uint64_t timeout_ns, int *status);
void sxen_vm_end(void *ctx, struct sxen_child *child);

/* ---- vm_host.c ---- */

struct sxen_vm_host {
    const struct sxen_vm_door *door;
    struct skvm_host files;
};
int sxen_vm_host_init(struct sxen_vm_host *host, const struct sriov_xen_opts *opts,
                      const struct sxen_vm_door *door);
/* The driver that has it, empty where none has; -ENOENT: no such function. */
int sxen_vm_driver(const struct sxen_vm_host *host, const char *bdf, char *driver, size_t room);

/* ---- vm_xl.c: what xl does for us. timeout_ns: bounds each. ---- */

#define SXEN_XL_WORDS 8

/* What a command of xl's said, in the seam's terms. */
int sxen_xl_verdict(const char *what, const struct sxen_child *child, int status, struct skvm_why *why);
/* argv: without "xl", NULL-ended, SXEN_XL_WORDS - 2 at most. child may be NULL; else it has the output. */
int sxen_xl(const struct sxen_vm_door *door, const char *const *argv, uint64_t timeout_ns,
            struct sxen_child *child, struct skvm_why *why);
/* To pciback and quarantined. *changed: it was not there before. */
int sxen_xl_assignable(const struct sxen_vm_host *host, const char *bdf, uint64_t timeout_ns, bool *changed,
                       struct skvm_why *why);
/* Back to the driver it had, if xl knows of one. */
int sxen_xl_unassignable(const struct sxen_vm_host *host, const char *bdf, uint64_t timeout_ns,
                         struct skvm_why *why);
/* 1: the domain has it; 0. */
int sxen_xl_has(const struct sxen_vm_host *host, uint32_t domid, const char *bdf, uint64_t timeout_ns,
                struct skvm_why *why);
/* On failure the domain does not have it, or *why says that this is not known. */
int sxen_xl_attach(const struct sxen_vm_host *host, uint32_t domid, const char *bdf, uint64_t timeout_ns,
                   struct skvm_why *why);
int sxen_xl_detach(const struct sxen_vm_host *host, uint32_t domid, const char *bdf, bool force,
                   uint64_t timeout_ns, struct skvm_why *why);

/* ---- for who gives the door: tests ---- */

int sxen_give(const struct sxen_vm_host *host, const char *bdf, uint32_t domid, uint64_t timeout_ns,
              struct skvm_why *why);
int sxen_take(const struct sxen_vm_host *host, const char *bdf, uint32_t domid, uint32_t flags,
              uint64_t timeout_ns, struct skvm_why *why);

/* ---- a machine ---- */

#define SXEN_VM_SLOTS 32u
#define SXEN_DOMID_IO 0x7ff1u /* who has quarantined functions */

struct sxen_machine;

/* A vector of a function in a device model's machine. */
struct sxen_virq {
    bool mapped; /* Xen has a pirq for it */
    bool bound;  /* ... which arrives in the guest */
    struct sxen_msi msi;
};

struct sxen_window {
    struct sxen_window *next;
    struct sriov_vm_window spec;
    uint64_t mfn; /* of a mapped one */
};

struct sxen_dev {
    struct sxen_machine *machine;
    struct sxen_dev *next;
    char name[SRIOV_NAME_MAX];
    uint32_t sbdf;
    uint32_t slot;
    bool plugged; /* the guest can find it */
    void (*gone)(void *arg);
    void *gone_arg;

    /* The toolstack's. */
    bool made_assignable;
    bool attached;
    struct sxen_child child; /* the guest is being asked */
    char said[SXEN_TEXT];
    struct skvm_source source;

    /* A device model's. */
    struct sxen_fn *fn;
    uint32_t (*cfg_read)(void *arg, uint32_t off, uint32_t width);
    void (*cfg_write)(void *arg, uint32_t off, uint32_t width, uint32_t value);
    void *cfg_arg;
    struct sxen_window *windows;
    bool msix_ready; /* Xen knows its table */
    uint32_t num_virqs;
    struct sxen_virq *virqs;
};

struct sxen_machine {
    struct sxen *xen;
    struct sxen_vm_host host;
    void *hv; /* the open handle to Xen */
    struct sriov_xen_vm_opts opts;
    char name[SRIOV_NAME_MAX];
    struct sriov_vm *vm;
    bool hap;
    struct sxen_dev *devs;
    struct skvm_source wake; /* its descriptor is ours: guests that let go */
    atomic_uint left;        /* slots that were let go of, a bit each */

    uint64_t top; /* pages below the end of the highest memory */
    uint32_t num_mems;
    bool dirty;
    uint64_t log_pages;
    uint64_t *log;   /* what Xen told and nobody has asked for yet */
    uint64_t *fresh; /* room for what it tells next */
};

static inline bool sxen_vm_is_model(const struct sxen_machine *machine)
{
    return (machine->opts.flags & SRIOV_XEN_VM_DEVICE_MODEL) != 0;
}

static inline const struct sxen_vm_door *sxen_vm_door_of(const struct sxen_machine *machine)
{
    return machine->host.door;
}

/* vm.c */
int sxen_vm_create(struct sriov_vmm *vmm, const struct sriov_xen_vm_opts *opts,
                   const struct sxen_vm_door *door, struct sriov_vm **out);
void *sxen_vm_alloc(struct sxen_machine *machine, size_t size);
void sxen_vm_free(struct sxen_machine *machine, void *ptr);
/* What Xen answered, in the seam's terms. */
int sxen_vm_error(int err);
/* One line of the log: the function, what failed, the remedy; returns err. */
int sxen_vm_fail(const struct sxen_machine *machine, const char *name, int err, const char *text);
int sxen_op_vm_info(void *vm, struct sriov_vm_info *info);

/* vm_dev.c */
struct sxen_dev *sxen_vm_dev_at(const struct sxen_machine *machine, uint32_t slot);
int sxen_op_vm_dev_add(void *vm, const struct sriov_vm_dev_args *args, void **dev);
void sxen_op_vm_dev_del(void *dev);

/* vm_assign.c: the function to the domain, by hypercalls, and back */
int sxen_model_take(struct sxen_dev *dev);
void sxen_model_drop(struct sxen_dev *dev);

/* vm_tool.c: the same by the toolstack */
int sxen_tool_take(struct sxen_dev *dev);
void sxen_tool_drop(struct sxen_dev *dev);
int sxen_tool_attach(struct sxen_dev *dev);
int sxen_tool_ask(struct sxen_dev *dev);

/* vm_plug.c */
int sxen_op_vm_hot_add(void *dev);
int sxen_op_vm_hot_remove(void *dev, void (*gone)(void *arg), void *arg);
bool sxen_vm_take_wake(struct skvm_source *source, struct skvm_call *call);

/* vm_log.c: memory, and what is written to it */
int sxen_op_vm_mem_add(void *vm, const struct sriov_vm_mem *mem);
int sxen_op_vm_mem_del(void *vm, const struct sriov_vm_mem *mem);
int sxen_op_vm_dirty_start(void *vm, uint32_t mode);
int sxen_op_vm_dirty_stop(void *vm);
int sxen_op_vm_dirty_read(void *vm, uint64_t gpa, uint64_t length, uint64_t *bitmap);

/* vm_window.c */
int sxen_op_vm_window_add(void *dev, const struct sriov_vm_window *window);
int sxen_op_vm_window_del(void *dev, uint64_t gpa, uint64_t length);
void sxen_windows_drop(struct sxen_dev *dev);

/* vm_msi.c */
int sxen_op_vm_irq_sink(void *dev, uint32_t vector, struct sriov_irq_sink *sink);
int sxen_op_vm_irq_route(void *dev, uint32_t vector, const struct sriov_vm_msi *msi);
int sxen_op_vm_irq_pending(void *dev, uint32_t vector, uint32_t *pending);
void sxen_virqs_drop(struct sxen_dev *dev);

/* ---- doctor.c ---- */

struct sxen_report {
    const struct sxen_vm_host *host;
    const struct sxen_door *door;
    enum sxen_kind kind;
    sriov_finding_cb cb;
    void *arg;
    int worst;
};
int sxen_doctor(const struct sxen_vm_host *host, const struct sxen_door *door, const char *bdf,
                sriov_finding_cb cb, void *arg);
void sxen_find(struct sxen_report *report, uint32_t level, const char *thing, const char *remedy,
               const char *fmt, ...) SRIOV_PRINTF(5, 6);
/* doctor_dom0.c: what giving functions to domains wants */
void sxen_doctor_dom0(struct sxen_report *report);
/* doctor_fn.c */
void sxen_doctor_function(struct sxen_report *report, const char *bdf);

#endif
