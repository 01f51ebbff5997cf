/* SPDX-License-Identifier: BSD-3-Clause */
/* Each VF is opened and exported on a socket of its own. */
#include "serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A QEMU's memory is not sealed. What it maps without a descriptor, a ROM, say, is reached by messages. */
#define QEMU_NEEDS SRIOV_VFU_UNSEALED

static int remote_map(void *arg, struct sriov_fn *fn, sriov_iova_t iova, uint64_t length,
                      enum sriov_dma_dir dir, const struct sriov_dma_remote *remote)
{
    const struct serve *serve = arg;

    return sriov_mock_dma_remote(serve->mock, sriov_fn_info(fn)->name, iova, length, dir, remote);
}

static int remote_unmap(void *arg, struct sriov_fn *fn, sriov_iova_t iova, uint64_t length)
{
    const struct serve *serve = arg;

    return sriov_mock_dma_unremote(serve->mock, sriov_fn_info(fn)->name, iova, length);
}

static int fail_export(struct serve *serve, const struct serve_port *port, int err)
{
    if (err == -EBUSY) {
        return cli_fail(serve->cli,
                        "%s: somebody listens there, or it is no socket: end that server, or "
                        "remove it, or give another --dir",
                        port->path);
    }
    return cli_fail(serve->cli, "%s: cannot be served: %s", port->path, strerror(-err));
}

static int open_port(struct serve *serve, uint16_t vf)
{
    struct serve_port *port = &serve->ports[vf];
    struct sriov_vfu_device_opts opts = {.size = sizeof(opts),
                                         .flags = QEMU_NEEDS,
                                         .path = port->path,
                                         .remote_map = remote_map,
                                         .remote_unmap = remote_unmap,
                                         .remote_arg = serve};
    char name[16];

    (void)snprintf(name, sizeof(name), "vf%u.sock", vf);
    if (serve_dir_path(serve, name, port->path) != CLI_OK) {
        return CLI_USAGE;
    }
    int rc = serve->owner.ops->vf_bdf(&serve->owner, vf, port->function);
    if (rc == 0) {
        rc = sriov_fn_open(serve->cli->vmm, port->function, NULL, &port->fn);
    }
    if (rc == 0) {
        rc = sriov_vfu_device_add(serve->server, port->fn, &opts, &port->device);
    }
    return rc == 0 ? CLI_OK : fail_export(serve, port, rc);
}

int serve_ports_open(struct serve *serve)
{
    int rc = sriov_vfu_server_create(&serve->server);

    serve->ports = calloc(serve->owner.num_vfs + 1u, sizeof(*serve->ports));
    if (rc != 0 || serve->ports == NULL) {
        return cli_fail(serve->cli, "cannot serve: %s", strerror(rc != 0 ? -rc : ENOMEM));
    }
    serve->num_ports = serve->owner.num_vfs;
    for (uint16_t vf = 0; vf < serve->num_ports; vf++) {
        if (open_port(serve, vf) != CLI_OK) {
            return CLI_USAGE;
        }
    }
    return CLI_OK;
}

void serve_ports_close(struct serve *serve)
{
    sriov_vfu_server_destroy(serve->server);
    serve->server = NULL;
    for (uint16_t vf = serve->num_ports; vf > 0; vf--) {
        if (serve->ports[vf - 1].fn != NULL) {
            (void)sriov_fn_close(serve->ports[vf - 1].fn);
        }
    }
    free(serve->ports);
    serve->ports = NULL;
    serve->num_ports = 0;
}
