#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Is the code in the docs the code that is compiled?  check_quotes.py ROOT PAGE...

A fenced block below a line `<!-- quote: FILE -->` must stand in that file, line by line; a line
`...` leaves some out. A block of C below no such line is an error.
"""
import pathlib
import re
import sys

BLOCK = re.compile(r"(?:<!-- quote: (\S+) -->\n)?```c\n(.*?)^```$", re.S | re.M)


def parts(block):
    return [part.strip("\n") for part in re.split(r"^ *\.\.\.\n", block, flags=re.M) if part.strip()]


def missing(root, name, block):
    """The first part of the block that the file does not have, in order."""
    text = (root / name).read_text()
    at = 0
    for part in parts(block):
        found = text.find(part, at)
        if found < 0:
            return part
        at = found + len(part)
    return None


def main():
    root = pathlib.Path(sys.argv[1])
    bad = quotes = 0
    for page in sys.argv[2:]:
        for name, block in BLOCK.findall((root / page).read_text()):
            quotes += 1
            lost = missing(root, name, block) if name else block
            if lost is not None:
                bad += 1
                print(f"{page}: not in {name or 'any file: no quote line'}:\n{lost}\n")
    print(f"{quotes} quotes, {bad} wrong")
    sys.exit(1 if bad or quotes == 0 else 0)


main()
