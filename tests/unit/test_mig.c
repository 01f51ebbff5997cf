/* SPDX-License-Identifier: BSD-3-Clause */
/* Migration over a shim that misbehaves in its own ways: states, undoing, streams, dirty pages without a log.
 */
#include "fake_vmm.h"

#include <sriov/migrate.h>

#include <stdlib.h>

#define TAG_A SRIOV_MIG_TAG('A', 'A', 'A', '1')
#define TAG_B SRIOV_MIG_TAG('B', 'B', 'B', '1')

/* A device whose state is one word; each arc can be told to fail. */
static struct {
    uint32_t state;
    uint32_t flags;
    uint32_t value;
    uint32_t written;
    uint32_t written_bytes;
    bool read;
    bool swallows;   /* takes whatever was written */
    uint32_t stuck;  /* arcs to this state fail ... */
    uint32_t errors; /* ... and so many leave it in ERROR */
    uint32_t arcs;
} dev;

static int op_info(void *fn, struct sriov_mig_info *info)
{
    (void)fn;
    info->flags = dev.flags;
    info->stop_copy_len = sizeof(dev.value);
    return 0;
}

static int op_state(void *fn, uint32_t *state)
{
    (void)fn;
    *state = dev.state;
    return 0;
}

static int op_set_state(void *fn, uint32_t state)
{
    uint32_t from = dev.state;
    bool whole = dev.written_bytes == sizeof(dev.value);

    (void)fn;
    dev.arcs++;
    if (state == dev.stuck) {
        dev.state = dev.errors != 0 ? (uint32_t)SRIOV_MIG_ERROR : dev.state;
        return -EBUSY;
    }
    dev.state = state;
    dev.read = false;
    if (from == SRIOV_MIG_RESUMING && dev.written_bytes != 0 && !whole && !dev.swallows) {
        dev.written_bytes = 0;
        return -EPROTO;
    }
    if (from == SRIOV_MIG_RESUMING && whole) {
        dev.value = dev.written;
    }
    dev.written_bytes = 0;
    return 0;
}

static int op_read(void *fn, void *bytes, uint64_t room, uint64_t *len)
{
    (void)fn;
    *len = dev.read || room < sizeof(dev.value) ? 0 : sizeof(dev.value);
    if (*len != 0) {
        memcpy(bytes, &dev.value, sizeof(dev.value));
    }
    dev.read = true;
    return 0;
}

static int op_write(void *fn, const void *bytes, uint64_t len)
{
    (void)fn;
    if (len == sizeof(dev.written)) {
        memcpy(&dev.written, bytes, sizeof(dev.written));
    }
    dev.written_bytes += (uint32_t)len;
    return 0;
}

static void on_reset(struct fake *f)
{
    (void)f;
    dev.state = SRIOV_MIG_RUNNING;
    dev.value = 0;
}

static struct sriov_fn *open_migratable(struct fake *f)
{
    struct sriov_vmm *vmm = f->vmm;
    struct sriov_fn *fn;

    memset(&dev, 0, sizeof(dev));
    dev.state = SRIOV_MIG_RUNNING;
    dev.flags = SRIOV_MIG_HAS_PRE_COPY;
    dev.stuck = UINT32_MAX;
    f->ops.mig_info = op_info;
    f->ops.mig_state = op_state;
    f->ops.mig_set_state = op_set_state;
    f->ops.mig_read = op_read;
    f->ops.mig_write = op_write;
    f->info.caps |= SRIOV_CAP_MIGRATION;
    f->on_reset = on_reset;
    assert_int_equal(sriov_vmm_unregister(vmm), 0);
    assert_int_equal(sriov_vmm_register(&f->ops, f, &f->vmm), 0);
    fn = fake_open(f, NULL);
    dev.value = 0x1234; /* which the reset at opening took */
    return fn;
}

