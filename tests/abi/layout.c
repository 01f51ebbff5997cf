/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The binary layout on LP64, frozen: compiled on every build, so that a moved member does not pass.
 * A new op or member goes to the end and is appended here; a number that stands here never changes
 * without a new SRIOV_VMM_ABI or SRIOV_DRIVER_ABI.
 */
#include "layout.h"

#include <sriov/drivers.h>
#include <sriov/vm.h>

#if defined(__LP64__)

_Static_assert(SRIOV_VMM_ABI == 1, "ABI of the seam");
_Static_assert(SRIOV_DRIVER_ABI == 3, "ABI of the classes");
_Static_assert(sizeof(sriov_iova_t) == 8, "size of sriov_iova_t");
_Static_assert(sizeof(struct sriov_mac) == 6, "size of sriov_mac");
_Static_assert(sizeof(struct sriov_link) == 8, "size of sriov_link");
_Static_assert(sizeof(struct sriov_id) == 4, "size of sriov_id");

/* ---- the seam ---- */

SIZE(sriov_fn_info, 232);
AT(sriov_fn_info, size, 0);
AT(sriov_fn_info, reserved0, 4);
AT(sriov_fn_info, caps, 8);
AT(sriov_fn_info, vendor, 16);
AT(sriov_fn_info, device, 18);
AT(sriov_fn_info, subsystem_vendor, 20);
AT(sriov_fn_info, subsystem_device, 22);
AT(sriov_fn_info, class_code, 24);
AT(sriov_fn_info, revision, 28);
AT(sriov_fn_info, is_vf, 29);
AT(sriov_fn_info, vf_index, 30);
AT(sriov_fn_info, total_vfs, 32);
AT(sriov_fn_info, num_vfs, 34);
AT(sriov_fn_info, iommu_group, 36);
AT(sriov_fn_info, name, 40);
AT(sriov_fn_info, pf_name, 104);
AT(sriov_fn_info, bound_driver, 168);

SIZE(sriov_open_args, 24);
AT(sriov_open_args, size, 0);
AT(sriov_open_args, flags, 4);
AT(sriov_open_args, name, 8);
AT(sriov_open_args, options, 16);

SIZE(sriov_bar_info, 16);
AT(sriov_bar_info, size, 0);
AT(sriov_bar_info, flags, 4);
AT(sriov_bar_info, length, 8);

SIZE(sriov_dma_range, 16);
AT(sriov_dma_range, first, 0);
AT(sriov_dma_range, last, 8);

SIZE(sriov_dma_limits, 296);
AT(sriov_dma_limits, size, 0);
AT(sriov_dma_limits, flags, 4);
AT(sriov_dma_limits, granule, 8);
AT(sriov_dma_limits, maps_left, 16);
AT(sriov_dma_limits, bytes_left, 24);
AT(sriov_dma_limits, num_ranges, 32);
AT(sriov_dma_limits, reserved0, 36);
AT(sriov_dma_limits, ranges, 40);

SIZE(sriov_dma_mem, 56);
AT(sriov_dma_mem, size, 0);
AT(sriov_dma_mem, dir, 4);
AT(sriov_dma_mem, length, 8);
AT(sriov_dma_mem, align, 16);
AT(sriov_dma_mem, va, 24);
AT(sriov_dma_mem, iova, 32);
AT(sriov_dma_mem, cookie, 40);
AT(sriov_dma_mem, flags, 48);
AT(sriov_dma_mem, reserved0, 52);

SIZE(sriov_irq_sink, 32);
AT(sriov_irq_sink, size, 0);
AT(sriov_irq_sink, kind, 4);
AT(sriov_irq_sink, fd, 8);
AT(sriov_irq_sink, reserved0, 12);
AT(sriov_irq_sink, cb, 16);
AT(sriov_irq_sink, arg, 24);

SIZE(sriov_event_sink, 24);
AT(sriov_event_sink, size, 0);
AT(sriov_event_sink, reserved0, 4);
AT(sriov_event_sink, cb, 8);
AT(sriov_event_sink, arg, 16);

