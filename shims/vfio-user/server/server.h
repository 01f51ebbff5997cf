/* SPDX-License-Identifier: BSD-3-Clause */
/* The server's own: one epoll, its devices, each with at most one client. */
#ifndef VFUS_SERVER_H
#define VFUS_SERVER_H

#include "proto.h"

#include <sriov/dma.h>
#include <sriov/irq.h>
#include <sriov/log.h>
#include <sriov/vcfg.h>
#include <sriov/vfio_user.h>

#include <linux/vfio.h>
#include <string.h>

#define VFUS_BARS 6u
#define VFUS_PAGE UINT64_C(4096)

/* Memory of the client's. va NULL: the device does not reach it. */
struct vfus_map {
    uint64_t addr;
    uint64_t size;
    void *va;
    struct sriov_dma dma;
};

/* What an epoll event is about. */
struct vfus_source {
    struct sriov_vfu_device *device;
    bool is_listener;
};

struct sriov_vfu_device {
    struct sriov_vfu_device *next;
    struct sriov_vfu_server *server;
    struct sriov_fn *fn;
    struct sriov_vcfg *vcfg;
    struct sriov_vfu_device_opts opts;
    struct sriov_bar bar[VFUS_BARS];
    char *path; /* NULL: nowhere */
    int listener;
    struct vfus_source on_listener;
    struct vfus_source on_sock;

    /* the client */
    int sock;        /* -1: none */
    bool hello;      /* VERSION is done */
    bool ends;       /* hang up when the reply is out */
    bool complained; /* its first error is logged */
    bool waits_out;  /* for room to send, and for nothing else */
    struct vfu_rx rx;
    struct vfu_tx tx;
    uint8_t *reply; /* VFU_PAYLOAD_MAX bytes */

    struct vfus_map *maps; /* sorted by address, disjoint */
    uint32_t maps_room;
    int *irq_fds; /* -1: none */
    uint32_t vectors;
    bool irqs_on;

    struct sriov_vfu_counts counts;
    bool turned_logged;
};

struct sriov_vfu_server {
    int epoll;
    struct sriov_vfu_device *devices;
};

/* A command under way: the message and where its reply goes. */
struct vfus_call {
    struct vfu_rx *rx;
    uint8_t *out; /* VFU_PAYLOAD_MAX bytes */
    uint32_t length;
};

/* Appends to the reply. */
void vfus_answer(struct vfus_call *call, const void *bytes, uint32_t length);

/* conn.c */
int vfus_conn_begin(struct sriov_vfu_device *d, int fd);
void vfus_conn_end(struct sriov_vfu_device *d);
/* How many messages were done: 0 or 1. */
int vfus_conn_step(struct sriov_vfu_device *d);
int vfus_watch(struct sriov_vfu_server *server, int op, int fd, uint32_t events, struct vfus_source *source);

/* listen.c */
int vfus_listen(struct sriov_vfu_device *d);
void vfus_listen_end(struct sriov_vfu_device *d);
void vfus_listen_step(struct sriov_vfu_device *d);

/* command.c: 0 or a negative errno for the reply. */
int vfus_command(struct sriov_vfu_device *d, struct vfus_call *call);

/* region.c */
uint64_t vfus_region_size(const struct sriov_vfu_device *d, uint32_t index);
int vfus_region_read(struct sriov_vfu_device *d, struct vfus_call *call);
int vfus_region_write(struct sriov_vfu_device *d, struct vfus_call *call);

/* memory.c */
int vfus_dma_map(struct sriov_vfu_device *d, struct vfus_call *call);
int vfus_dma_unmap(struct sriov_vfu_device *d, struct vfus_call *call);
void vfus_unmap_all(struct sriov_vfu_device *d);

/* interrupt.c */
uint32_t vfus_irq_count(const struct sriov_vfu_device *d, uint32_t index);
int vfus_set_irqs(struct sriov_vfu_device *d, struct vfus_call *call);
void vfus_irqs_off(struct sriov_vfu_device *d);

#endif