static void test_without_it(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    uint32_t now = 7;
    struct sriov_mig_blob blob = {0};

    assert_int_equal(sriov_mig_get_state(fn, &now), -EOPNOTSUPP);
    assert_int_equal(now, SRIOV_MIG_ERROR);
    assert_int_equal(sriov_mig_set_state(fn, SRIOV_MIG_STOP), -EOPNOTSUPP);
    assert_int_equal(sriov_mig_abort(fn, NULL), -EOPNOTSUPP);
    assert_int_equal(sriov_mig_save_fn(fn, NULL, &blob), -EOPNOTSUPP);
    assert_null(blob.bytes);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_ways(void **state)
{
    uint32_t next;

    (void)state;
    assert_int_equal(sriov_mig_next(SRIOV_MIG_RUNNING, SRIOV_MIG_STOP_COPY, false, &next), 0);
    assert_int_equal(next, SRIOV_MIG_STOP);
    assert_int_equal(sriov_mig_next(SRIOV_MIG_PRE_COPY, SRIOV_MIG_STOP_COPY, true, &next), 0);
    assert_int_equal(next, SRIOV_MIG_STOP_COPY);
    assert_int_equal(sriov_mig_next(SRIOV_MIG_PRE_COPY, SRIOV_MIG_STOP, true, &next), 0);
    assert_int_equal(next, SRIOV_MIG_RUNNING);
    assert_int_equal(sriov_mig_next(SRIOV_MIG_RESUMING, SRIOV_MIG_RESUMING, true, &next), 0);
    assert_int_equal(next, SRIOV_MIG_RESUMING);
    assert_int_equal(sriov_mig_next(SRIOV_MIG_PRE_COPY, SRIOV_MIG_STOP, false, &next), -EINVAL);
    assert_int_equal(sriov_mig_next(SRIOV_MIG_ERROR, SRIOV_MIG_STOP, true, &next), -EINVAL);
    assert_int_equal(sriov_mig_next(SRIOV_MIG_STOP, 5, true, &next), -EINVAL);
    assert_int_equal(sriov_mig_next(SRIOV_MIG_STOP, 7, true, &next), -EINVAL);
}

static void test_failed_arc_is_undone(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = open_migratable(f);

    dev.stuck = SRIOV_MIG_STOP_COPY;
    assert_int_equal(sriov_mig_set_state(fn, SRIOV_MIG_STOP_COPY), -EBUSY);
    assert_int_equal(dev.state, SRIOV_MIG_RUNNING);
    assert_int_equal(dev.arcs, 3);
    dev.errors = 1;
    assert_int_equal(sriov_mig_set_state(fn, SRIOV_MIG_STOP_COPY), -EIO);
    assert_int_equal(dev.state, SRIOV_MIG_ERROR);
    assert_int_equal(sriov_mig_set_state(fn, SRIOV_MIG_RUNNING), -EIO);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_abort_by_reset(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = open_migratable(f);
    bool was_reset = true;

    assert_int_equal(sriov_mig_set_state(fn, SRIOV_MIG_STOP_COPY), 0);
    assert_int_equal(sriov_mig_abort(fn, &was_reset), 0);
    assert_false(was_reset);
    dev.state = SRIOV_MIG_ERROR;
    assert_int_equal(sriov_mig_abort(fn, &was_reset), 0);
    assert_true(was_reset);
    /* One that cannot go on is reset before it is given up. */
    assert_int_equal(sriov_mig_set_state(fn, SRIOV_MIG_STOP), 0);
    dev.stuck = SRIOV_MIG_RUNNING;
    assert_int_equal(sriov_mig_abort(fn, &was_reset), 0);
    assert_true(was_reset);
    assert_int_equal(dev.state, SRIOV_MIG_RUNNING);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_abort_takes_nothing_in(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = open_migratable(f);
    uint32_t other = 0x5678;
    bool was_reset;

    assert_int_equal(sriov_mig_set_state(fn, SRIOV_MIG_RESUMING), 0);
    assert_int_equal(sriov_mig_write(fn, &other, sizeof(other)), 0);
    assert_int_equal(sriov_mig_abort(fn, &was_reset), 0);
    assert_false(was_reset);
    assert_int_equal(dev.value, 0x1234);
    dev.swallows = true; /* a device that takes anything is no longer its own */
    assert_int_equal(sriov_mig_set_state(fn, SRIOV_MIG_RESUMING), 0);
    assert_int_equal(sriov_mig_write(fn, &other, sizeof(other)), 0);
    assert_int_equal(sriov_mig_abort(fn, &was_reset), 0);
    assert_true(was_reset);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_save_and_load(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = open_migratable(f);
    struct sriov_mig_fault fault = {.size = sizeof(fault)};
    struct sriov_mig_blob stream = {0};

    assert_int_equal(sriov_mig_save_fn(fn, NULL, &stream), 0);
    assert_int_equal(dev.state, SRIOV_MIG_STOP_COPY);
    assert_int_equal(sriov_mig_stream_length(stream.bytes, 63), 0);
    assert_int_equal(sriov_mig_stream_length(stream.bytes, 64), (int64_t)stream.len);
    assert_int_equal(sriov_mig_load_fn(fn, stream.bytes, stream.len, &fault), -EBUSY);
    assert_int_equal(sriov_mig_set_state(fn, SRIOV_MIG_RUNNING), 0);
    dev.value = 1;
    assert_int_equal(sriov_mig_load_fn(fn, stream.bytes, stream.len, &fault), 0);
    assert_int_equal(dev.value, 0x1234);
    assert_int_equal(dev.state, SRIOV_MIG_STOP);
    f->info.device++;
    assert_int_equal(sriov_fn_close(fn), 0);
    fn = fake_open(f, NULL);
    assert_int_equal(sriov_mig_load_fn(fn, stream.bytes, stream.len, &fault), -ENXIO);
    assert_non_null(strstr(fault.text, "choose another VF"));
    sriov_mig_blob_free(&stream);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static struct sriov_mig_blob two_sections(struct sriov_fn *fn, uint32_t a, uint32_t b)
{
    struct sriov_mig_writer w;
    struct sriov_mig_blob out = {0};

    assert_int_equal(sriov_mig_writer_begin(&w, fn, SRIOV_MIG_KIND_USER), 0);
    assert_int_equal(sriov_mig_put(&w, a, 1, "abc", 3), 0);
    assert_int_equal(sriov_mig_put(&w, b, 2, NULL, 0), 0);
    assert_int_equal(sriov_mig_writer_end(&w, &out), 0);
    assert_int_equal(sriov_mig_writer_end(&w, &out), -EINVAL);
    return out;
}

static int parse(struct sriov_fn *fn, struct sriov_mig_blob *s, uint32_t version_b, bool with_b,
                 struct sriov_mig_fault *fault)
{
    struct sriov_mig_section known[2] = {{.tag = TAG_A, .version = 1, .required = true},
                                         {.tag = TAG_B, .version = version_b}};
    int rc = sriov_mig_parse(s->bytes, s->len, fn, SRIOV_MIG_KIND_USER, known, with_b ? 2 : 1, fault);

    if (rc == 0) {
        assert_int_equal(known[0].len, 3);
        assert_memory_equal(known[0].bytes, "abc", 3);
    }
    sriov_mig_blob_free(s);
    return rc;
}

static void test_sections(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_mig_fault fault = {.size = sizeof(fault)};
    struct sriov_mig_blob s = two_sections(fn, TAG_A, TAG_B);

    assert_int_equal(parse(fn, &s, 2, true, &fault), 0);
    s = two_sections(fn, TAG_A, TAG_B);
    assert_int_equal(parse(fn, &s, 1, true, &fault), -EPROTO);
    assert_string_equal(fault.text, "section BBB1 of version 2, known up to 1; update this side");
    assert_int_equal(fault.tag, TAG_B);
    s = two_sections(fn, TAG_A, TAG_B);
    assert_int_equal(parse(fn, &s, 2, false, &fault), -EPROTO);
    assert_string_equal(fault.text, "section BBB1 is unknown here; update this side");
    s = two_sections(fn, TAG_A, TAG_A);
    assert_int_equal(parse(fn, &s, 2, true, &fault), -EPROTO);
    s = two_sections(fn, TAG_B, TAG_B);
    assert_int_equal(parse(fn, &s, 2, true, &fault), -EPROTO);
    assert_string_equal(fault.text, "section BBB1 is there twice");
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_writer_runs_out(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_mig_writer w;
    struct sriov_mig_blob out = {0};

    assert_int_equal(sriov_mig_writer_begin(&w, fn, 1), 0);
    for (uint32_t i = 0; i < SRIOV_MIG_SECTIONS_MAX; i++) {
        assert_int_equal(sriov_mig_put(&w, TAG_A + i, 1, NULL, 0), 0);
    }
    assert_int_equal(sriov_mig_put(&w, TAG_B, 1, NULL, 0), -ENOSPC);
    assert_int_equal(sriov_mig_writer_end(&w, &out), -ENOSPC);
    assert_null(out.bytes);
    f->fail_alloc = f->alloc_calls + 1;
    assert_int_equal(sriov_mig_writer_begin(&w, fn, 1), -ENOMEM);
    assert_int_equal(sriov_fn_close(fn), 0);
}

/* The fake has no log: what the device may write counts, each time. */
static void test_dirty_without_a_log(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_dma to, from;
    uint64_t bits[1];
    bool exact = true;

    assert_int_equal(sriov_dma_alloc(fn, "a", 4096, 4096, SRIOV_DMA_DEVICE_READS, &from), 0);
    assert_int_equal(sriov_dma_alloc(fn, "b", 8192, 4096, SRIOV_DMA_DEVICE_WRITES, &to), 0);
    assert_int_equal(sriov_mig_dirty_read(fn, to.iova, 8192, bits), -EINVAL);
    assert_int_equal(sriov_mig_dirty_start(fn, &exact), 0);
    assert_false(exact);
    assert_int_equal(sriov_mig_dirty_start(fn, &exact), -EBUSY);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sriov_mig_dirty_read(fn, to.iova, 8192, bits), 0);
        assert_int_equal(bits[0], 3);
        assert_int_equal(sriov_mig_dirty_read(fn, from.iova, 4096, bits), 0);
        assert_int_equal(bits[0], 0);
    }
    assert_int_equal(sriov_mig_dirty_stop(fn), 0);
    assert_int_equal(sriov_mig_dirty_stop(fn), -EINVAL);
    assert_int_equal(sriov_dma_free(fn, &to), 0);
    assert_int_equal(sriov_dma_free(fn, &from), 0);
    assert_int_equal(sriov_fn_close(fn), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_without_it, fake_setup, fake_teardown),
        cmocka_unit_test(test_ways),
        cmocka_unit_test_setup_teardown(test_failed_arc_is_undone, fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_abort_by_reset, fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_abort_takes_nothing_in, fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_save_and_load, fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_sections, fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_writer_runs_out, fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_dirty_without_a_log, fake_setup, fake_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
