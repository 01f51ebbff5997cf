/* SPDX-License-Identifier: BSD-3-Clause */
/* The trace decorator over the fake VMM: what it says, what it hides, what it leaves alone. */
#include "fake_vmm.h"

#include <sriov/irq.h>
#include <sriov/trace.h>

#include <stdio.h>
#include <stdlib.h>

#define TEXT_ROOM 16384u
#define RING      0x2800u

struct book {
    struct fake f;
    struct sriov_trace *trace;
    struct sriov_fn *fn;
    char text[TEXT_ROOM];
    unsigned calls; /* of the callback, and how many lines there were by then */
    size_t length_then;
};

static void write_line(void *arg, const char *line)
{
    struct book *b = arg;
    size_t at = strlen(b->text);

    assert_null(strchr(line, '\n'));
    assert_true(at + strlen(line) + 2 < sizeof(b->text));
    snprintf(b->text + at, sizeof(b->text) - at, "%s\n", line);
}

static void make(struct book *b, uint32_t flags)
{
    const struct sriov_trace_opts opts = {
        .size = sizeof(opts), .flags = flags, .name = "vf", .line = write_line, .arg = b};

    fake_register(&b->f);
    assert_int_equal(sriov_trace_create(b->f.vmm, &opts, &b->trace), 0);
    assert_int_equal(sriov_fn_open(sriov_trace_vmm(b->trace), FAKE_NAME, NULL, &b->fn), 0);
}

static int setup(void **state)
{
    struct book *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    fake_init(&b->f);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct book *b = *state;

    if (b->fn != NULL) {
        assert_int_equal(sriov_fn_close(b->fn), 0);
    }
    assert_int_equal(sriov_trace_destroy(b->trace), 0);
    if (b->f.vmm != NULL) {
        fake_finish(&b->f);
    }
    free(b);
    return 0;
}

/* From here on only what comes. */
static void clear(struct book *b)
{
    b->text[0] = '\0';
}

static void expect(struct book *b, const char *wanted)
{
    assert_string_equal(b->text, wanted);
    clear(b);
}

static void test_lines(void **state)
{
    struct book *b = *state;
    struct sriov_bar bar;
    uint32_t id;

    make(b, 0);
    assert_non_null(strstr(b->text, "vf0 open " FAKE_NAME "\n"));
    clear(b);
    assert_int_equal(sriov_cfg_read32(b->fn, 0x40, &id), 0);
    assert_int_equal(sriov_cfg_write8(b->fn, 0x41, 0x5a), 0);
    assert_int_equal(sriov_bar_open(b->fn, 0, 0x100, &bar), 0);
    sriov_wr32(&bar, 0x10, 0x1234);
    assert_int_equal(sriov_rd32(&bar, 0x10), 0x1234);
    assert_int_equal(sriov_bar_write(&bar, 0x18, 8, UINT64_C(0x1122334455667788)), 0);
    sriov_bar_close(&bar);
    char wanted[400];
    snprintf(wanted, sizeof(wanted),
             "vf0 cfg read 0x040/4 = 0x%08x\n"
             "vf0 cfg write 0x041/1 = 0x5a\n"
             "vf0 bar0 write 0x0010/4 = 0x00001234\n"
             "vf0 bar0 read 0x0010/4 = 0x00001234\n"
             "vf0 bar0 write 0x0018/8 = 0x1122334455667788\n",
             id);
    expect(b, wanted);
    assert_int_equal(sriov_fn_close(b->fn), 0);
    b->fn = NULL;
    assert_non_null(strstr(b->text, "vf0 close\n"));
}

static void test_lines_are_counted_and_the_caller_notes(void **state)
{
    struct book *b = *state;

    make(b, 0);
    clear(b);
    uint64_t before = sriov_trace_lines(b->trace);
    sriov_trace_note(b->trace, "step 1");
    expect(b, "# step 1\n");
    assert_int_equal(sriov_trace_lines(b->trace), before + 1);
}

