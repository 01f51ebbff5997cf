#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A small learning switch between servers of VFs, virtual machines and whoever else has frames.

    migrate_switch.py LOG PORT...

A PORT is dgram:PATH, a UNIX datagram socket as "sriovctl serve --wire dgram:PATH" has it, or stream:PATH, a
socket that QEMU's "-netdev stream" connects to, any number of times: each connection is a port. LOG has a line for
each address that appears at another port: seconds of the monotonic clock, address, port. No frame is dropped but
by a port that takes none for long: each has a queue. Prints "ready"; ends with SIGTERM.
"""

import collections
import errno
import os
import selectors
import signal
import socket
import struct
import sys
import time

QUEUE_MOST = 4096
BURST = 64
RETRY = 0.0005
FRAME_MOST = 65536
GROUP = 1


class Port:
    """One side of the switch. Frames wait in a queue while the other side has no room."""

    def __init__(self, switch, name):
        self.switch, self.name = switch, name
        self.queue, self.dropped = collections.deque(), 0

    def give(self, frame):
        if len(self.queue) >= QUEUE_MOST:
            self.dropped += 1
            return
        self.queue.append(frame)
        self.flush()


class Datagrams(Port):
    def __init__(self, switch, path):
        super().__init__(switch, os.path.basename(path))
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(path + ".peer")
        switch.selector.register(self.socket, selectors.EVENT_READ, self.receive)

    def receive(self, _):
        for _ in range(BURST):
            try:
                frame = self.socket.recv(FRAME_MOST)
            except OSError:
                return
            self.switch.forward(self, frame)

    def flush(self):
        while self.queue:
            try:
                self.socket.sendto(self.queue[0], self.path)
            except OSError as error:
                if error.errno in (errno.EAGAIN, errno.ENOBUFS):
                    self.switch.waiting.add(self)
                    return
                self.dropped += 1  # nobody is there
            self.queue.popleft()
        self.switch.waiting.discard(self)


class Stream(Port):
    """QEMU's framing: a length of four bytes before each frame."""

    def __init__(self, switch, name, connection):
        super().__init__(switch, name)
        self.connection, self.held, self.rest = connection, bytearray(), b""
        connection.setblocking(False)
        switch.selector.register(connection, selectors.EVENT_READ, self.receive)

    def receive(self, mask):
        if mask & selectors.EVENT_WRITE:
            self.flush()
        if not mask & selectors.EVENT_READ:
            return
        try:
            part = self.connection.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        if not part:
            self.end()
            return
        self.held += part
        at = 0
        while len(self.held) - at >= 4:
            size, = struct.unpack_from(">I", self.held, at)
            if len(self.held) - at - 4 < size:
                break
            self.switch.forward(self, bytes(self.held[at + 4:at + 4 + size]))
            at += 4 + size
        del self.held[:at]

    def flush(self):
        while self.rest or self.queue:
            if not self.rest:
                frame = self.queue.popleft()
                self.rest = struct.pack(">I", len(frame)) + frame
            try:
                self.rest = self.rest[self.connection.send(self.rest):]
            except BlockingIOError:
                self.want(selectors.EVENT_READ | selectors.EVENT_WRITE)
                return
            except OSError:
                self.queue.clear()
                self.rest = b""
                return
        self.want(selectors.EVENT_READ)

    def want(self, mask):
        try:
            if self.switch.selector.get_key(self.connection).events != mask:
                self.switch.selector.modify(self.connection, mask, self.receive)
        except KeyError:
            pass

    def end(self):
        self.switch.selector.unregister(self.connection)
        self.connection.close()
        self.switch.forget(self)


class Switch:
    def __init__(self, log):
        self.selector, self.log = selectors.DefaultSelector(), log
        self.ports, self.places, self.waiting = [], {}, set()
        self.flooded = self.forwarded = self.connections = 0

    def add(self, spec):
        kind, _, path = spec.partition(":")
        if kind == "dgram":
            self.ports.append(Datagrams(self, path))
            return
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(8)
        listener.setblocking(False)
        self.selector.register(listener, selectors.EVENT_READ,
                               lambda _: self.accept(listener, os.path.basename(path)))

    def accept(self, listener, name):
        connection, _ = listener.accept()
        self.connections += 1
        self.ports.append(Stream(self, f"{name}.{self.connections}", connection))

    def forget(self, port):
        self.ports.remove(port)
        self.places = {mac: place for mac, place in self.places.items() if place is not port}

    def learn(self, mac, port):
        if mac[0] & GROUP or self.places.get(mac) is port:
            return
        self.places[mac] = port
        print(f"{time.monotonic():.6f} {mac.hex(':')} {port.name}", file=self.log, flush=True)

    def forward(self, port, frame):
        if len(frame) < 14:
            return
        self.learn(frame[6:12], port)
        place = None if frame[0] & GROUP else self.places.get(frame[:6])
        if place is not None:
            self.forwarded += 1
            if place is not port:
                place.give(frame)
            return
        self.flooded += 1
        for other in list(self.ports):
            if other is not port:
                other.give(frame)

    def run(self):
        while True:
            for key, mask in self.selector.select(RETRY if self.waiting else None):
                key.data(mask)
            for port in list(self.waiting):
                port.flush()


def main():
    with open(sys.argv[1], "w", encoding="utf-8") as log:
        switch = Switch(log)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        for spec in sys.argv[2:]:
            switch.add(spec)
        print("ready", flush=True)
        try:
            switch.run()
        finally:
            dropped = sum(port.dropped for port in switch.ports)
            print(f"# forwarded {switch.forwarded} flooded {switch.flooded} dropped {dropped}", file=log)


main()
