/* SPDX-License-Identifier: BSD-3-Clause */
/* Config space: bounds, both lists, decoded capabilities, and everything a hostile device can put
 * there. */
#include "fake_vmm.h"

#include <sriov/hw/pci_regs.h>

struct ctx {
    struct fake *f;
    struct sriov_fn *fn;
};

static struct ctx here;

static int setup(void **state)
{
    fake_setup((void **)&here.f);
    here.fn = fake_open(here.f, NULL);
    *state = &here;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(sriov_fn_close(here.fn), 0);
    return fake_teardown((void **)&here.f);
}

static void test_widths(void **state)
{
    struct ctx *c = *state;
    uint8_t v8;
    uint16_t v16;
    uint32_t v32;

    assert_int_equal(sriov_cfg_write32(c->fn, 0x200, 0x44332211), 0);
    assert_int_equal(sriov_cfg_read8(c->fn, 0x203, &v8), 0);
    assert_int_equal(v8, 0x44);
    assert_int_equal(sriov_cfg_read16(c->fn, 0x202, &v16), 0);
    assert_int_equal(v16, 0x4433);
    assert_int_equal(sriov_cfg_write8(c->fn, 0x200, 0xaa), 0);
    assert_int_equal(sriov_cfg_write16(c->fn, 0x202, 0xbbbb), 0);
    assert_int_equal(sriov_cfg_read32(c->fn, 0x200, &v32), 0);
    assert_int_equal(v32, 0xbbbb22aa);
}

static void test_bounds(void **state)
{
    struct ctx *c = *state;
    unsigned calls = c->f->calls;
    uint8_t v8 = 0;
    uint16_t v16 = 0;
    uint32_t v32 = 0;

    assert_int_equal(sriov_cfg_read16(c->fn, 1, &v16), -EINVAL);
    assert_int_equal(v16, 0xffff);
    assert_int_equal(sriov_cfg_read32(c->fn, 2, &v32), -EINVAL);
    assert_int_equal(v32, 0xffffffff);
    assert_int_equal(sriov_cfg_read8(c->fn, 4096, &v8), -ERANGE);
    assert_int_equal(v8, 0xff);
    assert_int_equal(sriov_cfg_read32(c->fn, 4096, &v32), -ERANGE);
    assert_int_equal(sriov_cfg_read32(c->fn, 0xfffffffc, &v32), -ERANGE);
    assert_int_equal(sriov_cfg_write16(c->fn, 4095, 0), -EINVAL);
    assert_int_equal(sriov_cfg_write32(c->fn, 4096, 0), -ERANGE);
    assert_int_equal(c->f->calls, calls);
    assert_int_equal(sriov_cfg_read32(c->fn, 4092, &v32), 0);
}

