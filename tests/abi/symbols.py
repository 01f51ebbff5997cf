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


def symbols(objects):
    """(object, name, defined) of every symbol, archives' members by themselves."""
    out = subprocess.run(["nm", "-P", "-A", *objects], check=True, capture_output=True, text=True).stdout
    for line in out.splitlines():
        where, name, kind, *_ = re.sub(r": ", " ", line, count=1).split()
        yield where, name, kind not in "Uwv"


def outside(objects):
    """Symbols that no object of the group defines, with who wants them."""
    every = list(symbols(objects))
    defined = {name for _, name, here in every if here} | ALLOWED_LINKER
    return sorted({(where, name) for where, name, here in every if not here and name not in defined})


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
