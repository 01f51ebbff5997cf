# SPDX-License-Identifier: BSD-3-Clause
"""Eight guests on eight VFs of one server. Seven ask each other in a ring all the while; the eighth is killed
with its questions on the way, another QEMU takes its VF, and the seven have lost nothing."""

import json
import time
from pathlib import Path

from harness import Failure

TIMEOUT = 300
GUESTS = 8
VICTIM = GUESTS - 1
MEMORY = 160
SECONDS = 60


class Descriptors:
    """How many files the server has open."""

    def __init__(self, stage):
        self._folder = Path("/proc") / str(stage.server.pid()) / "fd"

    def count(self):
        return len(list(self._folder.iterdir()))

    def settle(self, wanted):
        """The count, once it is as wanted or has not come to it in time."""
        deadline = time.monotonic() + SECONDS
        while self.count() != wanted and time.monotonic() < deadline:
            time.sleep(0.1)
        return self.count()


def look(stage, vf):
    """What the server tells of a VF: the PF's statistics of it, and its port."""
    done = stage.run(stage.program("sriovctl"), "vf", "show", "--serve", stage.server.dir, vf, "--json")
    if done.returncode != 0:
        raise Failure(f"vf show {vf}: {done.stderr.strip()}")
    statistics = json.loads(done.stdout)["statistics"]
    return statistics, statistics["port"]


def until(stage, vf, what, ready):
    deadline = time.monotonic() + SECONDS
    while not ready(*look(stage, vf)):
        if time.monotonic() > deadline:
            return stage.check(what, False, str(look(stage, vf)))
        time.sleep(0.1)
    return stage.check(what, True)


def boot(stage, name, vf, role):
    return stage.boot(name, vf, memory=MEMORY, env={"ROLE": role, "RING": str(VICTIM)})


def conduct(stage):
    stage.serve(GUESTS)
    files = Descriptors(stage)
    idle = files.count()
    others = [boot(stage, f"g{vf}", vf, "ring") for vf in range(VICTIM)]
    victim = boot(stage, "victim", VICTIM, "victim")
    for guest in (*others, victim):
        stage.board.wait(f"{guest.name}.traffic", 150)
    busy = files.count()
    _, before = look(stage, VICTIM)
    until(stage, VICTIM, "the eighth has traffic", lambda _, port: port["tx_packets"] > before["tx_packets"] + 50)
    victim.kill()
    until(stage, VICTIM, "the server sees the client gone", lambda _, port: not port["connected"])
    until(stage, VICTIM, "and the PF the reset of its VF", lambda pf, _: not pf["ready"])
    stage.check("its descriptors are closed", files.settle(busy - (busy - idle) // GUESTS) < busy)
    again = boot(stage, "again", VICTIM, "again")
    stage.join(again)
    _, port = look(stage, VICTIM)
    stage.check("it is the VF's second client, and the first broke no rule",
                port["clients"] == 2 and port["broken_connections"] == 0, str(port))
    stage.board.post("enough")
    stage.join(*others)
    asked = [int(stage.board.wait(f"{guest.name}.asked")) for guest in others]
    counts = f"{sum(asked)} pings of seven guests ({min(asked)} to {max(asked)} of each), none lost; descriptors of " \
             f"the server: {idle} idle, {busy} with {GUESTS} clients"
    (stage.folder / "counts.txt").write_text(counts + "\n")
    left = files.settle(idle)
    stage.check("without clients the server has no more open than at its start", left == idle, f"{idle}, now {left}")
    warnings = [line for line in stage.server.log.read_text().splitlines() if line.startswith("warning:")]
    stage.check("it warned of nobody", not warnings, "; ".join(warnings))
    stage.stop_server()
