/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices on the simulated bus: adding them, naming their functions, finding them. */
#include "internal.h"

#include <sriov/hw/pci_regs.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the table of models ended at first. */
#define MODEL_OPS_LEAST offsetof(struct sriov_model_ops, port_tx)

#define BUS_OF(routing_id) ((routing_id) >> 8)

static void bdf_name(char *out, uint32_t domain, uint16_t routing_id)
{
    (void)snprintf(out, SRIOV_NAME_MAX, "%04" PRIx32 ":%02x:%02x.%u", domain, (unsigned)BUS_OF(routing_id),
                   (unsigned)(routing_id >> 3) & 0x1fu, (unsigned)routing_id & 0x7u);
}

static int bdf_parse(const char *name, uint32_t *domain, uint16_t *routing_id)
{
    unsigned dom;
    unsigned bus;
    unsigned dev;
    unsigned fn;
    char canonical[SRIOV_NAME_MAX];

    if (sscanf(name, "%4x:%2x:%2x.%1u", &dom, &bus, &dev, &fn) != 4 || dev > 0x1f || fn > 7) {
        return -EINVAL;
    }
    *domain = dom;
    *routing_id = (uint16_t)(bus << 8 | dev << 3 | fn);
    bdf_name(canonical, *domain, *routing_id);
    return strcmp(canonical, name) == 0 ? 0 : -EINVAL;
}

struct mock_slot *mock_find_slot(struct sriov_mock *mock, const char *name)
{
    for (struct sriov_model_host *dev = mock->devices; name != NULL && dev != NULL; dev = dev->next) {
        for (uint32_t i = 0; i < dev->num_slots; i++) {
            if (dev->slots[i].present && strcmp(dev->slots[i].name, name) == 0) {
                return &dev->slots[i];
            }
        }
    }
    return NULL;
}

struct sriov_model_host *mock_find_pf(struct sriov_mock *mock, const char *name)
{
    struct mock_slot *slot = mock_find_slot(mock, name);

    return slot != NULL && slot->index == 0 ? slot->dev : NULL;
}

static uint16_t vf_routing_id(struct sriov_model_host *dev, uint32_t vf)
{
    uint32_t cap = dev->iov_cap;
    uint32_t offset = mock_pci_get(dev, 0, cap + SRIOV_PCI_SRIOV_VF_OFFSET, 2);
    uint32_t stride = mock_pci_get(dev, 0, cap + SRIOV_PCI_SRIOV_VF_STRIDE, 2);

    return SRIOV_PCI_SRIOV_VF_RID(dev->routing_id, offset, stride, vf);
}

static uint16_t routing_id_of(struct sriov_model_host *dev, uint32_t slot)
{
    return slot == 0 ? dev->routing_id : vf_routing_id(dev, slot - 1u);
}

void mock_device_set_vfs(struct sriov_model_host *dev, uint16_t n)
{
    uint16_t count = n > dev->total_vfs ? dev->total_vfs : n;

    dev->num_vfs = count;
    if (dev->resetting) {
        return;
    }
    for (uint32_t i = 0; i < dev->total_vfs; i++) {
        struct mock_slot *slot = &dev->slots[1 + i];

        if (i >= count) {
            slot->pulled = false;
            mock_slot_vanish(slot);
        } else if (!slot->present && !slot->pulled) {
            bdf_name(slot->name, dev->pci_domain, vf_routing_id(dev, i));
            slot->present = true;
            slot->interrupts = 0;
        }
    }
}

static int make_slots(struct sriov_model_host *dev)
{
    uint32_t cap = mock_find_ext_cap(dev, 0, SRIOV_PCI_EXT_CAP_ID_SRIOV);

    dev->iov_cap = cap;
    dev->total_vfs = cap != 0 ? (uint16_t)mock_pci_get(dev, 0, cap + SRIOV_PCI_SRIOV_TOTAL_VFS, 2) : 0;
    dev->num_slots = 1u + dev->total_vfs;
    dev->slots = calloc(dev->num_slots, sizeof(*dev->slots));
    if (dev->slots == NULL) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < dev->num_slots; i++) {
        dev->slots[i].dev = dev;
        dev->slots[i].index = (uint16_t)i;
        memcpy(dev->slots[i].delay_ns, dev->mock->delay_ns, sizeof(dev->mock->delay_ns));
    }
    bdf_name(dev->slots[0].name, dev->pci_domain, dev->routing_id);
    dev->slots[0].present = true;
    dev->last_bus = BUS_OF(dev->routing_id);
    if (dev->total_vfs > 0) {
        dev->last_bus = BUS_OF(vf_routing_id(dev, dev->total_vfs - 1u));
    }
    return 0;
}

static bool bus_in_use(const struct sriov_mock *mock, uint32_t bus)
{
    for (const struct sriov_model_host *dev = mock->devices; dev != NULL; dev = dev->next) {
        if (dev->pci_domain == 0 && (uint32_t)BUS_OF(dev->routing_id) <= bus && bus <= dev->last_bus) {
            return true;
        }
    }
    return false;
}

static int choose_address(struct sriov_model_host *dev, const char *name)
{
    uint32_t bus = 1;

    if (name != NULL) {
        int err = bdf_parse(name, &dev->pci_domain, &dev->routing_id);

        return err != 0 ? err : mock_find_slot(dev->mock, name) != NULL ? -EBUSY : 0;
    }
    while (bus < 256 && bus_in_use(dev->mock, bus)) {
        bus++;
    }
    if (bus == 256) {
        return -ENOSPC;
    }
    dev->routing_id = (uint16_t)(bus << 8);
    return 0;
}

