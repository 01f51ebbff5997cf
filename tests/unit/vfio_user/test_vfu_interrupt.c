/* SPDX-License-Identifier: BSD-3-Clause */
/* SET_IRQS in all its forms. */
#include "bed.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MSIX    VFIO_PCI_MSIX_IRQ_INDEX
#define EVENTFD VFIO_IRQ_SET_DATA_EVENTFD
#define NONE    VFIO_IRQ_SET_DATA_NONE
#define BOOL    VFIO_IRQ_SET_DATA_BOOL
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define MASK    VFIO_IRQ_SET_ACTION_MASK
#define UNMASK  VFIO_IRQ_SET_ACTION_UNMASK
#define SET(...)                                                                                             \
    (struct vfu_irq_set)                                                                                     \
    {                                                                                                        \
        .argsz = sizeof(struct vfu_irq_set), __VA_ARGS__                                                     \
    }

static int set_irqs(struct bed *b, struct vfu_irq_set set, const int *fds, uint32_t num_fds)
{
    bed_send(b, VFU_DEVICE_SET_IRQS, 0, &set, sizeof(set), fds, num_fds);
    return bed_reply(b, NULL, 0);
}

static int set_bools(struct bed *b, struct vfu_irq_set set, const uint8_t *data, uint32_t n)
{
    uint8_t message[sizeof(set) + 16];

    memcpy(message, &set, sizeof(set));
    memcpy(message + sizeof(set), data, n);
    return bed_ask(b, VFU_DEVICE_SET_IRQS, message, (uint32_t)sizeof(set) + n, NULL, 0);
}

/* How often it rang since the last look. */
static uint64_t rang(int fd)
{
    uint64_t n = 0;

    return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

static void make_fds(int *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        assert_true(fds[i] >= 0);
    }
}

static void close_fds(const int *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        close(fds[i]);
    }
}

static void attach_all(struct bed *b, int *fds)
{
    make_fds(fds, TOY_VECTORS);
    assert_int_equal(
        set_irqs(b, SET(.flags = EVENTFD | TRIGGER, .index = MSIX, .count = TOY_VECTORS), fds, TOY_VECTORS),
        0);
}

static void only_msix_has_vectors(void **state)
{
    struct bed *b = *state;

    for (uint32_t i = 0; i < VFIO_PCI_NUM_IRQS; i++) {
        struct vfu_irq_info info = {.argsz = sizeof(info), .index = i};

        assert_int_equal(bed_ask(b, VFU_DEVICE_GET_IRQ_INFO, &info, sizeof(info), &info, sizeof(info)),
                         sizeof(info));
        assert_int_equal(info.count, i == MSIX ? TOY_VECTORS : 0);
        assert_int_equal(info.flags, i == MSIX ? VFIO_IRQ_INFO_EVENTFD : 0);
    }
}

static void vectors_ring_their_eventfds(void **state)
{
    struct bed *b = *state;
    int fds[TOY_VECTORS];

    attach_all(b, fds);
    for (uint32_t i = 0; i < TOY_VECTORS; i++) {
        bed_wr32(b, TOY_IRQ, i);
        for (uint32_t j = 0; j < TOY_VECTORS; j++) {
            assert_int_equal(rang(fds[j]), i == j ? 1 : 0);
        }
    }
    close_fds(fds, TOY_VECTORS);
}

static void a_new_eventfd_takes_the_place_of_the_old(void **state)
{
    struct bed *b = *state;
    int fds[TOY_VECTORS];
    unsigned before;
    int other;

    attach_all(b, fds);
    make_fds(&other, 1);
    before = bed_fds();
    assert_int_equal(
        set_irqs(b, SET(.flags = EVENTFD | TRIGGER, .index = MSIX, .start = 2, .count = 1), &other, 1), 0);
    assert_int_equal(bed_fds(), before);
    bed_wr32(b, TOY_IRQ, 2);
    assert_int_equal(rang(fds[2]), 0);
    assert_int_equal(rang(other), 1);
    close(other);
    close_fds(fds, TOY_VECTORS);
}

static void without_descriptors_vectors_are_detached(void **state)
{
    struct bed *b = *state;
    int fds[TOY_VECTORS];

    attach_all(b, fds);
    assert_int_equal(
        set_irqs(b, SET(.flags = EVENTFD | TRIGGER, .index = MSIX, .start = 1, .count = 2), NULL, 0), 0);
    for (uint32_t i = 0; i < TOY_VECTORS; i++) {
        bed_wr32(b, TOY_IRQ, i);
        assert_int_equal(rang(fds[i]), i == 1 || i == 2 ? 0 : 1);
    }
    close_fds(fds, TOY_VECTORS);
}

