/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl: looks at, prepares and drives SR-IOV functions. One file a command. */
#include "commands.h"
#include "vmm_netdev.h"
#include "xen.h"

#include <sriov/model.h>

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const shim_words[] = {"kvm", "xen", "mock", "vfio-user", "netdev", NULL};
static const char *const backend_words[] = {"auto", "group", "iommufd", NULL};
static const char *const mock_pf_words[] = {"up", "down", "silent", NULL};

#define GLOBAL(member) .offset = offsetof(struct cli_globals, member)

const struct option_spec cli_global_options[] = {
    {.name = "shim",
     .value = "kvm|xen|mock|vfio-user|netdev",
     .help = "this host's or domain's functions, simulated or served ones (kvm)",
     GLOBAL(shim),
     .kind = OPTION_WORD,
     .words = shim_words},
    {.name = "backend",
     .value = "auto|group|iommufd",
     .help = "how VFIO is spoken (auto)",
     GLOBAL(backend),
     .kind = OPTION_WORD,
     .words = backend_words},
    {.name = "noiommu",
     .help = "drive a device that no IOMMU confines: it can reach all memory",
     GLOBAL(noiommu),
     .kind = OPTION_FLAG},
    {.name = "vf-token",
     .value = "UUID",
     .help = "secret that the owner of a VFIO-driven PF set",
     GLOBAL(vf_token),
     .kind = OPTION_UUID},
    {.name = "json", .help = "print JSON", GLOBAL(json), .kind = OPTION_FLAG},
    {.name = "verbose",
     .letter = 'v',
     .help = "show the library's log",
     GLOBAL(verbose),
     .kind = OPTION_FLAG},
    {.name = "model",
     .value = "NAME",
     .help = "mock, serve: simulated device, 82599 or 82576 (82599)",
     GLOBAL(model),
     .kind = OPTION_TEXT},
    {.name = "quirks",
     .value = "PROFILE",
     .help = "mock, serve: behave as that one does, e.g. qemu",
     GLOBAL(quirks),
     .kind = OPTION_TEXT},
    {.name = "vfs",
     .value = "N",
     .help = "mock, serve: VFs of the simulated PF (2)",
     GLOBAL(vfs),
     .kind = OPTION_NUMBER,
     .least = 0,
     .most = 63},
    {.name = "mock-pf",
     .value = "up|down|silent",
     .help = "mock: what state the PF is in (up)",
     GLOBAL(mock_pf),
     .kind = OPTION_WORD,
     .words = mock_pf_words},
    {.name = "dir",
     .value = "DIR",
     .help = "serve, vfio-user: folder of the sockets",
     GLOBAL(dir),
     .kind = OPTION_TEXT},
    {.name = "device",
     .value = "SOCKET|BDF",
     .help = "vfio-user: one socket; xen, netdev: the function, instead of a word",
     GLOBAL(device),
     .kind = OPTION_TEXT},
    {.name = "sysfs-root",
     .value = "DIR",
     .help = "instead of /sys",
     GLOBAL(sysfs_root),
     .kind = OPTION_TEXT},
    {.name = "dev-root", .value = "DIR", .help = "instead of /dev", GLOBAL(dev_root), .kind = OPTION_TEXT},
    {.name = "proc-root", .value = "DIR", .help = "instead of /proc", GLOBAL(proc_root), .kind = OPTION_TEXT},
    {.name = "help", .letter = 'h', .help = "show this", GLOBAL(help), .kind = OPTION_FLAG},
    {.name = "version", .help = "show the version", GLOBAL(version), .kind = OPTION_FLAG},
    {.name = NULL},
};

/* ---- telling ---- */

static int fail_with(struct cli *cli, int status, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    (void)fflush(stdout);
    fprintf(stderr, "sriovctl: %s\n", line);
    if (cli->globals.json) {
        json_t *object = out_object();
        out_text(object, "error", line);
        out_number(object, "status", (unsigned)status);
        out_print(object, true);
    }
    return status;
}

