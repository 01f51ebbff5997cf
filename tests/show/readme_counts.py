#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""README's conformance table against what the suite says: readme_counts.py README CONFORM"""
import re
import subprocess
import sys

readme, conform = sys.argv[1:]
rows = re.findall(r"^\| mock \| (.*?) \| (\d+) \| (\d+) \| (\d+) \|$", open(readme).read(), re.M)
if len(rows) != 2:
    sys.exit(f"{readme}: no two rows for the mock in the conformance table")
for what, *counts in rows:
    flags = ["--pf"] if "PF" in what else []
    run = subprocess.run([conform, "--shim", "mock", *flags], capture_output=True, text=True)
    passed, failed, unsupported = re.search(
        r"^conform: mock (\d+) passed, (\d+) failed, (\d+) unsupported$", run.stdout, re.M).groups()
    print(f"{what}: {passed} passed, {unsupported} unsupported, {failed} failed")
    if [passed, unsupported, failed] != counts:
        sys.exit(f"README says {counts} for {what}")
