# SPDX-License-Identifier: BSD-3-Clause
"""Writes cpio archives (newc), which the kernel unpacks as its initramfs; several may follow each other."""

import stat


class Archive:
    def __init__(self, stream):
        self._stream = stream
        self._seen = set()
        self._inode = 0

    def _entry(self, name, mode, data=b""):
        self._inode += 1
        encoded = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        head = b"070701" + b"".join(b"%08X" % value for value in fields) + encoded
        self._stream.write(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))

    def _parents(self, name):
        parts = name.split("/")[:-1]
        for count in range(1, len(parts) + 1):
            self.folder("/".join(parts[:count]))

    def _new(self, name):
        if name in self._seen:
            return False
        self._parents(name)
        self._seen.add(name)
        return True

    def folder(self, name):
        if self._new(name):
            self._entry(name, stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o644):
        if self._new(name):
            self._entry(name, stat.S_IFREG | mode, data)

    def copy(self, name, path, mode=0o755):
        if name not in self._seen:
            self.file(name, path.read_bytes(), mode)

    def link(self, name, target):
        if self._new(name):
            self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def close(self):
        self._entry("TRAILER!!!", 0)
        self._stream.write(b"\0" * (-self._stream.tell() % 512))
