/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside the netdev shim: what its files share. The driver's part is in snd_net.h. */
#ifndef SND_H
#define SND_H

#include <sriov/log.h>
#include <sriov/netdev.h>
#include <sriov/vmm.h>

#include <net/if.h>
#include <stdatomic.h>

#define SND_VECTORS   2u
#define SND_VECTOR_RX 0u
#define SND_VECTOR_IF 1u

/* A descriptor in the epoll set, or one that a vector is behind. Embedded in its owner. */
struct snd_source {
    struct snd_source *next;
    int fd;
    uint64_t id; /* 0: not in the set */
    /* Something is there to read: mark what is due. No callback is made here. */
    void (*ready)(struct snd_source *source);
    void *owner;
};

struct snd_vector {
    uint32_t kind; /* enum sriov_sink_kind; 0: no sink */
    bool masked;
    bool pending;
    void (*cb)(void *arg, uint32_t vector);
    void *arg;
};

struct snd {
    struct sriov_vmm *vmm;
    uint32_t flags; /* SRIOV_NETDEV_* */
    int epoll;
    uint32_t relaxed;
    uint64_t next_id;
    struct snd_source *sources;
    struct snd_fn *fns;
};

struct snd_fn {
    struct snd *shim;
    struct snd_fn *next;
    char name[IF_NAMESIZE];
    int ifindex;
    int sock; /* the packet socket */
    int link; /* of rtnetlink: changes of interfaces */
    struct snd_source sock_source;
    struct snd_source link_source;
    uint16_t command; /* of config space: the bits that are kept */
    atomic_bool dead;
    bool taken; /* what follows is to be put back */
    bool had_arp;
    char had_ipv6; /* of disable_ipv6; 0: there is none to put back */

    uint32_t num_vectors;
    struct snd_vector vectors[SND_VECTORS];
    struct sriov_event_sink sink;
    bool removed; /* the interface is gone: the event is due, or was told */
    bool told;
};

/* dispatch.c: time, and what wakes a waiting thread */
uint64_t snd_op_now(void *vmm);
void snd_op_relax(void *vmm);
void snd_op_sleep(void *vmm, uint64_t ns);
int snd_op_wait(void *vmm, uint64_t timeout_ns);
/* Told of what comes from now on, not of what is there. */
int snd_source_add(struct snd *shim, struct snd_source *source);
void snd_source_remove(struct snd *shim, struct snd_source *source);

/* list.c */
int snd_op_enumerate(void *vmm, sriov_enum_cb cb, void *arg);
void snd_info_fill(int sock, const char *name, struct sriov_fn_info *info);

/* open.c */
int snd_op_open(void *vmm, const struct sriov_open_args *args, void **fn);
void snd_op_close(void *fn);
int snd_op_info(void *fn, struct sriov_fn_info *info);
int snd_op_fn_fd(void *fn, int32_t *fd, uint32_t *kind);
void snd_op_kill(void *fn);

/* take.c: the interface out of the hands of the kernel's own stack */
int snd_take(struct snd_fn *fn);
void snd_untake(struct snd_fn *fn);

/* link.c: rtnetlink, events */
int snd_link_open(struct snd_fn *fn);
void snd_link_close(struct snd_fn *fn);
int snd_op_set_event_sink(void *fn, const struct sriov_event_sink *sink);

/* config.c: config space, and BARs that are not there */
int snd_op_cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value);
int snd_op_cfg_write(void *fn, uint32_t off, uint32_t width, uint32_t value);
int snd_op_bar_info(void *fn, uint32_t bar, struct sriov_bar_info *info);
int snd_op_bar_read(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value);
int snd_op_bar_write(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value);

/* dma.c */
int snd_op_dma_limits(void *fn, struct sriov_dma_limits *limits);
int snd_op_dma_alloc(void *fn, struct sriov_dma_mem *mem);
int snd_op_dma_free(void *fn, const struct sriov_dma_mem *mem);
int snd_op_dma_map(void *fn, struct sriov_dma_mem *mem);
int snd_op_dma_unmap(void *fn, const struct sriov_dma_mem *mem);

/* irq.c */
void snd_vector_fire(struct snd_fn *fn, uint32_t vector);
/* Makes the callbacks that are due; how many. */
int snd_vectors_deliver(struct snd_fn *fn);
bool snd_vectors_heard(const struct snd_fn *fn);
void snd_irq_init(struct snd_fn *fn);
int snd_op_irq_count(void *fn, uint32_t *count);
int snd_op_irq_enable(void *fn, uint32_t *n);
int snd_op_irq_disable(void *fn);
int snd_op_irq_attach(void *fn, uint32_t vector, const struct sriov_irq_sink *sink);
int snd_op_irq_detach(void *fn, uint32_t vector);
int snd_op_irq_mask(void *fn, uint32_t vector);
int snd_op_irq_unmask(void *fn, uint32_t vector);
int snd_op_irq_pending(void *fn, uint32_t vector, uint32_t *pending);
int snd_op_irq_trigger(void *fn, uint32_t vector);

#endif
