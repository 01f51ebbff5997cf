/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the CPU lands for the shim's IDT gates: one stub a vector, 16 bytes apart. The handler in C
 * uses general registers only, so that those are all there is to save.
 */
#include "vectors.h"

    .text
    .globl guest_irq_stubs
    .hidden guest_irq_stubs
    .balign 16
guest_irq_stubs:
    .set vector, GUEST_FIRST_GATE
    .rept GUEST_GATES
    .balign 16
    pushq $vector
    jmp common
    .set vector, vector + 1
    .endr

    .balign 16
common:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %rbp
    movq %rsp, %rbp
    movq 80(%rbp), %rdi
    andq $-16, %rsp
    cld
    call guest_irq_entry
    movq %rbp, %rsp
    popq %rbp
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    addq $8, %rsp
    iretq

    .section .note.GNU-stack, "", @progbits
