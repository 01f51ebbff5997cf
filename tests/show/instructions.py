#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Instructions per packet against their limits: instructions.py OUT TABLE BATCH DRIVER=LIMIT..."""

import sys
from pathlib import Path


def main():
    out, table, batch, *limits = sys.argv[1:]
    text = (Path(out) / table).read_text()
    print(text)
    rows = [line.split() for line in text.splitlines()]
    good = True
    for limit in limits:
        driver, _, most = limit.partition("=")
        sums = [float(row[-1]) for row in rows if row[:3] == [driver, "icount", batch]]
        fits = len(sums) == 1 and sums[0] <= float(most)
        print(f"{driver}, batch {batch}: rx + tx {sums} instructions a packet, at most {most}: "
              f"{'ok' if fits else 'not ok'}")
        good = good and fits
    return 0 if good else 1


sys.exit(main())