SIZE(sriov_vmm_ops, 512);
AT(sriov_vmm_ops, size, 0);
AT(sriov_vmm_ops, abi, 4);
AT(sriov_vmm_ops, name, 8);
AT(sriov_vmm_ops, host_alloc, 16);
AT(sriov_vmm_ops, host_free, 24);
AT(sriov_vmm_ops, now_ns, 32);
AT(sriov_vmm_ops, relax, 40);
AT(sriov_vmm_ops, sleep_ns, 48);
AT(sriov_vmm_ops, wait, 56);
AT(sriov_vmm_ops, log, 64);
AT(sriov_vmm_ops, enumerate, 72);
AT(sriov_vmm_ops, open, 80);
AT(sriov_vmm_ops, close, 88);
AT(sriov_vmm_ops, info, 96);
AT(sriov_vmm_ops, reset, 104);
AT(sriov_vmm_ops, set_vfs, 112);
AT(sriov_vmm_ops, kill, 120);
AT(sriov_vmm_ops, cfg_read, 128);
AT(sriov_vmm_ops, cfg_write, 136);
AT(sriov_vmm_ops, bar_info, 144);
AT(sriov_vmm_ops, bar_view, 152);
AT(sriov_vmm_ops, bar_unview, 160);
AT(sriov_vmm_ops, bar_read, 168);
AT(sriov_vmm_ops, bar_write, 176);
AT(sriov_vmm_ops, dma_limits, 184);
AT(sriov_vmm_ops, dma_alloc, 192);
AT(sriov_vmm_ops, dma_free, 200);
AT(sriov_vmm_ops, dma_map, 208);
AT(sriov_vmm_ops, dma_unmap, 216);
AT(sriov_vmm_ops, irq_count, 224);
AT(sriov_vmm_ops, irq_enable, 232);
AT(sriov_vmm_ops, irq_disable, 240);
AT(sriov_vmm_ops, irq_attach, 248);
AT(sriov_vmm_ops, irq_detach, 256);
AT(sriov_vmm_ops, irq_mask, 264);
AT(sriov_vmm_ops, irq_unmask, 272);
AT(sriov_vmm_ops, irq_pending, 280);
AT(sriov_vmm_ops, irq_trigger, 288);
AT(sriov_vmm_ops, set_event_sink, 296);
/* Appended: a table of 304 bytes ends before. */
AT(sriov_vmm_ops, fn_fd, 304);
AT(sriov_vmm_ops, dma_dirty_start, 312);
AT(sriov_vmm_ops, dma_dirty_stop, 320);
AT(sriov_vmm_ops, dma_dirty_read, 328);
AT(sriov_vmm_ops, vm_info, 336);
AT(sriov_vmm_ops, vm_mem_add, 344);
AT(sriov_vmm_ops, vm_mem_del, 352);
AT(sriov_vmm_ops, vm_dev_add, 360);
AT(sriov_vmm_ops, vm_dev_del, 368);
AT(sriov_vmm_ops, vm_window_add, 376);
AT(sriov_vmm_ops, vm_window_del, 384);
AT(sriov_vmm_ops, vm_doorbell_add, 392);
AT(sriov_vmm_ops, vm_doorbell_del, 400);
AT(sriov_vmm_ops, vm_irq_sink, 408);
AT(sriov_vmm_ops, vm_irq_route, 416);
AT(sriov_vmm_ops, vm_irq_pending, 424);
AT(sriov_vmm_ops, vm_dirty_start, 432);
AT(sriov_vmm_ops, vm_dirty_stop, 440);
AT(sriov_vmm_ops, vm_dirty_read, 448);
AT(sriov_vmm_ops, vm_hot_add, 456);
AT(sriov_vmm_ops, vm_hot_remove, 464);
/* The end of the table with the VM face: what follows was appended for migration. */
AT(sriov_vmm_ops, mig_info, 472);
AT(sriov_vmm_ops, mig_state, 480);
AT(sriov_vmm_ops, mig_set_state, 488);
AT(sriov_vmm_ops, mig_read, 496);
AT(sriov_vmm_ops, mig_write, 504);

SIZE(sriov_mig_info, 16);
AT(sriov_mig_info, size, 0);
AT(sriov_mig_info, flags, 4);
AT(sriov_mig_info, stop_copy_len, 8);

SIZE(sriov_vm_info, 32);
AT(sriov_vm_info, size, 0);
AT(sriov_vm_info, reserved0, 4);
AT(sriov_vm_info, caps, 8);
AT(sriov_vm_info, doorbells_left, 16);
AT(sriov_vm_info, vectors_left, 24);

