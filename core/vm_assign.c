/* SPDX-License-Identifier: BSD-3-Clause */
/* A function comes into a machine: step by step, and back by all of them when one fails. */
#include "vm.h"

#define KNOWN_FLAGS (SRIOV_ASSIGN_SLOW_MASK | SRIOV_ASSIGN_TRAP | SRIOV_ASSIGN_UNPLUGGED)
#define SLOTS       32u

/* ---- arguments ---- */

static bool is_bell(const struct sriov_bell *bell)
{
    uint32_t width = bell->width;

    return bell->bar < SRIOV_PCI_BAR_COUNT && (width == 1 || width == 2 || width == 4 || width == 8) &&
           bell->off % width == 0 && bell->reserved0 == 0;
}

static int take_bells(struct sriov_assign *a)
{
    uint32_t n = a->opts.num_bells;

    if (n == 0) {
        return 0;
    }
    if (n > SRIC_VM_BELLS_MAX || a->opts.bells == NULL) {
        return -EINVAL;
    }
    a->bells = sric_alloc(a->vm->vmm, sizeof(*a->bells) * n, _Alignof(struct sric_vm_bell));
    if (a->bells == NULL) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < n; i++) {
        a->bells[i].assign = a;
        a->bells[i].spec = a->opts.bells[i];
        if (!is_bell(&a->bells[i].spec)) {
            return -EINVAL;
        }
    }
    return 0;
}

static int take_opts(struct sriov_assign *a, const struct sriov_assign_opts *opts)
{
    int rc;

    a->opts.slot = SRIOV_VM_SLOT_ANY;
    if (opts == NULL) {
        return 0;
    }
    rc = sric_opts_take(&a->opts, sizeof(a->opts), offsetof(struct sriov_assign_opts, num_bells), opts);
    if (rc == 0 && ((a->opts.flags & ~KNOWN_FLAGS) != 0 ||
                    (a->opts.slot >= SLOTS && a->opts.slot != SRIOV_VM_SLOT_ANY))) {
        rc = -EINVAL;
    }
    if (rc != 0) {
        a->opts.num_bells = 0;
    }
    return rc;
}

/* ---- steps ---- */

/* A mapping or a vector that somebody else made would be the guest's, too. */
static int hold(struct sriov_assign *a)
{
    int rc;

    if (a->fn->ledger.live != 0 || a->fn->vectors != 0) {
        return sriov_fn_gone(a->fn) ? -ENODEV : -EBUSY;
    }
    rc = sriov_fn_set_state(a->fn, SRIOV_FN_ATTACHED);
    a->held = rc == 0;
    return rc == -EINVAL ? -EBUSY : rc;
}

/* The machine had it before, by its user's hand: then it keeps it. */
static bool is_claimed(const struct sriov_assign *a, uint16_t vf)
{
    struct sriov_pf_vf_info info = {.size = sizeof(info)};

    return sriov_pf_get_vf(a->opts.pf, vf, &info) == 0 && sric_same_name(info.owner, a->vm->name);
}

static int claim(struct sriov_assign *a)
{
    const struct sriov_fn_info *info = sriov_fn_info(a->fn);
    const struct sriov_fn_info *pf;
    int rc;

    if (a->opts.pf == NULL) {
        return 0;
    }
    pf = sriov_fn_info(sriov_pf_fn(a->opts.pf));
    if (info->pf_name[0] != '\0' && !sric_same_name(info->pf_name, pf->name)) {
        return -EINVAL;
    }
    if (is_claimed(a, info->vf_index)) {
        return 0;
    }
    rc = sriov_pf_claim_vf(a->opts.pf, info->vf_index, a->vm->name);
    a->claimed = rc == 0;
    return rc;
}

static int make_vcfg(struct sriov_assign *a)
{
    const struct sriov_vcfg_hooks hooks = {
        .size = sizeof(hooks),
        .bar_moved = sric_vm_bar_moved,
        .bus_master = sric_vm_bus_master,
        .msix_enable = sric_vm_msix_enable,
        .route = sric_vm_route,
        .pending = sric_vm_pending,
        .vector_control = sric_vm_vector_control,
        .flr = sric_vm_flr,
        .arg = a,
    };
    struct sriov_vcfg_opts opts = {.size = sizeof(opts)};
    struct sriov_msix_cap msix;
    int rc;

    if (sric_vm_shows_itself(a)) {
        a->counts.vectors = sriov_cfg_msix(a->fn, &msix) == 0 ? msix.vectors : 0;
        return 0;
    }
    if ((a->opts.flags & SRIOV_ASSIGN_SLOW_MASK) != 0) {
        opts.flags = SRIOV_VCFG_SLOW_MASK;
    }
    rc = sriov_vcfg_create(a->fn, &hooks, &opts, &a->vcfg);
    if (rc != 0) {
        return rc;
    }
    a->counts.vectors = sriov_vcfg_vectors(a->vcfg);
    if (a->counts.vectors != 0 && (a->caps & SRIOV_VM_CAP_IRQ) == 0) {
        return -EOPNOTSUPP;
    }
    return a->counts.vectors <= a->vectors_left ? 0 : -ENOSPC;
}

