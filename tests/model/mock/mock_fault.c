/* SPDX-License-Identifier: BSD-3-Clause */
/* Each kind of fault, on exactly the occasion asked for. */
#include "fixture.h"

static void inject(struct fixture *f, struct sriov_mock_fault fault)
{
    fault.size = sizeof(fault);
    assert_int_equal(sriov_mock_inject(f->mock, &fault), 0);
}

static int read_scratch(struct fixture *f, void *fn)
{
    uint64_t value = 0;
    int err = f->ops->bar_read(fn, TOY_BAR, TOY_SCRATCH, 4, &value);

    assert_true(err == 0 || value == UINT32_MAX);
    return err;
}

static void the_nth_call_fails(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);

    inject(f, (struct sriov_mock_fault){
                  .kind = SRIOV_MOCK_FAULT_OP, .op = "bar_read", .nth = 2, .times = 2, .err = -EFAULT});
    assert_int_equal(read_scratch(f, fn), 0);
    fixture_wr(f, fn, TOY_SCRATCH, 1); /* another op is no occasion */
    assert_int_equal(read_scratch(f, fn), -EFAULT);
    assert_int_equal(read_scratch(f, fn), -EFAULT);
    assert_int_equal(read_scratch(f, fn), 0);
    assert_int_equal(sriov_mock_clear_faults(f->mock), 2);
    assert_int_equal(sriov_mock_clear_faults(f->mock), 0);
    f->ops->close(fn);
}

static void any_op_and_for_ever(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    uint32_t value;

    inject(f, (struct sriov_mock_fault){
                  .kind = SRIOV_MOCK_FAULT_OP, .nth = 2, .times = UINT64_MAX, .err = -EPERM});
    f->ops->relax(f->vmm); /* cannot fail: no occasion */
    assert_int_equal(read_scratch(f, fn), 0);
    assert_int_equal(f->ops->cfg_read(fn, 0, 4, &value), -EPERM);
    assert_null(f->ops->host_alloc(f->vmm, 16, 16));
    assert_int_equal(f->ops->wait(f->vmm, 0), -EPERM);
    assert_int_equal(sriov_mock_clear_faults(f->mock), 3);
    f->ops->close(fn);
}

static void a_fault_keeps_to_its_function(void **state)
{
    struct fixture *f = *state;
    void *pf = fixture_open(f, f->pf);
    void *vf;

    fixture_vfs(f, pf, 1);
    vf = fixture_open(f, f->vf);
    inject(f, (struct sriov_mock_fault){
                  .kind = SRIOV_MOCK_FAULT_OP, .fn = f->vf, .op = "bar_read", .nth = 1, .err = -EFAULT});
    assert_int_equal(read_scratch(f, pf), 0);
    assert_int_equal(read_scratch(f, vf), -EFAULT);
    f->ops->close(vf);
    f->ops->close(pf);
}

/* Each kind with the names that it can meet, and with those that it never would. */
static void a_fault_that_never_comes_is_refused(void **state)
{
    static const char *const names[] = {"rx", "tx", "to-vf", "to-pf", "irq", "bar_read", "wait"};
    static const struct {
        uint32_t kind;
        const char *fits; /* of names */
    } rows[] = {
        {SRIOV_MOCK_FAULT_OP, "-----xx"},         {SRIOV_MOCK_FAULT_GONE, "-----x-"},
        {SRIOV_MOCK_FAULT_MBX_SILENT, "--xx---"}, {SRIOV_MOCK_FAULT_MBX_LATE, "--xx---"},
        {SRIOV_MOCK_FAULT_MBX_WRONG, "--xx---"},  {SRIOV_MOCK_FAULT_IRQ_LOST, "----x--"},
        {SRIOV_MOCK_FAULT_IRQ_TWICE, "----x--"},  {SRIOV_MOCK_FAULT_WB_LATE, "xx-----"},
        {SRIOV_MOCK_FAULT_WB_REORDER, "xx-----"}, {SRIOV_MOCK_FAULT_WB_HOSTILE, "xx-----"},
        {SRIOV_MOCK_FAULT_DMA, "xx-----"},
    };
    struct fixture *f = *state;
    struct sriov_mock_fault fault = {.size = sizeof(fault), .nth = 1, .err = -EFAULT};

    for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
        for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
            fault.kind = rows[r].kind;
            fault.op = names[n];
            assert_int_equal(sriov_mock_inject(f->mock, &fault), rows[r].fits[n] == 'x' ? 0 : -EINVAL);
        }
    }
    fault.fn = f->pf;
    fault.op = "wait";
    fault.kind = SRIOV_MOCK_FAULT_OP;
    assert_int_equal(sriov_mock_inject(f->mock, &fault), -EINVAL);
    (void)sriov_mock_clear_faults(f->mock);
}

