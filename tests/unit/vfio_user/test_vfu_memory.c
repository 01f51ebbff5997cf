/* SPDX-License-Identifier: BSD-3-Clause */
/* DMA_MAP and DMA_UNMAP: the device reaches what the client shared, and nothing else. */
#include "bed.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define BOTH (VFU_DMA_F_READ | VFU_DMA_F_WRITE)

static int make_memory(uint64_t pages, int seals)
{
    int fd = memfd_create("client", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)(pages * PAGE)), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

static struct vfu_dma_map map_of(uint64_t addr, uint64_t size, uint64_t offset)
{
    return (struct vfu_dma_map){
        .argsz = sizeof(struct vfu_dma_map), .flags = BOTH, .offset = offset, .addr = addr, .size = size};
}

static int map(struct bed *b, const struct vfu_dma_map *ask, int fd)
{
    bed_send(b, VFU_DMA_MAP, 0, ask, sizeof(*ask), &fd, fd >= 0 ? 1 : 0);
    return bed_reply(b, NULL, 0);
}

static int unmap(struct bed *b, uint64_t addr, uint64_t size, uint32_t flags)
{
    struct vfu_dma_unmap ask = {.argsz = sizeof(ask), .flags = flags, .addr = addr, .size = size};
    struct vfu_dma_unmap answer;
    int rc = bed_ask(b, VFU_DMA_UNMAP, &ask, sizeof(ask), &answer, sizeof(answer));

    if (rc >= 0) {
        assert_int_equal(rc, sizeof(answer));
        assert_memory_equal(&answer, &ask, sizeof(ask));
    }
    return rc < 0 ? rc : 0;
}

/* STATUS of the device's DMA: 0, or 1 for one that was refused. */
static uint32_t dma(struct bed *b, uint64_t iova, uint32_t length, uint32_t command)
{
    bed_wr32(b, TOY_DMA_LO, (uint32_t)iova);
    bed_wr32(b, TOY_DMA_HI, (uint32_t)(iova >> 32));
    bed_wr32(b, TOY_DMA_LEN, length);
    bed_wr32(b, TOY_DMA_CMD, command);
    return bed_rd32(b, TOY_STATUS);
}

static void the_device_reads_and_writes_shared_memory(void **state)
{
    struct bed *b = *state;
    int fd = make_memory(4, F_SEAL_SHRINK);
    struct vfu_dma_map ask = map_of(IOVA, 2 * PAGE, PAGE);
    char text[6];

    assert_int_equal(pwrite(fd, "hello", 6, PAGE + 100), 6);
    assert_int_equal(map(b, &ask, fd), 0);
    assert_int_equal(dma(b, IOVA + 100, 6, TOY_DMA_READ), 0);
    assert_int_equal(bed_read(b, TOY_BAR, TOY_BUFFER, text, sizeof(text)), 0);
    assert_string_equal(text, "hello");
    assert_int_equal(bed_write(b, TOY_BAR, TOY_BUFFER, "world", 6), 0);
    assert_int_equal(dma(b, IOVA + 2 * PAGE - 6, 6, TOY_DMA_WRITE), 0);
    assert_int_equal(pread(fd, text, sizeof(text), 3 * PAGE - 6), 6);
    assert_string_equal(text, "world");
    assert_int_equal(bed_counts(b).maps, 1);
    assert_int_equal(bed_counts(b).bytes, 2 * PAGE);
    close(fd);
    fixture_expect_none(b->f);
}

static void what_was_unmapped_is_out_of_reach(void **state)
{
    struct bed *b = *state;
    int fd = make_memory(2, F_SEAL_SHRINK);
    struct vfu_dma_map ask = map_of(IOVA, 2 * PAGE, 0);

    assert_int_equal(map(b, &ask, fd), 0);
    close(fd);
    assert_int_equal(dma(b, IOVA, 4, TOY_DMA_READ), 0);
    assert_int_equal(unmap(b, IOVA, 2 * PAGE, 0), 0);
    assert_int_equal(dma(b, IOVA, 4, TOY_DMA_READ), 1);
    fixture_expect(b->f, SRIOV_VIOLATION_IOMMU_AFTER_UNMAP);
    assert_int_equal(bed_counts(b).maps, 0);
    assert_int_equal(bed_counts(b).bytes, 0);
    assert_int_equal(map(b, &ask, -1), -EOPNOTSUPP);
}

