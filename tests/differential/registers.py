# SPDX-License-Identifier: BSD-3-Clause
"""Names of the 82576's registers, from the header the drivers use."""

import re

DEFINE = re.compile(r"^#define (IGBVF|IGB)_(\w+?)(?:\((\w+)\))?\s+\(?(0x[0-9a-f]+)u"
                    r"(?: \+ (0x[0-9a-f]+|\d+)u \* \(\w+\))?\)?(?:\s|$)")
INSTANCES = {"vf": {0x100: 2, 4: 16}, "pf": {0x100: 8, 0x40: 16, 8: 16, 4: 64}}  # by the distance between them


def names(header):
    """{'vf': {offset: name}, 'pf': {offset: name}}; what is no register may be among it, at offsets of its own."""
    out = {"vf": {}, "pf": {}}
    more = {"vf": {}, "pf": {}}
    for line in header.read_text().replace("\\\n", " ").splitlines():
        match = DEFINE.match(line)
        if match is None:
            continue
        prefix, name, index, base, stride = match.groups()
        side = "vf" if prefix == "IGBVF" else "pf"
        if len(base) != len("0x00000"):  # fields and masks are written with eight digits or without padding
            continue
        if index is None:
            out[side].setdefault(int(base, 16), name)
            continue
        step = int(stride, 0) if stride else 0
        for i in range(INSTANCES[side].get(step, 1)):
            (more if i else out)[side].setdefault(int(base, 16) + i * step, f"{name}({i})")
    return {side: more[side] | out[side] for side in out}
