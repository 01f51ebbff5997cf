/* SPDX-License-Identifier: BSD-3-Clause */
/* Every command of sriovctl; each lives in the file of its name. */
#ifndef SRIOVCTL_COMMANDS_H
#define SRIOVCTL_COMMANDS_H

#include "cli.h"

extern const struct command command_list;
extern const struct command command_info;
extern const struct command command_doctor;
extern const struct command command_bind;
extern const struct command command_unbind;
extern const struct command command_vfs;
extern const struct command command_vf;
extern const struct command command_assign;
extern const struct command command_release;
extern const struct command command_migrate;
extern const struct command command_ping;
extern const struct command command_respond;
extern const struct command command_capture;
extern const struct command command_stats;
extern const struct command command_stream;
extern const struct command command_serve;

#endif
