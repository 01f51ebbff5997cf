/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One image for every machine: with `ip` in its command line it is a guest with a VF (orders.h), without
 * it has a whole device.
 */
#include "roles.h"

void bare_main(uint32_t start_info);

void bare_main(uint32_t start_info)
{
    struct machine machine;

    if (!machine_start(start_info, &machine)) {
        say("Bail out! not started by PVH, or no memory");
        machine_end(false);
    }
    if (machine_word(&machine, "ip") != NULL) {
        peer_main(&machine);
    }
    device_main(&machine);
}
