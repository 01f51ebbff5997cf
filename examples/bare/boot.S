/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the PVH entry (32-bit protected mode, flat, paging off, start info in %ebx) to C in long mode:
 * the first 4 GiB at their own addresses in 2 MiB pages, SSE on, a TSS with one interrupt stack.
 */
    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 8, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
    .ascii "Xen\0"
    .quad start

    .section .text.start, "ax"
    .code32
    .globl start
start:
    cli
    cld
    movl $stack_top, %esp
    movl %ebx, %ebp

    movl $pdpt + 3, pml4
    movl $pds + 3, %eax
    movl $pdpt, %edi
    movl $4, %ecx
1:  movl %eax, (%edi)
    addl $4096, %eax
    addl $8, %edi
    loop 1b

    movl $0x83, %eax /* present, writable, large */
    movl $pds, %edi
    movl $2048, %ecx
2:  movl %eax, (%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 2b

    movl $pml4, %eax
    movl %eax, %cr3
    movl $0x620, %eax /* PAE, OSFXSR, OSXMMEXCPT */
    movl %eax, %cr4
    movl $0xc0000080, %ecx /* EFER */
    rdmsr
    orl $0x100, %eax /* LME */
    wrmsr
    movl $0x80010033, %eax /* PG, WP, NE, ET, MP, PE; no emulation of the FPU */
    movl %eax, %cr0
    lgdt gdt_pointer
    ljmp $8, $long_mode

    .code64
long_mode:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    /* The TSS descriptor's base, in its three pieces. */
    movq $tss, %rax
    movw %ax, gdt_tss + 2
    shrq $16, %rax
    movb %al, gdt_tss + 4
    movb %ah, gdt_tss + 7
    movl $24, %eax
    ltr %ax
    movl %ebp, %edi
    xorl %ebp, %ebp
    call bare_main
3:  hlt
    jmp 3b

/* Exceptions: those that come without an error code push a zero in its place. */
    .globl bare_exceptions
    .balign 16
bare_exceptions:
    .set vector, 0
    .rept 32
    .balign 16
    .if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21)
    .else
    pushq $0
    .endif
    pushq $vector
    jmp exception
    .set vector, vector + 1
    .endr
exception:
    movq %rsp, %rdi
    andq $-16, %rsp
    call bare_exception
4:  hlt
    jmp 4b

    .data
    .balign 16
gdt:
    .quad 0
    .quad 0x00af9a000000ffff /* code */
    .quad 0x00cf92000000ffff /* data */
gdt_tss:
    .quad 0x0000890000000067
    .quad 0
gdt_pointer:
    .word gdt_pointer - gdt - 1
    .quad gdt
    .balign 16
tss:
    .fill 0x24, 1, 0
    .quad irq_stack_top /* IST 1 */
    .fill 104 - 0x2c, 1, 0

    .bss
    .balign 4096
pml4:
    .skip 4096
pdpt:
    .skip 4096
pds:
    .skip 4 * 4096
    .skip 131072
stack_top:
    .skip 8192
irq_stack_top:

    .section .note.GNU-stack, "", @progbits
