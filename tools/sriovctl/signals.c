/* SPDX-License-Identifier: BSD-3-Clause */
/* SIGINT and SIGTERM end a run in good order. */
#include "cli.h"

#include <signal.h>

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

void cli_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

bool cli_interrupted(void)
{
    return interrupted != 0;
}

bool cli_take_interrupt(void)
{
    bool was = interrupted != 0;

    interrupted = 0;
    return was;
}
