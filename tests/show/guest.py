#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a guest test has shown: guest.py OUT [SCRIPT ARGS...]. 77: it could not run here.

Without a script the test's own verdict counts; a script is run with OUT before its arguments."""

import subprocess
import sys
from pathlib import Path


def main():
    out = Path(sys.argv[1])
    verdict = out / "verdict"
    if not verdict.is_file():
        print(f"skipped: guest test {out.name} has not run: this build lacks it, or ctest left it out")
        return 77
    word, _, reason = verdict.read_text().strip().partition(" ")
    print(f"{out.name}: {word} {reason}")
    for extra in ("counts.txt",):
        if (out / extra).is_file():
            print((out / extra).read_text())
    if word == "skip":
        print(f"skipped: {reason}")
        return 77
    if word != "pass":
        return 1
    if len(sys.argv) > 2:
        return subprocess.run([sys.executable, "-B", sys.argv[2], str(out), *sys.argv[3:]]).returncode
    return 0


sys.exit(main())