static void directions_are_kept(void **state)
{
    struct bed *b = *state;
    int fd = make_memory(1, F_SEAL_SHRINK);
    struct vfu_dma_map ask = map_of(IOVA, PAGE, 0);

    ask.flags = VFU_DMA_F_READ;
    assert_int_equal(map(b, &ask, fd), 0);
    close(fd);
    assert_int_equal(dma(b, IOVA, 4, TOY_DMA_READ), 0);
    assert_int_equal(dma(b, IOVA, 4, TOY_DMA_WRITE), 1);
    fixture_expect(b->f, SRIOV_VIOLATION_IOMMU_DIRECTION);
}

static void memory_that_could_vanish_is_refused(void **state)
{
    struct bed *b = *state;
    int fd = make_memory(2, F_SEAL_GROW);
    unsigned fds = bed_fds();
    struct vfu_dma_map ask = map_of(IOVA, 2 * PAGE, 0);

    assert_int_equal(map(b, &ask, fd), -EPERM);
    sriov_vfu_device_del(b->device);
    assert_int_equal(close(b->sock), 0);
    bed_export(b, SRIOV_VFU_UNSEALED, 0);
    bed_connect(b);
    bed_hello(b);
    assert_int_equal(map(b, &ask, fd), 0);
    assert_int_equal(bed_fds(), fds);
    close(fd);
}

static void unshared_memory_is_taken_where_that_was_asked_for(void **state)
{
    struct bed *b = *state;
    struct vfu_dma_map ask = map_of(IOVA, 2 * PAGE, 0);

    sriov_vfu_device_del(b->device);
    assert_int_equal(close(b->sock), 0);
    bed_export(b, SRIOV_VFU_UNSHARED, 0);
    bed_connect(b);
    bed_hello(b);
    assert_int_equal(map(b, &ask, -1), 0);
    assert_int_equal(map(b, &ask, -1), -EEXIST);
    assert_int_equal(dma(b, IOVA, 4, TOY_DMA_READ), 1);
    fixture_expect(b->f, SRIOV_VIOLATION_IOMMU_UNMAPPED);
    assert_int_equal(unmap(b, IOVA, 2 * PAGE, 0), 0);
}

static void what_is_no_memory_is_refused(void **state)
{
    struct bed *b = *state;
    int fd = make_memory(4, F_SEAL_SHRINK);
    const struct vfu_dma_map bad[] = {
        map_of(IOVA, 0, 0),                        /* nothing */
        map_of(IOVA, 5 * PAGE, 0),                 /* more than there is */
        map_of(IOVA, PAGE, 4 * PAGE),              /* behind its end */
        map_of(IOVA, PAGE, UINT64_MAX - PAGE + 1), /* far behind */
        map_of(IOVA + 1, PAGE, 0),                 /* not at a page */
        map_of(IOVA, PAGE + 1, 0),
        map_of(IOVA, PAGE, 1),                      /* not of pages */
        map_of(UINT64_MAX - PAGE + 1, 2 * PAGE, 0), /* around the end */
    };
    struct vfu_dma_map ask;
    unsigned fds = bed_fds();

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(map(b, &bad[i], fd), -EINVAL);
    }
    for (uint32_t flags = 0; flags < 16; flags += 4) {
        ask = map_of(IOVA, PAGE, 0);
        ask.flags = flags;
        assert_int_equal(map(b, &ask, fd), -EINVAL);
    }
    ask = map_of(IOVA, PAGE, 0);
    ask.argsz = 31;
    assert_int_equal(map(b, &ask, fd), -EINVAL);
    ask = map_of(IOVA, PAGE, 0);
    assert_int_equal(bed_ask(b, VFU_DMA_MAP, &ask, sizeof(ask) - 1, NULL, 0), -EINVAL);
    ask = map_of(PAGE, UINT64_MAX - PAGE + 1, 0); /* all there can be */
    assert_int_equal(map(b, &ask, fd), -ENOSPC);
    ask = map_of(UINT64_C(1) << 50, PAGE, 0); /* outside what the IOMMU has */
    assert_int_equal(map(b, &ask, fd), -ERANGE);
    assert_int_equal(map(b, &ask, b->sock), -EINVAL); /* no file */
    assert_int_equal(bed_counts(b).maps, 0);
    assert_int_equal(bed_fds(), fds);
    close(fd);
}

