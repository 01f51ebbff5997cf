/* SPDX-License-Identifier: BSD-3-Clause */
/* The folder of the sockets: made, and held against another server while this one runs. */
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int serve_dir_path(struct serve *serve, const char *name, char path[SERVE_PATH_MAX])
{
    const char *dir = serve->cli->globals.dir;
    int n = snprintf(path, SERVE_PATH_MAX, "%s/%s", dir, name);

    if (n < 0 || (uint32_t)n >= SERVE_PATH_MAX) {
        return cli_fail(serve->cli,
                        "%.160s/%s: %d characters are too many for a socket's path, which has %u: give a "
                        "shorter --dir",
                        dir, name, n, SERVE_PATH_MAX - 1);
    }
    return CLI_OK;
}

static int fail(struct serve *serve, const char *what, int err)
{
    return cli_fail(serve->cli, "%.160s: %s: %s: give a --dir that you can make or write to",
                    serve->cli->globals.dir, what, strerror(err));
}

int serve_dir_take(struct serve *serve)
{
    const char *dir = serve->cli->globals.dir;

    serve->dir_fd = -1;
    serve->dir_made = mkdir(dir, 0777) == 0;
    if (!serve->dir_made && errno != EEXIST) {
        return fail(serve, "cannot be made", errno);
    }
    serve->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (serve->dir_fd < 0) {
        return fail(serve, "cannot be opened", errno);
    }
    if (access(dir, W_OK | X_OK) != 0) {
        return fail(serve, "no sockets can be made there", errno);
    }
    if (flock(serve->dir_fd, LOCK_EX | LOCK_NB) != 0) {
        return cli_fail(serve->cli,
                        "%.160s: another sriovctl serve runs there: end that one, or give another --dir",
                        dir);
    }
    return CLI_OK;
}

void serve_dir_leave(struct serve *serve)
{
    /* While it is still held: a start that is refused leaves nothing. */
    if (serve->dir_made) {
        (void)rmdir(serve->cli->globals.dir);
        serve->dir_made = false;
    }
    if (serve->dir_fd >= 0) {
        (void)close(serve->dir_fd);
        serve->dir_fd = -1;
    }
}
