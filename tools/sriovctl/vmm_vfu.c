/* SPDX-License-Identifier: BSD-3-Clause */
/* The VMM of --shim vfio-user: functions that other processes serve, each on a socket. */
#include "cli.h"

#include <sriov/vfio_user.h>

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define PATH_MOST sizeof(((struct sockaddr_un *)0)->sun_path)

bool cli_is_vfu(const struct cli *cli)
{
    return strcmp(cli->globals.shim, "vfio-user") == 0;
}

static int create(struct cli *cli, const char *const *paths, size_t n)
{
    const struct sriov_vfu_client_opts opts = {
        .size = sizeof(opts), .num_paths = (uint32_t)n, .paths = paths};
    int rc = sriov_vfu_client_create(&opts, &cli->vmm);

    if (rc == 0) {
        return CLI_OK;
    }
    cli->vmm = NULL;
    if (rc == -EINVAL) {
        return cli_fail(cli, "%.160s: no path of a socket, which has at most %zu characters", paths[0],
                        PATH_MOST - 1);
    }
    return cli_fail(cli, "cannot start the vfio-user shim: %s", strerror(-rc));
}

/* What a server makes there beside these is none of its functions. */
static int open_all(struct cli *cli, const char *dir)
{
    char pattern[PATH_MOST];
    glob_t found = {0};
    int n = snprintf(pattern, sizeof(pattern), "%s/*.sock", dir);

    if (n < 0 || (size_t)n >= sizeof(pattern) || glob(pattern, 0, NULL, &found) != 0) {
        globfree(&found);
        return cli_fail(cli, "%.160s: no sockets *.sock there: start a server: sriovctl serve --dir DIR",
                        dir);
    }
    int status = create(cli, (const char *const *)found.gl_pathv, found.gl_pathc);
    globfree(&found);
    return status;
}

static int open_one(struct cli *cli, const char *dir, const char *word)
{
    char path[PATH_MOST + SRIOV_NAME_MAX];
    char name[SRIOV_NAME_MAX];
    const char *paths[1] = {path};

    if (!cli_bdf(cli, word, name)) {
        return CLI_USAGE;
    }
    int n = snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= PATH_MOST) {
        return cli_fail(cli, "%.100s/%s: %d characters are too many for a socket's path, which has %zu", dir,
                        name, n, PATH_MOST - 1);
    }
    return create(cli, paths, 1);
}

int cli_open_vfu(struct cli *cli)
{
    const struct cli_globals *globals = &cli->globals;

    if ((globals->dir != NULL) == (globals->device != NULL)) {
        return cli_fail(cli,
                        "--shim vfio-user wants --dir, the folder of the sockets, or --device, one socket");
    }
    if (globals->device != NULL) {
        return create(cli, &globals->device, 1);
    }
    return cli->num_words > 0 ? open_one(cli, globals->dir, cli->words[0]) : open_all(cli, globals->dir);
}
