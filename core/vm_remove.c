/* SPDX-License-Identifier: BSD-3-Clause */
/* Plugging in, asking the guest to let go, and what there is to tell of. */
#include "vm.h"

/* How long to rest where the machine's VMM cannot wait. */
#define REST_NS SRIC_NS_PER_MS

int sric_vm_plug_in(struct sriov_assign *a)
{
    int rc = a->plugged ? 0 : sric_vm_ops(a->vm)->vm_hot_add(a->dev);

    a->plugged = a->plugged || rc == 0;
    return rc;
}

int sriov_vm_plug(struct sriov_assign *a)
{
    if (a == NULL || a->taken) {
        return -EINVAL;
    }
    return sriov_fn_gone(a->fn) ? -ENODEV : sric_vm_plug_in(a);
}

/* ---- asking ---- */

static void on_gone(void *arg)
{
    struct sriov_assign *a = arg;

    a->let_go = true;
}

static void set_deadline(struct sriov_assign *a, uint64_t timeout_ns)
{
    uint64_t now = sriov_vmm_now(a->vm->vmm);

    a->deadline = timeout_ns < UINT64_MAX - now ? now + timeout_ns : UINT64_MAX;
}

/* A guest that never saw it holds nothing. */
static int ask(struct sriov_assign *a, uint64_t timeout_ns)
{
    int rc = 0;

    if (!a->plugged) {
        a->let_go = true;
    } else if (!a->asked) {
        if ((a->caps & SRIOV_VM_CAP_HOTPLUG) == 0) {
            return -EOPNOTSUPP;
        }
        rc = sric_vm_ops(a->vm)->vm_hot_remove(a->dev, on_gone, a);
    }
    if (rc == 0) {
        a->asked = true;
        set_deadline(a, timeout_ns);
    }
    return rc;
}

int sriov_vm_remove_ask(struct sriov_assign *a, uint64_t timeout_ns)
{
    if (a == NULL || a->taken || a->removing) {
        return -EINVAL;
    }
    return a->asked ? -EBUSY : ask(a, timeout_ns);
}

/* ---- waiting ---- */

/* Nanoseconds to the deadline; UINT64_MAX: there is none. */
static uint64_t time_left(const struct sriov_assign *a)
{
    uint64_t now = sriov_vmm_now(a->vm->vmm);

    if (a->deadline == UINT64_MAX) {
        return UINT64_MAX;
    }
    return now < a->deadline ? a->deadline - now : 0;
}

static int wait_for_guest(struct sriov_assign *a)
{
    for (;;) {
        /* Taken before the look: the look after the deadline is the last. */
        uint64_t left = time_left(a);
        int rc;

        if (a->let_go) {
            return 0;
        }
        if (left == 0) {
            return -ETIMEDOUT;
        }
        rc = sriov_vmm_wait(a->vm->vmm, left);
        if (rc == -EAGAIN && !a->let_go) {
            return -ETIMEDOUT; /* nothing can ever come */
        }
        if (rc != 0 && rc != -ETIMEDOUT) {
            sriov_vmm_sleep(a->vm->vmm, left < REST_NS ? left : REST_NS);
        }
    }
}

static void tell(struct sriov_assign *a, enum sriov_assign_event event)
{
    if (a->opts.on_event != NULL) {
        a->opts.on_event(a->opts.arg, a, event);
    }
}

static void take_after_asking(struct sriov_assign *a)
{
    sriov_log(a->vm->vmm, a->let_go ? SRIOV_LOG_INFO : SRIOV_LOG_WARN, "%s: %s %s", a->fn->info.name,
              a->let_go ? "let go by" : "taken by force from", a->vm->name);
    sric_vm_take(a);
}

int sriov_vm_remove(struct sriov_assign *a, uint64_t timeout_ns)
{
    int rc;

    if (a == NULL || a->taken || a->removing) {
        return -EINVAL;
    }
    rc = ask(a, timeout_ns);
    if (rc != 0) {
        return rc;
    }
    a->removing = true;
    rc = wait_for_guest(a);
    take_after_asking(a);
    tell(a, rc == 0 ? SRIOV_ASSIGN_RELEASED : SRIOV_ASSIGN_FORCED);
    sric_vm_free(a);
    return rc;
}

/* ---- telling ---- */

static bool asking_is_over(const struct sriov_assign *a)
{
    bool late = a->asked && time_left(a) == 0;

    return a->asked && (a->let_go || late);
}

/* The next event of this function, each once; false: none. */
static bool next_of(struct sriov_assign *a, enum sriov_assign_event *event)
{
    if (a->taken || a->removing) {
        return false;
    }
    if (a->flr_due) {
        a->flr_due = false;
        *event = SRIOV_ASSIGN_FLR;
        return true;
    }
    if (!a->gone_told && sriov_fn_gone(a->fn)) {
        a->gone_told = true;
        *event = SRIOV_ASSIGN_GONE;
        return true;
    }
    if (asking_is_over(a)) {
        take_after_asking(a);
        *event = a->let_go ? SRIOV_ASSIGN_RELEASED : SRIOV_ASSIGN_FORCED;
        return true;
    }
    return false;
}

/* From the first function again after each event: whoever was told may have released any of them. */
static bool tell_next(struct sriov_vm *vm)
{
    enum sriov_assign_event event;

    for (struct sriov_assign *a = vm->assigns; a != NULL; a = a->next) {
        if (next_of(a, &event)) {
            tell(a, event);
            return true;
        }
    }
    return false;
}

uint32_t sriov_vm_poll(struct sriov_vm *vm)
{
    uint32_t n = 0;

    while (tell_next(vm)) {
        n++;
    }
    return n;
}