/* While its driver waits: the op is no function's, so that the fault names the one that goes. */
static void gone_while_waiting(void **state)
{
    static const char *const names[] = {"relax", "sleep_ns", "wait"};
    struct fixture *f = *state;

    for (size_t i = 0; i < 3; i++) {
        char pf[SRIOV_NAME_MAX];
        void *fn;

        assert_int_equal(sriov_mock_add_model(f->mock, &toy_model, NULL, pf), 0);
        fn = fixture_open(f, pf);
        inject(f,
               (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_GONE, .fn = pf, .op = names[i], .nth = 2});
        for (unsigned turn = 0; turn < 2; turn++) {
            assert_int_equal(read_scratch(f, fn), 0);
            f->ops->relax(f->vmm);
            f->ops->sleep_ns(f->vmm, 1);
            (void)f->ops->wait(f->vmm, 1);
        }
        assert_int_equal(read_scratch(f, fn), -ENODEV);
        assert_int_equal(sriov_mock_clear_faults(f->mock), 1);
        f->ops->close(fn);
    }
}

static void open_can_fail(void **state)
{
    struct fixture *f = *state;
    struct sriov_open_args args = {.size = sizeof(args), .name = f->pf};
    void *fn = NULL;

    inject(f, (struct sriov_mock_fault){
                  .kind = SRIOV_MOCK_FAULT_OP, .fn = f->pf, .op = "open", .nth = 1, .err = -EPERM});
    assert_int_equal(f->ops->open(f->vmm, &args, &fn), -EPERM);
    assert_int_equal(sriov_mock_held(f->mock), 0);
    assert_int_equal(f->ops->open(f->vmm, &args, &fn), 0);
    f->ops->close(fn);
}

static void gone_in_the_middle(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);

    inject(f, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_GONE, .op = "bar_read", .nth = 3});
    assert_int_equal(read_scratch(f, fn), 0);
    assert_int_equal(read_scratch(f, fn), 0);
    assert_int_equal(read_scratch(f, fn), -ENODEV);
    assert_int_equal(f->ops->bar_write(fn, TOY_BAR, 0, 4, 0), -ENODEV);
    f->ops->close(fn);
}

static void what_a_fault_kept_from_being_freed_is_no_leak(void **state)
{
    struct fixture *f = *state;
    struct sriov_dma_mem mem = fixture_mem(IOVA, PAGE, SRIOV_DMA_BOTH);
    void *fn = fixture_open(f, f->pf);

    assert_int_equal(f->ops->dma_alloc(fn, &mem), 0);
    inject(f, (struct sriov_mock_fault){
                  .kind = SRIOV_MOCK_FAULT_OP, .op = "dma_free", .nth = 1, .err = -EFAULT});
    assert_int_equal(f->ops->dma_free(fn, &mem), -EFAULT);
    f->ops->close(fn);
    fixture_expect_none(f);
}

static void mail(struct fixture *f, void *vf, uint32_t word)
{
    fixture_wr(f, vf, TOY_MBX, word);
}

static void mailbox_silent_late_and_wrong(void **state)
{
    struct fixture *f = *state;
    void *pf = fixture_open(f, f->pf);
    void *vf;

    fixture_vfs(f, pf, 1);
    vf = fixture_open(f, f->vf);
    inject(f, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_MBX_SILENT, .op = "to-pf", .nth = 2});
    inject(f, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_MBX_LATE, .nth = 3, .value = 100});
    inject(f, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_MBX_WRONG, .nth = 4, .value = 0xbad});
    inject(f, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_MBX_SILENT, .op = "to-vf", .nth = 1});
    mail(f, vf, 1);
    assert_int_equal(fixture_rd(f, pf, TOY_INBOX), 1);
    mail(f, vf, 2);
    assert_int_equal(fixture_rd(f, pf, TOY_INBOX), 1);
    mail(f, vf, 3);
    assert_int_equal(fixture_rd(f, pf, TOY_INBOX), 1);
    sriov_mock_advance(f->mock, 99);
    assert_int_equal(fixture_rd(f, pf, TOY_INBOX), 1);
    sriov_mock_advance(f->mock, 1);
    assert_int_equal(fixture_rd(f, pf, TOY_INBOX), 3);
    mail(f, vf, 4);
    assert_int_equal(fixture_rd(f, pf, TOY_INBOX), 0xbad);
    assert_int_equal(sriov_mock_clear_faults(f->mock), 3);
    f->ops->close(vf);
    f->ops->close(pf);
}

