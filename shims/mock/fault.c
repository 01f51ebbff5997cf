/* SPDX-License-Identifier: BSD-3-Clause */
/* Deterministic faults, and the gate through which every op passes: it counts them. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* A reordered write-back is held so long, unless the fault says otherwise. */
#define MOCK_REORDER_NS MOCK_NS_PER_MS

static const struct {
    const char *name;
    bool can_fail;
} op_table[MOCK_OP_COUNT] = {
#define MOCK_OP_ROW(name, fails) {#name, fails},
    MOCK_OPS(MOCK_OP_ROW)
#undef MOCK_OP_ROW
};

static bool matches(const struct mock_fault *fault, uint32_t kind, const char *fn, const char *op)
{
    return fault->spec.kind == kind && (fault->fn[0] == '\0' || strcmp(fault->fn, fn) == 0) &&
           (fault->op[0] == '\0' || strcmp(fault->op, op) == 0);
}

/* One more occasion of this fault; true when it is hit. */
static bool occasion(struct sriov_mock *mock, struct mock_fault *fault)
{
    uint64_t times = fault->spec.times == 0 ? 1 : fault->spec.times;

    fault->seen++;
    if (fault->seen < fault->spec.nth || fault->seen - fault->spec.nth >= times) {
        return false;
    }
    mock->fault_hits++;
    return true;
}

bool mock_fault_hit(struct sriov_mock *mock, uint32_t kind, const char *fn, const char *op)
{
    bool hit = false;

    for (struct mock_fault *fault = mock->faults; fault != NULL; fault = fault->next) {
        hit = (matches(fault, kind, fn, op) && occasion(mock, fault)) || hit;
    }
    return hit;
}

static int op_error(struct sriov_mock *mock, const char *fn, enum mock_op op)
{
    int err = 0;

    if (!op_table[op].can_fail) {
        return 0;
    }
    for (struct mock_fault *fault = mock->faults; fault != NULL; fault = fault->next) {
        if (matches(fault, SRIOV_MOCK_FAULT_OP, fn, op_table[op].name) && occasion(mock, fault)) {
            err = fault->spec.err;
        }
    }
    return err;
}

bool mock_gone(const struct mock_handle *h)
{
    return h->slot == NULL || atomic_load_explicit(&h->killed, memory_order_relaxed);
}

int mock_gate_name(struct sriov_mock *mock, const char *fn, enum mock_op op)
{
    mock->op_calls[op]++;
    return op_error(mock, fn, op);
}

int mock_gate_release(struct sriov_mock *mock, struct mock_handle *h, enum mock_op op)
{
    if (h->slot != NULL && mock_fault_hit(mock, SRIOV_MOCK_FAULT_GONE, h->name, op_table[op].name)) {
        mock_pull(h->slot);
    }
    return mock_gate_name(mock, h->name, op);
}

/* An op of the VMM is no function's own: a fault says whose removal it is. */
static void gone_at_vmm_op(struct sriov_mock *mock, const char *op)
{
    for (struct mock_fault *fault = mock->faults; fault != NULL; fault = fault->next) {
        struct mock_slot *slot;

        if (fault->spec.kind != SRIOV_MOCK_FAULT_GONE || strcmp(fault->op, op) != 0 ||
            !occasion(mock, fault)) {
            continue;
        }
        slot = mock_find_slot(mock, fault->fn);
        if (slot != NULL) {
            mock_pull(slot);
        }
    }
}

int mock_gate(struct sriov_mock *mock, struct mock_handle *h, enum mock_op op)
{
    int err;

    if (h == NULL) {
        gone_at_vmm_op(mock, op_table[op].name);
        return mock_gate_name(mock, "", op);
    }
    err = mock_gate_release(mock, h, op);
    return mock_gone(h) ? -ENODEV : err;
}

int mock_gate_vm(struct sriov_mock *mock, const char *name, enum mock_op op)
{
    gone_at_vmm_op(mock, op_table[op].name);
    return mock_gate_name(mock, name, op);
}

static const char *point_name(enum sriov_fault_point point)
{
    switch (point) {
    case SRIOV_FAULT_RX_WRITEBACK:
        return "rx";
    case SRIOV_FAULT_TX_WRITEBACK:
        return "tx";
    case SRIOV_FAULT_MBX_TO_VF:
        return "to-vf";
    case SRIOV_FAULT_MBX_TO_PF:
        return "to-pf";
    default:
        return "";
    }
}

static bool is_mailbox_kind(uint32_t kind)
{
    return kind == SRIOV_MOCK_FAULT_MBX_SILENT || kind == SRIOV_MOCK_FAULT_MBX_LATE ||
           kind == SRIOV_MOCK_FAULT_MBX_WRONG;
}

static bool is_writeback_kind(uint32_t kind)
{
    return kind == SRIOV_MOCK_FAULT_WB_LATE || kind == SRIOV_MOCK_FAULT_WB_REORDER ||
           kind == SRIOV_MOCK_FAULT_WB_HOSTILE;
}

static void put_word(void *data, size_t len, uint32_t index, uint64_t value)
{
    size_t off = (size_t)index * 4;
    uint32_t word = (uint32_t)value;

    if (off <= len && 4 <= len - off) {
        memcpy((uint8_t *)data + off, &word, sizeof(word));
    }
}