SIZE(sriov_vm_mem, 32);
AT(sriov_vm_mem, size, 0);
AT(sriov_vm_mem, flags, 4);
AT(sriov_vm_mem, gpa, 8);
AT(sriov_vm_mem, length, 16);
AT(sriov_vm_mem, va, 24);

SIZE(sriov_vm_dev_args, 64);
AT(sriov_vm_dev_args, size, 0);
AT(sriov_vm_dev_args, slot, 4);
AT(sriov_vm_dev_args, name, 8);
AT(sriov_vm_dev_args, fn, 16);
AT(sriov_vm_dev_args, vectors, 24);
AT(sriov_vm_dev_args, fd, 28);
AT(sriov_vm_dev_args, fd_kind, 32);
AT(sriov_vm_dev_args, reserved0, 36);
AT(sriov_vm_dev_args, cfg_read, 40);
AT(sriov_vm_dev_args, cfg_write, 48);
AT(sriov_vm_dev_args, arg, 56);

SIZE(sriov_vm_window, 56);
AT(sriov_vm_window, size, 0);
AT(sriov_vm_window, reserved0, 4);
AT(sriov_vm_window, gpa, 8);
AT(sriov_vm_window, length, 16);
AT(sriov_vm_window, va, 24);
AT(sriov_vm_window, read, 32);
AT(sriov_vm_window, write, 40);
AT(sriov_vm_window, arg, 48);

SIZE(sriov_vm_doorbell, 40);
AT(sriov_vm_doorbell, size, 0);
AT(sriov_vm_doorbell, width, 4);
AT(sriov_vm_doorbell, gpa, 8);
AT(sriov_vm_doorbell, values, 16);
AT(sriov_vm_doorbell, reserved0, 20);
AT(sriov_vm_doorbell, cb, 24);
AT(sriov_vm_doorbell, arg, 32);

SIZE(sriov_vm_msi, 16);
AT(sriov_vm_msi, size, 0);
AT(sriov_vm_msi, data, 4);
AT(sriov_vm_msi, address, 8);

/* ---- what applications and drivers share with the core ---- */

SIZE(sriov_fn_opts, 40);
AT(sriov_fn_opts, size, 0);
AT(sriov_fn_opts, flags, 4);
AT(sriov_fn_opts, options, 8);
AT(sriov_fn_opts, on_leak, 16);
AT(sriov_fn_opts, on_event, 24);
AT(sriov_fn_opts, arg, 32);

SIZE(sriov_buf, 64);
AT(sriov_buf, data, 0);
AT(sriov_buf, iova, 8);
AT(sriov_buf, next, 16);
AT(sriov_buf, pool, 24);
AT(sriov_buf, pkt_len, 32);
AT(sriov_buf, len, 36);
AT(sriov_buf, flags, 38);
AT(sriov_buf, num_segs, 40);
AT(sriov_buf, vlan_tci, 42);
AT(sriov_buf, room, 44);
AT(sriov_buf, queue, 46);
AT(sriov_buf, rss_hash, 48);
AT(sriov_buf, reserved0, 52);
AT(sriov_buf, user, 56);

SIZE(sriov_pool_opts, 16);
AT(sriov_pool_opts, size, 0);
AT(sriov_pool_opts, count, 4);
AT(sriov_pool_opts, buf_size, 8);
AT(sriov_pool_opts, reserved0, 12);

SIZE(sriov_rxq, 56);
AT(sriov_rxq, burst, 0);
AT(sriov_rxq, active, 8);
AT(sriov_rxq, packets, 16);
AT(sriov_rxq, bytes, 24);
AT(sriov_rxq, no_bufs, 32);
AT(sriov_rxq, bad, 40);
AT(sriov_rxq, busy, 48);
AT(sriov_rxq, index, 52);
AT(sriov_rxq, parked, 54);

SIZE(sriov_txq, 56);
AT(sriov_txq, burst, 0);
AT(sriov_txq, active, 8);
AT(sriov_txq, packets, 16);
AT(sriov_txq, bytes, 24);
AT(sriov_txq, full, 32);
AT(sriov_txq, refused, 40);
AT(sriov_txq, busy, 48);
AT(sriov_txq, index, 52);
AT(sriov_txq, parked, 54);

SIZE(sriov_net_config, 24);
AT(sriov_net_config, size, 0);
AT(sriov_net_config, flags, 4);
AT(sriov_net_config, queues, 8);
AT(sriov_net_config, rx_desc, 10);
AT(sriov_net_config, tx_desc, 12);
AT(sriov_net_config, mtu, 14);
AT(sriov_net_config, pool, 16);

