#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How long guest tests took together: seconds.py LIMIT OUT... 77: one of them could not run here.

Judged is the time of a CPU; on a machine with nothing else to do the clock says hardly more."""

import sys
from pathlib import Path


def main():
    limit, outs = float(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
    clock = cpu = 0.0
    for out in outs:
        verdict = (out / "verdict").read_text() if (out / "verdict").is_file() else "skip it has not run"
        if verdict.startswith("skip"):
            print(f"skipped: {out.name}: {verdict.strip()}")
            return 77
        one_clock, one_cpu = (float(word) for word in (out / "seconds").read_text().split())
        print(f"{out.name}: {one_clock:.1f} s by the clock, {one_cpu:.1f} s of a CPU")
        clock, cpu = clock + one_clock, cpu + one_cpu
    print(f"together: {clock:.1f} s by the clock, {cpu:.1f} s of a CPU, at most {limit:.0f}")
    return 0 if cpu < limit else 1


sys.exit(main())
