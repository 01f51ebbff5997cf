#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The shared library's interface: exports.py LIBRARY LIST [--update]. A name that goes away breaks
users; a new one is a promise. Either is a decision: change the list in the same commit."""
import subprocess
import sys
from pathlib import Path

library, listing = sys.argv[1:3]
out = subprocess.run(["nm", "-D", "-P", "--defined-only", library], check=True, capture_output=True, text=True).stdout
now = sorted(line.split()[0].split("@")[0] for line in out.splitlines() if line.split()[1] not in "Aa")
if "--update" in sys.argv:
    Path(listing).write_text("\n".join(now) + "\n")
agreed = Path(listing).read_text().split()
gone, new = sorted(set(agreed) - set(now)), sorted(set(now) - set(agreed))
print(f"{Path(library).name}: {len(now)} names exported")
if gone or new:
    sys.exit(f"gone: {' '.join(gone) or '-'}\nnew: {' '.join(new) or '-'}\n(agreed in {listing})")