SIZE(sriov_net_info, 40);
AT(sriov_net_info, size, 0);
AT(sriov_net_info, mailbox_api, 4);
AT(sriov_net_info, mac, 8);
AT(sriov_net_info, mtu, 14);
AT(sriov_net_info, max_mtu, 16);
AT(sriov_net_info, queues, 18);
AT(sriov_net_info, max_queues, 20);
AT(sriov_net_info, vectors, 22);
AT(sriov_net_info, link, 24);
AT(sriov_net_info, recoveries, 32);
AT(sriov_net_info, reserved0, 36);

SIZE(sriov_stat, 40);
AT(sriov_stat, name, 0);
AT(sriov_stat, value, 32);

SIZE(sriov_pf_opts, 16);
AT(sriov_pf_opts, size, 0);
AT(sriov_pf_opts, flags, 4);
AT(sriov_pf_opts, max_api, 8);
AT(sriov_pf_opts, vf_queues, 12);
AT(sriov_pf_opts, max_frame, 14);

SIZE(sriov_pf_vf_info, 144);
AT(sriov_pf_vf_info, size, 0);
AT(sriov_pf_vf_info, mailbox_api, 4);
AT(sriov_pf_vf_info, mac, 8);
AT(sriov_pf_vf_info, port_vlan, 14);
AT(sriov_pf_vf_info, ready, 16);
AT(sriov_pf_vf_info, trusted, 17);
AT(sriov_pf_vf_info, spoof_check, 18);
AT(sriov_pf_vf_info, admin_mac, 19);
AT(sriov_pf_vf_info, requests, 24);
AT(sriov_pf_vf_info, refused, 32);
AT(sriov_pf_vf_info, resets, 40);
AT(sriov_pf_vf_info, max_mbps, 48);
AT(sriov_pf_vf_info, link, 52);
AT(sriov_pf_vf_info, rx_mode, 56);
AT(sriov_pf_vf_info, trunk_vids, 60);
AT(sriov_pf_vf_info, limited, 62);
AT(sriov_pf_vf_info, shut, 63);
AT(sriov_pf_vf_info, reason, 64);
AT(sriov_pf_vf_info, reserved0, 68);
AT(sriov_pf_vf_info, dropped, 72);
AT(sriov_pf_vf_info, owner, 80);

SIZE(sriov_pf_event, 32);
AT(sriov_pf_event, size, 0);
AT(sriov_pf_event, kind, 4);
AT(sriov_pf_event, reason, 8);
AT(sriov_pf_event, vf, 12);
AT(sriov_pf_event, reserved0, 14);
AT(sriov_pf_event, count, 16);
AT(sriov_pf_event, time_ns, 24);

SIZE(sriov_driver, 48);
AT(sriov_driver, size, 0);
AT(sriov_driver, abi, 4);
AT(sriov_driver, name, 8);
AT(sriov_driver, class, 16);
AT(sriov_driver, priv_size, 20);
AT(sriov_driver, ids, 24);
AT(sriov_driver, net, 32);
AT(sriov_driver, pf, 40);

SIZE(sriov_net_ops, 168);
AT(sriov_net_ops, attach, 0);
AT(sriov_net_ops, detach, 8);
AT(sriov_net_ops, configure, 16);
AT(sriov_net_ops, release, 24);
AT(sriov_net_ops, start, 32);
AT(sriov_net_ops, stop, 40);
AT(sriov_net_ops, poll, 48);
AT(sriov_net_ops, rx_arm, 56);
AT(sriov_net_ops, set_mac, 64);
AT(sriov_net_ops, set_multicast, 72);
AT(sriov_net_ops, set_vlan, 80);
AT(sriov_net_ops, set_mtu, 88);
AT(sriov_net_ops, set_rx_mode, 96);
AT(sriov_net_ops, stats, 104);
AT(sriov_net_ops, quiesce_tx, 112);
AT(sriov_net_ops, quiesce, 120);
AT(sriov_net_ops, resume, 128);
AT(sriov_net_ops, tx_take, 136);
AT(sriov_net_ops, rx_take, 144);
AT(sriov_net_ops, save, 152);
AT(sriov_net_ops, load, 160);