static void no_vectors_at_all_turns_them_off(void **state)
{
    struct bed *b = *state;
    unsigned before = bed_fds();
    int fds[TOY_VECTORS];

    attach_all(b, fds);
    assert_int_equal(set_irqs(b, SET(.flags = NONE | TRIGGER, .index = MSIX), NULL, 0), 0);
    assert_int_equal(bed_fds(), before + TOY_VECTORS);
    bed_wr32(b, TOY_IRQ, 0);
    assert_int_equal(rang(fds[0]), 0);
    assert_int_equal(set_irqs(b, SET(.flags = NONE | TRIGGER, .index = MSIX), NULL, 0), 0);
    close_fds(fds, TOY_VECTORS);
    attach_all(b, fds);
    assert_int_equal(rang(fds[0]), 1); /* it was pending */
    bed_wr32(b, TOY_IRQ, 0);
    assert_int_equal(rang(fds[0]), 1);
    close_fds(fds, TOY_VECTORS);
    for (uint32_t i = 0; i < VFIO_PCI_NUM_IRQS; i++) { /* those that never were on */
        assert_int_equal(set_irqs(b, SET(.flags = NONE | TRIGGER, .index = i), NULL, 0), 0);
    }
}

static void masked_vectors_wait(void **state)
{
    struct bed *b = *state;
    int fds[TOY_VECTORS];

    attach_all(b, fds);
    assert_int_equal(set_irqs(b, SET(.flags = NONE | MASK, .index = MSIX, .start = 1, .count = 2), NULL, 0),
                     0);
    for (uint32_t i = 0; i < TOY_VECTORS; i++) {
        bed_wr32(b, TOY_IRQ, i);
        assert_int_equal(rang(fds[i]), i == 1 || i == 2 ? 0 : 1);
    }
    assert_int_equal(set_bools(b, SET(.flags = BOOL | UNMASK, .index = MSIX, .start = 1, .count = 2),
                               (const uint8_t[]){0, 1}, 2),
                     0);
    assert_int_equal(rang(fds[1]), 0);
    assert_int_equal(rang(fds[2]), 1);
    assert_int_equal(set_irqs(b, SET(.flags = NONE | UNMASK, .index = MSIX, .count = TOY_VECTORS), NULL, 0),
                     0);
    assert_int_equal(rang(fds[1]), 1);
    close_fds(fds, TOY_VECTORS);
}

static void a_client_can_trigger_its_own(void **state)
{
    struct bed *b = *state;
    int fds[TOY_VECTORS];

    attach_all(b, fds);
    assert_int_equal(
        set_irqs(b, SET(.flags = NONE | TRIGGER, .index = MSIX, .start = 3, .count = 1), NULL, 0), 0);
    assert_int_equal(rang(fds[3]), 1);
    assert_int_equal(set_bools(b, SET(.flags = BOOL | TRIGGER, .index = MSIX, .count = 4),
                               (const uint8_t[]){0, 1, 0, 7}, 4),
                     0);
    assert_int_equal(rang(fds[0]), 0);
    assert_int_equal(rang(fds[1]), 1);
    assert_int_equal(rang(fds[2]), 0);
    assert_int_equal(rang(fds[3]), 1);
    close_fds(fds, TOY_VECTORS);
}

static void a_full_counter_stops_nobody(void **state)
{
    const uint64_t full = UINT64_MAX - 1;
    struct bed *b = *state;
    int fds[TOY_VECTORS];
    int blocking = eventfd(0, EFD_CLOEXEC);

    attach_all(b, fds);
    assert_int_equal(set_irqs(b, SET(.flags = EVENTFD | TRIGGER, .index = MSIX, .count = 1), &blocking, 1),
                     0);
    assert_int_equal(fcntl(blocking, F_SETFL, 0), 0); /* which the server shares */
    assert_int_equal(write(blocking, &full, sizeof(full)), sizeof(full));
    bed_wr32(b, TOY_IRQ, 0);
    assert_int_equal(set_irqs(b, SET(.flags = NONE | TRIGGER, .index = MSIX, .count = 1), NULL, 0), 0);
    assert_int_equal(rang(blocking), full);
    close(blocking);
    close_fds(fds, TOY_VECTORS);
}

