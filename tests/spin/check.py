#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks one Promela model with spin: check.py MODEL.pml [--cc CC]. Each run is a set of its settings, for
safety (assertions, deadlock) and, where the model has a claim, for that; a planted bug must be found, else
the model judges nothing. The runs are in the model itself, in lines `RUN settings: verdict [claim]`."""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
RUN = re.compile(r"^ \* RUN +(?P<settings>[A-Z_0-9= ]*): +(?P<verdict>holds|found)(?P<claim> +claim)?$", re.M)
DEPTH = 2_000_000


def explore(model, settings, claim, cc):
    """-> (errors, states, what spin says of the first error)"""
    with tempfile.TemporaryDirectory() as folder:
        defines = [f"-D{word}" for word in settings]
        subprocess.run(["spin", *defines, "-a", str(model)], cwd=folder, check=True, capture_output=True)
        build = ["-DNFAIR=4"] if claim else ["-DSAFETY", "-DNOCLAIM"]
        subprocess.run([cc, "-O2", "-w", *build, "-o", "pan", "pan.c"], cwd=folder, check=True)
        options = ["-a", "-f"] if claim else []
        run = subprocess.run(["./pan", *options, f"-m{DEPTH}"], cwd=folder, capture_output=True, text=True)
        out = run.stdout
    errors = re.search(r"errors: (\d+)", out)
    states = re.search(r"(\d+) states, stored", out)
    if errors is None or states is None or "max search depth too small" in out or "out of memory" in out:
        sys.exit(f"{model.name} {' '.join(settings)}: no verdict\n{out}{run.stderr}")
    said = re.search(r"^pan:\d+: (.*)$", out, re.M)
    return int(errors[1]), int(states[1]), said[1] if said else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--cc", default="cc")
    args = parser.parse_args()
    if shutil.which("spin") is None:
        print("skipped: no spin here; scripts/setup installs it")
        return SKIPPED
    runs = list(RUN.finditer(args.model.read_text()))
    if not any(run["verdict"] == "found" for run in runs) or not any(run["verdict"] == "holds" for run in runs):
        sys.exit(f"{args.model.name}: needs runs that hold and planted bugs that are found")
    bad = 0
    for run in runs:
        settings = run["settings"].split()
        errors, states, said = explore(args.model.resolve(), settings, bool(run["claim"]), args.cc)
        right = (errors == 0) == (run["verdict"] == "holds")
        bad += not right
        verdict = "holds" if errors == 0 else f"found: {said}"
        print(f"{'ok    ' if right else 'NOT OK'} {' '.join(settings) or 'as written':26}"
              f" {'claim' if run['claim'] else 'safety':7}{states:>9} states  {verdict}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
