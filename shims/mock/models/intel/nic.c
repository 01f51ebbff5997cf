/* SPDX-License-Identifier: BSD-3-Clause */
/* Life of a simulated port, and the way from a BAR access to registers or the MSI-X table. */
#include "nic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int init_functions(struct sriov_model *nic)
{
    int err = 0;

    nic->fn = calloc(MOCK_FNS_MAX, sizeof(*nic->fn));
    if (nic->fn == NULL)
        return -ENOMEM;
    for (uint16_t fn = 0; fn <= nic->total_vfs && err == 0; fn++)
        err = mock_msix_init(&nic->fn[fn].msix, fn == 0 ? &nic->chip->pf : &nic->chip->vf);
    return err;
}

int mock_nic_create(const struct mock_nic_chip *chip, const struct mock_quirks *quirks,
                    const struct sriov_model_args *args, struct sriov_model **out)
{
    struct sriov_model *nic;
    int err;

    if (args->total_vfs > chip->total_vfs)
        return -EINVAL;
    nic = calloc(1, sizeof(*nic));
    if (nic == NULL)
        return -ENOMEM;
    nic->chip = chip;
    nic->quirks = quirks;
    nic->host = args->host;
    nic->ops = args->ops;
    nic->total_vfs = args->total_vfs ? args->total_vfs : chip->total_vfs;
    nic->routing_id = args->routing_id;
    nic->carrier = true;
    nic->fifo_end = &nic->fifo;
    memcpy(nic->mac, args->mac, sizeof(nic->mac));
    err = init_functions(nic);
    if (err == 0)
        err = mock_regs_init(nic);
    if (err != 0) {
        mock_nic_destroy(nic);
        return err;
    }
    mock_nvm_init(nic);
    mock_nic_cfg_init(nic);
    mock_phy_reset(nic);
    mock_reset_port(nic);
    *out = nic;
    return 0;
}

void mock_nic_destroy(struct sriov_model *nic)
{
    if (nic == NULL)
        return;
    mock_event_forget_all(nic);
    mock_rx_fifo_clear(nic);
    mock_queues_free(nic);
    mock_regs_free(nic);
    for (uint16_t fn = 0; nic->fn != NULL && fn <= nic->total_vfs; fn++)
        mock_msix_free(&nic->fn[fn].msix);
    free(nic->fn);
    free(nic);
}

bool mock_nic_exists(const struct sriov_model *nic, uint16_t fn)
{
    return fn <= nic->num_vfs;
}

static const struct mock_cfg_identity *identity(const struct sriov_model *nic, uint16_t fn)
{
    return fn == 0 ? &nic->chip->pf : &nic->chip->vf;
}

uint64_t mock_nic_bar_length(struct sriov_model *nic, uint16_t fn, uint32_t bar)
{
    return bar < 6u && mock_nic_exists(nic, fn) ? identity(nic, fn)->bar_length[bar] : 0;
}

static uint64_t all_ones(uint32_t width)
{
    return width >= 8u ? UINT64_MAX : (UINT64_C(1) << (8u * width)) - 1u;
}

static bool width_is_wrong(struct sriov_model *nic, uint16_t fn, uint32_t bar, uint64_t off, uint32_t width)
{
    struct sriov_site site = {.kind = SRIOV_SITE_REGISTER, .function = fn};

    if (width == 4u && off % 4u == 0)
        return false;
    site.bar = (uint16_t)bar;
    site.offset = (uint32_t)off;
    mock_report(nic, SRIOV_REPORT_BAD_WIDTH, &site, "registers take aligned 32-bit accesses only");
    return true;
}

uint64_t mock_nic_bar_read(struct sriov_model *nic, uint16_t fn, uint32_t bar, uint64_t off, uint32_t width)
{
    uint64_t length = mock_nic_bar_length(nic, fn, bar);

    if (off >= length || !mock_nic_memory_on(nic, fn))
        return all_ones(width);
    if (bar == identity(nic, fn)->msix_bar) {
        uint64_t low = mock_msix_read(nic, fn, (uint32_t)off & ~3u);

        if (width == 8u)
            low |= (uint64_t)mock_msix_read(nic, fn, ((uint32_t)off & ~3u) + 4u) << 32;
        return low >> (8u * (off & 3u)) & all_ones(width);
    }
    if (bar != identity(nic, fn)->regs_bar || width_is_wrong(nic, fn, bar, off, width))
        return all_ones(width);
    return mock_regs_read(nic, fn, (uint32_t)off);
}

static void report_held(struct sriov_model *nic, uint16_t fn, uint32_t bar, uint64_t off)
{
    struct sriov_site site = {.kind = SRIOV_SITE_REGISTER, .function = fn, .offset = (uint32_t)off};

    site.bar = (uint16_t)bar;
    mock_report(nic, SRIOV_REPORT_BAD_SEQUENCE, &site, "register written while the function is stopped");
}

static void msix_write(struct sriov_model *nic, uint16_t fn, uint32_t bar, uint32_t off, uint32_t width,
                       uint64_t value)
{
    if (width == 8u && off % 8u == 0) {
        mock_msix_write(nic, fn, off, (uint32_t)value);
        mock_msix_write(nic, fn, off + 4u, (uint32_t)(value >> 32));
    } else if (!width_is_wrong(nic, fn, bar, off, width)) {
        mock_msix_write(nic, fn, off, (uint32_t)value);
    }
}

void mock_nic_bar_write(struct sriov_model *nic, uint16_t fn, uint32_t bar, uint64_t off, uint32_t width,
                        uint64_t value)
{
    uint64_t length = mock_nic_bar_length(nic, fn, bar);

    if (off >= length || width > length - off || !mock_nic_memory_on(nic, fn))
        return;
    if (mock_is_held(nic, fn) && bar != identity(nic, fn)->msix_bar) {
        report_held(nic, fn, bar, off);
        return;
    }
    if (bar == identity(nic, fn)->msix_bar)
        msix_write(nic, fn, bar, (uint32_t)off, width, value);
    else if (bar == identity(nic, fn)->regs_bar && !width_is_wrong(nic, fn, bar, off, width))
        mock_regs_write(nic, fn, (uint32_t)off, (uint32_t)value);
}
