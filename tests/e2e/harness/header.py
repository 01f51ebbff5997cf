# SPDX-License-Identifier: BSD-3-Clause
"""The "# e2e: KEY VALUE..." lines at the head of a guest test."""

import shlex
from dataclasses import dataclass, field

from . import Failure

KERNELS = ("stock", "small")


@dataclass
class Header:
    kernels: list = field(default_factory=lambda: list(KERNELS))
    programs: list = field(default_factory=list)
    tools: list = field(default_factory=list)
    modules: list = field(default_factory=list)
    append: list = field(default_factory=list)
    qemu: list = field(default_factory=list)
    devices: str = "igb"
    icount: bool = False
    domu: bool = False
    memory: int = 1024
    cpus: int = 1  # with more, QEMU aborts or stalls now and then while VFIO remaps a device
    timeout: int = 120


def _one(values, allowed=None):
    if len(values) != 1 or (allowed and values[0] not in allowed):
        raise ValueError(f"wants one of {', '.join(allowed)}" if allowed else "wants one value")
    return values[0]


def _apply(header, key, values, kernels):
    if key == "kernels":
        if not values or set(values) - set(kernels):
            raise ValueError(f"wants some of {', '.join(kernels)}")
        header.kernels = values
    elif key in ("programs", "tools", "modules", "append", "qemu"):
        getattr(header, key).extend(values)
    elif key == "devices":
        header.devices = _one(values, ("igb", "none"))
    elif key in ("icount", "domu"):
        setattr(header, key, True)
    elif key in ("memory", "cpus", "timeout"):
        setattr(header, key, int(_one(values)))
    else:
        raise ValueError("is not a key")


def parse(path, kernels=KERNELS):
    header = Header(kernels=list(kernels))
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.startswith("#"):
            break
        if not line.startswith("# e2e:"):
            continue
        key, *values = shlex.split(line[len("# e2e:"):])
        try:
            _apply(header, key, values, kernels)
        except ValueError as error:
            raise Failure(f"{path.name}:{number}: {key} {error}") from error
    return header