static void two_descriptors_are_one_too_many(void **state)
{
    struct bed *b = *state;
    int fd = make_memory(4, F_SEAL_SHRINK);
    int both[2] = {fd, fd};
    struct vfu_dma_map ask = map_of(IOVA, PAGE, 0);

    bed_send(b, VFU_DMA_MAP, 0, &ask, sizeof(ask), both, 2);
    assert_int_equal(bed_reply(b, NULL, 0), -EINVAL);
    assert_int_equal(bed_counts(b).maps, 0);
    close(fd);
}

static void overlaps_are_refused(void **state)
{
    struct bed *b = *state;
    int fd = make_memory(16, F_SEAL_SHRINK);
    const uint64_t at = IOVA + 4 * PAGE;
    struct vfu_dma_map ask = map_of(at, 4 * PAGE, 0);
    const struct vfu_dma_map bad[] = {
        map_of(at, 4 * PAGE, 0),    map_of(at - PAGE, 2 * PAGE, 0), map_of(at + 3 * PAGE, 2 * PAGE, 0),
        map_of(at + PAGE, PAGE, 0), map_of(at - PAGE, 6 * PAGE, 0),
    };

    assert_int_equal(map(b, &ask, fd), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(map(b, &bad[i], fd), -EEXIST);
    }
    ask = map_of(at - PAGE, PAGE, 0);
    assert_int_equal(map(b, &ask, fd), 0);
    ask = map_of(at + 4 * PAGE, PAGE, 0);
    assert_int_equal(map(b, &ask, fd), 0);
    assert_int_equal(bed_counts(b).maps, 3);
    close(fd);
}

static void unmap_takes_whole_pieces(void **state)
{
    struct bed *b = *state;
    int fd = make_memory(4, F_SEAL_SHRINK);

    for (uint64_t i = 0; i < 4; i++) {
        struct vfu_dma_map ask = map_of(IOVA + 4 * i * PAGE, 2 * PAGE, 0);

        assert_int_equal(map(b, &ask, fd), 0);
    }
    close(fd);
    assert_int_equal(unmap(b, IOVA, PAGE, 0), -EINVAL);
    assert_int_equal(unmap(b, IOVA + PAGE, 8 * PAGE, 0), -EINVAL);
    assert_int_equal(unmap(b, IOVA, 5 * PAGE, 0), -EINVAL);
    assert_int_equal(unmap(b, IOVA, 0, 0), -EINVAL);
    assert_int_equal(unmap(b, IOVA + 1, PAGE, 0), -EINVAL);
    assert_int_equal(unmap(b, UINT64_MAX - PAGE + 1, 2 * PAGE, 0), -EINVAL);
    assert_int_equal(unmap(b, IOVA, 2 * PAGE, 4), -EINVAL);
    assert_int_equal(unmap(b, IOVA, 2 * PAGE, VFU_UNMAP_F_DIRTY), -EOPNOTSUPP);
    /* As an IOMMU's invalidation of all that it could have. */
    assert_int_equal(unmap(b, IOVA + 2 * PAGE, 2 * PAGE, 0), 0);
    assert_int_equal(unmap(b, UINT64_C(1) << 47, UINT64_C(1) << 47, 0), 0);
    assert_int_equal(bed_counts(b).maps, 4);
    assert_int_equal(unmap(b, IOVA + 2 * PAGE, 8 * PAGE, 0), 0); /* the second and third */
    assert_int_equal(bed_counts(b).maps, 2);
    assert_int_equal(dma(b, IOVA, 4, TOY_DMA_READ), 0);
    assert_int_equal(dma(b, IOVA + 12 * PAGE, 4, TOY_DMA_READ), 0);
    assert_int_equal(unmap(b, IOVA, 2 * PAGE, VFU_UNMAP_F_ALL), -EINVAL);
    assert_int_equal(unmap(b, 0, 0, VFU_UNMAP_F_ALL), 0);
    assert_int_equal(bed_counts(b).maps, 0);
    assert_int_equal(unmap(b, 0, 0, VFU_UNMAP_F_ALL), 0);
}

