/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtual configuration space as bytes: what it shows after power-on (so that the other end can see that
 * it is the same function), what it shows now, the MSI-X table and what is pending. All little-endian.
 */
#include "mig.h"
#include "vcfg.h"

#define ENTRY_BYTES SRIOV_PCI_MSIX_ENTRY_SIZE
#define AT_VECTORS  0u
#define AT_INITIAL  8u
#define AT_VALUE    (AT_INITIAL + SRIOV_PCI_CFG_SIZE)
#define AT_TABLE    (AT_VALUE + SRIOV_PCI_CFG_SIZE)

/* Bits of an entry's words that can be written (PCI 3.0, 6.8.2). */
static const uint32_t writable[ENTRY_BYTES / 4] = {UINT32_C(0xfffffffc), UINT32_MAX, UINT32_MAX,
                                                   SRIOV_PCI_MSIX_ENTRY_CTRL_MASK};

static uint64_t at_pending(const struct sriov_vcfg *vcfg)
{
    return AT_TABLE + (uint64_t)vcfg->msix.vectors * ENTRY_BYTES;
}

uint64_t sric_vcfg_state_len(const struct sriov_vcfg *vcfg)
{
    return at_pending(vcfg) + (vcfg->msix.vectors + 7u) / 8u;
}

static bool is_pending(struct sriov_vcfg *vcfg, uint32_t vector)
{
    uint32_t pending = 0;

    return vcfg->hooks.pending != NULL && vcfg->hooks.pending(vcfg->hooks.arg, vector, &pending) == 0 &&
           pending != 0;
}

void sric_vcfg_save(struct sriov_vcfg *vcfg, uint8_t *out)
{
    uint64_t pending = at_pending(vcfg);

    memset(out, 0, (size_t)sric_vcfg_state_len(vcfg));
    sric_mig_put32(out + AT_VECTORS, vcfg->msix.vectors);
    memcpy(out + AT_INITIAL, vcfg->initial, SRIOV_PCI_CFG_SIZE);
    memcpy(out + AT_VALUE, vcfg->value, SRIOV_PCI_CFG_SIZE);
    for (uint32_t v = 0; v < vcfg->msix.vectors; v++) {
        for (uint32_t w = 0; w < ENTRY_BYTES / 4; w++) {
            sric_mig_put32(out + AT_TABLE + v * ENTRY_BYTES + 4 * w, vcfg->vector[v].word[w]);
        }
        if (is_pending(vcfg, v)) {
            out[pending + v / 8] = (uint8_t)(out[pending + v / 8] | 1u << v % 8);
        }
    }
}

bool sric_vcfg_was_pending(const struct sriov_vcfg *vcfg, const uint8_t *bytes, uint32_t vector)
{
    return (bytes[at_pending(vcfg) + vector / 8] >> vector % 8 & 1) != 0;
}

/* What no guest could have written. */
static int check_values(const struct sriov_vcfg *vcfg, const uint8_t *bytes, struct sriov_mig_fault *fault)
{
    for (uint32_t i = 0; i < SRIOV_PCI_CFG_SIZE; i++) {
        uint8_t initial = bytes[AT_INITIAL + i];
        uint8_t value = bytes[AT_VALUE + i];

        if (initial != vcfg->initial[i]) {
            return sric_mig_refuse(fault, -EPROTO, SRIC_MIG_VCFG, i,
                                   "config space at 0x%02x is 0x%02x at the source, 0x%02x here; choose a VF "
                                   "like it",
                                   (unsigned)i, (unsigned)initial, (unsigned)vcfg->initial[i]);
        }
        if (((value ^ initial) & ~vcfg->writable[i]) != 0) {
            return sric_mig_refuse(fault, -EPROTO, SRIC_MIG_VCFG, i,
                                   "config space at 0x%02x is what no guest can write", (unsigned)i);
        }
    }
    return 0;
}

static int check_table(const struct sriov_vcfg *vcfg, const uint8_t *bytes, struct sriov_mig_fault *fault)
{
    for (uint32_t v = 0; v < vcfg->msix.vectors; v++) {
        for (uint32_t w = 0; w < ENTRY_BYTES / 4; w++) {
            if ((sric_mig_get32(bytes + AT_TABLE + v * ENTRY_BYTES + 4 * w) & ~writable[w]) != 0) {
                return sric_mig_refuse(fault, -EPROTO, SRIC_MIG_VCFG, AT_TABLE + v * ENTRY_BYTES + 4 * w,
                                       "MSI-X table entry %u is what no guest can write", (unsigned)v);
            }
        }
    }
    return 0;
}

int sric_vcfg_check(const struct sriov_vcfg *vcfg, const struct sriov_mig_section *s,
                    struct sriov_mig_fault *fault)
{
    uint32_t vectors = s->len >= AT_TABLE ? sric_mig_get32(s->bytes + AT_VECTORS) : UINT32_MAX;
    uint32_t spare = vcfg->msix.vectors % 8;
    int rc;

    if (vectors != vcfg->msix.vectors || s->len != sric_vcfg_state_len(vcfg) ||
        sric_mig_get32(s->bytes + 4) != 0) {
        return sric_mig_refuse(fault, -EPROTO, SRIC_MIG_VCFG, 0,
                               "config space with %u vectors, this function has %u; choose a VF like it",
                               (unsigned)vectors, (unsigned)vcfg->msix.vectors);
    }
    if (spare != 0 && s->bytes[s->len - 1] >> spare != 0) {
        return sric_mig_refuse(fault, -EPROTO, SRIC_MIG_VCFG, s->len - 1, "pending bits of no vector");
    }
    rc = check_values(vcfg, s->bytes, fault);
    return rc == 0 ? check_table(vcfg, s->bytes, fault) : rc;
}

int sric_vcfg_load(struct sriov_vcfg *vcfg, const uint8_t *bytes)
{
    uint64_t refused = vcfg->counts.refused;

    memcpy(vcfg->value, bytes + AT_VALUE, SRIOV_PCI_CFG_SIZE);
    for (uint32_t v = 0; v < vcfg->msix.vectors; v++) {
        for (uint32_t w = 0; w < ENTRY_BYTES / 4; w++) {
            vcfg->vector[v].word[w] = sric_mig_get32(bytes + AT_TABLE + v * ENTRY_BYTES + 4 * w);
        }
    }
    sric_vcfg_place_bars(vcfg);
    sric_vcfg_tell_master(vcfg);
    sric_vcfg_msix_control(vcfg);
    return vcfg->counts.refused == refused ? 0 : -EIO;
}
