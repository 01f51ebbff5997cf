# SPDX-License-Identifier: BSD-3-Clause
"""A QEMU that is only its monitor: answers as a test says, well or badly."""

import json
import os
import socket
import tempfile
import threading

GREETING = {"QMP": {"version": {"qemu": {"micro": 3, "minor": 0, "major": 10}, "package": ""},
                    "capabilities": ["oob"]}}
SILENT = object()  # no answer at all
CLOSE = object()  # the connection ends
DIE = object()  # and there is no other


def error(desc, kind="GenericError"):
    return {"error": {"class": kind, "desc": desc}}


def event(name, **data):
    return {"event": name, "data": data, "timestamp": {"seconds": 1, "microseconds": 2}}


class FakeQmp:
    """
    answers: command -> what comes back, or a list of it, or a function of the arguments that gives either.
    A dict is sent as a line, with the request's id unless it has one or is an event; bytes as they are.
    """

    def __init__(self, answers=None, greeting=GREETING):
        self.answers = {"qmp_capabilities": {"return": {}}, "query-name": {"return": {"name": "web"}},
                        "query-pci": {"return": []}, "qom-list": {"return": []},
                        "query-status": {"return": {"running": True, "status": "running"}}, **(answers or {})}
        self.greeting, self.asked = greeting, []
        self._folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self._folder.name, "qmp")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(1)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self._thread.join(10)
        self._folder.cleanup()

    def commands(self):
        return [request["execute"] for request in self.asked]

    def arguments(self, command):
        return [request.get("arguments") for request in self.asked if request["execute"] == command]

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self._talk(connection)
                except (OSError, ValueError):
                    pass

    def _talk(self, connection):
        if self.greeting is not None:
            self._send(connection, self.greeting, None)
        with connection.makefile("rb") as lines:
            for line in lines:
                request = json.loads(line)
                self.asked.append(request)
                answer = self.answers.get(request["execute"], error("not here", "CommandNotFound"))
                if callable(answer):
                    answer = answer(request.get("arguments", {}))
                for part in answer if isinstance(answer, list) else [answer]:
                    if part is DIE:
                        self._listener.shutdown(socket.SHUT_RDWR)
                        self._listener.close()
                    if part in (CLOSE, DIE):
                        return
                    if part is not SILENT:
                        self._send(connection, part, request["id"])

    @staticmethod
    def _send(connection, part, number):
        if isinstance(part, dict):
            if number is not None and "event" not in part:
                part = {"id": number, **part}
            part = json.dumps(part).encode() + b"\r\n"
        connection.sendall(part)