static void test_errors_pass_and_are_told(void **state)
{
    struct book *b = *state;
    struct sriov_bar bar;
    struct sriov_dma dma;
    uint64_t value;

    make(b, SRIOV_TRACE_MEMORY);
    assert_int_equal(sriov_bar_open(b->fn, 0, 0x100, &bar), 0);
    clear(b);
    fake_fail(&b->f, "bar_read", 1, -EIO);
    assert_int_equal(sriov_bar_read(&bar, 0x20, 4, &value), -EIO);
    fake_fail(&b->f, "bar_write", 1, -EIO);
    assert_int_equal(sriov_bar_write(&bar, 0x20, 4, 1), -EIO);
    fake_fail(&b->f, "dma_alloc", 1, -ENOMEM);
    assert_int_equal(sriov_dma_alloc(b->fn, "test", 4096, 4096, SRIOV_DMA_BOTH, &dma), -ENOMEM);
    fake_fail(&b->f, "reset", 1, -ETIMEDOUT);
    assert_int_equal(sriov_fn_reset(b->fn), -ETIMEDOUT);
    assert_non_null(strstr(b->text, "vf0 bar0 read 0x0020/4 error -5\n"
                                    "vf0 bar0 write 0x0020/4 error -5\n"
                                    "vf0 dma alloc error -12\n"));
    assert_non_null(strstr(b->text, "vf0 reset error -110\n"));
    sriov_bar_close(&bar);
}

static int same_caps(void *arg, const struct sriov_fn_info *info)
{
    *(uint64_t *)arg = info->caps;
    return 1;
}

static void test_views_are_hidden(void **state)
{
    struct book *b = *state;
    struct sriov_bar bar;
    struct sriov_bar_info info = {.size = sizeof(info)};
    const struct sriov_vmm_ops *ops;
    const struct sriov_open_args args = {.size = sizeof(args), .name = FAKE_NAME};
    volatile void *view;
    uint64_t caps = 0;
    void *fn;

    b->f.info.caps |= SRIOV_CAP_BAR_VIEW;
    b->f.bar_flags[0] |= SRIOV_BAR_VIEWABLE;
    make(b, 0);
    assert_false(sriov_fn_can(b->fn, SRIOV_CAP_BAR_VIEW));
    assert_int_equal(sriov_vmm_enumerate(sriov_trace_vmm(b->trace), same_caps, &caps), 1);
    assert_int_equal(caps, b->f.info.caps & ~SRIOV_CAP_BAR_VIEW);
    assert_int_equal(sriov_bar_open(b->fn, 0, 0x100, &bar), 0);
    assert_null(bar.view);
    sriov_bar_close(&bar);
    assert_int_equal(b->f.views, 0);
    assert_int_equal(sriov_fn_close(b->fn), 0);
    b->fn = NULL;
    ops = sriov_vmm_ops(sriov_trace_vmm(b->trace));
    assert_int_equal(ops->open(sriov_vmm_ctx(sriov_trace_vmm(b->trace)), &args, &fn), 0);
    assert_int_equal(ops->bar_info(fn, 0, &info), 0);
    assert_int_equal(info.flags & SRIOV_BAR_VIEWABLE, 0);
    assert_int_equal(ops->bar_view(fn, 0, &view), -EOPNOTSUPP);
    ops->close(fn);
}

/* ---- memory ---- */

static struct sriov_dma ring;
static struct sriov_dma buffer;
static int (*below)(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value);

/* A device: at its doorbell it sets DD of the first descriptor and fills the buffer. */
static int doorbell(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    if (off == RING + 0x18) {
        ((uint64_t *)ring.va)[1] |= UINT64_C(1) << 32;
        ((uint8_t *)buffer.va)[0x20] = (uint8_t)value;
    }
    return below(fn, bar, off, width, value);
}

static void make_ring(struct book *b)
{
    below = b->f.ops.bar_write;
    b->f.ops.bar_write = doorbell;
    make(b, SRIOV_TRACE_MEMORY);
    clear(b);
    assert_int_equal(sriov_dma_alloc(b->fn, "ring", 4096, 4096, SRIOV_DMA_BOTH, &ring), 0);
    assert_int_equal(sriov_dma_alloc(b->fn, "buffer", 8192, 4096, SRIOV_DMA_BOTH, &buffer), 0);
    expect(b, "vf0 dma alloc m1 4096 bytes dir 3\nvf0 dma alloc m2 8192 bytes dir 3\n");
}

static void give_ring_back(struct book *b)
{
    assert_int_equal(sriov_dma_free(b->fn, &buffer), 0);
    assert_int_equal(sriov_dma_free(b->fn, &ring), 0);
}