static void test_conventional_bounds(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn;
    uint32_t v;
    uint16_t off;

    f->info.caps &= ~SRIOV_CAP_CFG_EXTENDED;
    fn = fake_open(f, NULL);
    assert_int_equal(sriov_cfg_read32(fn, 252, &v), 0);
    assert_int_equal(sriov_cfg_read32(fn, 256, &v), -ERANGE);
    assert_int_equal(sriov_cfg_find_ext_cap(fn, SRIOV_PCI_EXT_CAP_ID_SRIOV, &off), -ENOENT);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_errors_read_ones(void **state)
{
    struct ctx *c = *state;
    uint32_t v = 0;

    fake_fail(c->f, "cfg_read", 1, -EIO);
    assert_int_equal(sriov_cfg_read32(c->fn, 0, &v), -EIO);
    assert_int_equal(v, UINT32_MAX);
    fake_fail(c->f, "cfg_write", 1, -EIO);
    assert_int_equal(sriov_cfg_write8(c->fn, 0, 0), -EIO);
}

static void test_find(void **state)
{
    struct ctx *c = *state;
    uint16_t off;

    assert_int_equal(sriov_cfg_find_cap(c->fn, SRIOV_PCI_CAP_ID_PM, &off), 0);
    assert_int_equal(off, 0x40);
    assert_int_equal(sriov_cfg_find_cap(c->fn, SRIOV_PCI_CAP_ID_EXP, &off), 0);
    assert_int_equal(off, 0xa0);
    assert_int_equal(sriov_cfg_find_cap(c->fn, SRIOV_PCI_CAP_ID_VPD, &off), -ENOENT);
    assert_int_equal(off, 0);
    assert_int_equal(sriov_cfg_find_ext_cap(c->fn, SRIOV_PCI_EXT_CAP_ID_AER, &off), 0);
    assert_int_equal(off, 0x100);
    assert_int_equal(sriov_cfg_find_ext_cap(c->fn, SRIOV_PCI_EXT_CAP_ID_ATS, &off), -ENOENT);
    fake_put16(c->f, SRIOV_PCI_STATUS, 0);
    assert_int_equal(sriov_cfg_find_cap(c->fn, SRIOV_PCI_CAP_ID_PM, &off), -ENOENT);
}

struct list {
    uint32_t seen[16];
    unsigned n;
    unsigned stop_at;
};

static int note(void *arg, bool ext, uint16_t id, uint16_t off)
{
    struct list *l = arg;

    assert_true(l->n < 16);
    l->seen[l->n++] = (ext ? 0x80000000u : 0) | (uint32_t)id << 16 | off;
    return l->n == l->stop_at ? 99 : 0;
}

static void test_each(void **state)
{
    static const uint32_t want[] = {0x00010040, 0x00110070, 0x001000a0, 0x80010100, 0x80100160};
    struct ctx *c = *state;
    struct list l = {.n = 0};

    assert_int_equal(sriov_cfg_each_cap(c->fn, note, &l), 0);
    assert_int_equal(l.n, 5);
    assert_memory_equal(l.seen, want, sizeof(want));
    for (unsigned stop = 1; stop <= 5; stop++) {
        l = (struct list){.stop_at = stop};
        assert_int_equal(sriov_cfg_each_cap(c->fn, note, &l), 99);
        assert_int_equal(l.n, stop);
    }
}

/* One planted value in an otherwise good config space, and what the walk must say. */
struct planted {
    const char *what;
    unsigned off;
    uint32_t value; /* 32 bits at off */
    int standard;
    int extended;
};

static const struct planted table[] = {
    {"first pointer into the header", 0x34, 0x3c, -EPROTO, 0},
    {"first pointer misaligned", 0x34, 0x41, -EPROTO, 0},
    {"first pointer zero: empty list", 0x34, 0x00, -ENOENT, 0},
    {"first pointer all-ones", 0x34, 0xff, -EPROTO, 0},
    {"entry points to itself", 0x40, 0x00004001, -EPROTO, 0},
    {"entry points back", 0xa0, 0x00004010, -EPROTO, 0},
    {"next below 0x40", 0x40, 0x00000401, -EPROTO, 0},
    {"next misaligned", 0x40, 0x00007201, -EPROTO, 0},
    {"next all-ones", 0x40, 0xffffffff, -EPROTO, 0},
    {"extended entry points to itself", 0x100, 0x10010001, -ENOENT, -EPROTO},
    {"extended next into standard space", 0x100, 0x0fc10001, -ENOENT, -EPROTO},
    {"extended next below the header", 0x100, 0x00410001, -ENOENT, -EPROTO},
    {"extended next misaligned", 0x100, 0x16210001, -ENOENT, -EPROTO},
    {"extended next all-ones", 0x160, 0xfff00000, -ENOENT, -EPROTO},
    {"extended list empty", 0x100, 0x00000000, -ENOENT, 0},
    {"extended list all-ones", 0x100, 0xffffffff, -ENOENT, 0},
    {"extended null entry with a next", 0x100, 0x16000000, -ENOENT, 0},
    {"extended last entry at the end", 0x100, 0xffc10001, -ENOENT, 0},
};

static void test_planted(void **state)
{
    struct ctx *c = *state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct planted *p = &table[i];
        int ext_rc = p->extended != 0 ? p->extended : -ENOENT;
        uint32_t old;
        uint16_t off = 1;

        memcpy(&old, c->f->cfg + p->off, 4);
        fake_put32(c->f, p->off, p->value);
        if (sriov_cfg_find_cap(c->fn, 0xee, &off) != (p->standard != 0 ? p->standard : -ENOENT) || off != 0 ||
            sriov_cfg_find_ext_cap(c->fn, 0xeeee, &off) != ext_rc) {
            fail_msg("%s", p->what);
        }
        fake_put32(c->f, p->off, old);
    }
}

/* The longest lists that fit are walked to their end; nothing shorter bounds them. */
static void test_longest_lists(void **state)
{
    struct ctx *c = *state;
    uint16_t off;

    c->f->cfg[SRIOV_PCI_CAP_POINTER] = 0x40;
    for (unsigned at = 0x40; at < 0x100; at += 4) {
        fake_put32(c->f, at, (at == 0xfc ? 0 : (at + 4) << 8) | (at == 0xfc ? 0x77 : 0x09));
    }
    for (unsigned at = 0x100; at < 0x1000; at += 4) {
        fake_put32(c->f, at, at == 0xffc ? 0x7777 : (at + 4) << 20 | 0x1000b);
    }
    assert_int_equal(sriov_cfg_find_cap(c->fn, 0x77, &off), 0);
    assert_int_equal(off, 0xfc);
    assert_int_equal(sriov_cfg_find_ext_cap(c->fn, 0x7777, &off), 0);
    assert_int_equal(off, 0xffc);
    /* The same, closed to a ring. */
    fake_put32(c->f, 0xfc, 0x4077);
    fake_put32(c->f, 0xffc, 0x10007777);
    assert_int_equal(sriov_cfg_find_cap(c->fn, 0xee, &off), -EPROTO);
    assert_int_equal(sriov_cfg_find_ext_cap(c->fn, 0xeeee, &off), -EPROTO);
}

