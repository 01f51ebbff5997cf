/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The KVM shim on a real VFIO function, by the library's public calls: the emulated 82576 VF is found,
 * opened, read, written, mapped for DMA, interrupted, reset and closed, twice, with nothing left open.
 * usage: vfio-smoke BDF auto|group|iommufd [noiommu]
 * Prints TAP.
 */
#include <sriov/dma.h>
#include <sriov/irq.h>
#include <sriov/kvm.h>
#include <sriov/log.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define VF_STATUS   0x0008u /* 82576 datasheet 7.10.3: STATUS of a VF */
#define VF_VTIVAR0  0x1700u
#define VF_VMBMEM   0x0800u /* mailbox memory, 16 words */
#define VENDOR      0x8086u
#define DEVICE      0x10cau
#define MS          UINT64_C(1000000)
#define TEST_PIECES 64u

static int tests;
static int failures;

static void is_true(bool good, const char *what)
{
    tests++;
    failures += good ? 0 : 1;
    printf("%sok %d - %s\n", good ? "" : "not ", tests, what);
}

static void is_zero(int got, const char *what)
{
    if (got != 0) {
        printf("# %s: returned %d (%s)\n", what, got, strerror(-got));
    }
    is_true(got == 0, what);
}

static unsigned open_descriptors(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL) {
        return 0;
    }
    while (readdir(dir) != NULL) {
        n++;
    }
    closedir(dir);
    return n;
}

static unsigned mappings(void)
{
    unsigned n = 0;
    int c;
    FILE *maps = fopen("/proc/self/maps", "r");
    if (maps == NULL) {
        return 0;
    }
    while ((c = fgetc(maps)) != EOF) {
        n += c == '\n';
    }
    fclose(maps);
    return n;
}

struct search {
    const char *name;
    struct sriov_fn_info info;
    unsigned hits;
};

static int look(void *arg, const struct sriov_fn_info *info)
{
    struct search *search = arg;
    if (strcmp(info->name, search->name) == 0) {
        search->info = *info;
        search->hits++;
    }
    return 0;
}

static void try_list(struct sriov_vmm *vmm, const char *bdf)
{
    struct search search = {.name = bdf};
    is_zero(sriov_vmm_enumerate(vmm, look, &search), "the functions are listed");
    is_true(search.hits == 1 && search.info.vendor == VENDOR && search.info.device == DEVICE,
            "the VF is among them");
    is_true(search.info.is_vf == 1 && search.info.vf_index == 0 && search.info.pf_name[0] != '\0' &&
                strcmp(search.info.bound_driver, "vfio-pci") == 0 && search.info.class_code == 0x020000,
            "it is VF 0 of a PF, an Ethernet controller, bound to vfio-pci");
}

static void try_registers(struct sriov_fn *fn)
{
    struct sriov_bar bar;
    struct sriov_msix_cap msix;
    uint32_t id = 0;
    is_zero(sriov_cfg_read32(fn, 0, &id), "config space is read");
    is_true(id == (DEVICE << 16 | VENDOR), "IDs are 8086:10ca");
    is_zero(sriov_cfg_msix(fn, &msix), "the MSI-X capability is found");
    is_true(msix.vectors == 3 && msix.table_bar == 3, "3 vectors, table in BAR 3");
    is_zero(sriov_bar_open(fn, 0, 0x4000, &bar), "BAR 0 opens");
    is_true(bar.view != NULL, "BAR 0 has a view");
    uint64_t trapped = 0;
    uint32_t viewed = sriov_rd32(&bar, VF_STATUS);
    is_zero(sriov_bar_read(&bar, VF_STATUS, 4, &trapped), "STATUS is read by the trapped path");
    is_true(viewed == (uint32_t)trapped && viewed != UINT32_MAX, "both ways read the same STATUS");
    sriov_wr32(&bar, VF_VMBMEM, 0x5a17beef);
    is_true(sriov_bar_read32(&bar, VF_VMBMEM) == 0x5a17beef,
            "a word that was stored through the view is there");
    is_zero(sriov_bar_write(&bar, VF_VMBMEM, 4, 0x12345678), "a word is written by the trapped path");
    is_true(sriov_rd32(&bar, VF_VMBMEM) == 0x12345678, "and seen through the view");
    sriov_bar_close(&bar);
    is_zero(sriov_bar_open(fn, 3, 0x1000, &bar), "BAR 3, with the MSI-X table, opens");
    sriov_bar_close(&bar);
}

