# SPDX-License-Identifier: BSD-3-Clause
"""The process that exports VFs: sriovctl serve."""

import queue
import shlex
import signal
import subprocess
import threading
import time

from . import Failure
from .vm import die_with_parent

READY_SECONDS = 30
STOP_SECONDS = 30


class Server:
    def __init__(self, program, folder, model, vfs, options):
        self.dir = folder / "vfs"
        self.log = folder / "serve.log"
        self.command = [str(program), "serve", "--model", model, "--vfs", str(vfs), "--dir", str(self.dir),
                        *options]
        self.lines = []
        self._process, self._reader, self._news = None, None, queue.Queue()

    def socket(self, vf):
        return self.dir / f"vf{vf}.sock"

    def start(self):
        with open(self.log, "wb") as log:
            log.write(f"{shlex.join(self.command)}\n".encode())
            log.flush()
            self._process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                             stderr=log, preexec_fn=die_with_parent)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                line = self._news.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise Failure(f"sriovctl serve is not ready after {READY_SECONDS} s") from None
            if line is None:
                raise Failure(f"sriovctl serve did not start, {self.exit_text()}")
            if line == "ready":
                return

    def _read(self):
        with self._process.stdout as stream, open(self.log, "ab") as log:
            for raw in stream:
                log.write(raw)
                log.flush()
                line = raw.decode("utf-8", "replace").rstrip("\n")
                self.lines.append(line)
                self._news.put(line)
        self._news.put(None)

    def alive(self):
        return self._process is not None and self._process.poll() is None

    def pid(self):
        return self._process.pid

    def exit_text(self):
        try:
            code = self._process.wait(2)
        except subprocess.TimeoutExpired:
            code = None
        text = self.log.read_text(errors="replace").strip().splitlines()
        return f"status {code}" + (f": {text[-1]}" if len(text) > 1 else "")

    def stop(self):
        """Asks it to end, and returns its exit status: 1 is a violation of device or IOMMU."""
        if self._process is None:
            return None
        if self.alive():
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise Failure(f"sriovctl serve did not end within {STOP_SECONDS} s") from None
        self._reader.join(5)
        return self._process.returncode

    def kill(self):
        if self.alive():
            self._process.kill()
            self._process.wait()
