/* SPDX-License-Identifier: BSD-3-Clause */
/* Where things lie in the small guest's memory; for C and the assembler. */
#ifndef KVM_GUEST_LAYOUT_H
#define KVM_GUEST_LAYOUT_H

#define GUEST_PML4   0x1000
#define GUEST_PDPT   0x2000
#define GUEST_PD     0x3000 /* four of them, for 4 GiB */
#define GUEST_GDT    0x7000
#define GUEST_IDT    0x8000
#define GUEST_PAGE   0x9000 /* struct guest_page */
#define GUEST_STACK  0xc000 /* its top */
#define GUEST_CODE   0x10000
#define GUEST_MEMORY 0x20000

#define GUEST_PORT         0xf4 /* an OUT here: the command is done */
#define GUEST_VECTOR_FIRST 0x40
#define GUEST_VECTORS      8
#define GUEST_STUB_STEP    32

#define GUEST_CMD_NONE  0
#define GUEST_CMD_READ  1
#define GUEST_CMD_WRITE 2
#define GUEST_CMD_IN    3
#define GUEST_CMD_OUT   4
#define GUEST_CMD_SPIN  5

/* Offsets in struct guest_page. */
#define GUEST_AT_CMD   0
#define GUEST_AT_WIDTH 4
#define GUEST_AT_ADDR  8
#define GUEST_AT_VALUE 16
#define GUEST_AT_COUNT 24
#define GUEST_AT_WRAP  32
#define GUEST_AT_TAKEN 40

#endif