static void try_dma(struct sriov_fn *fn)
{
    struct sriov_dma_limits limits;
    struct sriov_dma dma[TEST_PIECES];
    struct sriov_dma big;
    uint32_t good = 0;

    is_zero(sriov_dma_limits(fn, &limits), "DMA limits are told");
    printf("# granule %llu, %u ranges, first 0x%llx to 0x%llx, maps_left %llu, bytes_left %llu\n",
           (unsigned long long)limits.granule, limits.num_ranges, (unsigned long long)limits.ranges[0].first,
           (unsigned long long)limits.ranges[0].last, (unsigned long long)limits.maps_left,
           (unsigned long long)limits.bytes_left);
    for (uint32_t i = 0; i < TEST_PIECES; i++) {
        if (sriov_dma_alloc(fn, "smoke", 4096u * (1 + i % 3), 4096, SRIOV_DMA_BOTH, &dma[i]) == 0) {
            memset(dma[i].va, 0x5a, dma[i].length);
            good++;
        }
    }
    is_true(good == TEST_PIECES, "64 pieces of DMA memory");
    is_zero(sriov_dma_alloc(fn, "smoke", UINT64_C(4) << 20, 4096, SRIOV_DMA_DEVICE_READS, &big),
            "and one of 4 MiB");
    is_zero(sriov_dma_free(fn, &big), "which is given back");
    for (uint32_t i = 0; i < good; i++) {
        good -= sriov_dma_free(fn, &dma[i]) != 0 ? 1 : 0;
    }
    is_true(good == TEST_PIECES, "as are the pieces");
}

static void count_irq(void *arg, uint32_t vector)
{
    unsigned *heard = arg;
    heard[vector]++;
}

static bool fd_counted(int fd, uint64_t want)
{
    uint64_t got = 0;
    return (read(fd, &got, sizeof(got)) == (ssize_t)sizeof(got) ? got : 0) == want;
}

static void try_callback(struct sriov_vmm *vmm, struct sriov_fn *fn)
{
    unsigned heard[3] = {0, 0, 0};
    bool pending = false;
    is_zero(sriov_irq_attach(fn, 0, count_irq, heard), "a callback is attached to vector 0");
    is_zero(sriov_irq_trigger(fn, 0), "vector 0 is triggered");
    is_zero(sriov_vmm_wait(vmm, 1000 * MS), "wait returns");
    is_true(heard[0] == 1 && heard[1] == 0, "the callback ran once");
    is_zero(sriov_irq_mask(fn, 0), "vector 0 is masked");
    is_zero(sriov_irq_trigger(fn, 0), "and triggered");
    is_true(sriov_vmm_wait(vmm, 5 * MS) == -ETIMEDOUT && heard[0] == 1, "nothing arrives");
    is_true(sriov_irq_pending(fn, 0, &pending) == 0 && pending, "it is pending");
    is_zero(sriov_irq_unmask(fn, 0), "unmasked");
    sriov_vmm_sleep(vmm, 5 * MS);
    is_true(heard[0] == 2, "it arrives, in sleep");
}

static void try_eventfd(struct sriov_fn *fn)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    bool pending = false;
    is_zero(sriov_irq_attach_fd(fn, 1, fd), "an eventfd is attached to vector 1");
    is_zero(sriov_irq_trigger(fn, 1), "vector 1 is triggered");
    is_true(fd_counted(fd, 1), "the eventfd counted it");
    is_zero(sriov_irq_mask(fn, 1), "vector 1 is masked");
    is_zero(sriov_irq_trigger(fn, 1), "and triggered");
    is_true(fd_counted(fd, 0), "the eventfd does not know");
    is_true(sriov_irq_pending(fn, 1, &pending) == 0 && pending, "it is pending");
    is_zero(sriov_irq_unmask(fn, 1), "unmasked");
    is_true(fd_counted(fd, 1), "now it does");
    is_zero(sriov_irq_detach(fn, 1), "detached");
    is_zero(sriov_irq_trigger(fn, 1), "triggered once more");
    is_true(fd_counted(fd, 0), "which the eventfd does not see");
    close(fd);
}

