/* SPDX-License-Identifier: BSD-3-Clause */
/* One end of a numbered stream, whatever it goes over: time and frames come from outside. */
#ifndef SRIOVCTL_STREAM_RUN_H
#define SRIOVCTL_STREAM_RUN_H

#include "stream_account.h"
#include "stream_frame.h"

enum stream_phase {
    STREAM_MEETING, /* leader: says hello; follower: waits for it */
    STREAM_FLOWING,
    STREAM_ENDING, /* leader: has said END, and waits for BYE; follower: has answered */
    STREAM_OVER,
};

struct stream_run {
    bool leads;
    enum stream_phase phase;
    uint32_t run;
    uint32_t rate;
    uint16_t length;
    struct sriov_mac own;
    struct sriov_mac other;
    bool met;  /* the other is known */
    bool told; /* its books are in `theirs` */
    uint64_t due_ns;
    uint64_t next_talk_ns; /* HELLO, END */
    uint64_t ending_ns;
    uint64_t sent;
    uint64_t turned_away; /* frames that found no room when due: sent later */
    uint64_t skipped;     /* turns left out after a long halt: they have no number */
    uint64_t foreign;     /* frames that are none of this stream's */
    struct stream_summary theirs;
    struct stream_account account;
    bool (*send)(void *arg, const uint8_t *bytes, uint32_t len);
    void *arg;
};

/* run->leads, run, rate, length, own, send and arg are set; the rest is zero. */
void stream_run_begin(struct stream_run *run, uint64_t now_ns);
/* What came. */
void stream_run_take(struct stream_run *run, const uint8_t *bytes, uint32_t len, uint64_t now_ns);
/* Sends what is due. */
void stream_run_turn(struct stream_run *run, uint64_t now_ns);
/* The leader ends it. */
void stream_run_end(struct stream_run *run, uint64_t now_ns);

#endif
