/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside the vfio-user client: what its files share. */
#ifndef VFUC_H
#define VFUC_H

#include "../proto.h"

#include <sriov/log.h>
#include <sriov/vfio_user.h>
#include <sriov/vmm.h>

#include <pthread.h>
#include <stdatomic.h>
#include <sys/un.h>

#define VFUC_BARS        6u
#define VFUC_VECTORS_MAX 2048u
#define VFUC_FDS_MAX     8u /* in one message, whatever the server allows */

/* ---- dispatch.c: what wakes a waiting thread ---- */

/* A callback that is due. */
struct vfuc_call {
    void (*cb)(void *arg, uint32_t value);
    void *arg;
    uint32_t value;
};

/* A descriptor in the epoll set. Embedded in its owner, who removes it before it goes. */
struct vfuc_source {
    struct vfuc_source *next;
    int fd;
    uint32_t events; /* EPOLL* */
    uint64_t id;     /* 0: not in the set */
    bool leaving;
    bool running; /* a thread is in its callback now */
    pthread_t runner;
    /* Takes the event from the descriptor; true when *call is to be made. Runs under the lock. */
    bool (*take)(struct vfuc_source *source, struct vfuc_call *call);
    void *owner;
};

struct vfuc {
    struct sriov_vmm *vmm;
    struct vfuc_fn *fns;
    char *dir;    /* whose sockets are the functions; NULL: the list */
    char **paths; /* the list */
    uint32_t num_paths;
    struct sriov_dma_range iova;
    uint64_t timeout_ns; /* for one reply */
    bool unshared;       /* SRIOV_VFU_CLIENT_UNSHARED */
    /* A connected socket for an address, or a negative errno; tests put a peer of their own there. */
    int (*dial)(void *arg, const struct sockaddr_un *at);
    void *dial_arg;
    int epoll;
    atomic_uint relaxed;
    pthread_mutex_t lock; /* sources, fns; never held in a callback */
    pthread_cond_t idle;  /* a callback has returned */
    struct vfuc_source *sources;
    uint64_t next_id;
};

uint64_t vfuc_now(void);
/* A moment ns from now; UINT64_MAX: never. */
uint64_t vfuc_deadline(uint64_t ns);
uint64_t vfuc_left(uint64_t deadline);
/* 1 ready, 0 not in time, negative errno. */
int vfuc_poll(int fd, short events, uint64_t timeout_ns);
int vfuc_source_add(struct vfuc *client, struct vfuc_source *source);
/* On return no other thread is in its callback, and none will be. */
void vfuc_source_remove(struct vfuc *client, struct vfuc_source *source);
/* Callbacks made; 0 after timeout_ns without any; negative errno. */
int vfuc_dispatch(struct vfuc *client, uint64_t timeout_ns);
void vfuc_op_relax(void *vmm);
void vfuc_op_sleep(void *vmm, uint64_t ns);
int vfuc_op_wait(void *vmm, uint64_t timeout_ns);

/* ---- conn.c: one connection, one request at a time ---- */

struct vfuc_conn {
    int fd;
    pthread_mutex_t lock; /* the stream: a request and its reply */
    atomic_bool dead;     /* killed from this side */
    atomic_bool gone;     /* the server went, or broke the protocol */
    uint16_t next_msg;
    uint64_t timeout_ns;
    struct vfu_rx rx;
    struct vfu_tx tx;
    uint8_t *bounce; /* VFU_XFER_MAX bytes on their way from or to memory */
    /* The server's access to memory of ours, from or to bytes; negative errno. Any thread that calls. */
    int (*dma)(void *arg, bool write, uint64_t addr, uint8_t *bytes, uint64_t count);
    void *dma_arg;
    /* What the server allows. */
    uint32_t max_fds;
    uint32_t max_xfer; /* bytes of data in one message */
    uint64_t max_maps;
    uint64_t granule;
};

