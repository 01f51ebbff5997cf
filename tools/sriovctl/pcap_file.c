/* SPDX-License-Identifier: BSD-3-Clause */
#include "pcap_file.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

#define SNAPLEN  65535
#define NS_PER_S UINT64_C(1000000000)

struct pcap_file {
    pcap_t *pcap;
    pcap_dumper_t *dumper;
};

struct pcap_file *pcap_file_create(const char *path, char *why, size_t room)
{
    struct pcap_file *file = calloc(1, sizeof(*file));

    (void)snprintf(why, room, "out of memory");
    if (file == NULL) {
        return NULL;
    }
    file->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
    if (file->pcap == NULL) {
        free(file);
        return NULL;
    }
    file->dumper = pcap_dump_open(file->pcap, path);
    if (file->dumper == NULL) {
        (void)snprintf(why, room, "%s", pcap_geterr(file->pcap));
        pcap_close(file->pcap);
        free(file);
        return NULL;
    }
    return file;
}

void pcap_file_add(struct pcap_file *file, uint64_t time_ns, const uint8_t *frame, uint32_t len)
{
    struct pcap_pkthdr header = {.caplen = len, .len = len};

    header.ts.tv_sec = (time_t)(time_ns / NS_PER_S);
    header.ts.tv_usec = (suseconds_t)(time_ns % NS_PER_S); /* the handle says: nanoseconds */
    pcap_dump((u_char *)file->dumper, &header, frame);
}

int pcap_file_close(struct pcap_file *file)
{
    int rc = pcap_dump_flush(file->dumper) == 0 ? 0 : -EIO;

    pcap_dump_close(file->dumper);
    pcap_close(file->pcap);
    free(file);
    return rc;
}
