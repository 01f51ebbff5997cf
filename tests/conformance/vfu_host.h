/* SPDX-License-Identifier: BSD-3-Clause */
/* A simulated VF, served over vfio-user by a thread of this process, where virtual time follows ours. */
#ifndef CONFORM_VFU_HOST_H
#define CONFORM_VFU_HOST_H

#include <stdint.h>

struct vfu_host;

/* NULL: one line on stderr says why. quirks may be NULL. Memory of a client that shares none is reached by
 * messages. */
struct vfu_host *vfu_host_start(const char *model, const char *quirks);
/* Of its socket; valid until it stops. */
const char *vfu_host_path(const struct vfu_host *host);
/* What the mock holds against the server or its clients, and what is still held. */
uint64_t vfu_host_stop(struct vfu_host *host);

#endif