/* A request, in two pieces, and where its reply goes. */
struct vfuc_msg {
    uint16_t command;
    bool posted; /* no reply is asked for */
    const void *head;
    size_t head_len;
    const void *data;
    size_t data_len;
    const int *fds;
    uint32_t num_fds;
    void *reply;      /* behind the header; what does not fit is a breach */
    size_t reply_min; /* a shorter one is a breach too */
    size_t reply_room;
    size_t reply_len; /* out */
    int *reply_fd;    /* out: one descriptor that came with it, or -1; NULL: none is wanted */
};

/*
 * Takes over fd, a connected stream socket. 0 when both sides know what the other allows; on failure fd is
 * closed. -EBUSY: closed without a word, as a server does that has a client already.
 */
int vfuc_conn_start(struct vfuc_conn *conn, int fd, uint64_t timeout_ns);
/* The server has let go of all that is ours once this returns, or does not answer. */
void vfuc_conn_end(struct vfuc_conn *conn);
/*
 * 0 or an answer of the server's (a positive errno) or a negative errno: -ENODEV no connection any more,
 * -EPROTO, -ETIMEDOUT (both end it).
 */
int vfuc_call(struct vfuc_conn *conn, struct vfuc_msg *msg);
/* Answers what the server has asked by now. Negative errno: the connection has ended. */
int vfuc_conn_serve(struct vfuc_conn *conn);
/* The result of a call in the seam's terms. */
int vfuc_error(int result);
/* Any thread, any context: the server is told that we are gone. */
void vfuc_conn_kill(struct vfuc_conn *conn);

/* negotiate.c: the first message */
int vfuc_negotiate(struct vfuc_conn *conn);

/* ---- a function ---- */

struct vfuc_region {
    uint64_t length;
    uint64_t offset; /* in fd */
    uint32_t flags;  /* VFIO_REGION_INFO_FLAG_* */
    int fd;          /* -1: accesses are messages */
};

struct vfuc_view {
    _Atomic(void *) va; /* NULL: none, or in somebody's hands */
    uint64_t length;    /* whole pages */
    uint32_t users;     /* control thread: how often it was given out */
};

struct vfuc_vector {
    struct vfuc_source source; /* its descriptor is the shim's own */
    struct vfuc_fn *fn;
    uint32_t index;
    uint32_t kind; /* enum sriov_sink_kind; 0: no sink */
    int32_t user_fd;
    bool masked;
    void (*cb)(void *arg, uint32_t vector);
    void *arg;
};

struct vfuc_fn {
    struct vfuc *client;
    struct vfuc_fn *next;
    struct vfuc_conn conn;
    struct sriov_fn_info info;

    struct vfuc_region config;
    struct vfuc_region bars[VFUC_BARS];
    struct vfuc_view views[VFUC_BARS];
    int ones; /* memory file of 0xff; -1 until the first view */

    pthread_mutex_t maps_lock; /* the list, for who answers the server */
    struct vfuc_map *maps;
    uint64_t num_maps;

    uint32_t max_vectors;
    uint32_t num_vectors;
    struct vfuc_vector *vectors;

    bool answers; /* its thread runs */
    pthread_t answerer;
    int answer_end; /* eventfd; -1: none */

    bool can_reset;
    uint64_t mig_flags; /* VFU_MIG_*; 0: its state stays where it is */
    bool can_log;       /* what it writes */
    struct vfuc_source hangup;
    struct sriov_event_sink sink;
};

/* names.c: the sockets */
int vfuc_names_take(struct vfuc *client, const struct sriov_vfu_client_opts *opts);
void vfuc_names_free(struct vfuc *client);
/* Where the function of that name is; -ENOENT. */
int vfuc_name_find(struct vfuc *client, const char *name, struct sockaddr_un *at);
int vfuc_op_enumerate(void *vmm, sriov_enum_cb cb, void *arg);

/* open.c */
int vfuc_op_open(void *vmm, const struct sriov_open_args *args, void **fn);
void vfuc_op_close(void *fn);
int vfuc_op_info(void *fn, struct sriov_fn_info *info);
int vfuc_op_reset(void *fn);
void vfuc_op_kill(void *fn);
/* Copies what is known of it where it is open here. */
bool vfuc_fn_listed(struct vfuc *client, const char *name, struct sriov_fn_info *info);
/* As enumerate shows it: asks its server and lets go again. On failure its name alone is filled in. */
int vfuc_fn_probe(struct vfuc *client, const char *name, const struct sockaddr_un *at,
                  struct sriov_fn_info *info);

