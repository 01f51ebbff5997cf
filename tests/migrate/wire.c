/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

static bool put_all(int fd, const uint8_t *bytes, uint64_t len)
{
    while (len != 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        bytes += n;
        len -= (uint64_t)n;
    }
    return true;
}

bool wire_bytes(int fd, void *bytes, uint64_t len)
{
    uint8_t *at = bytes;

    while (len != 0) {
        ssize_t n = read(fd, at, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        at += n;
        len -= (uint64_t)n;
    }
    return true;
}

bool wire_put(int fd, uint32_t type, uint32_t number, const void *bytes, uint64_t len)
{
    struct wire_head head = {type, number, len};

    return put_all(fd, (const uint8_t *)&head, sizeof(head)) && (len == 0 || put_all(fd, bytes, len));
}

bool wire_get(int fd, struct wire_head *head)
{
    return wire_bytes(fd, head, sizeof(*head));
}
