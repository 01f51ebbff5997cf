/* SPDX-License-Identifier: BSD-3-Clause */
#include "vcfg_stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define VF_BAR_BYTES 16384u

static int hear(struct stage *s, const char *word)
{
    size_t at = strlen(s->heard);

    s->calls++;
    assert_true(at + strlen(word) + 2 < sizeof(s->heard));
    snprintf(s->heard + at, sizeof(s->heard) - at, "%s ", word);
    return s->refuse != NULL && strncmp(word, s->refuse, strlen(s->refuse)) == 0 ? -EBUSY : 0;
}

static int on_bar(void *arg, uint32_t bar, uint64_t gpa)
{
    char word[64];

    assert_true(bar < 6);
    if (gpa == SRIOV_VCFG_NOWHERE) {
        snprintf(word, sizeof(word), "bar%u-", bar);
    } else {
        snprintf(word, sizeof(word), "bar%u@%" PRIx64, bar, gpa);
    }
    return hear(arg, word);
}

static int on_master(void *arg, bool on)
{
    return hear(arg, on ? "master+" : "master-");
}

static int on_msix(void *arg, bool on)
{
    return hear(arg, on ? "msix+" : "msix-");
}

static int on_route(void *arg, uint32_t vector, const struct sriov_vm_msi *msi)
{
    char word[64];

    if (msi == NULL) {
        snprintf(word, sizeof(word), "route%u-", vector);
    } else {
        assert_int_equal(msi->size, sizeof(*msi));
        snprintf(word, sizeof(word), "route%u=%" PRIx64 ":%x", vector, msi->address, msi->data);
    }
    return hear(arg, word);
}

static int on_pending(void *arg, uint32_t vector, uint32_t *pending)
{
    struct stage *s = arg;

    s->pending_calls++;
    *pending = vector < 64 && (s->pending >> vector & 1u) != 0 ? 1 : 0;
    return s->refuse != NULL && strcmp(s->refuse, "pending") == 0 ? -EIO : 0;
}

static int on_control(void *arg, uint32_t vector, bool masked)
{
    char word[64];

    snprintf(word, sizeof(word), "slow%u%c", vector, masked ? '+' : '-');
    return hear(arg, word);
}

static int on_flr(void *arg)
{
    return hear(arg, "flr");
}

static void be_vf(struct fake *f)
{
    f->info.is_vf = 1;
    f->info.device = 0x10ed;
    f->info.subsystem_vendor = 0x8086;
    f->info.subsystem_device = 0x7a11;
    f->info.class_code = 0x020000;
    f->info.revision = 1;
    f->info.total_vfs = 0;
    f->info.caps &= ~SRIOV_CAP_SET_VFS;
    fake_put32(f, SRIOV_PCI_VENDOR_ID, UINT32_MAX);
    fake_put16(f, 0x72, 2); /* three vectors */
    fake_put32(f, 0x74, 0x0003);
    fake_put32(f, 0x78, 0x2003);
    fake_put16(f, 0xa0 + SRIOV_PCI_EXP_FLAGS, 2);
    fake_put32(f, 0xa0 + SRIOV_PCI_EXP_DEVCAP, 0x10008fe2);
    fake_put32(f, 0xa0 + SRIOV_PCI_EXP_LNKCAP, 0x00036c82);
    f->bar_length[3] = VF_BAR_BYTES;
    f->bar_flags[0] = SRIOV_BAR_64BIT | SRIOV_BAR_PREFETCH | SRIOV_BAR_VIEWABLE;
    f->bar_flags[3] = SRIOV_BAR_64BIT;
}

void stage_make(struct stage *s)
{
    memset(s, 0, sizeof(*s));
    assert_int_equal(fake_setup((void **)&s->f), 0);
    be_vf(s->f);
}

void stage_open(struct stage *s)
{
    s->fn = fake_open(s->f, NULL);
}

int stage_create(struct stage *s, uint32_t flags)
{
    struct sriov_vcfg_hooks hooks = {.size = sizeof(hooks),
                                     .bar_moved = on_bar,
                                     .bus_master = on_master,
                                     .msix_enable = on_msix,
                                     .route = on_route,
                                     .pending = on_pending,
                                     .vector_control = on_control,
                                     .flr = on_flr,
                                     .arg = s};
    struct sriov_vcfg_opts opts = {.size = sizeof(opts), .flags = flags};

    return sriov_vcfg_create(s->fn, &hooks, &opts, &s->vcfg);
}

void stage_end(struct stage *s)
{
    unsigned calls = s->calls;

    sriov_vcfg_destroy(s->vcfg);
    assert_int_equal(s->calls, calls);
    assert_int_equal(sriov_fn_close(s->fn), 0);
    assert_int_equal(fake_teardown((void **)&s->f), 0);
}

static int setup(void **state, uint32_t flags)
{
    struct stage *s = malloc(sizeof(*s));

    assert_non_null(s);
    stage_make(s);
    stage_open(s);
    assert_int_equal(stage_create(s, flags), 0);
    *state = s;
    return 0;
}

int stage_setup(void **state)
{
    return setup(state, 0);
}

int stage_setup_slow(void **state)
{
    return setup(state, SRIOV_VCFG_SLOW_MASK);
}

int stage_teardown(void **state)
{
    stage_end(*state);
    free(*state);
    return 0;
}

void stage_heard(struct stage *s, const char *words)
{
    size_t n = strlen(s->heard);

    if (n != 0) {
        s->heard[n - 1] = '\0'; /* the last space */
    }
    assert_string_equal(s->heard, words);
    s->heard[0] = '\0';
}

struct sriov_vcfg_counts stage_counts(struct stage *s)
{
    struct sriov_vcfg_counts counts = {.size = sizeof(counts)};

    assert_int_equal(sriov_vcfg_counts(s->vcfg, &counts), 0);
    assert_int_equal(counts.size, sizeof(counts));
    return counts;
}

uint32_t rd(struct stage *s, uint32_t off, uint32_t width)
{
    return sriov_vcfg_read(s->vcfg, off, width);
}

void wr(struct stage *s, uint32_t off, uint32_t width, uint32_t value)
{
    sriov_vcfg_write(s->vcfg, off, width, value);
}

uint32_t table_rd(struct stage *s, uint32_t vector, uint32_t reg)
{
    uint64_t value;

    assert_true(sriov_vcfg_bar_read(s->vcfg, 3, vector * 16u + reg, 4, &value));
    assert_true(value <= UINT32_MAX);
    return (uint32_t)value;
}

void table_wr(struct stage *s, uint32_t vector, uint32_t reg, uint32_t value)
{
    assert_true(sriov_vcfg_bar_write(s->vcfg, 3, vector * 16u + reg, 4, value));
}
