/* SPDX-License-Identifier: BSD-3-Clause */
#include "libc.h"

#include <string.h>

/* Ahead of each piece, since free() is not told the size. */
struct piece {
    size_t size;
    size_t unused; /* keeps what follows aligned */
};

static struct sriov_vmm *source;

void libc_use(struct sriov_vmm *vmm)
{
    source = vmm;
}

void *calloc(size_t n, size_t size);
void free(void *ptr);
int strcmp(const char *a, const char *b);
int bcmp(const void *a, const void *b, size_t n);

void *calloc(size_t n, size_t size)
{
    if (source == NULL || (size != 0 && n > (SIZE_MAX - sizeof(struct piece)) / size)) {
        return NULL;
    }
    size_t whole = n * size + sizeof(struct piece);
    struct piece *piece = sriov_vmm_ops(source)->host_alloc(sriov_vmm_ctx(source), whole, 64);
    if (piece == NULL) {
        return NULL;
    }
    piece->size = whole;
    return piece + 1;
}

void free(void *ptr)
{
    if (ptr != NULL) {
        struct piece *piece = (struct piece *)ptr - 1;
        sriov_vmm_ops(source)->host_free(sriov_vmm_ctx(source), piece, piece->size);
    }
}

int strcmp(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

/* clang makes this of a memcmp that asks for equality only. */
int bcmp(const void *a, const void *b, size_t n)
{
    return memcmp(a, b, n);
}
