# SPDX-License-Identifier: BSD-3-Clause
"""Traces, step by step, with timing taken out.

What depends on how long something took is no part of a comparison:
- a register that is read again may be polled: it counts which values it gave, in the order in which each came first,
  and reads of different registers stand in no order to each other;
- a sequence of writes that repeats at once is one (somebody tried again);
- of interrupts it counts which vectors came in a step, not how often nor when; the same vector as in the step
  before may be a straggler;
- memory is what each 16 bytes were, one after the other, and who wrote them."""

import re
from pathlib import Path

PERIOD_MAX = 40  # events in one try that repeats


class Function:
    """What passed between a driver and one function in one step."""

    def __init__(self):
        self.reads = {}  # place -> values
        self.writes = []  # (place, value)
        self.memory = {}  # (address, writer) -> values
        self.irqs = set()


class Step:
    def __init__(self, name):
        self.name = name
        self.functions = {}
        self.notes = []

    def function(self, name):
        return self.functions.setdefault(name, Function())


ACCESS = re.compile(r"(bar\d|cfg) (read|write) (0x[0-9a-f]+)/(\d)(?: = (\S+))?(?: error (-\d+))?$")
MEMORY = re.compile(r"mem (m\d+\+0x[0-9a-f]+) (host|device) (?:= )?(.*)$")
IRQ = re.compile(r"irq (\d+) comes$")
LINE = re.compile(r"([a-z]+\d+) (.*)$")


class Parser:
    def __init__(self):
        self.steps = []

    def line(self, text):
        if text.startswith("# step "):
            self.steps.append(Step(text[len("# step "):]))
        elif text.startswith("# "):
            self.steps[-1].notes.append(text[2:])
        else:
            match = LINE.match(text)
            if match is None or not self.steps:
                raise ValueError(f"no line of a trace: {text!r}")
            self.event(self.steps[-1].function(match.group(1)), match.group(2))

    def event(self, function, text):
        if match := ACCESS.match(text):
            space, way, off, width, value, error = match.groups()
            place = f"{space} {off}/{width}"
            value = value if error is None else f"error {error}"
            if way == "read":
                values = function.reads.setdefault(place, [])
                if value not in values:
                    values.append(value)
            else:
                function.writes.append((place, value))
        elif match := MEMORY.match(text):
            address, writer, value = match.groups()
            function.memory.setdefault((address, writer), []).append(value)
        elif match := IRQ.match(text):
            function.irqs.add(match.group(1))
        else:
            # A function's name is where it is plugged in.
            function.writes.append(("op", re.sub(r"^open .*", "open", text)))


def once(events):
    """Each run of the same sequence, again and again, as one."""
    out = []
    for event in events:
        out.append(event)
        for period in range(1, min(PERIOD_MAX, len(out) // 2) + 1):
            if out[-period:] == out[-2 * period:-period]:
                del out[-period:]
                break
    return out


def parse(path):
    parser = Parser()
    for text in Path(path).read_text().splitlines():
        parser.line(text)
    for step in parser.steps:
        for function in step.functions.values():
            function.writes = once(function.writes)
    return parser.steps
