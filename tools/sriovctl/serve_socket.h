/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SRIOVCTL_SERVE_SOCKET_H
#define SRIOVCTL_SERVE_SOCKET_H

/*
 * A socket of that type (SOCK_STREAM, SOCK_DGRAM), bound at path, which fits sun_path. One that nobody has
 * any more is replaced. The descriptor, or a negative errno: -EADDRINUSE for one that is in use, and for what
 * is no socket.
 */
int serve_socket_bind(const char *path, int type);

#endif
