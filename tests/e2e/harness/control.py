# SPDX-License-Identifier: BSD-3-Clause
"""Answers what the guest asks of the host: one line in, one line back."""

import io
import json
import shutil
import tarfile
from pathlib import PurePosixPath

from . import Failure

OUT_LIMIT = 256 << 20


class Control:
    """The requests: qmp JSON, event NAME [SECONDS], hook NAME [ARG...], out BYTES, exit STATUS."""

    def __init__(self, vm, hooks, out_dir):
        self._vm, self._hooks, self._out_dir = vm, hooks, out_dir
        self.exit_status = None

    def serve(self, connection):
        """Until the guest leaves or the connection ends."""
        try:
            with connection.makefile("rb") as requests:
                for raw in requests:
                    reply = self._answer(raw.decode("utf-8", "replace").strip())
                    connection.sendall(reply.encode() + b"\n")
                    if self.exit_status is not None:
                        return
        except OSError:
            pass  # QEMU has gone; the runner says so

    def _answer(self, line):
        verb, _, rest = line.partition(" ")
        handler = getattr(self, f"_do_{verb}", None)
        if handler is None:
            return f"error no such request: {verb}"
        try:
            return "ok " + " ".join(str(handler(rest) or "").split())
        except Exception as error:  # a hook is the test's code: its fault is the guest's answer
            return "error " + " ".join(f"{type(error).__name__}: {error}".split())

    def _do_qmp(self, text):
        request = json.loads(text)
        result = self._vm.qmp.execute(request["execute"], **request.get("arguments", {}))
        return json.dumps(result)

    def _do_event(self, text):
        name, _, seconds = text.partition(" ")
        return json.dumps(self._vm.qmp.wait_event(name, float(seconds or 10)).get("data"))

    def _do_hook(self, text):
        name, *arguments = text.split()
        hook = getattr(self._hooks, f"hook_{name}", None)
        if hook is None:
            raise Failure(f"the test has no hook_{name}")
        return hook(self._vm, *arguments)

    def _do_out(self, text):
        size = int(text)
        if size > OUT_LIMIT:
            raise Failure(f"/out is larger than {OUT_LIMIT} bytes")
        data = self._vm.read_out(size)
        if self._out_dir:
            extract(data, self._out_dir)

    def _do_exit(self, text):
        self.exit_status = int(text)


def extract(data, folder):
    """Plain files and folders only, none outside the folder: a guest wrote this."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            if name.is_absolute() or ".." in name.parts:
                raise Failure(f"/out holds the name {member.name}")
            target = folder / name
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
            elif member.isfile():
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.extractfile(member) as source, open(target, "wb") as sink:
                    shutil.copyfileobj(source, sink)
