/* SPDX-License-Identifier: BSD-3-Clause */
/* A server that exports VF 0 of a toy PF, and a client that speaks the protocol by hand; one thread. */
#ifndef VFU_BED_H
#define VFU_BED_H

#include "fixture.h"
#include "proto.h"

#include <sriov/dma.h>
#include <sriov/irq.h>

#include <sriov/vfio_user.h>

#include <linux/vfio.h>

struct bed {
    struct fixture *f;
    struct sriov_fn *pf;
    struct sriov_fn *vf;
    struct sriov_vfu_server *server;
    struct sriov_vfu_device *device;
    int sock; /* the client's end; -1: none */
    uint16_t next_id;
    struct vfu_rx rx;
    struct vfu_tx tx;
    uint8_t in[VFU_MSG_MAX] __attribute__((aligned(8)));
    uint8_t out[VFU_MSG_MAX];
};

/* Without device; descriptors of this process are counted. */
struct bed *bed_make(void);
/* With a device, and a client that said hello. */
int bed_setup(void **state);
int bed_teardown(void **state);
void bed_export(struct bed *b, uint32_t flags, uint32_t max_maps);
/* A client on a socket pair; before its VERSION. */
void bed_connect(struct bed *b);
void bed_hello(struct bed *b);
void bed_hang_up(struct bed *b);

/* The server does all there is to do. */
void bed_run(struct bed *b);
void bed_send(struct bed *b, uint32_t cmd, uint32_t flags, const void *payload, uint32_t length,
              const int *fds, uint32_t num_fds);
/* Runs the server; the reply to the last message sent: length of its payload (the first `room` bytes of it
 * in out), or the errno that it carries, negative. */
int bed_reply(struct bed *b, void *out, uint32_t room);
int bed_ask(struct bed *b, uint32_t cmd, const void *payload, uint32_t length, void *out, uint32_t room);
/* Nothing came; the connection is there. */
void bed_silent(struct bed *b);
void bed_closed(struct bed *b);

int bed_write(struct bed *b, uint32_t region, uint64_t off, const void *data, uint32_t count);
int bed_read(struct bed *b, uint32_t region, uint64_t off, void *data, uint32_t count);
void bed_wr32(struct bed *b, uint64_t off, uint32_t value);
uint32_t bed_rd32(struct bed *b, uint64_t off);

struct sriov_vfu_counts bed_counts(const struct bed *b);
/* Descriptors that this process has open. */
unsigned bed_fds(void);

#define BED_TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

#endif
