/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A planted bug, for a PV domU: sriovctl whose Xen shim gives memory as one would outside Xen. It is
 * ordinary, locked memory, and its bus address is made of the page frame number that the kernel tells in
 * pagemap. In a PV domain that number is only the domain's own name for a frame: the device is led to a
 * machine frame of somebody else's, and Xen's IOMMU has to stop it. The linker puts these functions in the
 * place of the shim's own (--wrap).
 */
#include <sriov/vmm.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE      4096u
#define PFN_MASK  ((UINT64_C(1) << 55) - 1)
#define MAP_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE)

int __wrap_sxen_op_dma_alloc(void *handle, struct sriov_dma_mem *mem);
int __wrap_sxen_op_dma_free(void *handle, const struct sriov_dma_mem *mem);

/* What /proc/self/pagemap says of the page; 0: nothing. */
static uint64_t page_frame(const void *va)
{
    uint64_t entry = 0;
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return 0;
    }
    ssize_t got = pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)va / PAGE * sizeof(entry)));
    (void)close(fd);
    return got == (ssize_t)sizeof(entry) ? entry & PFN_MASK : 0;
}

int __wrap_sxen_op_dma_alloc(void *handle, struct sriov_dma_mem *mem)
{
    void *va = mmap(NULL, mem->length, PROT_READ | PROT_WRITE, MAP_FLAGS, -1, 0);

    (void)handle;
    if (va == MAP_FAILED) {
        return -ENOMEM;
    }
    mem->va = va;
    mem->iova.raw = page_frame(va) * PAGE;
    mem->cookie = 0;
    if (mem->iova.raw == 0) {
        (void)munmap(va, mem->length);
        return -EPERM;
    }
    return 0;
}

int __wrap_sxen_op_dma_free(void *handle, const struct sriov_dma_mem *mem)
{
    (void)handle;
    return munmap(mem->va, mem->length) == 0 ? 0 : -EINVAL;
}
