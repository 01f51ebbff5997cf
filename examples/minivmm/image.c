/* SPDX-License-Identifier: BSD-3-Clause */
#include "image.h"

#include "machine.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_MOST      (64u << 20)
#define NOTE_PVH_ENTRY  18u /* XEN_ELFNOTE_PHYS32_ENTRY */
#define PVH_MAGIC       0x336ec578u
#define PVH_VERSION     1u
#define MEMORY_RAM      1u
#define MEMORY_RESERVED 2u
/* Where the start info lies, below 1 MiB. */
#define AT_START_INFO   0x1000u
#define AT_COMMAND_LINE 0x2000u
#define LINE_MOST       1024u
#define LOW_MEMORY      0x100000u

/* Xen's public/arch-x86/hvm/start_info.h tells the layout. */
struct memory_entry {
    uint64_t first;
    uint64_t size;
    uint32_t type;
    uint32_t reserved0;
};

struct start_info {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t modules;
    uint64_t module_list;
    uint64_t command_line;
    uint64_t rsdp;
    uint64_t memory;
    uint32_t memory_entries;
    uint32_t reserved0;
    struct memory_entry map[2];
};

int image_open(const char *path, struct image *image)
{
    FILE *file = fopen(path, "rb");

    *image = (struct image){0};
    if (file == NULL) {
        return -errno;
    }
    image->bytes = malloc(IMAGE_MOST);
    image->size = image->bytes != NULL ? fread(image->bytes, 1, IMAGE_MOST, file) : 0;
    (void)fclose(file);
    return image->bytes != NULL ? 0 : -ENOMEM;
}

void image_close(struct image *image)
{
    free(image->bytes);
    *image = (struct image){0};
}

static bool inside(const struct image *image, uint64_t off, uint64_t length)
{
    return off <= image->size && length <= image->size - off;
}

static int load_segment(const struct image *image, const Elf64_Phdr *at, uint8_t *ram, uint64_t ram_size)
{
    if (!inside(image, at->p_offset, at->p_filesz)) {
        return -ENOEXEC;
    }
    if (at->p_paddr < LOW_MEMORY || at->p_paddr > ram_size || at->p_memsz > ram_size - at->p_paddr ||
        at->p_filesz > at->p_memsz) {
        return -ERANGE;
    }
    memcpy(ram + at->p_paddr, image->bytes + at->p_offset, at->p_filesz); /* the rest is zero already */
    return 0;
}

/* 0: these notes hold no entry. Each part of a note is padded to four bytes. */
static uint64_t find_entry(const struct image *image, const Elf64_Phdr *at)
{
    uint64_t off = at->p_offset;
    uint64_t left = inside(image, off, at->p_filesz) ? at->p_filesz : 0;

    while (left >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr note;
        memcpy(&note, image->bytes + off, sizeof(note));
        uint64_t name = ((uint64_t)note.n_namesz + 3) & ~UINT64_C(3);
        uint64_t whole = sizeof(note) + name + (((uint64_t)note.n_descsz + 3) & ~UINT64_C(3));
        if (whole > left) {
            return 0;
        }
        const uint8_t *text = image->bytes + off + sizeof(note);
        if (note.n_type == NOTE_PVH_ENTRY && note.n_namesz == 4 && memcmp(text, "Xen", 4) == 0) {
            uint64_t entry = 0;
            memcpy(&entry, text + name, note.n_descsz < 8 ? note.n_descsz : 8);
            return entry;
        }
        off += whole;
        left -= whole;
    }
    return 0;
}

static int load(const struct image *image, uint8_t *ram, uint64_t ram_size, uint64_t *entry)
{
    Elf64_Ehdr head;
    int rc = 0;

    if (!inside(image, 0, sizeof(head))) {
        return -ENOEXEC;
    }
    memcpy(&head, image->bytes, sizeof(head));
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
        head.e_machine != EM_X86_64 || head.e_phentsize != sizeof(Elf64_Phdr) ||
        !inside(image, head.e_phoff, (uint64_t)head.e_phnum * sizeof(Elf64_Phdr))) {
        return -ENOEXEC;
    }
    for (uint16_t i = 0; i < head.e_phnum && rc == 0; i++) {
        Elf64_Phdr at;
        memcpy(&at, image->bytes + head.e_phoff + i * sizeof(at), sizeof(at));
        rc = at.p_type == PT_LOAD ? load_segment(image, &at, ram, ram_size) : 0;
        *entry = at.p_type == PT_NOTE && *entry == 0 ? find_entry(image, &at) : *entry;
    }
    return rc != 0 ? rc : *entry == 0 ? -ENOEXEC : 0;
}

int image_load(const struct image *image, uint8_t *ram, uint64_t ram_size, const char *command_line,
               uint64_t *entry, uint64_t *start_info)
{
    struct start_info info = {
        .magic = PVH_MAGIC,
        .version = PVH_VERSION,
        .command_line = AT_COMMAND_LINE,
        .memory = AT_START_INFO + offsetof(struct start_info, map),
        .memory_entries = 2,
        .map = {{0, ram_size, MEMORY_RAM, 0}, {MACHINE_RESERVED, MACHINE_RESERVED_SIZE, MEMORY_RESERVED, 0}}};

    *entry = 0;
    if (ram_size < 2 * LOW_MEMORY || ram_size > MACHINE_RESERVED || strlen(command_line) >= LINE_MOST) {
        return -ERANGE;
    }
    memcpy(ram + AT_START_INFO, &info, sizeof(info));
    memcpy(ram + AT_COMMAND_LINE, command_line, strlen(command_line) + 1);
    *start_info = AT_START_INFO;
    return load(image, ram, ram_size, entry);
}
