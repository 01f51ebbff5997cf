#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares the model's trace with the emulated device's.

usage: compare.py MODEL-TRACE DEVICE-TRACE KNOWN HEADER [--list]
Each difference must have its reason in KNOWN, and each entry of KNOWN must occur. Exit status 1 if not so; --list
prints the differences without judging."""

import configparser
import difflib
import fnmatch
import sys
from pathlib import Path

import registers
import trace


class Difference:
    def __init__(self, step, what, model, device):
        self.step, self.what, self.model, self.device = step, what, model, device

    def __str__(self):
        return f"{self.step} / {self.what}: model {self.model} / device {self.device}"


NOTHING = "nothing"


class Comparer:
    def __init__(self, header):
        self.names = registers.names(Path(header))
        self.found = []

    def add(self, step, what, model, device):
        self.found.append(Difference(step, what, model, device))

    def name_of(self, function, place):
        space, _, rest = place.partition(" ")
        off = int(rest.partition("/")[0], 16) if rest.startswith("0x") else None
        name = self.names[function[:2]].get(off) if space == "bar0" else None
        return name if name is not None else place

    def reads(self, step, function, model, device):
        for place in sorted(model.keys() | device.keys()):
            a, b = (" ".join(side.get(place, [NOTHING])) for side in (model, device))
            if a != b:
                self.add(step, f"{function} read {self.name_of(function, place)}", a, b)

    def one_write(self, step, function, ours, theirs):
        place = (ours or theirs)[0]
        a, b = (side[1] if side else NOTHING for side in (ours, theirs))
        self.add(step, f"{function} write {self.name_of(function, place)}", a, b)

    def writes(self, step, function, model, device):
        matcher = difflib.SequenceMatcher(None, model, device, autojunk=False)
        for kind, a0, a1, b0, b1 in matcher.get_opcodes():
            if kind == "equal":
                continue
            ours, theirs = model[a0:a1], device[b0:b1]
            while ours and theirs and ours[0][0] == theirs[0][0]:
                self.one_write(step, function, ours.pop(0), theirs.pop(0))
            for write in ours:
                self.one_write(step, function, write, None)
            for write in theirs:
                self.one_write(step, function, None, write)

    def memory(self, step, function, model, device):
        for address, writer in sorted(model.keys() | device.keys()):
            a, b = (" then ".join(side.get((address, writer), [NOTHING])) for side in (model, device))
            if a != b:
                self.add(step, f"{function} memory {address} by {writer}", a, b)

    def irqs(self, step, function, sides, before):
        stragglers = [sides[i] & before[i] for i in (0, 1)]
        model, device = (sides[i] - stragglers[i] for i in (0, 1))
        for vector in sorted((model - sides[1]) | (device - sides[0])):
            a, b = ("comes" if vector in side else NOTHING for side in sides)
            self.add(step, f"{function} irq {vector}", a, b)

    def step(self, model, device, before):
        nothing = trace.Function()
        for name in sorted(model.functions.keys() | device.functions.keys()):
            a, b = (side.functions.get(name, nothing) for side in (model, device))
            self.reads(model.name, name, a.reads, b.reads)
            self.writes(model.name, name, a.writes, b.writes)
            self.memory(model.name, name, a.memory, b.memory)
            last = [side.functions.get(name, nothing).irqs if side else set() for side in before]
            self.irqs(model.name, name, (a.irqs, b.irqs), last)
        if model.notes != device.notes:
            for a, b in notes(model.notes, device.notes):
                self.add(model.name, "outcome", a, b)

    def compare(self, model, device):
        if [s.name for s in model] != [s.name for s in device]:
            raise SystemExit("the traces are of different scripts")
        before = (None, None)
        for a, b in zip(model, device):
            self.step(a, b, before)
            before = (a, b)
        return self.found


def notes(model, device):
    matcher = difflib.SequenceMatcher(None, model, device, autojunk=False)
    for kind, a0, a1, b0, b1 in matcher.get_opcodes():
        if kind != "equal":
            yield "; ".join(model[a0:a1]) or NOTHING, "; ".join(device[b0:b1]) or NOTHING


def agree(difference, masks):
    """The values of both sides are the same outside of the masks."""
    model, device = (side.replace(" then ", " ").split() for side in (difference.model, difference.device))
    if len(model) != len(device) or len(model) % len(masks):
        return False
    for i, (a, b) in enumerate(zip(model, device)):
        mask = masks[i % len(masks)]
        if a == b or mask == 2**64 - 1:
            continue
        if not (a.startswith("0x") and b.startswith("0x")) or (int(a, 16) ^ int(b, 16)) & ~mask:
            return False
    return True


class Known:
    """KNOWN: a section per reason. Patterns as of file names: step, what, model, device; several, one a line, where
    any of them will do. `bits`: the values agree but for these bits, a mask for each word of a value, in turn.
    `timing = yes`: it may or may not occur, by how long things took."""

    def __init__(self, path):
        parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
        parser.optionxform = str
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
        self.entries = {name: parser[name] for name in parser.sections()}
        for name, entry in self.entries.items():
            if not entry.get("reason") or not entry.get("what"):
                raise SystemExit(f"{path}: [{name}] has no reason or does not say what it is of")
        self.seen = {name: 0 for name in self.entries}

    def takes(self, name, difference):
        entry = self.entries[name]
        fits = all(any(fnmatch.fnmatchcase(getattr(difference, key), pattern.strip())
                       for pattern in entry.get(key, "*").splitlines() if pattern.strip())
                   for key in ("step", "what", "model", "device"))
        return fits and ("bits" not in entry or agree(difference, [int(m, 16) for m in entry["bits"].split()]))

    def find(self, difference):
        for name in self.entries:
            if self.takes(name, difference):
                self.seen[name] += 1
                return name
        return None

    def stale(self):
        return [name for name, times in self.seen.items()
                if times == 0 and not self.entries[name].getboolean("timing", fallback=False)]


def judge(found, known):
    """Prints the reasons that hold and the differences that have none; True if nothing is unknown or stale."""
    unknown = [difference for difference in found if known.find(difference) is None]
    for name, times in known.seen.items():
        if times:
            print(f"{times:4} {name}: {' '.join(known.entries[name]['reason'].split())}")
    for difference in unknown:
        print(f"unknown: {difference}")
    for name in known.stale():
        print(f"stale: [{name}] does not occur any more")
    print(f"differential: {len(found)} differences, {len(unknown)} unknown, {len(known.stale())} stale reasons")
    return not unknown and not known.stale()


def main(argv):
    if len(argv) not in (4, 5):
        sys.exit(__doc__)
    model, device = trace.parse(argv[0]), trace.parse(argv[1])
    found = Comparer(argv[3]).compare(model, device)
    if len(argv) == 5:
        for difference in found:
            print(difference)
        return 0
    print(f"{len(model)} steps compared")
    return 0 if judge(found, Known(argv[2])) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
