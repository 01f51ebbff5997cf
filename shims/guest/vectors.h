/* SPDX-License-Identifier: BSD-3-Clause */
/* The gates of the IDT that stubs are made for. Also read by the assembler. */
#ifndef GUEST_VECTORS_H
#define GUEST_VECTORS_H

#define GUEST_FIRST_GATE 0x40
#define GUEST_GATES      0xc0 /* to 0xff */
#define GUEST_STUB_SIZE  16

#endif
