/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest whose memory is all that it is: our own VF driver, unmodified, with everything that it allocates,
 * in the RAM of a simulated machine. The RAM lies at one address in every process and programs are linked to
 * a fixed one, so that the guest goes on wherever its RAM has been copied, as one in a real machine does.
 */
#ifndef MIGRATE_GUEST_H
#define MIGRATE_GUEST_H

#include <sriov/drivers.h>
#include <sriov/mock.h>

#define GUEST_RAM_VA    ((uint8_t *)UINT64_C(0x200000000000))
#define GUEST_RAM_BYTES UINT64_C(0x400000)
#define GUEST_SLOT      3u
#define GUEST_VID       5u
#define GUEST_LEN       100u
#define GUEST_MAGIC     UINT32_C(0x6d696772)

/* What a frame that a guest or its peer sends says. */
struct guest_payload {
    uint32_t magic;
    uint32_t seq;
};

/* At the begin of RAM; all of it moves. */
struct guest {
    uint64_t arena_next; /* of host memory and of DMA memory: never given back */
    uint64_t dma_next;
    uint64_t clock; /* what it read last */
    struct sriov_irq_sink sink[3];
    uint32_t vectors;
    struct sriov_vmm *vmm;
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    struct sriov_net *net;
    struct sriov_mac mac; /* that it chose */
    uint32_t sent;        /* sequence numbers, each way */
    uint32_t received;
    uint32_t lost, again, strange;
    uint32_t tagged, multicast; /* of those received */
    uint64_t interrupts;
    uint32_t events; /* of sriov_net_poll, or-ed */
};

static inline struct guest *guest_state(void)
{
    return (struct guest *)(void *)GUEST_RAM_VA;
}

/* The machine that it runs in from now on: this process's. */
void guest_enter(struct sriov_mock *mock, struct sriov_vm *vm);

/* Boots it: PCI, driver, MAC, VLAN, a multicast group, interrupts. */
void guest_boot(void);
/* One turn: house-keeping, everything that came is taken and judged, `send` frames go out. */
void guest_turn(uint32_t send);
/* Posts frames and does not look back. */
void guest_post(uint32_t n);

/* The peer's frame number seq for it: every third tagged, every seventh to the group. */
uint32_t guest_make_frame(uint8_t *out, uint32_t seq);

#endif