int cli_fail(struct cli *cli, const char *fmt, ...)
{
    char line[CLI_WHY_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    return fail_with(cli, CLI_USAGE, line);
}

int cli_fail_as(struct cli *cli, int status, const char *fmt, ...)
{
    char line[CLI_WHY_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    return fail_with(cli, status, line);
}

void cli_note(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    (void)fflush(stderr);
}

bool cli_is_mock(const struct cli *cli)
{
    return strcmp(cli->globals.shim, "mock") == 0;
}

static void print_usage(void)
{
    printf("usage: sriovctl [OPTIONS] COMMAND [WORDS] [OPTIONS]\n\ncommands:\n");
    for (const struct command *const *command = commands; *command != NULL; command++) {
        char left[64];
        (void)snprintf(left, sizeof(left), "%s %s", (*command)->name, (*command)->words);
        printf("  %-26s %s\n", left, (*command)->brief);
    }
    printf("\noptions of every command:\n");
    options_help(cli_global_options);
    printf("\nsriovctl COMMAND --help shows a command's own options. Exit status: 0 well, 1 losses or "
           "findings,\n"
           "2 wrong usage or environment. Manual: sriovctl(1).\n");
}

static void print_command_usage(const struct command *command)
{
    printf("usage: sriovctl %s %s\n  %s\n", command->name, command->words, command->brief);
    if (command->options != NULL) {
        printf("\noptions:\n");
        options_help(command->options);
    }
    if (command->more != NULL) {
        options_help(command->more);
    }
    printf("\nfor options of every command see: sriovctl --help\n");
}

/* ---- running ---- */

static const struct command *find_command(const char *name)
{
    for (const struct command *const *command = commands; *command != NULL; command++) {
        if (strcmp((*command)->name, name) == 0) {
            return *command;
        }
    }
    return NULL;
}

/* Open descriptors of this process: what a command leaves open is a leak. */
static int count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    if (dir == NULL) {
        return 0;
    }
    while (readdir(dir) != NULL) {
        n++;
    }
    (void)closedir(dir);
    return n;
}

static int run_command(struct cli *cli, const void *values)
{
    int before = count_fds();
    int status = cli->command->run(cli, values);

    cli_close_vmm(cli);
    int leaked = count_fds() - before;
    if (leaked > 0) {
        cli_note("sriovctl: %d file descriptors were left open", leaked);
        status = status == CLI_OK ? CLI_FAILED : status;
    }
    return status;
}

static int parse_and_run(struct cli *cli, int argc, char **argv, void *values)
{
    const struct command *command = cli->command;
    static const struct option_spec none[] = {{.name = NULL}};
    struct option_table tables[] = {{command->options != NULL ? command->options : none, values},
                                    {command->more != NULL ? command->more : none, values},
                                    {cli_global_options, &cli->globals}};
    char why[CLI_WHY_MAX];
    int used;

    if (command->defaults != NULL) {
        command->defaults(values);
    }
    cli->num_words =
        options_parse(argc, argv, tables, 3, false, cli->words, command->max_words, &used, why, sizeof(why));
    if (cli->num_words < 0) {
        return cli_fail(cli, "%s: %s; see: sriovctl %s --help", command->name, why, command->name);
    }
    if (cli->globals.help) {
        print_command_usage(command);
        return CLI_OK;
    }
    if (cli->num_words == 0 && command->max_words > 0 && (cli_is_xen(cli) || cli_is_netdev(cli)) &&
        cli->globals.device != NULL) {
        cli->words[cli->num_words++] = cli->globals.device;
    }
    if (cli->num_words < command->min_words) {
        return cli_fail(cli, "%s wants %s; see: sriovctl %s --help", command->name, command->words,
                        command->name);
    }
    if (cli_is_vfu(cli) && !command->sockets) {
        return cli_fail(cli, "%s is not for functions that others serve: leave --shim vfio-user out",
                        command->name);
    }
    if (cli_is_netdev(cli) && (!command->sockets || command == &command_doctor)) {
        return cli_fail(cli, "%s is not for network interfaces: leave --shim netdev out", command->name);
    }
    return run_command(cli, values);
}

static int find_and_run(struct cli *cli, int argc, char **argv)
{
    struct option_table global = {cli_global_options, &cli->globals};
    char why[CLI_WHY_MAX];
    int used = 1;

    if (options_parse(argc, argv, &global, 1, true, NULL, 0, &used, why, sizeof(why)) < 0) {
        return cli_fail(cli, "%s; see: sriovctl --help", why);
    }
    if (cli->globals.version) {
        printf("sriovctl %s\n", sriov_version());
        return CLI_OK;
    }
    if (used >= argc) {
        if (cli->globals.help) {
            print_usage();
            return CLI_OK;
        }
        return cli_fail(cli, "no command; see: sriovctl --help");
    }
    cli->command = find_command(argv[used]);
    if (cli->command == NULL) {
        return cli_fail(cli, "no command %s; see: sriovctl --help", argv[used]);
    }
    void *values = calloc(1, cli->command->values_size + 1);
    if (values == NULL) {
        return cli_fail(cli, "out of memory");
    }
    int status = parse_and_run(cli, argc - used, argv + used, values);
    free(values);
    return status;
}

/* A JSON reader wants the reason even when it is about the options themselves. */
static bool wants_json(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    struct cli cli = {
        .globals = {.shim = "kvm", .backend = "auto", .model = "82599", .mock_pf = "up", .vfs = 2}};

    cli.globals.json = wants_json(argc, argv);
    return find_and_run(&cli, argc, argv);
}
