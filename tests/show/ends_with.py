#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs a program that must end well and say so in its last line: ends_with.py REGEX PROGRAM ARGS...
77: the program says that it cannot run here."""

import re
import subprocess
import sys


def main():
    pattern, command = sys.argv[1], sys.argv[2:]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=280)
    print(done.stdout)
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    if done.returncode == 77:
        return 77
    if done.returncode != 0:
        return f"not shown: {command[0]} ended with status {done.returncode}"
    if not lines or not any(re.match(pattern, line) for line in lines[-3:]):
        return f"not shown: no last line that matches {pattern}"
    return 0


sys.exit(main())
