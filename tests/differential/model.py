#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The script on the model alone: the same trace each time, and another one by the datasheet than with the quirks.

usage: model.py VF-SCRIPT HEADER"""

import subprocess
import sys
import tempfile
from pathlib import Path

import compare
import trace


def run(script, quirks, path):
    subprocess.run([script, "mock", quirks, path], check=True, stderr=subprocess.DEVNULL)
    return path.read_text()


def main(script, header):
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("first", "second", "datasheet")]
        first, second, _ = (run(script, quirks, path) for quirks, path in zip(("qemu", "qemu", "datasheet"), paths))
        if first != second:
            print("the same script on the same model gives another trace")
            return 1
        found = compare.Comparer(header).compare(trace.parse(paths[0]), trace.parse(paths[2]))
    quirks = {"vf0 irq", "vf1 irq", "outcome", "vf0 read VTEICR", "vf0 read RDBAL(0)"}
    seen = {quirk for quirk in quirks if any(d.what.startswith(quirk) for d in found)}
    print(f"{len(first.splitlines())} lines; {len(found)} differences between quirks and datasheet, among them: "
          f"{', '.join(sorted(seen))}")
    return 0 if "outcome" in seen and "vf0 read RDBAL(0)" in seen else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
