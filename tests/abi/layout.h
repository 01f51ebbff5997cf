/* SPDX-License-Identifier: BSD-3-Clause */
/* A struct's bytes and its members' places, as they were promised. */
#ifndef ABI_LAYOUT_H
#define ABI_LAYOUT_H

#include <stddef.h>

#define SIZE(name, bytes) _Static_assert(sizeof(struct name) == (bytes), "size of " #name)
#define AT(name, member, offset)                                                                             \
    _Static_assert(offsetof(struct name, member) == (offset), "offset of " #name "." #member)

#endif