/* Would a function of dev, enabled or not, be where one of another device is? */
static bool collides(struct sriov_model_host *dev, struct sriov_model_host *other)
{
    if (dev->pci_domain != other->pci_domain || !other->slots[0].present) {
        return false;
    }
    for (uint32_t i = 0; i < dev->num_slots; i++) {
        for (uint32_t k = 0; k < other->num_slots; k++) {
            if (routing_id_of(dev, i) == routing_id_of(other, k)) {
                return true;
            }
        }
    }
    return false;
}

static int check_addresses(struct sriov_model_host *dev)
{
    for (struct sriov_model_host *other = dev->mock->devices; other != NULL; other = other->next) {
        if (collides(dev, other)) {
            return -EBUSY;
        }
    }
    return 0;
}

static void choose_mac(uint8_t mac[6], const uint8_t wanted[6], uint16_t routing_id)
{
    static const uint8_t zero[6];
    const uint8_t own[6] = {0x02, 0, 0, 0, (uint8_t)BUS_OF(routing_id), 0};

    memcpy(mac, memcmp(wanted, zero, 6) == 0 ? own : wanted, 6);
}

static int make_model(struct sriov_model_host *dev, const struct sriov_mock_pf_opts *opts)
{
    struct sriov_model_args args = {.size = sizeof(args),
                                    .host = dev,
                                    .ops = &mock_host_ops,
                                    .total_vfs = opts->total_vfs,
                                    .routing_id = dev->routing_id};
    int err;

    if (opts->quirks != NULL) {
        dev->quirks = strdup(opts->quirks);
        if (dev->quirks == NULL) {
            return -ENOMEM;
        }
        args.quirks = dev->quirks;
    }
    choose_mac(args.mac, opts->mac, dev->routing_id);
    mock_enter(dev);
    err = dev->ops->create(&args, &dev->model);
    mock_leave(dev);
    return err;
}

void mock_device_destroy(struct sriov_model_host *dev)
{
    for (uint32_t i = 0; i < dev->num_slots; i++) {
        (void)mock_pcap_stop(&dev->slots[i].capture);
        mock_iommu_destroy(&dev->slots[i].past);
    }
    (void)mock_pcap_stop(&dev->switch_capture);
    if (dev->model != NULL) {
        dev->ops->destroy(dev->model);
    }
    free(dev->slots);
    free(dev->quirks);
    free(dev);
}

static int make_device(struct sriov_model_host *dev, const struct sriov_mock_pf_opts *opts)
{
    int err = choose_address(dev, opts->name);

    if (err == 0) {
        err = make_model(dev, opts);
    }
    if (err == 0) {
        err = make_slots(dev);
    }
    if (err == 0) {
        err = check_addresses(dev);
    }
    return err;
}

static void plug_in(struct sriov_model_host *dev)
{
    struct sriov_model_host **link = &dev->mock->devices;

    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = dev;
    dev->id = dev->mock->last_device++;
    mock_enter(dev);
    dev->ops->carrier(dev->model, true);
    mock_leave(dev);
}

SRIOV_API int sriov_mock_add_model(struct sriov_mock *mock, const struct sriov_model_ops *model,
                                   const struct sriov_mock_pf_opts *opts, char *name_out)
{
    static const struct sriov_mock_pf_opts none = {.size = sizeof(none)};
    struct sriov_model_host *dev;
    int err = opts != NULL ? mock_check_struct(opts, sizeof(*opts), sizeof(*opts)) : 0;

    if (err != 0 || model == NULL || model->size < MODEL_OPS_LEAST ||
        (opts != NULL && opts->reserved0 != 0)) {
        return err != 0 ? err : -EINVAL;
    }
    dev = calloc(1, sizeof(*dev));
    if (dev == NULL) {
        return -ENOMEM;
    }
    dev->mock = mock;
    dev->ops = model;
    err = make_device(dev, opts != NULL ? opts : &none);
    if (err != 0) {
        mock_clock_cancel(mock, dev);
        mock_device_destroy(dev);
        return err;
    }
    plug_in(dev);
    if (name_out != NULL) {
        memcpy(name_out, dev->slots[0].name, SRIOV_NAME_MAX);
    }
    return 0;
}

SRIOV_API int sriov_mock_add_pf(struct sriov_mock *mock, const char *model,
                                const struct sriov_mock_pf_opts *opts, char *name_out)
{
    for (size_t i = 0; model != NULL && sriov_models[i] != NULL; i++) {
        if (strcmp(sriov_models[i]->name, model) == 0) {
            return sriov_mock_add_model(mock, sriov_models[i], opts, name_out);
        }
    }
    return -ENOENT;
}

SRIOV_API int sriov_mock_vf_name(struct sriov_mock *mock, const char *pf, uint16_t vf, char *name_out)
{
    struct sriov_model_host *dev = mock_find_pf(mock, pf);

    if (dev == NULL || vf >= dev->total_vfs || !dev->slots[1u + vf].present) {
        return -ENOENT;
    }
    memcpy(name_out, dev->slots[1u + vf].name, SRIOV_NAME_MAX);
    return 0;
}

SRIOV_API int sriov_mock_set_delay(struct sriov_mock *mock, const char *fn, enum sriov_delay_kind kind,
                                   uint64_t ns)
{
    struct mock_slot *slot = mock_find_slot(mock, fn);
    size_t index = (size_t)kind;

    if (index == 0 || index >= MOCK_DELAY_KINDS) {
        return -EINVAL;
    }
    if (fn != NULL) {
        if (slot == NULL) {
            return -ENOENT;
        }
        slot->delay_ns[index] = ns;
        return 0;
    }
    mock->delay_ns[index] = ns;
    for (struct sriov_model_host *dev = mock->devices; dev != NULL; dev = dev->next) {
        for (uint32_t i = 0; i < dev->num_slots; i++) {
            dev->slots[i].delay_ns[index] = ns;
        }
    }
    return 0;
}
