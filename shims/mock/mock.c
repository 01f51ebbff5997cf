/* SPDX-License-Identifier: BSD-3-Clause */
/* Making and ending a mock. */
#include "internal.h"

#include <stdlib.h>

static int check_opts(const struct sriov_mock_opts *opts)
{
    int err = mock_check_struct(opts, sizeof(*opts), sizeof(*opts));

    if (err != 0) {
        return err;
    }
    if ((opts->flags & ~SRIOV_MOCK_QUIET) != 0 || opts->reserved0 != 0 ||
        opts->iova_first > opts->iova_last || opts->iova_first % MOCK_GRANULE != 0) {
        return -EINVAL;
    }
    if (opts->iova_last != 0 && opts->iova_last - opts->iova_first < MOCK_GRANULE - 1) {
        return -EINVAL;
    }
    return 0;
}

static void set_defaults(struct sriov_mock_opts *opts)
{
    if (opts->iova_first == 0 && opts->iova_last == 0) {
        opts->iova_first = MOCK_IOVA_FIRST;
        opts->iova_last = MOCK_IOVA_LAST;
    }
    if (opts->relax_ns == 0) {
        opts->relax_ns = MOCK_RELAX_NS;
    }
}

SRIOV_API int sriov_mock_create(const struct sriov_mock_opts *opts, struct sriov_mock **out)
{
    struct sriov_mock *mock;
    int err = opts != NULL ? check_opts(opts) : 0;

    if (err != 0) {
        return err;
    }
    mock = calloc(1, sizeof(*mock));
    if (mock == NULL) {
        return -ENOMEM;
    }
    if (opts != NULL) {
        mock->opts = *opts;
    }
    set_defaults(&mock->opts);
    err = sriov_vmm_register(sriov_mock_ops(), mock, &mock->vmm);
    if (err != 0) {
        free(mock);
        return err;
    }
    mock->own_blocks = mock->num_blocks;
    *out = mock;
    return 0;
}

static void destroy_tasks(struct sriov_mock *mock)
{
    while (mock->tasks != NULL) {
        struct mock_task *task = mock->tasks;

        mock->tasks = task->next;
        free(task);
    }
}

static void destroy_devices(struct sriov_mock *mock)
{
    while (mock->devices != NULL) {
        struct sriov_model_host *dev = mock->devices;

        mock->devices = dev->next;
        mock_device_destroy(dev);
    }
}

SRIOV_API void sriov_mock_destroy(struct sriov_mock *mock)
{
    if (mock == NULL) {
        return;
    }
    while (mock->handles != NULL) {
        mock_contract(mock, mock->handles->name, "function still open when the mock ends");
        mock_fn_release(mock->handles);
    }
    mock_vms_destroy(mock);
    (void)sriov_vmm_unregister(mock->vmm);
    destroy_devices(mock);
    mock_memory_destroy(mock);
    mock_clock_destroy(mock);
    destroy_tasks(mock);
    mock_faults_destroy(mock);
    if (mock->pcap != NULL) {
        pcap_close(mock->pcap);
    }
    free(mock);
}

SRIOV_API struct sriov_vmm *sriov_mock_vmm(struct sriov_mock *mock)
{
    return mock->vmm;
}

SRIOV_API void *sriov_mock_ctx(struct sriov_mock *mock)
{
    return mock;
}

SRIOV_API uint64_t sriov_mock_held(const struct sriov_mock *mock)
{
    uint64_t held = mock->num_blocks - mock->own_blocks;

    for (const struct mock_handle *h = mock->handles; h != NULL; h = h->next) {
        held += 1 + h->domain.count + mock_irq_sinks(h) + (h->event_sink.cb != NULL) + h->domain.logging;
    }
    return held + mock_vms_held(mock);
}
