/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

const struct command *const commands[] = {
    &command_list,    &command_info,  &command_doctor, &command_bind,    &command_unbind,
    &command_vfs,     &command_vf,    &command_assign, &command_release, &command_ping,
    &command_migrate, &command_stats, &command_stream, &command_respond, &command_capture,
    &command_serve,   NULL,
};
