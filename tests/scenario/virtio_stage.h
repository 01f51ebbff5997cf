/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stage of the virtio-net scenarios: a mock VMM, one virtio-net device with its driver, and the
 * wire. The strict mock must find nothing unless a test says that it will.
 */
#ifndef VIRTIO_STAGE_H
#define VIRTIO_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sriov/drivers.h>
#include <sriov/hw/virtio_regs.h>
#include <sriov/mock.h>

#define VS_MS        UINT64_C(1000000)
#define VS_FRAME_MAX 9732u
#define VS_WIRE_KEPT 256u

struct vs_setup {
    const char *quirks;
    uint32_t irq_vectors; /* that the host grants; 0: all */
    uint32_t pool_count;  /* 0: 1024 */
    uint32_t buf_size;    /* 0: 2048 */
    struct sriov_net_config config;
};

struct vs_world {
    struct vs_setup setup;
    struct sriov_mock *mock;
    struct sriov_vmm *vmm;
    char name[SRIOV_NAME_MAX];
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    struct sriov_net *net;
    uint32_t events;
    uint32_t wire_frames; /* that left through the port */
    uint32_t wire_number[VS_WIRE_KEPT];
    uint32_t wire_len[VS_WIRE_KEPT];
    uint8_t wire_last[VS_FRAME_MAX];
    bool findings_expected;
};

/* The mock and the device. */
void vs_make(struct vs_world *w, const struct vs_setup *setup);
/* Open, attach, configure, start. Returns the first error. */
int vs_open(struct vs_world *w);
int vs_start(struct vs_world *w);
/* Both, and no error. */
void vs_up(struct vs_world *w);
void vs_close(struct vs_world *w);
/* Closes what is open; every mapping, view and sink must be given back, nothing found. */
void vs_end(struct vs_world *w);

/* Let time pass, polling each 100 us. */
void vs_run(struct vs_world *w, uint64_t ns);
/* Until all of `events` were reported, at most ns. */
bool vs_run_until(struct vs_world *w, uint32_t events, uint64_t ns);
uint64_t vs_stat(struct vs_world *w, const char *name);
struct sriov_net_info vs_info(struct vs_world *w);

/* Frame number n, len bytes, from the wire to the device's MAC. */
void vs_fill(uint8_t *frame, uint32_t len, const uint8_t *dst, const uint8_t *src, uint32_t n);
void vs_wire(struct vs_world *w, uint32_t len, uint32_t n);
/* The same into the wire; what tx_burst took. */
uint16_t vs_send(struct vs_world *w, uint32_t len, uint32_t n);
struct sriov_buf *vs_recv(struct vs_world *w, uint16_t queue);
/* The next frame is number n of len bytes. */
void vs_expect(struct vs_world *w, uint32_t len, uint32_t n);
void vs_expect_nothing(struct vs_world *w);
/* Both ways, now. */
void vs_expect_traffic(struct vs_world *w);

void vs_inject(struct vs_world *w, struct sriov_mock_fault fault);

#endif
