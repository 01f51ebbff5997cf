/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest of a few instructions: it does what the page says, one access at a time, and counts its
 * interrupts. Long mode, identity-mapped, general registers only; copied to GUEST_CODE, so no symbol's
 * address is used.
 */
#include "layout.h"

#define APIC_SVR 0xfee000f0
#define APIC_EOI 0xfee000b0

    .section .rodata
    .globl kvm_guest_code
    .globl kvm_guest_code_stubs
    .globl kvm_guest_code_end
    .hidden kvm_guest_code
    .hidden kvm_guest_code_stubs
    .hidden kvm_guest_code_end
    .balign 64
kvm_guest_code:
    movl $APIC_SVR, %ebx
    movl $0x1ff, (%rbx)
    movl $GUEST_PAGE, %ebp
    sti
next:
    outb %al, $GUEST_PORT
    movq GUEST_AT_ADDR(%rbp), %rbx
    movq GUEST_AT_VALUE(%rbp), %rax
    movq GUEST_AT_COUNT(%rbp), %rsi
    movl GUEST_AT_WIDTH(%rbp), %ecx
    movl GUEST_AT_CMD(%rbp), %edx
    cmpl $GUEST_CMD_READ, %edx
    je read
    cmpl $GUEST_CMD_WRITE, %edx
    je write
    cmpl $GUEST_CMD_IN, %edx
    je in
    cmpl $GUEST_CMD_OUT, %edx
    je out
    cmpl $GUEST_CMD_SPIN, %edx
    je spin
    jmp next

read:
    cmpl $1, %ecx
    je 1f
    cmpl $2, %ecx
    je 2f
    cmpl $4, %ecx
    je 4f
    movq (%rbx), %rax
    jmp got
1:  movb (%rbx), %al
    jmp got
2:  movw (%rbx), %ax
    jmp got
4:  movl (%rbx), %eax
got:
    movq %rax, GUEST_AT_VALUE(%rbp)
    jmp next

/* As often as asked, one more each time, around at GUEST_AT_WRAP. */
write:
    cmpl $1, %ecx
    je 1f
    cmpl $2, %ecx
    je 2f
    cmpl $4, %ecx
    je 4f
    movq %rax, (%rbx)
    jmp 8f
1:  movb %al, (%rbx)
    jmp 8f
2:  movw %ax, (%rbx)
    jmp 8f
4:  movl %eax, (%rbx)
8:  incq %rax
    cmpq GUEST_AT_WRAP(%rbp), %rax
    jne 9f
    xorl %eax, %eax
9:  decq %rsi
    jnz write
    jmp next

in:
    movl %ebx, %edx
    cmpl $1, %ecx
    je 1f
    cmpl $2, %ecx
    je 2f
    inl %dx, %eax
    jmp got
1:  inb %dx, %al
    jmp got
2:  inw %dx, %ax
    jmp got

out:
    movl %ebx, %edx
    cmpl $1, %ecx
    je 1f
    cmpl $2, %ecx
    je 2f
    outl %eax, %dx
    jmp next
1:  outb %al, %dx
    jmp next
2:  outw %ax, %dx
    jmp next

spin:
    decq %rsi
    jnz spin
    jmp next

    .balign GUEST_STUB_STEP
kvm_guest_code_stubs:
    .set n, 0
    .rept GUEST_VECTORS
    .balign GUEST_STUB_STEP
    pushq %rbx
    incl GUEST_PAGE + GUEST_AT_TAKEN + 4 * n
    movl $APIC_EOI, %ebx
    movl $0, (%rbx)
    popq %rbx
    iretq
    .set n, n + 1
    .endr
kvm_guest_code_end:

    .section .note.GNU-stack, "", @progbits
