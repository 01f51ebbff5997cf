/* SPDX-License-Identifier: BSD-3-Clause */
/* Captures of any port and replays into it, with nanoseconds of virtual time. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOCK_SNAPLEN 65535

static int pcap_ready(struct sriov_mock *mock)
{
    if (mock->pcap == NULL) {
        mock->pcap =
            pcap_open_dead_with_tstamp_precision(DLT_EN10MB, MOCK_SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
    }
    return mock->pcap != NULL ? 0 : -ENOMEM;
}

static void put_frame(struct sriov_mock *mock, pcap_dumper_t *capture, const void *frame, size_t len)
{
    uint64_t now = mock->clock.now_ns;
    struct pcap_pkthdr header = {.caplen = (bpf_u_int32)len, .len = (bpf_u_int32)len};

    if (capture == NULL || len > MOCK_SNAPLEN) {
        return;
    }
    header.ts.tv_sec = (time_t)(now / MOCK_NS_PER_SEC);
    /* With nanosecond precision this member holds nanoseconds. */
    header.ts.tv_usec = (suseconds_t)(now % MOCK_NS_PER_SEC);
    pcap_dump((u_char *)capture, &header, frame);
}

void mock_pcap_frame(struct mock_slot *slot, const void *frame, size_t len)
{
    put_frame(slot->dev->mock, slot->capture, frame, len);
}

void mock_pcap_switch(struct sriov_model_host *dev, const void *frame, size_t len)
{
    put_frame(dev->mock, dev->switch_capture, frame, len);
}

/* A write that failed earlier left its mark, however well the last one went. */
static int flush(pcap_dumper_t *capture)
{
    return pcap_dump_flush(capture) == 0 && ferror(pcap_dump_file(capture)) == 0 ? 0 : -ENOSPC;
}

int mock_pcap_stop(pcap_dumper_t **capture)
{
    int err = 0;

    if (*capture != NULL) {
        err = flush(*capture);
        pcap_dump_close(*capture);
        *capture = NULL;
    }
    return err;
}

/* ---- ports ---- */

static bool is_switch_of(const struct sriov_model_host *dev, const char *port)
{
    size_t len = strlen(dev->slots[0].name);

    return strncmp(port, dev->slots[0].name, len) == 0 && strcmp(port + len, "/switch") == 0;
}

/* A port that is captured, though its function may be gone; to begin, one that is there. */
static pcap_dumper_t **port_of(struct sriov_mock *mock, const char *port, bool begin)
{
    struct mock_slot *slot = mock_find_slot(mock, port);

    for (struct sriov_model_host *dev = mock->devices; port != NULL && dev != NULL; dev = dev->next) {
        if (is_switch_of(dev, port) && (dev->slots[0].present || !begin)) {
            return &dev->switch_capture;
        }
        for (uint32_t i = 0; i < dev->num_slots && !begin; i++) {
            if (dev->slots[i].capture != NULL && strcmp(dev->slots[i].name, port) == 0) {
                return &dev->slots[i].capture;
            }
        }
    }
    return slot != NULL ? &slot->capture : NULL;
}

SRIOV_API int sriov_mock_capture(struct sriov_mock *mock, const char *port, const char *path)
{
    pcap_dumper_t **capture = port_of(mock, port, path != NULL);

    if (capture == NULL) {
        return -ENOENT;
    }
    if (path == NULL) {
        return mock_pcap_stop(capture);
    }
    if (*capture != NULL) {
        return -EBUSY;
    }
    if (pcap_ready(mock) != 0) {
        return -ENOMEM;
    }
    *capture = pcap_dump_open(mock->pcap, path);
    return *capture != NULL ? 0 : -EACCES;
}

SRIOV_API int sriov_mock_capture_flush(struct sriov_mock *mock)
{
    int err = 0;

    for (struct sriov_model_host *dev = mock->devices; dev != NULL; dev = dev->next) {
        if (dev->switch_capture != NULL && flush(dev->switch_capture) != 0) {
            err = -ENOSPC;
        }
        for (uint32_t i = 0; i < dev->num_slots; i++) {
            if (dev->slots[i].capture != NULL && flush(dev->slots[i].capture) != 0) {
                err = -ENOSPC;
            }
        }
    }
    return err;
}

/* ---- replays ---- */

struct replay {
    struct mock_slot *slot;
    pcap_t *file;
    uint64_t first_ns;
    int frames;
};

static uint64_t stamp_ns(const struct pcap_pkthdr *header)
{
    return (uint64_t)header->ts.tv_sec * MOCK_NS_PER_SEC + (uint64_t)header->ts.tv_usec;
}

/* One pass over the file: 1 for a frame, 0 at the end, or a negative errno. */
static int next_frame(struct replay *replay, struct pcap_pkthdr **header, const u_char **bytes)
{
    int got = pcap_next_ex(replay->file, header, bytes);

    if (got == PCAP_ERROR_BREAK) {
        return 0;
    }
    if (got != 1 || (*header)->caplen != (*header)->len || (*header)->len == 0 ||
        (*header)->len > MOCK_FRAME_MAX) {
        return -EPROTO;
    }
    return 1;
}

static int schedule(struct replay *replay, const struct pcap_pkthdr *header, const u_char *bytes)
{
    uint64_t stamp = stamp_ns(header);
    uint64_t now = replay->slot->dev->mock->clock.now_ns;
    uint64_t after;

    if (replay->frames == 0) {
        replay->first_ns = stamp;
    }
    /* A frame stamped before the first one comes with it. */
    after = stamp > replay->first_ns ? stamp - replay->first_ns : 0;
    replay->frames++;
    return mock_wire_in_at(replay->slot, mock_add_sat(now, after), bytes, header->len);
}

/* plan: only look whether every frame can be sent, so that a bad file sends none. */
static int replay_file(struct replay *replay, const char *path, bool plan)
{
    char error[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int err;

    replay->file = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
    if (replay->file == NULL) {
        return -ENOENT;
    }
    err = pcap_datalink(replay->file) == DLT_EN10MB ? 1 : -EPROTO;
    while (err == 1) {
        err = next_frame(replay, &header, &bytes);
        if (err == 1 && !plan) {
            int failed = schedule(replay, header, bytes);

            err = failed != 0 ? failed : 1;
        }
    }
    pcap_close(replay->file);
    return err;
}

SRIOV_API int sriov_mock_replay(struct sriov_mock *mock, const char *port, const char *path)
{
    struct replay replay = {.slot = mock_find_slot(mock, port)};
    int err;

    if (replay.slot == NULL) {
        return -ENOENT;
    }
    if (replay.slot->index != 0 && !mock_has_port_tx(replay.slot->dev->ops)) {
        return -EOPNOTSUPP;
    }
    err = replay_file(&replay, path, true);
    if (err == 0) {
        err = replay_file(&replay, path, false);
    }
    return err != 0 ? err : replay.frames;
}