/* A VMM may want to know which of the host's devices reaches its guest's memory. */
static int describe(struct sriov_assign *a, struct sriov_vm_dev_args *args)
{
    bool ours = sriov_fn_vmm(a->fn) == a->vm->vmm;
    int rc;

    *args = (struct sriov_vm_dev_args){
        .size = sizeof(*args),
        .slot = a->opts.slot,
        .name = a->fn->info.name,
        .fn = ours ? a->fn->handle : NULL,
        .vectors = a->counts.vectors,
        .fd = -1,
        .cfg_read = sric_vm_cfg_read,
        .cfg_write = sric_vm_cfg_write,
        .arg = a,
    };
    rc = sric_fn_saw(a->fn, sric_ops(a->fn)->fn_fd(a->fn->handle, &args->fd, &args->fd_kind));
    if (rc != 0) {
        args->fd = -1;
        args->fd_kind = SRIOV_FN_FD_NONE;
    }
    return rc == -EOPNOTSUPP ? 0 : rc;
}

static int add_dev(struct sriov_assign *a)
{
    struct sriov_vm_dev_args args;
    int rc = describe(a, &args);

    if (rc == 0) {
        rc = sric_vm_ops(a->vm)->vm_dev_add(a->vm->ctx, &args, &a->dev);
        a->dev = rc == 0 ? a->dev : NULL;
    }
    return rc;
}

static int show(struct sriov_assign *a)
{
    return (a->opts.flags & SRIOV_ASSIGN_UNPLUGGED) != 0 ? 0 : sric_vm_plug_in(a);
}

/* sric_vm_take undoes them from the last to the first. */
static const struct {
    int (*run)(struct sriov_assign *a);
    const char *name;
} steps[] = {
    {take_bells, "taking its doorbells"},
    {sric_vm_check_fn, "seeing whether it fits"},
    {hold, "holding it"},
    {claim, "claiming it at its PF"},
    {sric_vm_quiet, "resetting it"},
    {make_vcfg, "making its config space"},
    {sric_vm_bars_open, "opening its BARs"},
    {sric_vm_log_on, "logging what it writes"},
    {add_dev, "adding it to the machine"},
    {sric_vm_map_all, "mapping guest memory for it"},
    {sric_vm_irqs_on, "attaching its vectors"},
    {show, "plugging it in"},
};

static struct sriov_assign *make(struct sriov_fn *fn, struct sriov_vm *vm)
{
    struct sriov_assign *a = sric_alloc(vm->vmm, sizeof(*a), _Alignof(struct sriov_assign));

    if (a == NULL) {
        return NULL;
    }
    a->fn = fn;
    a->vm = vm;
    a->counts.size = sizeof(a->counts);
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        a->bar[i].gpa = SRIOV_VCFG_NOWHERE;
    }
    return a;
}

int sriov_vm_assign(struct sriov_fn *fn, struct sriov_vm *vm, const struct sriov_assign_opts *opts,
                    struct sriov_assign **out)
{
    const char *step = "reading options";
    struct sriov_assign *a;
    int rc;

    if (fn == NULL || vm == NULL || out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    a = make(fn, vm);
    if (a == NULL) {
        return -ENOMEM;
    }
    rc = take_opts(a, opts);
    for (size_t i = 0; rc == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
        step = steps[i].name;
        rc = steps[i].run(a);
    }
    if (rc != 0) {
        sriov_log(vm->vmm, SRIOV_LOG_ERROR, "%s: not assigned to %s: %s: errno %d", fn->info.name, vm->name,
                  step, -rc);
        sric_vm_take(a);
        sric_vm_free(a);
        return rc;
    }
    a->next = vm->assigns;
    vm->assigns = a;
    sriov_log(vm->vmm, SRIOV_LOG_INFO, "%s: assigned to %s", fn->info.name, vm->name);
    *out = a;
    return 0;
}

struct sriov_fn *sriov_assign_fn(const struct sriov_assign *a)
{
    return a->fn;
}

struct sriov_vcfg *sriov_assign_vcfg(const struct sriov_assign *a)
{
    return a->vcfg;
}
