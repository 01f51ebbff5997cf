#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Walls, proven on objects: symbols.py freestanding|shim NAME OBJECT...

freestanding  drivers and core refer to nothing but each other, memcpy, memset and memcmp
shim          a shim refers to no driver
Prints what it looked at; exit status 1 names the object and the symbol.
"""
import re
import subprocess
import sys

ALLOWED_LIBC = {"memcpy", "memset", "memcmp"}
# What the compiler itself adds for position-independent code.
ALLOWED_LINKER = {"_GLOBAL_OFFSET_TABLE_"}
DRIVER = re.compile(r"^(ixgbevf|igbvf|ixgbe|igb|sri)_")


def symbols(path, *flags):
    out = subprocess.run(["nm", "-P", *flags, path], check=True, capture_output=True, text=True).stdout
    return {line.split()[0] for line in out.splitlines() if line.strip() and not line.endswith(":")}


def outside(objects):
    """Undefined symbols that no object of the group defines, with who wants them."""
    defined = set().union(*(symbols(o, "--defined-only") for o in objects))
    for path in objects:
        for name in sorted(symbols(path, "--undefined-only") - defined - ALLOWED_LINKER):
            yield path, name


def main():
    rule, label, *objects = sys.argv[1:]
    if not objects:
        sys.exit(f"{label}: no objects to look at")
    bad = []
    for path, name in outside(objects):
        if rule == "freestanding" and name not in ALLOWED_LIBC:
            bad.append(f"{path} refers to {name}")
        if rule == "shim" and DRIVER.match(name):
            bad.append(f"{path} refers to {name}: a shim names no device driver")
    used = sorted({name for _, name in outside(objects)})
    print(f"{label}: {len(objects)} objects; from outside: {' '.join(used) or 'nothing'}")
    if bad:
        sys.exit("\n".join(bad))


main()
