/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the peer image and the VMM that runs it tell each other, by I/O ports of 32 bits; everything
 * else it prints. Its command line is words: ip=A peers=A,B,... count=N size=BYTES tsc=HZ,
 * ecam=ADDRESS (none: it uses ports 0xcf8 and 0xcfc), `lie`: one of the pages that it writes is not
 * announced, `conform`: it tries the function face on its VF first, and `stubborn`: it lets go of nothing.
 */
#ifndef BARE_ORDERS_H
#define BARE_ORDERS_H

/* Read: enum order, what it is to do now. Written: enum peer_state. */
#define ORDERS_PORT 0x5a0u
/* Written before PEER_QUIET: numbers of pages of 4096 bytes that the CPU, or the device, will write. */
#define ORDERS_CPU_PAGE    0x5a4u
#define ORDERS_DEVICE_PAGE 0x5a8u
/* The same of pages that the CPU may write unasked: its page tables, for accessed and dirty flags. */
#define ORDERS_TABLE_PAGE 0x5acu

enum order {
    ORDER_ANSWER = 0, /* others' requests, nothing else */
    ORDER_PING,       /* everyone, once */
    ORDER_QUIET,      /* be quiet: announce the pages, then touch no memory until told */
    ORDER_WRITE,      /* to the pages announced, and to nothing else */
    ORDER_LET_GO,     /* of the VF; the next order that is another one tells of a new VF */
    ORDER_END,
};

enum peer_state {
    PEER_STARTING = 0,
    PEER_READY,  /* link up, answering */
    PEER_PINGED, /* everyone; answering */
    PEER_QUIET,
    PEER_WROTE,  /* and is quiet until the order changes */
    PEER_LET_GO, /* of its VF, as it was asked to */
    PEER_LOST,   /* its VF vanished */
};

/* The frame that comes while the peer is quiet: one that nobody answers, of the experimental type. */
#define ORDERS_FRAME_TYPE 0x88b5u
#define ORDERS_FRAME_LEN  200u

#endif
