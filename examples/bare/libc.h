/* SPDX-License-Identifier: BSD-3-Clause */
/* The little that the echo engine and the conformance cases want of a C library, on the VMM's memory. */
#ifndef BARE_LIBC_H
#define BARE_LIBC_H

#include <sriov/vmm.h>

/* Where calloc takes from; NULL: nowhere. */
void libc_use(struct sriov_vmm *vmm);

#endif
