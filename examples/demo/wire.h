/* SPDX-License-Identifier: BSD-3-Clause */
/* A host on the wire of a simulated PF: answers ARP and echoes, one microsecond away. */
#ifndef DEMO_WIRE_H
#define DEMO_WIRE_H

#include <sriov/mock.h>

struct wire_host;

/* NULL when there is no memory. pf must outlive it. */
struct wire_host *wire_host_create(struct sriov_mock *mock, const char *pf, uint32_t ip);
void wire_host_destroy(struct wire_host *host);
/* Frames that reached this host. */
uint64_t wire_host_frames(const struct wire_host *host);

#endif
