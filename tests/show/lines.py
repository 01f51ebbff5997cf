#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a guest has said: lines.py OUT FILE REGEX... Each must match a line; those are printed."""

import re
import sys
from pathlib import Path


def main():
    out, name, *wanted = sys.argv[1:]
    lines = (Path(out) / name).read_text().splitlines()
    missing = []
    for pattern in wanted:
        found = [line for line in lines if re.search(pattern, line)]
        print("\n".join(found))
        if not found:
            missing.append(pattern)
    for pattern in missing:
        print(f"not shown: no line matches {pattern}")
    return 1 if missing or not wanted else 0


sys.exit(main())
