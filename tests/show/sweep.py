#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Adds up what the sweeps have left: sweep.py FILE..., each with points, failures and points left out."""

import sys
from pathlib import Path


def main():
    totals = [[int(word) for word in Path(name).read_text().split()] for name in sys.argv[1:]]
    points, failures, left_out = map(sum, zip(*totals))
    for name, total in zip(sys.argv[1:], totals):
        print(f"{Path(name).stem}: {total[0]} points")
    if left_out:
        print(f"sweep: {left_out} points left out, register accesses being taken in strides")
    print(f"sweep: {points} points, {failures} failures")
    return 0 if points > 0 and failures == 0 and all(total[0] for total in totals) else 1


sys.exit(main())
