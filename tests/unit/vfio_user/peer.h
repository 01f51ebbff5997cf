/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A server that is the test's: it answers as a small PCI function does, in a thread of its own, and does
 * one thing wrong at one message. Joined before anything of it is looked at.
 */
#ifndef VFU_PEER_H
#define VFU_PEER_H

#include "vfuc.h"

#include <semaphore.h>

enum peer_hurt {
    PEER_NO_HURT,
    PEER_CLOSES,        /* instead of a reply */
    PEER_HALF_HEADER,   /* and closes */
    PEER_HALF_MESSAGE,  /* and closes */
    PEER_SILENT,        /* never answers this one */
    PEER_WRONG_ID,      /* of a request that nobody made */
    PEER_WRONG_COMMAND, /* a reply to something else */
    PEER_WRONG_TYPE,    /* neither command nor reply */
    PEER_SIZE_ZERO,
    PEER_SIZE_HUGE,
    PEER_SHORT,        /* one byte less than the reply has */
    PEER_LONG,         /* ... 64 KiB more */
    PEER_ERROR,        /* error reply with `value` */
    PEER_ERROR_NO_NUM, /* error reply without a number */
    PEER_ERROR_HUGE,   /* ... with one that is none */
    PEER_FLOOD,        /* commands of its own without end */
    PEER_HURTS,
};

#define PEER_REGIONS 9u
#define PEER_IRQS    5u
#define PEER_VECTORS 3u
#define PEER_MAPS    4u

/* A command of the server's, with as many bytes of 0xa5 behind it. */
struct peer_ask {
    uint16_t cmd;
    uint64_t addr;
    uint64_t count;
    uint32_t bytes;
};
#define PEER_ASKS 16u

struct peer {
    /* ---- the script; set before peer_start ---- */
    enum peer_hurt hurt;
    uint32_t at; /* the message, from 0 */
    uint32_t value;
    uint32_t strays;    /* commands of its own before each reply */
    uint32_t extra_fds; /* with each reply */
    const struct peer_ask *asks;
    uint32_t num_asks; /* sent with the reply at ask_at: */
    uint32_t ask_at;
    bool ask_after;      /* behind it, not before it */
    const char *version; /* JSON of its VERSION reply; NULL: a good one */
    uint16_t major;
    uint32_t flags; /* VFIO_DEVICE_FLAGS_* */
    uint32_t num_regions;
    uint32_t num_irqs;
    uint64_t bar_size[6];
    uint32_t bar_flags;
    int bar_fd; /* goes along with region 0; -1: none; stays the test's */
    uint64_t config_size;
    uint32_t irq_count;
    bool features;   /* of migration: it has all; else none */
    uint32_t refuse; /* commands (bit n) that are answered with `value` */
    /* ---- what it saw ---- */
    uint32_t messages;
    uint32_t count[VFU_DEVICE_FEATURE + 1];
    uint32_t posted;
    uint32_t refusals; /* error replies to its own commands */
    struct {
        uint32_t error;
        uint32_t length;  /* of the payload */
        uint8_t data[16]; /* what of it is behind address and count */
    } told[PEER_ASKS];
    uint32_t num_told;
    sem_t heard; /* posted for each of them */
    uint8_t config[4096];
    uint8_t bar[4096];
    int irq_fd[PEER_VECTORS];
    uint32_t off; /* SET_IRQS with nothing: all off */
    struct {
        uint64_t addr;
        uint64_t size;
        uint32_t flags;
        void *va;
        int seals;
    } map[PEER_MAPS];
    uint32_t maps;
    /* ---- its own ---- */
    int fd;
    pthread_t thread;
    struct vfu_rx rx;
    uint8_t *buf;
};

/* A good function; then the test scripts. */
void peer_init(struct peer *peer);
/* The client's dial for arg, a peer. */
int peer_dial(void *arg, const struct sockaddr_un *at);
/* Its thread has ended: the client has let go, or the script was over. */
void peer_join(struct peer *peer);

#endif