static void what_makes_no_sense_is_refused(void **state)
{
    const struct vfu_irq_set bad[] = {
        SET(.flags = NONE | TRIGGER, .index = MSIX, .start = TOY_VECTORS, .count = 1),
        SET(.flags = NONE | TRIGGER, .index = MSIX, .start = UINT32_MAX, .count = 2),
        SET(.flags = NONE | TRIGGER, .index = MSIX, .start = 1, .count = UINT32_MAX),
        SET(.flags = NONE | TRIGGER, .index = MSIX, .count = TOY_VECTORS + 1),
        SET(.flags = NONE | TRIGGER, .index = MSIX, .start = 1),
        SET(.flags = NONE | TRIGGER, .index = VFIO_PCI_INTX_IRQ_INDEX, .count = 1),
        SET(.flags = NONE | TRIGGER, .index = VFIO_PCI_NUM_IRQS),
        SET(.flags = NONE | TRIGGER, .index = UINT32_MAX),
        SET(.flags = NONE, .index = MSIX, .count = 1),
        SET(.flags = TRIGGER, .index = MSIX, .count = 1),
        SET(.flags = NONE | BOOL | TRIGGER, .index = MSIX, .count = 1),
        SET(.flags = NONE | MASK | UNMASK, .index = MSIX, .count = 1),
        SET(.flags = NONE | TRIGGER | 64, .index = MSIX, .count = 1),
        SET(.flags = NONE | MASK, .index = MSIX),
        SET(.flags = EVENTFD | TRIGGER, .index = MSIX),
        SET(.flags = EVENTFD | MASK, .index = MSIX, .count = 1),
        SET(.flags = BOOL | TRIGGER, .index = MSIX, .count = 4), /* without its bytes */
        SET(.flags = NONE | MASK, .index = MSIX, .count = 1),    /* before they are on */
    };
    struct bed *b = *state;
    struct vfu_irq_set set = SET(.flags = NONE | TRIGGER, .index = MSIX);

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(set_irqs(b, bad[i], NULL, 0), -EINVAL);
    }
    assert_int_equal(bed_ask(b, VFU_DEVICE_SET_IRQS, &set, sizeof(set) - 1, NULL, 0), -EINVAL);
    set.argsz = 19;
    assert_int_equal(set_irqs(b, set, NULL, 0), -EINVAL);
}

static void descriptors_that_do_not_fit_are_refused_and_closed(void **state)
{
    const struct vfu_irq_set two = SET(.flags = EVENTFD | TRIGGER, .index = MSIX, .count = 2);
    struct bed *b = *state;
    int pipes[2];
    int mixed[2];
    unsigned before;
    int fds[TOY_VECTORS];

    make_fds(fds, TOY_VECTORS);
    assert_int_equal(pipe(pipes), 0);
    before = bed_fds();
    assert_int_equal(set_irqs(b, two, fds, 1), -EINVAL);
    assert_int_equal(set_irqs(b, two, fds, 3), -EINVAL);
    assert_int_equal(set_irqs(b, SET(.flags = NONE | TRIGGER, .index = MSIX, .count = 2), fds, 2), -EINVAL);
    assert_int_equal(set_irqs(b, SET(.flags = NONE | TRIGGER, .index = MSIX), fds, 1), -EINVAL);
    mixed[0] = fds[0];
    mixed[1] = pipes[1]; /* no eventfd: then the first is not kept either */
    assert_int_equal(set_irqs(b, two, mixed, 2), -EINVAL);
    assert_int_equal(bed_fds(), before);
    bed_wr32(b, TOY_IRQ, 0);
    assert_int_equal(rang(fds[0]), 0);
    close(pipes[0]);
    close(pipes[1]);
    close_fds(fds, TOY_VECTORS);
}

static void they_outlive_a_reset_but_not_the_client(void **state)
{
    struct bed *b = *state;
    unsigned before = bed_fds();
    int fds[TOY_VECTORS];

    attach_all(b, fds);
    assert_int_equal(bed_ask(b, VFU_DEVICE_RESET, NULL, 0, NULL, 0), 0);
    bed_wr32(b, TOY_IRQ, 1);
    assert_int_equal(rang(fds[1]), 1);
    bed_hang_up(b);
    bed_connect(b);
    bed_hello(b);
    assert_int_equal(bed_fds(), before + TOY_VECTORS);
    bed_wr32(b, TOY_IRQ, 1);
    assert_int_equal(rang(fds[1]), 0);
    close_fds(fds, TOY_VECTORS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BED_TEST(only_msix_has_vectors),
        BED_TEST(vectors_ring_their_eventfds),
        BED_TEST(a_new_eventfd_takes_the_place_of_the_old),
        BED_TEST(without_descriptors_vectors_are_detached),
        BED_TEST(no_vectors_at_all_turns_them_off),
        BED_TEST(masked_vectors_wait),
        BED_TEST(a_client_can_trigger_its_own),
        BED_TEST(a_full_counter_stops_nobody),
        BED_TEST(what_makes_no_sense_is_refused),
        BED_TEST(descriptors_that_do_not_fit_are_refused_and_closed),
        BED_TEST(they_outlive_a_reset_but_not_the_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
