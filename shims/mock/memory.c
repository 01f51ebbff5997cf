/* SPDX-License-Identifier: BSD-3-Clause */
/* Host memory for the core and the drivers: every block is known, so that a wrong free is named. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define MOCK_ALIGN_MAX 4096u

static void *aligned_zeroed(size_t size, size_t align)
{
    void *ptr = NULL;

    if (posix_memalign(&ptr, align < sizeof(void *) ? sizeof(void *) : align, size) != 0) {
        return NULL;
    }
    memset(ptr, 0, size);
    return ptr;
}

void *mock_host_alloc(void *vmm, size_t size, size_t align)
{
    struct sriov_mock *mock = vmm;
    void *ptr;

    if (mock_gate(mock, NULL, MOCK_OP_host_alloc) != 0) {
        return NULL;
    }
    if (size == 0 || !mock_is_pow2(align) || align > MOCK_ALIGN_MAX) {
        mock_contract(mock, "", "host_alloc of %zu bytes aligned to %zu", size, align);
        return NULL;
    }
    if (!mock_grow((void **)&mock->blocks, &mock->blocks_room, mock->num_blocks, sizeof(*mock->blocks))) {
        return NULL;
    }
    ptr = aligned_zeroed(size, align);
    if (ptr != NULL) {
        mock->blocks[mock->num_blocks].ptr = ptr;
        mock->blocks[mock->num_blocks].size = size;
        mock->num_blocks++;
    }
    return ptr;
}

void mock_host_free(void *vmm, void *ptr, size_t size)
{
    struct sriov_mock *mock = vmm;
    size_t i = mock->num_blocks;

    (void)mock_gate(mock, NULL, MOCK_OP_host_free);
    if (ptr == NULL) {
        return;
    }
    while (i > 0 && mock->blocks[i - 1].ptr != ptr) {
        i--;
    }
    if (i == 0) {
        mock_contract(mock, "", "host_free of a block that is not allocated");
        return;
    }
    if (mock->blocks[i - 1].size != size) {
        mock_contract(mock, "", "host_free says %zu bytes of a block of %zu", size, mock->blocks[i - 1].size);
    }
    mock_dma_check_free(mock, ptr, mock->blocks[i - 1].size);
    mock->num_blocks--;
    memmove(&mock->blocks[i - 1], &mock->blocks[i], (mock->num_blocks - (i - 1)) * sizeof(*mock->blocks));
    free(ptr);
}

void mock_memory_destroy(struct sriov_mock *mock)
{
    for (size_t i = 0; i < mock->num_blocks; i++) {
        mock_leak(mock, "", sriov_iova(0), mock->blocks[i].size, "block of host_alloc");
        free(mock->blocks[i].ptr);
    }
    free(mock->blocks);
}