static void test_gone_device(void **state)
{
    struct ctx *c = *state;
    struct sriov_msix_cap msix;
    struct sriov_iov_cap iov;
    struct list l = {.n = 0};
    uint16_t off;

    memset(c->f->cfg, 0xff, sizeof(c->f->cfg));
    assert_int_equal(sriov_cfg_find_cap(c->fn, 1, &off), -ENODEV);
    assert_int_equal(sriov_cfg_find_ext_cap(c->fn, 1, &off), -ENODEV);
    assert_int_equal(sriov_cfg_each_cap(c->fn, note, &l), -ENODEV);
    assert_int_equal(sriov_cfg_msix(c->fn, &msix), -ENODEV);
    assert_int_equal(sriov_cfg_sriov(c->fn, &iov), -ENODEV);
}

static void test_msix(void **state)
{
    struct ctx *c = *state;
    struct sriov_msix_cap cap;

    assert_int_equal(sriov_cfg_msix(c->fn, &cap), 0);
    assert_int_equal(cap.off, 0x70);
    assert_int_equal(cap.vectors, 64);
    assert_int_equal(cap.table_bar, 4);
    assert_int_equal(cap.table_off, 0);
    assert_int_equal(cap.pba_bar, 4);
    assert_int_equal(cap.pba_off, 0x2000);
    assert_false(cap.enabled);
    assert_false(cap.masked);
    fake_put16(c->f, 0x72, 0xc7ff);
    assert_int_equal(sriov_cfg_msix(c->fn, &cap), 0);
    assert_int_equal(cap.vectors, 2048);
    assert_true(cap.enabled && cap.masked);
    fake_put32(c->f, 0x74, 6); /* no BAR 6 */
    assert_int_equal(sriov_cfg_msix(c->fn, &cap), -EPROTO);
    assert_int_equal(cap.vectors, 0);
    fake_put32(c->f, 0x74, 0);
    fake_put32(c->f, 0x78, 7);
    assert_int_equal(sriov_cfg_msix(c->fn, &cap), -EPROTO);
}

static void test_msix_runs_out_of_space(void **state)
{
    struct ctx *c = *state;
    struct sriov_msix_cap cap;

    c->f->cfg[SRIOV_PCI_CAP_POINTER] = 0xf8;
    fake_put16(c->f, 0xf8, 0x0011);
    assert_int_equal(sriov_cfg_msix(c->fn, &cap), -EPROTO);
    c->f->cfg[SRIOV_PCI_CAP_POINTER] = 0xf4;
    fake_put16(c->f, 0xf4, 0x0011);
    assert_int_equal(sriov_cfg_msix(c->fn, &cap), 0);
    c->f->cfg[SRIOV_PCI_CAP_POINTER] = 0;
    assert_int_equal(sriov_cfg_msix(c->fn, &cap), -ENOENT);
}

static void test_sriov(void **state)
{
    struct ctx *c = *state;
    struct sriov_iov_cap cap;

    fake_put16(c->f, 0x160 + SRIOV_PCI_SRIOV_CTRL, 0x19);
    fake_put16(c->f, 0x160 + SRIOV_PCI_SRIOV_NUM_VFS, 4);
    assert_int_equal(sriov_cfg_sriov(c->fn, &cap), 0);
    assert_int_equal(cap.off, 0x160);
    assert_int_equal(cap.initial_vfs, 8);
    assert_int_equal(cap.total_vfs, 8);
    assert_int_equal(cap.num_vfs, 4);
    assert_int_equal(cap.first_vf_offset, 128);
    assert_int_equal(cap.vf_stride, 2);
    assert_int_equal(cap.vf_device_id, 0x10ed);
    assert_int_equal(cap.supported_page_sizes, 0x553);
    assert_int_equal(cap.system_page_size, 1);
    assert_true(cap.vf_enable && cap.vf_mse && cap.ari_capable);
}

