/* SPDX-License-Identifier: BSD-3-Clause */
/* Structs that begin with their size: how callers and core of different age understand each other. */
#include "core.h"

/* No struct of ours comes near; a larger size is a wild pointer or a far future. */
#define OPTS_SIZE_MAX 4096u

static bool all_zero(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

int sric_opts_take(void *out, size_t known, size_t least, const void *in)
{
    uint32_t size;

    memset(out, 0, known);
    if (in == NULL) {
        return -EINVAL;
    }
    memcpy(&size, in, sizeof(size));
    if (size < least || size < sizeof(size)) {
        return -EINVAL;
    }
    if (size > OPTS_SIZE_MAX) {
        return -E2BIG;
    }
    if (size > known && !all_zero((const uint8_t *)in + known, size - known)) {
        return -E2BIG;
    }
    memcpy(out, in, size < known ? size : known);
    return 0;
}

int sric_result_give(void *out, const void *from, size_t known)
{
    uint32_t size;

    if (out == NULL) {
        return -EINVAL;
    }
    memcpy(&size, out, sizeof(size));
    if (size < 2 * sizeof(size) || size > OPTS_SIZE_MAX) {
        return -EINVAL;
    }
    memset(out, 0, size);
    memcpy(out, from, size < known ? size : known);
    memcpy(out, &size, sizeof(size));
    return 0;
}

void sric_copy_name(char *out, size_t room, const char *name)
{
    size_t i = 0;

    while (name != NULL && name[i] != '\0' && i + 1 < room) {
        out[i] = name[i];
        i++;
    }
    out[i] = '\0';
}

bool sric_same_name(const char *a, const char *b)
{
    size_t i = 0;

    while (a[i] != '\0' && a[i] == b[i]) {
        i++;
    }
    return a[i] == b[i];
}
