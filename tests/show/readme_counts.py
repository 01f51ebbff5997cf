#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""README's conformance tables against what the suite says: readme_counts.py README CONFORM"""
import re
import subprocess
import sys

readme, conform = sys.argv[1:]
rows = re.findall(r"^\| mock \| (.*?) \| (\d+) \| (\d+) \| (\d+) \|$", open(readme).read(), re.M)
flags_of = [["--shim", "mock"], ["--shim", "mock", "--pf"], ["--vm", "mock"]]
if len(rows) != len(flags_of):
    sys.exit(f"{readme}: not {len(flags_of)} rows for the mock in the conformance tables: VF, PF, machine")
for (what, *counts), flags in zip(rows, flags_of):
    run = subprocess.run([conform, *flags], capture_output=True, text=True)
    passed, failed, unsupported = re.search(
        r"^conform: (?:vm )?mock (\d+) passed, (\d+) failed, (\d+) unsupported$", run.stdout, re.M).groups()
    print(f"{what}: {passed} passed, {unsupported} unsupported, {failed} failed")
    if [passed, unsupported, failed] != counts:
        sys.exit(f"README says {counts} for {what}")
