#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the script on the model and compares it with what a guest brought back.

usage: show.py OUT VF-SCRIPT HEADER
OUT: of the guest test `differential`."""

import subprocess
import sys
import tempfile
from pathlib import Path

import compare


def main(out, script, header):
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.trace"
        run = subprocess.run([script, "mock", "qemu", model], capture_output=True, text=True)
        if run.returncode != 0:
            print(f"{script} on the model: status {run.returncode}\n{run.stderr}")
            return 1
        known = Path(__file__).parent / "known.ini"
        return compare.main([str(model), str(Path(out) / "qemu.trace"), str(known), header])


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