SIZE(sriov_pf_ops, 176);
AT(sriov_pf_ops, attach, 0);
AT(sriov_pf_ops, detach, 8);
AT(sriov_pf_ops, vfs_prepare, 16);
AT(sriov_pf_ops, vfs_ready, 24);
AT(sriov_pf_ops, poll, 32);
AT(sriov_pf_ops, set_up, 40);
AT(sriov_pf_ops, reset, 48);
AT(sriov_pf_ops, set_vf_mac, 56);
AT(sriov_pf_ops, set_vf_vlan, 64);
AT(sriov_pf_ops, set_vf_trust, 72);
AT(sriov_pf_ops, set_vf_spoof_check, 80);
AT(sriov_pf_ops, get_vf, 88);
AT(sriov_pf_ops, stats, 96);
AT(sriov_pf_ops, set_vf_trunk, 104);
AT(sriov_pf_ops, set_vf_rate, 112);
AT(sriov_pf_ops, set_vf_link, 120);
AT(sriov_pf_ops, set_vf_rx_mode, 128);
AT(sriov_pf_ops, vf_stats, 136);
AT(sriov_pf_ops, set_event_sink, 144);
AT(sriov_pf_ops, shut_vf, 152);
AT(sriov_pf_ops, readmit_vf, 160);
AT(sriov_pf_ops, get_vf_trunk, 168);

SIZE(sriov_net, 224);
AT(sriov_net, fn, 0);
AT(sriov_net, driver, 8);
AT(sriov_net, priv, 16);
AT(sriov_net, config, 24);
AT(sriov_net, mac, 48);
AT(sriov_net, max_mtu, 54);
AT(sriov_net, max_queues, 56);
AT(sriov_net, vectors, 58);
AT(sriov_net, mailbox_api, 60);
AT(sriov_net, link, 64);
AT(sriov_net, recoveries, 72);
AT(sriov_net, pending_events, 76);
AT(sriov_net, started, 80);
AT(sriov_net, configured, 81);
AT(sriov_net, rxq, 88);
AT(sriov_net, txq, 152);
AT(sriov_net, wake, 216);

SIZE(sriov_pf, 56);
AT(sriov_pf, fn, 0);
AT(sriov_pf, driver, 8);
AT(sriov_pf, priv, 16);
AT(sriov_pf, opts, 24);
AT(sriov_pf, num_vfs, 40);
AT(sriov_pf, up, 42);
AT(sriov_pf, link, 44);

SIZE(sriov_bar, 32);
AT(sriov_bar, view, 0);
AT(sriov_bar, length, 8);
AT(sriov_bar, fn, 16);
AT(sriov_bar, index, 24);
AT(sriov_bar, reserved0, 28);

SIZE(sriov_dma, 32);
AT(sriov_dma, va, 0);
AT(sriov_dma, iova, 8);
AT(sriov_dma, length, 16);
AT(sriov_dma, dir, 24);
AT(sriov_dma, slot, 28);

SIZE(sriov_leak, 32);
AT(sriov_leak, owner, 0);
AT(sriov_leak, iova, 8);
AT(sriov_leak, length, 16);
AT(sriov_leak, dir, 24);

/* ---- the numbers that cross the seam ---- */

_Static_assert(SRIOV_CAP_CFG_EXTENDED == UINT64_C(1) << 11, "capability bits");
_Static_assert(SRIOV_CAP_EVENTS == UINT64_C(1) << 9, "capability bits");
_Static_assert(SRIOV_EVENT_REMOVE_ASKED == 1 && SRIOV_EVENT_RESUME == 5, "events");
_Static_assert(SRIOV_SINK_CALLBACK == 1 && SRIOV_SINK_EVENTFD == 2, "sinks");
_Static_assert(SRIOV_DMA_DEVICE_READS == 1 && SRIOV_DMA_BOTH == 3, "directions");
_Static_assert(SRIOV_VM_CAP_OWN_DMA == UINT64_C(1) << 7, "capability bits of a machine");
_Static_assert(SRIOV_VM_DIRTY_BITMAP == 1 && SRIOV_VM_DIRTY_RING == 2, "dirty modes");
_Static_assert(SRIOV_FN_FD_NONE == 0 && SRIOV_FN_FD_VFIO_DEVICE == 2, "kinds of descriptor");
_Static_assert(SRIOV_DMA_MEM_PIECE == 1, "flags of memory");
_Static_assert(SRIOV_FN_DETACHED == 0 && SRIOV_FN_GONE == 6, "states");

#endif

int main(void)
{
    return 0;
}