/* device.c: what the server tells about it */
int vfuc_device_ask(struct vfuc_fn *fn);
void vfuc_device_forget(struct vfuc_fn *fn);

/* region.c */
int vfuc_op_cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value);
int vfuc_op_cfg_write(void *fn, uint32_t off, uint32_t width, uint32_t value);
int vfuc_op_bar_info(void *fn, uint32_t bar, struct sriov_bar_info *info);
int vfuc_op_bar_read(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value);
int vfuc_op_bar_write(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value);

/* view.c */
int vfuc_op_bar_view(void *fn, uint32_t bar, volatile void **view);
void vfuc_op_bar_unview(void *fn, uint32_t bar, volatile void *view);
void vfuc_views_kill(struct vfuc_fn *fn);
void vfuc_views_drop(struct vfuc_fn *fn);
/* The memory behind fd can be cut short by nobody any more, so that an access never faults. */
bool vfuc_view_safe(int fd, uint64_t offset, uint64_t length);

/* dma.c */
void vfuc_maps_drop(struct vfuc_fn *fn);
/* vfuc_conn.dma of a function. */
int vfuc_dma_copy(void *fn, bool write, uint64_t addr, uint8_t *bytes, uint64_t count);
int vfuc_op_dma_limits(void *fn, struct sriov_dma_limits *limits);
int vfuc_op_dma_alloc(void *fn, struct sriov_dma_mem *mem);
int vfuc_op_dma_free(void *fn, const struct sriov_dma_mem *mem);
int vfuc_op_dma_map(void *fn, struct sriov_dma_mem *mem);
int vfuc_op_dma_unmap(void *fn, const struct sriov_dma_mem *mem);

/* answer.c: a thread for a server that asks for memory */
int vfuc_answer_start(struct vfuc_fn *fn);
void vfuc_answer_stop(struct vfuc_fn *fn);

/* irq.c */
int vfuc_op_irq_count(void *fn, uint32_t *count);
int vfuc_op_irq_enable(void *fn, uint32_t *n);
int vfuc_op_irq_disable(void *fn);
int vfuc_op_irq_attach(void *fn, uint32_t vector, const struct sriov_irq_sink *sink);
int vfuc_op_irq_detach(void *fn, uint32_t vector);
int vfuc_op_irq_mask(void *fn, uint32_t vector);
int vfuc_op_irq_unmask(void *fn, uint32_t vector);
int vfuc_op_irq_pending(void *fn, uint32_t vector, uint32_t *pending);
int vfuc_op_irq_trigger(void *fn, uint32_t vector);

/* migration.c */
/* What the server can do of it, into fn. */
int vfuc_mig_ask(struct vfuc_fn *fn);
/* A DEVICE_FEATURE whose reply has answer_len bytes; as vfuc_call. */
int vfuc_feature(struct vfuc_fn *fn, const void *ask, size_t ask_len, void *answer, size_t answer_len);
int vfuc_op_mig_info(void *fn, struct sriov_mig_info *info);
int vfuc_op_mig_state(void *fn, uint32_t *state);
int vfuc_op_mig_set_state(void *fn, uint32_t state);
int vfuc_op_mig_read(void *fn, void *bytes, uint64_t room, uint64_t *len);
int vfuc_op_mig_write(void *fn, const void *bytes, uint64_t len);

/* dirty.c */
int vfuc_op_dma_dirty_start(void *fn);
int vfuc_op_dma_dirty_stop(void *fn);
int vfuc_op_dma_dirty_read(void *fn, uint64_t iova, uint64_t length, uint64_t *bitmap);

/* event.c */
void vfuc_hangup_init(struct vfuc_fn *fn);
int vfuc_op_set_event_sink(void *fn, const struct sriov_event_sink *sink);

#endif
