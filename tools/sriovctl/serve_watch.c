/* SPDX-License-Identifier: BSD-3-Clause */
/* --watch: the ports once a second, redrawn on a terminal; elsewhere a line for each that changed. */
#include "serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EVERY_NS SERVE_NS_PER_S

struct serve_watch {
    struct serve *serve;
    int task;
    bool terminal;
    json_t *before; /* the ports, as they were told last; NULL: never */
};

static void print_rows(const json_t *view)
{
    static const char heading[] =
        "port   link  owner       rx packets    tx packets    drops  interrupts  mailbox";

    printf("%s\n", heading);
    for (size_t i = 0; i < json_array_size(view); i++) {
        const json_t *port = json_array_get(view, i);

        printf("vf%-4lld %-5s %-8s %13lld %13lld %8lld %11lld  %s\n",
               (long long)json_integer_value(json_object_get(port, "vf")),
               json_string_value(json_object_get(port, "link")),
               json_is_true(json_object_get(port, "connected")) ? "client" : "-",
               (long long)json_integer_value(json_object_get(port, "rx_packets")),
               (long long)json_integer_value(json_object_get(port, "tx_packets")),
               (long long)json_integer_value(json_object_get(port, "drops")),
               (long long)json_integer_value(json_object_get(port, "interrupts")),
               json_string_value(json_object_get(port, "mailbox")));
    }
}

static void print_changed(struct serve_watch *watch, json_t *view)
{
    for (size_t i = 0; i < json_array_size(view); i++) {
        const json_t *port = json_array_get(view, i);

        if (!json_equal(port, json_array_get(watch->before, i))) {
            serve_view_line(stdout, port);
        }
    }
    json_decref(watch->before);
    watch->before = json_incref(view);
}

static void show(void *arg)
{
    struct serve_watch *watch = arg;
    struct serve *serve = watch->serve;
    json_t *view = serve_view(serve);

    if (serve->cli->globals.json) {
        (void)json_dumpf(view, stdout, JSON_COMPACT);
        putchar('\n');
    } else if (watch->terminal) {
        printf("\033[H\033[J");
        print_rows(json_object_get(view, "ports"));
    } else {
        print_changed(watch, json_object_get(view, "ports"));
    }
    (void)fflush(stdout);
    json_decref(view);
}

int serve_watch_open(struct serve *serve)
{
    struct serve_watch *watch;

    if (!serve->values->watch) {
        return CLI_OK;
    }
    watch = calloc(1, sizeof(*watch));
    if (watch == NULL) {
        return cli_fail(serve->cli, "out of memory");
    }
    watch->serve = serve;
    watch->terminal = isatty(STDOUT_FILENO) == 1;
    watch->task = sriov_mock_task(serve->mock, EVERY_NS, show, watch);
    serve->watch = watch;
    return watch->task > 0 ? CLI_OK : cli_fail(serve->cli, "out of memory");
}

void serve_watch_close(struct serve *serve)
{
    struct serve_watch *watch = serve->watch;

    if (watch == NULL) {
        return;
    }
    if (watch->task > 0) {
        (void)sriov_mock_task_stop(serve->mock, watch->task);
    }
    json_decref(watch->before);
    free(watch);
    serve->watch = NULL;
}