static void writebacks_late_reordered_and_hostile(void **state)
{
    struct fixture *f = *state;
    struct sriov_dma_mem mem = fixture_mem(IOVA, PAGE, SRIOV_DMA_BOTH);
    void *fn = fixture_open(f, f->pf);
    volatile uint32_t *order;

    assert_int_equal(f->ops->dma_alloc(fn, &mem), 0);
    order = mem.va; /* word 2 of each write-back says which one it was */
    fixture_wr(f, fn, TOY_DMA_LO, (uint32_t)IOVA);
    inject(f, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_WB_REORDER, .op = "rx", .nth = 1});
    inject(f, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_WB_LATE, .nth = 3, .value = 10});
    inject(f, (struct sriov_mock_fault){
                  .kind = SRIOV_MOCK_FAULT_WB_HOSTILE, .op = "rx", .nth = 4, .index = 1, .value = 0xffff});
    inject(f, (struct sriov_mock_fault){
                  .kind = SRIOV_MOCK_FAULT_WB_HOSTILE, .op = "rx", .nth = 4, .index = 4, .value = 0xffff});
    inject(f, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_WB_LATE, .op = "tx", .nth = 1, .value = 10});
    fixture_wr(f, fn, TOY_WB, 0);
    assert_int_equal(order[2], 0);
    fixture_wr(f, fn, TOY_WB, 1);
    assert_int_equal(order[6], 1);
    sriov_mock_advance(f->mock, MS);
    assert_int_equal(order[2], 2);
    fixture_wr(f, fn, TOY_WB, 2);
    assert_int_equal(order[10], 0);
    sriov_mock_advance(f->mock, 10);
    assert_int_equal(order[10], 3);
    fixture_wr(f, fn, TOY_WB, 3);
    assert_int_equal(order[13], 0xffff);
    assert_int_equal(f->ops->dma_free(fn, &mem), 0);
    f->ops->close(fn);
    fixture_expect_none(f);
}

static void count(void *arg, uint32_t vector)
{
    (void)vector;
    ++*(unsigned *)arg;
}

static void interrupts_lost_and_doubled(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    unsigned calls = 0;
    struct sriov_irq_sink sink = {
        .size = sizeof(sink), .kind = SRIOV_SINK_CALLBACK, .fd = -1, .cb = count, .arg = &calls};
    uint32_t n = 1;

    assert_int_equal(f->ops->irq_enable(fn, &n), 0);
    assert_int_equal(f->ops->irq_attach(fn, 0, &sink), 0);
    inject(f, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_IRQ_LOST, .nth = 1});
    inject(f, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_IRQ_TWICE, .nth = 2});
    fixture_wr(f, fn, TOY_IRQ, 0);
    f->ops->relax(f->vmm);
    assert_int_equal(calls, 0);
    fixture_wr(f, fn, TOY_IRQ, 0);
    f->ops->relax(f->vmm);
    assert_int_equal(calls, 2);
    fixture_wr(f, fn, TOY_IRQ, 0);
    f->ops->relax(f->vmm);
    assert_int_equal(calls, 3);
    assert_int_equal(f->ops->irq_disable(fn), 0);
    f->ops->close(fn);
}

static void the_iommu_refuses(void **state)
{
    struct fixture *f = *state;
    struct sriov_dma_mem mem = fixture_mem(IOVA, PAGE, SRIOV_DMA_BOTH);
    void *fn = fixture_open(f, f->pf);

    assert_int_equal(f->ops->dma_alloc(fn, &mem), 0);
    inject(f, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_DMA, .op = "rx", .nth = 2});
    assert_int_equal(fixture_dma(f, fn, IOVA, 16, TOY_DMA_WRITE), 0);
    assert_int_equal(fixture_dma(f, fn, IOVA, 16, TOY_DMA_READ), 0); /* "tx" */
    assert_int_equal(fixture_dma(f, fn, IOVA, 16, TOY_DMA_WRITE), 1);
    fixture_expect_none(f);
    assert_int_equal(f->ops->dma_free(fn, &mem), 0);
    f->ops->close(fn);
}

static void nonsense_is_refused(void **state)
{
    struct fixture *f = *state;
    struct sriov_mock_fault fault = {.size = sizeof(fault), .kind = SRIOV_MOCK_FAULT_OP, .nth = 1};

    assert_int_equal(sriov_mock_inject(f->mock, &fault), -EINVAL); /* no error to return */
    fault.err = -EPERM;
    fault.nth = 0;
    assert_int_equal(sriov_mock_inject(f->mock, &fault), -EINVAL);
    fault.nth = 1;
    fault.kind = 99;
    assert_int_equal(sriov_mock_inject(f->mock, &fault), -EINVAL);
    fault.kind = SRIOV_MOCK_FAULT_OP;
    fault.op = "bar_raed";
    assert_int_equal(sriov_mock_inject(f->mock, &fault), -EINVAL);
    fault.op = "rx";
    assert_int_equal(sriov_mock_inject(f->mock, &fault), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOCK_TEST(the_nth_call_fails),
        MOCK_TEST(any_op_and_for_ever),
        MOCK_TEST(a_fault_keeps_to_its_function),
        MOCK_TEST(a_fault_that_never_comes_is_refused),
        MOCK_TEST(gone_while_waiting),
        MOCK_TEST(open_can_fail),
        MOCK_TEST(gone_in_the_middle),
        MOCK_TEST(what_a_fault_kept_from_being_freed_is_no_leak),
        MOCK_TEST(mailbox_silent_late_and_wrong),
        MOCK_TEST(writebacks_late_reordered_and_hostile),
        MOCK_TEST(interrupts_lost_and_doubled),
        MOCK_TEST(the_iommu_refuses),
        MOCK_TEST(nonsense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
