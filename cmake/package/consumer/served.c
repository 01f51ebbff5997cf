/* SPDX-License-Identifier: BSD-3-Clause */
/* The smallest server and client of vfio-user against an installed libsriovcore: a simulated PF is a device
 * of its own on the socket argv[1], and this program's own client looks at it. */
#include <sriov/mock.h>
#include <sriov/vfio_user.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static atomic_bool over;

static void *serve(void *server)
{
    while (!atomic_load(&over)) {
        (void)sriov_vfu_server_step(server);
    }
    return NULL;
}

static void show(void *arg, const struct sriov_fn_info *info)
{
    (void)arg;
    printf("served: %s %s %04x:%04x\n", sriov_version(), info->bound_driver, info->vendor, info->device);
}

static int look(const char *path)
{
    struct sriov_vfu_client_opts opts = {.size = sizeof(opts), .paths = &path, .num_paths = 1};
    struct sriov_vmm *vmm;

    if (sriov_vfu_client_create(&opts, &vmm) != 0) {
        return 1;
    }
    int seen = sriov_vmm_enumerate(vmm, show, NULL);
    return sriov_vfu_client_destroy(vmm) != 0 || seen < 0;
}

int main(int argc, char **argv)
{
    struct sriov_vfu_device_opts opts = {.size = sizeof(opts), .path = argc > 1 ? argv[1] : NULL};
    char name[SRIOV_NAME_MAX];
    struct sriov_mock *mock;
    struct sriov_fn *fn;
    struct sriov_vfu_server *server;
    struct sriov_vfu_device *device;
    pthread_t thread;

    if (argc != 2 || sriov_mock_create(NULL, &mock) != 0 ||
        sriov_mock_add_pf(mock, "82576", NULL, name) != 0 ||
        sriov_fn_open(sriov_mock_vmm(mock), name, NULL, &fn) != 0 || sriov_vfu_server_create(&server) != 0 ||
        sriov_vfu_device_add(server, fn, &opts, &device) != 0 ||
        pthread_create(&thread, NULL, serve, server) != 0) {
        return 1;
    }
    int rc = look(argv[1]);
    atomic_store(&over, true);
    (void)pthread_join(thread, NULL);
    sriov_vfu_server_destroy(server);
    rc |= sriov_fn_close(fn) != 0;
    sriov_mock_destroy(mock);
    return rc;
}