/* A guest's IOMMU maps page by page, in any order. */
static void a_thousand_pieces_in_any_order(void **state)
{
    enum {
        N = 1024
    };
    struct bed *b = *state;
    int fd = make_memory(N, F_SEAL_SHRINK);
    uint32_t word = 0;

    for (uint64_t i = 0; i < N; i++) {
        uint64_t page = i * 389 % N; /* 389 is prime to N: each once */
        struct vfu_dma_map ask = map_of(IOVA + 2 * page * PAGE, PAGE, page * PAGE);

        assert_int_equal(pwrite(fd, &page, 4, (off_t)(page * PAGE)), 4);
        assert_int_equal(map(b, &ask, fd), 0);
    }
    assert_int_equal(bed_counts(b).maps, N);
    for (uint32_t i = 0; i < N; i += 31) {
        assert_int_equal(dma(b, IOVA + UINT64_C(2) * i * PAGE, 4, TOY_DMA_READ), 0);
        assert_int_equal(bed_read(b, TOY_BAR, TOY_BUFFER, &word, 4), 0);
        assert_int_equal(word, i);
    }
    for (uint64_t i = 0; i < N; i++) {
        assert_int_equal(unmap(b, IOVA + 2 * (i * 211 % N) * PAGE, PAGE, 0), 0);
    }
    assert_int_equal(bed_counts(b).maps, 0);
    close(fd);
}

static void pieces_and_bytes_are_bounded(void **state)
{
    struct bed *b = *state;
    struct sriov_vfu_device_opts opts = {.size = sizeof(opts), .max_maps = 3, .max_bytes = 6 * PAGE};
    int fd = make_memory(8, F_SEAL_SHRINK);
    struct vfu_dma_map ask;

    sriov_vfu_device_del(b->device);
    assert_int_equal(close(b->sock), 0);
    assert_int_equal(sriov_vfu_device_add(b->server, b->vf, &opts, &b->device), 0);
    bed_connect(b);
    bed_hello(b);
    ask = map_of(IOVA, 7 * PAGE, 0);
    assert_int_equal(map(b, &ask, fd), -ENOSPC);
    for (uint64_t i = 0; i < 3; i++) {
        ask = map_of(IOVA + i * PAGE, PAGE, 0);
        assert_int_equal(map(b, &ask, fd), 0);
    }
    ask = map_of(IOVA + 3 * PAGE, PAGE, 0);
    assert_int_equal(map(b, &ask, fd), -ENOSPC);
    assert_int_equal(unmap(b, IOVA, PAGE, 0), 0);
    ask = map_of(IOVA + 3 * PAGE, 4 * PAGE, 0);
    assert_int_equal(map(b, &ask, fd), 0);
    close(fd);
}

/* As a guest's IOMMU maps a buffer of two pages. */
static void neighbours_are_one_to_the_device(void **state)
{
    struct bed *b = *state;
    int fd = make_memory(2, F_SEAL_SHRINK);
    struct vfu_dma_map first = map_of(IOVA, PAGE, PAGE);
    struct vfu_dma_map second = map_of(IOVA + PAGE, PAGE, 0);
    char text[8];

    assert_int_equal(pwrite(fd, "over", 4, 2 * PAGE - 4), 4);
    assert_int_equal(pwrite(fd, "map", 4, 0), 4);
    assert_int_equal(map(b, &second, fd), 0);
    assert_int_equal(map(b, &first, fd), 0);
    assert_int_equal(dma(b, IOVA + PAGE - 4, 8, TOY_DMA_READ), 0);
    assert_int_equal(bed_read(b, TOY_BAR, TOY_BUFFER, text, sizeof(text)), 0);
    assert_string_equal(text, "overmap");
    close(fd);
}

