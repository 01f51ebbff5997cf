/* SPDX-License-Identifier: BSD-3-Clause */
#include "serve_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* What a process that died left: nobody is behind it. */
static bool is_stale(const struct sockaddr_un *address, int type)
{
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct stat st;
    bool stale;

    if (fd < 0) {
        return false;
    }
    stale = lstat(address->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
            connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 && errno == ECONNREFUSED;
    (void)close(fd);
    return stale;
}

int serve_socket_bind(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int err;

    if (fd < 0) {
        return -errno;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
        return fd;
    }
    err = errno;
    if (err == EADDRINUSE && is_stale(&address, type) && unlink(path) == 0) {
        if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
            return fd;
        }
        err = errno;
    }
    (void)close(fd);
    return -err;
}