static void test_sriov_lies(void **state)
{
    struct ctx *c = *state;
    struct sriov_iov_cap cap;

    fake_put16(c->f, 0x160 + SRIOV_PCI_SRIOV_INITIAL_VFS, 9);
    assert_int_equal(sriov_cfg_sriov(c->fn, &cap), -EPROTO);
    assert_int_equal(cap.total_vfs, 0);
    fake_put16(c->f, 0x160 + SRIOV_PCI_SRIOV_INITIAL_VFS, 8);
    fake_put16(c->f, 0x160 + SRIOV_PCI_SRIOV_NUM_VFS, 9);
    assert_int_equal(sriov_cfg_sriov(c->fn, &cap), 0); /* not enabled: of no meaning */
    fake_put16(c->f, 0x160 + SRIOV_PCI_SRIOV_CTRL, 1);
    assert_int_equal(sriov_cfg_sriov(c->fn, &cap), -EPROTO);
    fake_put32(c->f, 0x100, SRIOV_PCI_EXT_CAP_HEADER(1, 1, 0xfc4));
    fake_put32(c->f, 0xfc4, SRIOV_PCI_EXT_CAP_HEADER(0x10, 1, 0));
    assert_int_equal(sriov_cfg_sriov(c->fn, &cap), -EPROTO);
    fake_put32(c->f, 0x100, 0);
    assert_int_equal(sriov_cfg_sriov(c->fn, &cap), -ENOENT);
}

/* Each read of a decode fails once. */
static void test_decode_read_errors(void **state)
{
    struct ctx *c = *state;
    struct sriov_msix_cap msix;
    struct sriov_iov_cap iov;
    unsigned points = 0;

    for (unsigned n = 1; sriov_cfg_msix(c->fn, &msix) == 0; n++) {
        int rc;

        fake_fail(c->f, "cfg_read", n, -EIO);
        rc = sriov_cfg_msix(c->fn, &msix);
        c->f->fail.nth = 0;
        if (rc == 0) {
            break;
        }
        assert_int_equal(rc, -EIO);
        points++;
    }
    assert_int_equal(points, 2 + 2 + 2 + 3);
    for (unsigned n = 1;; n++, points++) {
        int rc;

        fake_fail(c->f, "cfg_read", n, -EIO);
        rc = sriov_cfg_sriov(c->fn, &iov);
        if (rc == 0) {
            break;
        }
        assert_int_equal(rc, -EIO);
    }
    assert_int_equal(points, 9 + 2 + 2 + 1 + 6 + 2);
    c->f->fail.nth = 0;
}

static uint32_t rng(uint32_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 17;
    *s ^= *s << 5;
    return *s;
}

static int count(void *arg, bool ext, uint16_t id, uint16_t off)
{
    unsigned *n = arg;

    (void)id;
    assert_true(off % 4 == 0 && off >= (ext ? 0x100 : 0x40) && off < (ext ? 4096 : 256));
    assert_true(++*n <= 48 + 960);
    return 0;
}

/* Random config spaces, half of them with pointers that mostly look right. */
static void test_random(void **state)
{
    struct ctx *c = *state;
    uint32_t s = 0x5eed1234;
    unsigned kinds[2] = {0, 0};

    for (int round = 0; round < 20000; round++) {
        struct sriov_msix_cap msix;
        struct sriov_iov_cap iov;
        unsigned n = 0;
        int rc;

        for (unsigned i = 0; i < 4096; i += 4) {
            fake_put32(c->f, i, rng(&s));
        }
        if (round % 2 == 0) {
            for (unsigned i = 0x34; i < 0x100; i += 4) {
                c->f->cfg[i] &= i == 0x34 ? 0xfc : 0xff;
                c->f->cfg[i + 1] &= 0xfc;
            }
            for (unsigned i = 0x100; i < 0x1000; i += 4) {
                c->f->cfg[i + 2] &= 0xcf;
            }
        }
        rc = sriov_cfg_each_cap(c->fn, count, &n);
        assert_true(rc == 0 || rc == -EPROTO);
        kinds[rc == 0]++;
        rc = sriov_cfg_msix(c->fn, &msix);
        assert_true(rc == 0 || rc == -EPROTO || rc == -ENOENT);
        assert_true(rc != 0 || (msix.table_bar < 6 && msix.pba_bar < 6 && msix.vectors >= 1));
        rc = sriov_cfg_sriov(c->fn, &iov);
        assert_true(rc == 0 || rc == -EPROTO || rc == -ENOENT);
    }
    assert_true(kinds[0] > 100 && kinds[1] > 10); /* the generator reaches both */
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_widths),
        T(test_bounds),
        cmocka_unit_test_setup_teardown(test_conventional_bounds, fake_setup, fake_teardown),
        T(test_errors_read_ones),
        T(test_find),
        T(test_each),
        T(test_planted),
        T(test_longest_lists),
        T(test_gone_device),
        T(test_msix),
        T(test_msix_runs_out_of_space),
        T(test_sriov),
        T(test_sriov_lies),
        T(test_decode_read_errors),
        T(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
