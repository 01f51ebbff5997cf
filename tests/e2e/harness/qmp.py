# SPDX-License-Identifier: BSD-3-Clause
"""A small client of QEMU's machine protocol."""

import json
import threading
import time

from . import Failure


class Qmp:
    def __init__(self, connection):
        self._stream = connection.makefile("rw", encoding="utf-8", newline="\n")
        self._lock = threading.Lock()
        self._news = threading.Condition()
        self._events, self._replies, self._closed = [], [], False
        threading.Thread(target=self._read, daemon=True).start()
        self.execute("qmp_capabilities")

    def _read(self):
        try:
            for line in self._stream:
                message = json.loads(line)
                with self._news:
                    if "event" in message:
                        self._events.append(message)
                    elif "QMP" not in message:
                        self._replies.append(message)
                    self._news.notify_all()
        except (OSError, ValueError):
            pass
        with self._news:
            self._closed = True
            self._news.notify_all()

    def _wait(self, take, timeout, what):
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                found = take()
                if found is not None:
                    return found
                left = deadline - time.monotonic()
                if self._closed or left <= 0:
                    raise Failure(f"QMP: {what}: {'QEMU closed it' if self._closed else 'timeout'}")
                self._news.wait(left)

    def execute(self, command, timeout=10, **arguments):
        """Runs a command and returns its result."""
        request = {"execute": command, "arguments": arguments}
        with self._lock:
            self._stream.write(json.dumps(request) + "\n")
            self._stream.flush()
            reply = self._wait(lambda: self._replies.pop(0) if self._replies else None,
                               timeout, command)
        if "error" in reply:
            raise Failure(f"QMP: {command}: {reply['error'].get('desc')}")
        return reply.get("return")

    def wait_event(self, name, timeout=10, match=None):
        """The next event of that name not yet taken; match is {key: value} of its data."""
        def take():
            for index, event in enumerate(self._events):
                data = event.get("data", {})
                if event["event"] == name and all(
                        data.get(key) == value for key, value in (match or {}).items()):
                    return self._events.pop(index)
            return None
        return self._wait(take, timeout, f"event {name}")