static void test_addresses_and_memory(void **state)
{
    struct book *b = *state;
    struct sriov_bar bar;

    make_ring(b);
    assert_int_equal(sriov_bar_open(b->fn, 0, RING + 0x100, &bar), 0);
    clear(b);
    sriov_wr32(&bar, RING, (uint32_t)ring.iova.raw);
    sriov_wr32(&bar, RING + 4, (uint32_t)(ring.iova.raw >> 32));
    sriov_wr32(&bar, RING + 8, (uint32_t)(ring.iova.raw >> 32)); /* no address: no low half before it */
    ((uint64_t *)ring.va)[0] = buffer.iova.raw + 0x20;
    ((uint64_t *)ring.va)[1] = 7;
    sriov_wr32(&bar, RING + 0x18, 1);
    char wanted[600];
    snprintf(wanted, sizeof(wanted),
             "vf0 bar0 write 0x2800/4 = m1.lo\n"
             "vf0 bar0 write 0x2804/4 = m1.hi\n"
             "vf0 bar0 write 0x2808/4 = 0x%08x\n"
             "vf0 mem m1+0x0 host = m2+0x20 0x0000000000000007\n"
             "vf0 bar0 write 0x2818/4 = 0x00000001\n"
             "vf0 mem m2+0x20 device = 0x0000000000000001 0x0000000000000000\n"
             "vf0 mem m1+0x0 device = m2+0x20 0x0000000100000007\n",
             (uint32_t)(ring.iova.raw >> 32));
    expect(b, wanted);
    sriov_bar_close(&bar);
    give_ring_back(b);
    expect(b, "vf0 dma free m2\nvf0 dma free m1\n");
}

static void test_frames_are_told_by_their_hash(void **state)
{
    struct book *b = *state;
    char first[200] = "";

    make_ring(b);
    memset(buffer.va, 0x33, 1024);
    sriov_trace_note(b->trace, "filled");
    assert_non_null(strstr(b->text, "vf0 mem m2+0x0 host 1024 bytes hash 0x"));
    assert_true(strlen(b->text) < sizeof(first));
    memcpy(first, b->text, strlen(b->text));
    clear(b);
    memset(buffer.va, 0, 1024);
    sriov_trace_note(b->trace, "empty");
    assert_non_null(strstr(b->text, "vf0 mem m2+0x0 host 1024 bytes hash 0x"));
    assert_null(strstr(b->text, strstr(first, "hash")));
    clear(b);
    memset(buffer.va, 0x33, 1024);
    sriov_trace_note(b->trace, "filled"); /* the same bytes have the same hash */
    expect(b, first);
    sriov_trace_note(b->trace, "still"); /* what did not change is not said again */
    expect(b, "# still\n");
    give_ring_back(b);
}

static void on_wait(struct fake *f)
{
    (void)f;
    ((uint64_t *)ring.va)[3] = 5;
}

static void test_what_comes_while_waiting_is_the_devices(void **state)
{
    struct book *b = *state;

    make_ring(b);
    b->f.on_wait = on_wait;
    ((uint64_t *)ring.va)[0] = 4;
    assert_int_equal(sriov_vmm_wait(sriov_trace_vmm(b->trace), 1000), 0);
    expect(b, "vf0 mem m1+0x0 host = 0x0000000000000004 0x0000000000000000\n"
              "vf0 mem m1+0x10 device = 0x0000000000000000 0x0000000000000005\n");
    give_ring_back(b);
}

/* ---- interrupts ---- */

static void on_irq(void *arg, uint32_t vector)
{
    struct book *b = arg;

    assert_int_equal(vector, 1);
    b->calls++;
    b->length_then = strlen(b->text);
}

static void test_interrupts(void **state)
{
    struct book *b = *state;
    uint32_t got;

    make(b, 0);
    clear(b);
    assert_int_equal(sriov_irq_enable(b->fn, 2, 2, &got), 0);
    assert_int_equal(sriov_irq_attach(b->fn, 1, on_irq, b), 0);
    expect(b, "vf0 irq enable 2 = 2\nvf0 irq attach 1 callback\n");
    fake_irq(&b->f, 1);
    assert_int_equal(b->calls, 1);
    assert_int_equal(b->length_then, strlen("vf0 irq 1 comes\n")); /* told before it acts */
    expect(b, "vf0 irq 1 comes\n");
    fake_fail(&b->f, "irq_attach", 1, -EIO);
    assert_int_equal(sriov_irq_attach(b->fn, 1, on_irq, NULL), -EIO);
    fake_irq(&b->f, 1); /* the earlier sink stays */
    assert_int_equal(b->calls, 2);
    expect(b, "vf0 irq attach 1 callback error -5\nvf0 irq 1 comes\n");
    assert_int_equal(sriov_irq_disable(b->fn), 0);
    expect(b, "vf0 irq detach 1\nvf0 irq disable\n");
}

static void on_event(void *arg, enum sriov_event event)
{
    *(enum sriov_event *)arg = event;
}

