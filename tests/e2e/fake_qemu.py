# SPDX-License-Identifier: BSD-3-Clause
"""A QEMU that boots nothing: opens the ports that its command line names, and does what its script says.

usage: fake_qemu.py FOLDER QEMU-OPTIONS...
FOLDER/script has a word for each start: pass, fail, abort, stall or die. FOLDER/starts counts them.
"""

import json
import os
import re
import socket
import sys
from pathlib import Path


def ports(options):
    """The sockets, by name, and the console's file."""
    found = {}
    for option in options:
        match = re.fullmatch(r"(socket|file),id=(\w+),path=(.*)", option)
        if match:
            found[match.group(2)] = match.group(3)
    return found


def connect(path):
    port = socket.socket(socket.AF_UNIX)
    port.connect(path)
    return port


def be_monitor(port):
    port.sendall(b'{"QMP": {"version": {}, "capabilities": []}}\r\n')
    request = json.loads(port.makefile("rb").readline())
    assert request["execute"] == "qmp_capabilities", request
    port.sendall(b'{"return": {}}\r\n')


def run_test(tap, control, line):
    tap.sendall(f"1..1\n{line}\n".encode())
    control.sendall(b"exit %d\n" % line.startswith("not"))
    control.makefile("rb").readline()


def main():
    folder, options = Path(sys.argv[1]), sys.argv[2:]
    starts = folder / "starts"
    count = int(starts.read_text()) if starts.exists() else 0
    starts.write_text(str(count + 1))
    word = (folder / "script").read_text().split()[count]

    paths = ports(options)
    links = {name: connect(paths[name]) for name in ("tap", "ctl", "out", "qmp")}
    be_monitor(links["qmp"])
    if word == "abort":
        print("qemu-system-x86_64: iotlb_to_section: Assertion `section_index < d->map.sections_nb' failed.",
              file=sys.stderr, flush=True)
        os.abort()
    if word == "stall":
        with open(paths["con"], "a") as console:
            console.write("[   30.1] rcu: rcu_sched kthread starved for 21003 jiffies! g1 f0x0\n")
        run_test(links["tap"], links["ctl"], "not ok 1 - it stood still")
    elif word == "die":
        print("qemu-system-x86_64: some other fault", file=sys.stderr, flush=True)
        os.abort()
    else:
        run_test(links["tap"], links["ctl"], {"pass": "ok 1 - a", "fail": "not ok 1 - a"}[word])


if __name__ == "__main__":
    main()
