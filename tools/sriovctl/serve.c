/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl serve: simulated VFs as devices of real virtual machines, over vfio-user. */
#include "serve.h"
#include "commands.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The PF hears requests by its interrupt; what it must look for by itself can wait so long. */
#define PF_EVERY_NS (20 * SERVE_NS_PER_MS)
/* Where guests' memory and their IOMMU's addresses may lie. */
#define REACH_LAST ((UINT64_C(1) << 48) - 1)
/* What Linux's PF driver of 6.12 offers: a stock VF driver does here what it does beside that one. */
#define SERVE_MAX_API 0x0104u
/* Violations that are printed; one broken driver makes many. */
#define TOLD_MAX 50u

#define SERVE(member) .offset = offsetof(struct serve_values, member)

static const struct option_spec options[] = {
    {.name = "wire",
     .value = "pcap:FILE|tap:NAME|dgram:PATH",
     .help = "record all that the switch carries, or connect the PF's port",
     SERVE(wire),
     .kind = OPTION_TEXT},
    {.name = "capture",
     .value = "PORT:FILE",
     .help = "pcap of one port: vf0, vf1, ..., wire or switch; any number of times",
     SERVE(captures),
     .kind = OPTION_LIST},
    {.name = "fault",
     .value = "SPEC",
     .help = "KIND[,fn=vfN][,site=S|op=NAME][,nth=N][,times=N|forever][,value=V][,index=I]",
     SERVE(faults),
     .kind = OPTION_LIST},
    {.name = "watch", .help = "show the ports, once a second", SERVE(watch), .kind = OPTION_FLAG},
    {.name = "queues",
     .value = "N",
     .help = "queue pairs that a VF is granted at most, 1 to 8",
     SERVE(queues),
     .kind = OPTION_NUMBER,
     .least = 1,
     .most = 8},
    {.name = "no-macs",
     .help = "the PF gives no addresses: each VF chooses its own",
     SERVE(no_macs),
     .kind = OPTION_FLAG},
    {.name = NULL},
};

/* ---- building ---- */

static void on_violation(void *arg, const struct sriov_violation *violation)
{
    struct serve *serve = arg;

    if (serve->told < TOLD_MAX) {
        cli_note("violation: %s", violation->text);
    } else if (serve->told == TOLD_MAX) {
        cli_note("violation: and more, which are only counted");
    }
    serve->told++;
}

static uint64_t time_of_day(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * SERVE_NS_PER_S + (uint64_t)ts.tv_nsec;
}

static int open_world(struct serve *serve)
{
    static const struct sriov_mac first = {{0x02, 0, 0, 0, 0x01, 0}};
    const struct cli_globals *globals = &serve->cli->globals;
    struct world_opts opts = {.model = globals->model,
                              .quirks = globals->quirks,
                              .vfs = (uint16_t)globals->vfs,
                              .serve_every_ns = PF_EVERY_NS,
                              .begin_ns = time_of_day(), /* captures have it in their stamps */
                              .reach_last = REACH_LAST,
                              .first_mac = &first,
                              .vf_queues = (uint16_t)serve->values->queues,
                              .no_macs = serve->values->no_macs,
                              .max_api = SERVE_MAX_API,
                              .on_violation = on_violation,
                              .arg = serve};

    serve->cli->tells = true;
    if (cli_open_world(serve->cli, &opts) != CLI_OK) {
        return CLI_USAGE;
    }
    serve->mock = world_mock(serve->cli->world);
    serve->pf = world_pf(serve->cli->world);
    return vf_owner_open_world(&serve->owner, serve->cli);
}

static int open_all(struct serve *serve)
{
    static int (*const rest[])(struct serve * serve) = {serve_control_open,  serve_wire_open,
                                                        serve_captures_open, serve_ports_open,
                                                        serve_faults_inject, serve_watch_open};
    int status = serve_dir_take(serve);

    if (status == CLI_OK) {
        status = open_world(serve);
    }
    for (size_t i = 0; status == CLI_OK && i < sizeof(rest) / sizeof(rest[0]); i++) {
        status = rest[i](serve);
    }
    return status;
}

static void close_all(struct serve *serve)
{
    serve_watch_close(serve);
    serve_ports_close(serve);
    serve_captures_close(serve);
    serve_wire_close(serve);
    serve_control_close(serve);
    vf_owner_close(&serve->owner);
    cli_close_vmm(serve->cli);
    serve_dir_leave(serve);
}

/* ---- serving ---- */

static void print_port(const struct serve *serve, uint16_t vf)
{
    const struct serve_port *port = &serve->ports[vf];

    if (serve->cli->globals.json) {
        json_t *object = out_object();
        out_number(object, "vf", vf);
        out_text(object, "function", port->function);
        out_text(object, "socket", port->path);
        (void)json_dumpf(object, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(object);
    } else {
        printf("vf%u: %s on %s\n", vf, port->function, port->path);
    }
}

static void print_ready(const struct serve *serve)
{
    for (uint16_t vf = 0; vf < serve->num_ports; vf++) {
        print_port(serve, vf);
    }
    puts(serve->cli->globals.json ? "{\"ready\":true}" : "ready");
    (void)fflush(stdout);
}

static int run(struct cli *cli, const void *values)
{
    struct serve serve = {.cli = cli, .values = values, .dir_fd = -1};
    int status;

    if (cli->globals.dir == NULL) {
        return cli_fail(cli, "serve wants --dir, the folder where its sockets are to be");
    }
    if (cli->globals.vfs == 0) {
        return cli_fail(cli, "serve wants VFs to serve: give --vfs N, from 1");
    }
    cli_catch_signals();
    (void)signal(SIGPIPE, SIG_IGN);
    status = open_all(&serve);
    if (status == CLI_OK) {
        serve.dir_made = false;
        print_ready(&serve);
        int rc = serve_loop(&serve);
        if (rc != 0) {
            status = cli_fail_as(cli, CLI_FAILED, "serve: the loop ended: %s", strerror(-rc));
        }
        serve_view_summary(&serve);
        serve_captures_close(&serve);
        status = serve.told == 0 && !serve.capture_failed ? status : CLI_FAILED;
    }
    close_all(&serve);
    return status;
}

const struct command command_serve = {
    .name = "serve",
    .words = "--dir DIR",
    .brief = "simulated VFs for virtual machines, over vfio-user",
    .options = options,
    .values_size = sizeof(struct serve_values),
    .run = run,
};
