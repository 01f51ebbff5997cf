#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Stands between a vfio-user client and its server and writes down what each of them says, as the fuzzers
of fuzz_vfu.h take it. Ends with the last connection that it is told to wait for."""

import argparse
import os
import select
import socket
import stat
import struct

HEADER = struct.Struct("<HHIII")
MEMORY, EVENTFD, PIPE, NULL = 0 << 3, 2 << 3, 3 << 3, 4 << 3
HANG_UP = 1 << 6


def kind(fd):
    """What a descriptor is, in the words of fuzz_vfu.h."""
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return MEMORY
    if stat.S_ISFIFO(mode):
        return PIPE
    return EVENTFD if "eventfd" in os.readlink(f"/proc/self/fd/{fd}") else NULL


class Side:
    """One direction of a connection; messages go on once they are whole."""

    def __init__(self, source, sink, out):
        self.source, self.sink, self.out = source, sink, out
        self.data, self.fds = b"", []

    def step(self):
        data, fds, _, _ = socket.recv_fds(self.source, 1 << 20, 16)
        self.data += data
        self.fds += fds
        while len(self.data) >= HEADER.size:
            size = HEADER.unpack_from(self.data)[2]
            if len(self.data) < size:
                break
            self.write(self.data[:size])
            self.data = self.data[size:]
        return bool(data)

    def write(self, message):
        # A stream does not say which of two messages brought descriptors: the first that is whole.
        tag = min(len(self.fds), 7) | (kind(self.fds[0]) if self.fds else 0)
        self.out.write(bytes([tag | self.out.first]) + message)
        self.out.first = 0
        if self.fds:
            socket.send_fds(self.sink, [message], self.fds)
        else:
            self.sink.sendall(message)
        for fd in self.fds:
            os.close(fd)
        self.fds = []


class Out:
    def __init__(self, path, first_byte):
        self.file = open(path, "wb")
        self.file.write(bytes([first_byte]))
        self.first = 0
        self.write = self.file.write


def carry(client, server, outs):
    sides = {client: Side(client, server, outs[0]), server: Side(server, client, outs[1])}
    alive = True
    while alive:
        for source in select.select(list(sides), [], [])[0]:
            try:
                alive = sides[source].step() and alive
            except OSError:
                alive = False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for word in ("listen", "connect", "client_says", "server_says"):
        parser.add_argument(word)
    parser.add_argument("first_byte", nargs="?", type=int, default=0)
    parser.add_argument("--connections", type=int, default=1)
    chosen = parser.parse_args()
    outs = [Out(chosen.client_says, chosen.first_byte), Out(chosen.server_says, chosen.first_byte)]
    door = socket.socket(socket.AF_UNIX)
    door.bind(chosen.listen)
    door.listen()
    for _ in range(chosen.connections):
        client, _ = door.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(chosen.connect)
        carry(client, server, outs)
        client.close()
        server.close()
        for out in outs:
            out.first = HANG_UP
    for out in outs:
        out.file.close()


if __name__ == "__main__":
    main()