/* A PF without VFs is exported as a device of its own, and does its DMA after a reset too. */
static void a_whole_function_is_served(void **state)
{
    struct bed *b = *state;
    struct sriov_fn *vf = b->vf;
    int fd = make_memory(1, F_SEAL_SHRINK);
    struct vfu_dma_map ask = map_of(IOVA, PAGE, 0);
    uint32_t word = 0;

    bed_hang_up(b);
    sriov_vfu_device_del(b->device);
    assert_int_equal(sriov_fn_close(vf), 0);
    assert_int_equal(sriov_fn_set_vfs(b->pf, 0), 0);
    b->vf = b->pf; /* what the bed exports */
    bed_export(b, 0, 0);
    bed_connect(b);
    bed_hello(b);
    assert_int_equal(bed_read(b, VFIO_PCI_CONFIG_REGION_INDEX, 0, &word, 4), 0);
    assert_int_equal(word, TOY_VENDOR | TOY_DEVICE << 16);
    assert_int_equal(bed_read(b, VFIO_PCI_CONFIG_REGION_INDEX, 256, &word, 4), 0);
    assert_int_equal(word, 0); /* no extended capability, so no SR-IOV */
    assert_int_equal(map(b, &ask, fd), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bed_ask(b, VFU_DEVICE_RESET, NULL, 0, NULL, 0), 0);
        assert_int_equal(dma(b, IOVA, 4, TOY_DMA_READ), 0);
    }
    bed_hang_up(b);
    sriov_vfu_device_del(b->device);
    b->vf = NULL;
    close(fd);
}

/* The undefined sanitizer judges: there is no table yet. */
static void unmapping_before_any_map_is_nothing(void **state)
{
    struct bed *b = *state;

    assert_int_equal(unmap(b, IOVA, PAGE, 0), 0);
    assert_int_equal(unmap(b, 0, 0, VFU_UNMAP_F_ALL), 0);
    assert_int_equal(bed_counts(b).maps, 0);
}

static void a_client_that_vanishes_leaves_nothing(void **state)
{
    struct bed *b = *state;
    int fd = make_memory(8, F_SEAL_SHRINK);
    struct vfu_dma_map ask = map_of(IOVA, 8 * PAGE, 0);
    struct sriov_dma_usage usage = {.size = sizeof(usage)};

    assert_int_equal(map(b, &ask, fd), 0);
    bed_wr32(b, TOY_SCRATCH, 0xbad);
    bed_hang_up(b);
    assert_int_equal(sriov_dma_usage(b->vf, &usage), 0);
    assert_int_equal(usage.mappings, 0);
    bed_connect(b);
    bed_hello(b);
    assert_int_equal(bed_rd32(b, TOY_SCRATCH), 0);
    assert_int_equal(dma(b, IOVA, 4, TOY_DMA_READ), 1);
    fixture_expect(b->f, SRIOV_VIOLATION_IOMMU_AFTER_UNMAP);
    assert_int_equal(map(b, &ask, fd), 0);
    assert_int_equal(dma(b, IOVA, 4, TOY_DMA_READ), 0);
    close(fd);
}

static void a_shim_that_refuses_is_passed_on(void **state)
{
    struct bed *b = *state;
    struct sriov_mock_fault fault = {.size = sizeof(fault),
                                     .kind = SRIOV_MOCK_FAULT_OP,
                                     .fn = b->f->vf,
                                     .op = "dma_map",
                                     .nth = 1,
                                     .err = -ENOMEM};
    int fd = make_memory(8, F_SEAL_SHRINK);
    struct vfu_dma_map ask = map_of(IOVA, 8 * PAGE, 0);

    assert_int_equal(sriov_mock_inject(b->f->mock, &fault), 0);
    assert_int_equal(map(b, &ask, fd), -ENOMEM);
    assert_int_equal(bed_counts(b).maps, 0);
    assert_int_equal(map(b, &ask, fd), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BED_TEST(the_device_reads_and_writes_shared_memory),
        BED_TEST(what_was_unmapped_is_out_of_reach),
        BED_TEST(directions_are_kept),
        BED_TEST(memory_that_could_vanish_is_refused),
        BED_TEST(unshared_memory_is_taken_where_that_was_asked_for),
        BED_TEST(what_is_no_memory_is_refused),
        BED_TEST(two_descriptors_are_one_too_many),
        BED_TEST(overlaps_are_refused),
        BED_TEST(unmap_takes_whole_pieces),
        BED_TEST(a_thousand_pieces_in_any_order),
        BED_TEST(pieces_and_bytes_are_bounded),
        BED_TEST(neighbours_are_one_to_the_device),
        BED_TEST(a_whole_function_is_served),
        BED_TEST(unmapping_before_any_map_is_nothing),
        BED_TEST(a_client_that_vanishes_leaves_nothing),
        BED_TEST(a_shim_that_refuses_is_passed_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