static void test_events(void **state)
{
    struct book *b = *state;
    enum sriov_event seen = (enum sriov_event)0;
    const struct sriov_fn_opts opts = {.size = sizeof(opts), .on_event = on_event, .arg = &seen};

    make(b, 0);
    assert_int_equal(sriov_fn_close(b->fn), 0);
    assert_int_equal(sriov_fn_open(sriov_trace_vmm(b->trace), FAKE_NAME, &opts, &b->fn), 0);
    assert_non_null(strstr(b->text, "vf1 open")); /* another number: it is another time */
    clear(b);
    fake_event(&b->f, SRIOV_EVENT_ERROR);
    assert_int_equal(seen, SRIOV_EVENT_ERROR);
    expect(b, "vf1 event 3 comes\n");
}

/* ---- the trace itself ---- */

static void test_options(void **state)
{
    struct book *b = *state;
    struct {
        struct sriov_trace_opts opts;
        uint64_t more;
    } longer = {.opts = {.size = sizeof(longer), .line = write_line, .arg = b}};
    struct sriov_trace_opts opts = longer.opts;
    struct sriov_trace *trace = (void *)b;

    fake_register(&b->f);
    opts.size = 4;
    assert_int_equal(sriov_trace_create(b->f.vmm, &opts, &trace), -EINVAL);
    assert_null(trace);
    opts.size = sizeof(opts);
    opts.flags = 0x80;
    assert_int_equal(sriov_trace_create(b->f.vmm, &opts, &trace), -EINVAL);
    opts.flags = 0;
    opts.line = NULL;
    assert_int_equal(sriov_trace_create(b->f.vmm, &opts, &trace), -EINVAL);
    longer.more = 1;
    assert_int_equal(sriov_trace_create(b->f.vmm, &longer.opts, &trace), -E2BIG);
    b->f.fail_alloc = b->f.alloc_calls + 1;
    longer.more = 0;
    assert_int_equal(sriov_trace_create(b->f.vmm, &longer.opts, &trace), -ENOMEM);
    b->f.fail_alloc = 0;
    assert_int_equal(sriov_trace_create(b->f.vmm, &longer.opts, &trace), 0);
    assert_string_equal(sriov_vmm_name(sriov_trace_vmm(trace)), sriov_vmm_name(b->f.vmm));
    assert_int_equal(sriov_trace_destroy(trace), 0);
    assert_int_equal(sriov_trace_destroy(NULL), 0);
}

static void test_not_while_a_function_is_open(void **state)
{
    struct book *b = *state;

    make(b, 0);
    assert_int_equal(sriov_trace_destroy(b->trace), -EBUSY);
}

/* What fails below leaves nothing behind. */
static void test_open_fails(void **state)
{
    struct book *b = *state;
    struct sriov_fn *fn;

    make(b, 0);
    assert_int_equal(sriov_fn_open(sriov_trace_vmm(b->trace), FAKE_NAME, NULL, &fn), -EBUSY);
    assert_int_equal(sriov_fn_open(sriov_trace_vmm(b->trace), "0000:ff:00.0", NULL, &fn), -ENOENT);
    assert_null(strstr(b->text, "vf1"));
}

static void test_trace_of_a_trace(void **state)
{
    struct book *b = *state;
    struct book outer = {.text = ""};
    const struct sriov_trace_opts opts = {
        .size = sizeof(opts), .name = "outer", .line = write_line, .arg = &outer};
    struct sriov_fn *fn;

    make(b, 0);
    assert_int_equal(sriov_fn_close(b->fn), 0);
    b->fn = NULL;
    assert_int_equal(sriov_trace_create(sriov_trace_vmm(b->trace), &opts, &outer.trace), 0);
    clear(b);
    assert_int_equal(sriov_fn_open(sriov_trace_vmm(outer.trace), FAKE_NAME, NULL, &fn), 0);
    assert_int_equal(sriov_fn_close(fn), 0);
    assert_non_null(strstr(outer.text, "outer0 open " FAKE_NAME "\n"));
    assert_non_null(strstr(b->text, "vf1 open " FAKE_NAME "\n"));
    size_t prefix = strlen("outer0") - strlen("vf1"); /* line by line the same but for the label */
    assert_int_equal(strlen(outer.text), strlen(b->text) + prefix * sriov_trace_lines(outer.trace));
    assert_int_equal(sriov_trace_destroy(outer.trace), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines_are_counted_and_the_caller_notes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors_pass_and_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_views_are_hidden, setup, teardown),
        cmocka_unit_test_setup_teardown(test_addresses_and_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_frames_are_told_by_their_hash, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_comes_while_waiting_is_the_devices, setup, teardown),
        cmocka_unit_test_setup_teardown(test_interrupts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_events, setup, teardown),
        cmocka_unit_test_setup_teardown(test_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_while_a_function_is_open, setup, teardown),
        cmocka_unit_test_setup_teardown(test_open_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trace_of_a_trace, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