static void try_interrupts(struct sriov_vmm *vmm, struct sriov_fn *fn)
{
    uint32_t got = 0;
    is_true(sriov_irq_count(fn) == 3, "3 vectors can be had");
    is_zero(sriov_irq_enable(fn, 3, 3, &got), "all are enabled");
    try_callback(vmm, fn);
    try_eventfd(fn);
    is_zero(sriov_fn_reset(fn), "FLR");
    is_zero(sriov_irq_trigger(fn, 0), "vector 0 is triggered after it");
    is_zero(sriov_vmm_wait(vmm, 1000 * MS), "and its callback still runs");
    is_zero(sriov_irq_disable(fn), "interrupts are disabled");
}

static void try_kill(struct sriov_fn *fn)
{
    struct sriov_bar bar;
    is_zero(sriov_bar_open(fn, 0, 0x4000, &bar), "BAR 0 opens again");
    const volatile uint32_t *status = (const volatile uint32_t *)(bar.view + VF_STATUS);
    sriov_fn_kill(fn);
    is_true(*status == UINT32_MAX, "after kill the view that was taken before reads all-ones");
    sriov_bar_close(&bar);
}

static void try_function(struct sriov_vmm *vmm, const char *bdf, const char *backend, uint32_t flags)
{
    struct sriov_fn_opts opts = {.size = sizeof(opts), .flags = flags};
    struct sriov_fn *fn = NULL;
    struct sriov_fn *second = NULL;
    int err = sriov_fn_open(vmm, bdf, &opts, &fn);
    is_zero(err, "the VF opens");
    if (err != 0) {
        return;
    }
    const char *used = sriov_kvm_backend_of(vmm, bdf);
    printf("# backend %s\n", used);
    is_true(strcmp(backend, "auto") == 0 || strcmp(backend, used) == 0 || strcmp(used, "noiommu") == 0,
            "by the backend that was asked for");
    is_true(sriov_fn_open(vmm, bdf, &opts, &second) == -EBUSY, "but not twice");
    try_registers(fn);
    try_dma(fn);
    try_interrupts(vmm, fn);
    try_kill(fn);
    is_true(sriov_fn_close(fn) == 0, "it closes without a leak");
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: vfio-smoke BDF auto|group|iommufd [noiommu]\n");
        return 2;
    }
    bool noiommu = argc > 3 && strcmp(argv[3], "noiommu") == 0;
    unsigned fds = open_descriptors();
    for (int round = 0; round < 2; round++) {
        struct sriov_vmm *vmm = NULL;
        struct sriov_kvm_opts opts = {.size = sizeof(opts),
                                      .backend = (uint32_t)sriov_kvm_backend_parse(argv[2])};
        unsigned maps = mappings();
        opts.flags = noiommu ? SRIOV_KVM_ALLOW_NOIOMMU : 0;
        int err = sriov_kvm_create(&opts, &vmm);
        is_zero(err, "the shim is made");
        if (err != 0) {
            break;
        }
        try_list(vmm, argv[1]);
        try_function(vmm, argv[1], argv[2], noiommu ? SRIOV_OPEN_NOIOMMU : 0);
        is_zero(sriov_kvm_destroy(vmm), "the shim is gone");
        /* The first round may grow the heap and load what the C library needs. */
        is_true(round == 0 || mappings() <= maps, "no mapping is left");
        is_true(open_descriptors() == fds, "no descriptor is left");
    }
    printf("1..%d\n", tests);
    return failures == 0 ? 0 : 1;
}