/* What one fault makes of what the device is about to tell the driver. */
static enum sriov_fault_verdict bend_one(const struct sriov_mock_fault *spec, void *data, size_t len,
                                         uint64_t *delay_ns)
{
    switch (spec->kind) {
    case SRIOV_MOCK_FAULT_MBX_SILENT:
        return SRIOV_FAULT_DROP;
    case SRIOV_MOCK_FAULT_MBX_LATE:
    case SRIOV_MOCK_FAULT_WB_LATE:
        *delay_ns = spec->value;
        return SRIOV_FAULT_DELAY;
    case SRIOV_MOCK_FAULT_WB_REORDER:
        *delay_ns = spec->value != 0 ? spec->value : MOCK_REORDER_NS;
        return SRIOV_FAULT_DELAY;
    default:
        put_word(data, len, spec->index, spec->value);
        return SRIOV_FAULT_PASS;
    }
}

enum sriov_fault_verdict mock_fault_bend(struct sriov_mock *mock, const char *fn,
                                         enum sriov_fault_point point, void *data, size_t len,
                                         uint64_t *delay_ns)
{
    bool mailbox = point == SRIOV_FAULT_MBX_TO_VF || point == SRIOV_FAULT_MBX_TO_PF;
    enum sriov_fault_verdict verdict = SRIOV_FAULT_PASS;

    for (struct mock_fault *fault = mock->faults; fault != NULL; fault = fault->next) {
        uint32_t kind = fault->spec.kind;
        enum sriov_fault_verdict one;

        if (!(mailbox ? is_mailbox_kind(kind) : is_writeback_kind(kind)) ||
            !matches(fault, kind, fn, point_name(point)) || !occasion(mock, fault)) {
            continue;
        }
        one = bend_one(&fault->spec, data, len, delay_ns);
        if (one == SRIOV_FAULT_DROP || verdict == SRIOV_FAULT_PASS) {
            verdict = one;
        }
    }
    return verdict;
}

/* Ops of the VMM fail for all; for which function one is gone, the fault has to say. */
static bool fits_op(const struct sriov_mock_fault *spec, size_t op)
{
    bool of_vmm = op <= MOCK_OP_enumerate;

    if (spec->kind == SRIOV_MOCK_FAULT_GONE) {
        return !(of_vmm || op >= MOCK_OP_vm_info) || spec->fn != NULL;
    }
    return op_table[op].can_fail && !(of_vmm && spec->fn != NULL);
}

static bool is_site(uint32_t kind, const char *name)
{
    if (is_mailbox_kind(kind)) {
        return strcmp(name, "to-vf") == 0 || strcmp(name, "to-pf") == 0;
    }
    if (is_writeback_kind(kind) || kind == SRIOV_MOCK_FAULT_DMA) {
        return strcmp(name, "rx") == 0 || strcmp(name, "tx") == 0;
    }
    return strcmp(name, "irq") == 0;
}

/* A name that can never match would be a fault that silently never comes. */
static bool is_op_name(const struct sriov_mock_fault *spec)
{
    if (spec->kind != SRIOV_MOCK_FAULT_OP && spec->kind != SRIOV_MOCK_FAULT_GONE) {
        return is_site(spec->kind, spec->op);
    }
    for (size_t i = 0; i < MOCK_OP_COUNT; i++) {
        if (strcmp(spec->op, op_table[i].name) == 0) {
            return fits_op(spec, i);
        }
    }
    return false;
}

static bool is_valid(const struct sriov_mock_fault *spec)
{
    return spec->kind >= SRIOV_MOCK_FAULT_OP && spec->kind <= SRIOV_MOCK_FAULT_DMA && spec->nth > 0 &&
           (spec->kind != SRIOV_MOCK_FAULT_OP || spec->err < 0) && (spec->op == NULL || is_op_name(spec));
}

SRIOV_API int sriov_mock_inject(struct sriov_mock *mock, const struct sriov_mock_fault *spec)
{
    int err = mock_check_struct(spec, sizeof(*spec), sizeof(*spec));
    struct mock_fault *fault;

    if (err != 0 || !is_valid(spec)) {
        return err != 0 ? err : -EINVAL;
    }
    fault = calloc(1, sizeof(*fault));
    if (fault == NULL) {
        return -ENOMEM;
    }
    fault->spec = *spec;
    if (spec->fn != NULL && !mock_copy_name(fault->fn, spec->fn)) {
        free(fault);
        return -EINVAL;
    }
    if (spec->op != NULL) {
        memcpy(fault->op, spec->op, strlen(spec->op) + 1);
    }
    fault->next = mock->faults;
    mock->faults = fault;
    return 0;
}

void mock_faults_destroy(struct sriov_mock *mock)
{
    while (mock->faults != NULL) {
        struct mock_fault *fault = mock->faults;

        mock->faults = fault->next;
        free(fault);
    }
}

SRIOV_API uint64_t sriov_mock_clear_faults(struct sriov_mock *mock)
{
    uint64_t hits = mock->fault_hits;

    mock_faults_destroy(mock);
    mock->fault_hits = 0;
    return hits;
}

SRIOV_API uint64_t sriov_mock_op_calls(const struct sriov_mock *mock, const char *op)
{
    uint64_t calls = 0;

    for (size_t i = 0; i < MOCK_OP_COUNT; i++) {
        if (op != NULL ? strcmp(op, op_table[i].name) == 0 : op_table[i].can_fail) {
            calls += mock->op_calls[i];
        }
    }
    return calls;
}
