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

/* Memory of the client's. va NULL and not remote: the device does not reach it. */
struct vfus_map {
    uint64_t addr;
    uint64_t size;
    void *va;
    bool remote; /* by messages to the client */
    struct sriov_dma dma;
};

/* A message that came while an answer was awaited; its bytes follow. */
struct vfus_queued {
    struct vfus_queued *next;
    uint32_t length;
    uint32_t num_fds;
    int fds[VFU_FDS_MAX];
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
    int sock;              /* -1: none */
    bool hello;            /* VERSION is done */
    bool ends;             /* hang up when the reply is out */
    bool complained;       /* its first error is logged */
    bool waits_out;        /* for room to send, and for nothing else */
    int lost;              /* negative errno: the connection has ended, and is let go of when it is safe */
    uint32_t events;       /* EPOLL* that the socket is watched for */
    struct vfu_rx rx;      /* what comes in */
    struct vfu_rx current; /* the message that is being done */
    struct vfu_tx tx;
    uint8_t *reply;            /* VFU_PAYLOAD_MAX bytes */
    struct vfus_queued *queue; /* first of the messages that wait */
    uint32_t queued;
    uint32_t queued_bytes;
    uint32_t queued_fds;
    uint64_t peer_xfer; /* bytes of data that one message to it may have */
    uint16_t next_ask;

    struct vfus_map *maps; /* sorted by address, disjoint */
    uint32_t maps_room;
    int *irq_fds; /* -1: none */
    uint32_t vectors;
    bool irqs_on;

    uint32_t mig_state; /* enum sriov_mig_state; 0 is RUNNING until a client asked for another */
    bool logging;       /* of what the device writes */

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
/* The loop is woken for what there is to do now; also of use where a message was put aside outside a step. */
void vfus_conn_watch(struct sriov_vfu_device *d);
void vfus_complain(struct sriov_vfu_device *d, const char *what, uint32_t cmd, int rc);
int vfus_watch(struct sriov_vfu_server *server, int op, int fd, uint32_t events, struct vfus_source *source);

/* queue.c */
/* Takes the message that rx has. -EPROTO: more wait than ever do; -ENOMEM. */
int vfus_queue_put(struct sriov_vfu_device *d, struct vfu_rx *rx);
/* Makes the first one d->current; false: there is none. */
bool vfus_queue_take(struct sriov_vfu_device *d);
void vfus_queue_drop(struct sriov_vfu_device *d);

/* remote.c */
int vfus_remote_map(struct sriov_vfu_device *d, struct vfus_map *map, uint32_t dir);
int vfus_remote_unmap(struct sriov_vfu_device *d, const struct vfus_map *map);

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

/* feature.c */
int vfus_device_feature(struct sriov_vfu_device *d, struct vfus_call *call);

/* migration.c: what of DEVICE_FEATURE is about the device's state, and the bytes of it. The head of a
 * feature's request is checked, and lies in the reply already. */
int vfus_mig_get_migration(struct sriov_vfu_device *d, struct vfus_call *call, uint32_t method);
int vfus_mig_device_state(struct sriov_vfu_device *d, struct vfus_call *call, uint32_t method);
int vfus_mig_data_read(struct sriov_vfu_device *d, struct vfus_call *call);
int vfus_mig_data_write(struct sriov_vfu_device *d, struct vfus_call *call);
/* Registers are out of reach: the device is stopped, and what a register says or is told would be lost. */
bool vfus_mig_holds(const struct sriov_vfu_device *d);
/* After a reset of the function: it runs, and nothing is left of what was read or written. */
void vfus_mig_reset(struct sriov_vfu_device *d);

/* dirty.c: the log of what the device writes */
int vfus_log_start(struct sriov_vfu_device *d, struct vfus_call *call, uint32_t method);
int vfus_log_stop(struct sriov_vfu_device *d, struct vfus_call *call, uint32_t method);
int vfus_log_report(struct sriov_vfu_device *d, struct vfus_call *call, uint32_t method);
void vfus_log_end(struct sriov_vfu_device *d);

/* interrupt.c */
uint32_t vfus_irq_count(const struct sriov_vfu_device *d, uint32_t index);
int vfus_set_irqs(struct sriov_vfu_device *d, struct vfus_call *call);
void vfus_irqs_off(struct sriov_vfu_device *d);

#endif
