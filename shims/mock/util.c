/* SPDX-License-Identifier: BSD-3-Clause */
/* Structs that cross the seam, growing arrays, names. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

int mock_check_struct(const void *ptr, size_t least, size_t known)
{
    const uint8_t *bytes = ptr;
    uint32_t size;

    if (ptr == NULL) {
        return -EINVAL;
    }
    memcpy(&size, ptr, sizeof(size));
    if (size < least) {
        return -EINVAL;
    }
    for (size_t i = known; i < size; i++) {
        if (bytes[i] != 0) {
            return -E2BIG;
        }
    }
    return 0;
}

int mock_give_struct(void *out, const void *answer, size_t least, size_t known)
{
    uint32_t size;

    if (out == NULL) {
        return -EINVAL;
    }
    memcpy(&size, out, sizeof(size));
    if (size < least) {
        return -EINVAL;
    }
    memcpy(out, answer, size < known ? size : known);
    memcpy(out, &size, sizeof(size));
    if (size > known) {
        memset((uint8_t *)out + known, 0, size - known);
    }
    return 0;
}

bool mock_is_pow2(uint64_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

bool mock_copy_name(char *out, const char *name)
{
    size_t len = strlen(name);

    if (len >= SRIOV_NAME_MAX) {
        return false;
    }
    memcpy(out, name, len + 1);
    return true;
}

bool mock_grow(void **items, size_t *room, size_t count, size_t item_size)
{
    size_t more = *room == 0 ? 16 : *room * 2;
    void *grown;

    if (count < *room) {
        return true;
    }
    grown = realloc(*items, more * item_size);
    if (grown == NULL) {
        return false;
    }
    *items = grown;
    *room = more;
    return true;
}
