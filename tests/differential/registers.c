/* SPDX-License-Identifier: BSD-3-Clause */
/* A VF's registers, one by one. */
#include "script.h"

#include <sriov/hw/igb_regs.h>

/* V2PMAILBOX is left out: its bits are read once, and the driver counts on them. VTFRTIMER is time. */
static const uint32_t all[] = {
    IGBVF_VTCTRL,    IGBVF_VTSTATUS,  IGBVF_VTEIMS,    IGBVF_VTEIAC,    IGBVF_VTEIAM,      IGBVF_VTEICR,
    IGBVF_VTEITR(0), IGBVF_VTEITR(1), IGBVF_VTEITR(2), IGBVF_VTIVAR,    IGBVF_VTIVAR_MISC, IGBVF_PSRTYPE,
    IGBVF_RDBAL(0),  IGBVF_RDBAH(0),  IGBVF_RDLEN(0),  IGBVF_SRRCTL(0), IGBVF_RDH(0),      IGBVF_RXCTL(0),
    IGBVF_RDT(0),    IGBVF_RXDCTL(0), IGBVF_RQDPC(0),  IGBVF_RDBAL(1),  IGBVF_RDBAH(1),    IGBVF_RDLEN(1),
    IGBVF_SRRCTL(1), IGBVF_RDH(1),    IGBVF_RXCTL(1),  IGBVF_RDT(1),    IGBVF_RXDCTL(1),   IGBVF_TDBAL(0),
    IGBVF_TDBAH(0),  IGBVF_TDLEN(0),  IGBVF_TDH(0),    IGBVF_TXCTL(0),  IGBVF_TDT(0),      IGBVF_TXDCTL(0),
    IGBVF_TDWBAL(0), IGBVF_TDWBAH(0), IGBVF_TDBAL(1),  IGBVF_TDBAH(1),  IGBVF_TDLEN(1),    IGBVF_TDH(1),
    IGBVF_TXCTL(1),  IGBVF_TDT(1),    IGBVF_TXDCTL(1), IGBVF_TDWBAL(1), IGBVF_TDWBAH(1),   IGBVF_VMBMEM(0),
    IGBVF_VMBMEM(1),
};

/* Of queue 1, which the driver leaves alone. */
static const uint32_t held[] = {
    IGBVF_VTEITR(2), IGBVF_PSRTYPE,   IGBVF_RDBAL(1),  IGBVF_RDBAH(1), IGBVF_RDLEN(1),
    IGBVF_SRRCTL(1), IGBVF_RXCTL(1),  IGBVF_TDBAL(1),  IGBVF_TDBAH(1), IGBVF_TDLEN(1),
    IGBVF_TXCTL(1),  IGBVF_TDWBAL(1), IGBVF_TDWBAH(1), IGBVF_VTEIAC,   IGBVF_VTEIAM,
};

static const uint32_t counters[] = {
    IGBVF_VFGPRC,   IGBVF_VFGPTC,   IGBVF_VFGORC,   IGBVF_VFGOTC,   IGBVF_VFMPRC,
    IGBVF_VFGPRLBC, IGBVF_VFGPTLBC, IGBVF_VFGORLBC, IGBVF_VFGOTLBC,
};

static void read_each(struct world *w, uint32_t vf, const uint32_t *offsets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        (void)sriov_rd32(&w->vf[vf].bar, offsets[i]);
    }
}

void registers_read(struct world *w, uint32_t vf)
{
    read_each(w, vf, all, sizeof(all) / sizeof(all[0]));
}

void registers_hold(struct world *w, uint32_t vf)
{
    static const uint32_t values[] = {UINT32_C(0x5a5a5a5a), UINT32_MAX, 0};
    const struct sriov_bar *bar = &w->vf[vf].bar;
    for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
        uint32_t before = sriov_rd32(bar, held[i]);
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
            sriov_wr32(bar, held[i], values[v]);
            (void)sriov_rd32(bar, held[i]);
        }
        sriov_wr32(bar, held[i], before);
    }
}

void counters_read(struct world *w, uint32_t vf)
{
    read_each(w, vf, counters, sizeof(counters) / sizeof(counters[0]));
}
