/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest image with a PVH entry, into RAM. */
#ifndef MINIVMM_IMAGE_H
#define MINIVMM_IMAGE_H

#include <stdint.h>

struct image {
    uint8_t *bytes;
    uint64_t size;
};

/* -ENOENT and what else the file system says. */
int image_open(const char *path, struct image *image);
void image_close(struct image *image);

/*
 * Copies an ELF's segments to where they belong and writes the start info below them. 0; -ENOEXEC: not
 * an ELF for x86-64 with a PVH entry; -ERANGE: no room.
 */
int image_load(const struct image *image, uint8_t *ram, uint64_t ram_size, const char *command_line,
               uint64_t *entry, uint64_t *start_info);

#endif
