/* SPDX-License-Identifier: BSD-3-Clause */
/* The mock's side of the seam. No BAR views: the mock sees every access. */
#include "internal.h"

static uint64_t op_now_ns(void *vmm)
{
    struct sriov_mock *mock = vmm;

    (void)mock_gate(mock, NULL, MOCK_OP_now_ns);
    return mock->clock.now_ns;
}

static void op_relax(void *vmm)
{
    struct sriov_mock *mock = vmm;

    (void)mock_gate(mock, NULL, MOCK_OP_relax);
    mock_clock_advance(mock, mock->opts.relax_ns);
}

static void op_sleep_ns(void *vmm, uint64_t ns)
{
    struct sriov_mock *mock = vmm;

    (void)mock_gate(mock, NULL, MOCK_OP_sleep_ns);
    if (mock->clock.hold > 0) {
        mock_contract(mock, "", "sleep_ns inside a sink's callback");
    }
    mock_clock_advance(mock, ns);
}

static int op_wait(void *vmm, uint64_t timeout_ns)
{
    struct sriov_mock *mock = vmm;
    int err = mock_gate(mock, NULL, MOCK_OP_wait);

    if (err != 0) {
        return err;
    }
    if (mock->clock.hold > 0) {
        mock_contract(mock, "", "wait inside a sink's callback");
    }
    return mock_clock_wait(mock, timeout_ns);
}

static void op_log(void *vmm, uint32_t level, const char *line)
{
    struct sriov_mock *mock = vmm;

    (void)level;
    (void)mock_gate(mock, NULL, MOCK_OP_log);
    if ((mock->opts.flags & SRIOV_MOCK_QUIET) == 0) {
        mock_log_line(mock, line);
    }
}

static const struct sriov_vmm_ops mock_ops = {
    .size = sizeof(mock_ops),
    .abi = SRIOV_VMM_ABI,
    .name = "mock",
    .host_alloc = mock_host_alloc,
    .host_free = mock_host_free,
    .now_ns = op_now_ns,
    .relax = op_relax,
    .sleep_ns = op_sleep_ns,
    .wait = op_wait,
    .log = op_log,
    .enumerate = mock_op_enumerate,
    .open = mock_op_open,
    .close = mock_op_close,
    .info = mock_op_info,
    .reset = mock_op_reset,
    .set_vfs = mock_op_set_vfs,
    .kill = mock_op_kill,
    .cfg_read = mock_op_cfg_read,
    .cfg_write = mock_op_cfg_write,
    .bar_info = mock_op_bar_info,
    .bar_read = mock_op_bar_read,
    .bar_write = mock_op_bar_write,
    .dma_limits = mock_op_dma_limits,
    .dma_alloc = mock_op_dma_alloc,
    .dma_free = mock_op_dma_free,
    .dma_map = mock_op_dma_map,
    .dma_unmap = mock_op_dma_unmap,
    .irq_count = mock_op_irq_count,
    .irq_enable = mock_op_irq_enable,
    .irq_disable = mock_op_irq_disable,
    .irq_attach = mock_op_irq_attach,
    .irq_detach = mock_op_irq_detach,
    .irq_mask = mock_op_irq_mask,
    .irq_unmask = mock_op_irq_unmask,
    .irq_pending = mock_op_irq_pending,
    .irq_trigger = mock_op_irq_trigger,
    .set_event_sink = mock_op_set_event_sink,
    .dma_dirty_start = mock_op_dma_dirty_start,
    .dma_dirty_stop = mock_op_dma_dirty_stop,
    .dma_dirty_read = mock_op_dma_dirty_read,
    .vm_info = mock_op_vm_info,
    .vm_mem_add = mock_op_vm_mem_add,
    .vm_mem_del = mock_op_vm_mem_del,
    .vm_dev_add = mock_op_vm_dev_add,
    .vm_dev_del = mock_op_vm_dev_del,
    .vm_window_add = mock_op_vm_window_add,
    .vm_window_del = mock_op_vm_window_del,
    .vm_doorbell_add = mock_op_vm_doorbell_add,
    .vm_doorbell_del = mock_op_vm_doorbell_del,
    .vm_irq_sink = mock_op_vm_irq_sink,
    .vm_irq_route = mock_op_vm_irq_route,
    .vm_irq_pending = mock_op_vm_irq_pending,
    .vm_dirty_start = mock_op_vm_dirty_start,
    .vm_dirty_stop = mock_op_vm_dirty_stop,
    .vm_dirty_read = mock_op_vm_dirty_read,
    .vm_hot_add = mock_op_vm_hot_add,
    .vm_hot_remove = mock_op_vm_hot_remove,
    .mig_info = mock_op_mig_info,
    .mig_state = mock_op_mig_state,
    .mig_set_state = mock_op_mig_set_state,
    .mig_read = mock_op_mig_read,
    .mig_write = mock_op_mig_write,
};

SRIOV_API const struct sriov_vmm_ops *sriov_mock_ops(void)
{
    return &mock_ops;
}
