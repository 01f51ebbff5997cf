# SPDX-License-Identifier: BSD-3-Clause
"""Where guests of one run leave each other words, and wait for those of others."""

import threading
import time

from . import Failure


class Board:
    def __init__(self):
        self._news = threading.Condition()
        self._words, self._arrived = {}, {}
        self._closed = None

    def post(self, name, value=""):
        with self._news:
            self._words[name] = value
            self._news.notify_all()

    def close(self, reason):
        """Nobody waits in vain any more: what is not there by now will not come."""
        with self._news:
            self._closed = self._closed or reason
            self._news.notify_all()

    def _until(self, ready, seconds, what):
        deadline = time.monotonic() + seconds
        with self._news:
            while not ready():
                left = deadline - time.monotonic()
                if self._closed or left <= 0:
                    raise Failure(f"{what}: {self._closed or f'nothing within {seconds:g} s'}")
                self._news.wait(left)

    def wait(self, name, seconds=60):
        """The value of a word, once it is there."""
        self._until(lambda: name in self._words, seconds, name)
        return self._words[name]

    def meet(self, name, who, parties, seconds=60):
        """Until so many have come to the place of that name; one comes once."""
        with self._news:
            self._arrived.setdefault(name, set()).add(who)
            self._news.notify_all()
        self._until(lambda: len(self._arrived[name]) >= parties, seconds, name)
