/* SPDX-License-Identifier: BSD-3-Clause */
/* A capture file with nanosecond stamps. */
#ifndef SRIOVCTL_PCAP_FILE_H
#define SRIOVCTL_PCAP_FILE_H

#include <stddef.h>
#include <stdint.h>

struct pcap_file;

/* why receives the reason when NULL comes back. */
struct pcap_file *pcap_file_create(const char *path, char *why, size_t room);
void pcap_file_add(struct pcap_file *file, uint64_t time_ns, const uint8_t *frame, uint32_t len);
/* -EIO when not all could be written. */
int pcap_file_close(struct pcap_file *file);

#endif
