# SPDX-License-Identifier: BSD-3-Clause
"""Finds what scripts/setup --e2e has put into the cache."""

import os
from pathlib import Path

from . import Failure, Skip

E2E_DIR = Path(__file__).resolve().parent.parent
FRAGMENT = E2E_DIR / "guest-kernel.config"


def cache_dir():
    if os.environ.get("SRIOV_CACHE"):
        return Path(os.environ["SRIOV_CACHE"])
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "libsriovcore"


def entry(name):
    """The real folder of an entry, so that its name tells its content."""
    path = cache_dir() / name
    if not (path / ".complete").exists():
        raise Skip(f"no {name} in the cache {cache_dir()}: run scripts/setup --e2e")
    return path.resolve()


def library_path(root):
    parts = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu")
    return ":".join(str(root / part) for part in parts)


def loader(root):
    """The root's own dynamic loader (lib64's link is absolute: it would lead to the host's)."""
    for part in ("lib", "usr/lib"):
        path = root / part / "x86_64-linux-gnu" / "ld-linux-x86-64.so.2"
        if path.is_file():
            return path
    raise Failure(f"no dynamic loader below {root}: remove it and run scripts/setup --e2e")


def program(root, name):
    for part in ("bin", "sbin", "usr/bin", "usr/sbin"):
        path = root / part / name
        if path.is_file():
            return path
    raise Failure(f"no program {name} below {root}: add its package to scripts/lib/e2e-cache.sh")


def kernel(kind):
    root = entry(f"kernel-{kind}")
    if kind == "small" and (root / "fragment").read_bytes() != FRAGMENT.read_bytes():
        raise Failure("the small kernel is older than guest-kernel.config: run scripts/setup --e2e")
    return root


def kernel_image(root):
    """What QEMU is to start: unpacked, where the cache has it so."""
    unpacked = root / "vmlinux"
    return unpacked if unpacked.exists() else root / "vmlinuz"


def qemu_command(name="qemu"):
    """QEMU as the cache has it: "qemu", or "qemu-vfu", which knows vfio-user-pci."""
    root = entry(name)
    share = root / "usr/share"
    return [str(loader(root)), "--library-path", library_path(root),
            str(program(root, "qemu-system-x86_64")),
            "-L", str(share / "qemu"), "-L", str(share / "seabios")]
