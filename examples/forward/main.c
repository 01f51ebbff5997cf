/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwards frames between two VFs until it is interrupted, a VF goes or, on the mock, all frames
 * have come back. The loop below does not know which VMM it runs on.
 */
#include "port.h"
#include "world.h"

#include <sriov/kvm.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define FRAMES   10000u
#define POLL_NS  UINT64_C(1000000)
#define IDLE_NS  UINT64_C(20000)
#define PATIENCE UINT64_C(30000000000) /* of virtual time, for the mock's frames */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* Sleep until something may have happened; callbacks (interrupts, removal) run in here. */
static void idle(struct sriov_vmm *vmm)
{
    if (sriov_vmm_wait(vmm, IDLE_NS) == -EAGAIN) {
        sriov_vmm_sleep(vmm, IDLE_NS);
    }
}

/* world: NULL but for the mock. */
static void run(struct sriov_vmm *vmm, struct port port[2], struct world *world)
{
    uint64_t begin = sriov_vmm_now(vmm);
    uint64_t next_poll = begin;
    while (!interrupted && !port[0].end && !port[1].end) {
        uint16_t busy = port_forward(&port[0], &port[1]);
        busy = (uint16_t)(busy + port_forward(&port[1], &port[0]));
        if (sriov_vmm_now(vmm) >= next_poll) {
            port_poll(&port[0]);
            port_poll(&port[1]);
            next_poll = sriov_vmm_now(vmm) + POLL_NS;
        }
        if (world != NULL) {
            world_turn(world, port[0].ready && port[1].ready);
            if (world->phase == WORLD_OVER || sriov_vmm_now(vmm) - begin > PATIENCE) {
                break;
            }
        }
        if (busy == 0) {
            idle(vmm);
        }
    }
}

/* Returns false when a port would not open or something leaked. */
static bool forward(struct sriov_vmm *vmm, const char *const name[2], struct world *world)
{
    struct port port[2] = {0};
    bool good = port_open(&port[0], vmm, name[0]) == 0 && port_open(&port[1], vmm, name[1]) == 0;
    int leaks;
    if (good) {
        run(vmm, port, world);
        port_print(&port[0]);
        port_print(&port[1]);
    }
    leaks = port_close(&port[1]);
    leaks += port_close(&port[0]);
    return good && leaks == 0;
}

static bool on_mock(void)
{
    struct world world;
    uint64_t findings;
    bool good = world_make(&world, FRAMES) == 0;
    if (good) {
        const char *const names[2] = {world.vf_name[0], world.vf_name[1]};
        good = forward(sriov_mock_vmm(world.mock), names, &world);
    }
    findings = world_end(&world);
    printf("wire: %u sent, %u came back, %u wrong\n", world.sent, world.returned, world.wrong);
    return good && findings == 0 && world.phase == WORLD_OVER && world.wrong == 0;
}

static bool on_kvm(const char *const names[2])
{
    struct sriov_vmm *vmm;
    bool good;
    int rc = sriov_kvm_create(NULL, &vmm);
    if (rc != 0) {
        fprintf(stderr, "forward: the kvm shim: %s\n", strerror(-rc));
        return false;
    }
    good = forward(vmm, names, NULL);
    return sriov_kvm_destroy(vmm) == 0 && good;
}

int main(int argc, char **argv)
{
    bool kvm = argc == 5 && strcmp(argv[1], "--shim") == 0 && strcmp(argv[2], "kvm") == 0;
    bool good;
    if (!kvm && argc != 1) {
        fputs("usage: forward                      two VFs of a simulated 82599\n"
              "       forward --shim kvm BDF BDF   two VFs bound to vfio-pci; ends with SIGINT\n",
              stderr);
        return 2;
    }
    (void)signal(SIGINT, on_signal);
    (void)signal(SIGTERM, on_signal);
    good = kvm ? on_kvm((const char *const *)&argv[3]) : on_mock();
    puts(good ? "forward: ok" : "forward: failed");
    return good ? 0 : 1;
}
