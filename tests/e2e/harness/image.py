# SPDX-License-Identifier: BSD-3-Clause
"""The guest's initramfs: a base kept in the cache, and a layer for one test.

Programs from the build tree run with the host's loader and libraries (in /lib and
/lib64), the guest's own tools with theirs (in /opt/guest), so neither needs the other's libc.
"""

import hashlib
import os
import re
import subprocess
import tempfile
from pathlib import Path

from . import Failure, cache
from .cpio import Archive

GUEST_DIR = cache.E2E_DIR / "guest"
TOOLS = ("ip", "ping")
# Loaded by the guest's init or by lib.sh; with what they depend on.
MODULES = ("virtio_pci", "virtio_console", "virtio_net", "igb", "igbvf", "vfio-pci",
           "vfio_iommu_type1", "8021q")
BASE_FORMAT = "3"


def _libraries(command):
    """The files that a dynamic loader's listing names."""
    listing = subprocess.run(command, capture_output=True, text=True, check=False)
    if "not found" in listing.stdout:
        raise Failure(f"{command[-1]}: a library is missing:\n{listing.stdout}")
    return [Path(path) for path in re.findall(r"(?:=> |^\s*)(/\S+) \(0x", listing.stdout, re.M)]


def _add_tool(archive, root, name):
    program, loader = cache.program(root, name), cache.loader(root)
    archive.copy(f"opt/guest/bin/{name}", program)
    archive.copy("opt/guest/ld.so", loader)
    for library in _libraries([loader, "--library-path", cache.library_path(root),
                               "--list", program]):
        if library != loader:
            archive.copy(f"opt/guest/lib/{library.name}", library)
    archive.file(f"usr/sbin/{name}", (
        "#!/bin/sh\n"
        f'exec /opt/guest/ld.so --library-path /opt/guest/lib /opt/guest/bin/{name} "$@"\n'
    ).encode(), 0o755)


def _add_qemu(archive):
    """The emulator itself, for a guest that is a host; its modules are not needed."""
    root = cache.entry("qemu")
    program, loader = cache.program(root, "qemu-system-x86_64"), cache.loader(root)
    archive.copy("opt/qemu/qemu", program)
    archive.copy("opt/qemu/ld.so", loader)
    for library in _libraries([loader, "--library-path", cache.library_path(root), "--list", program]):
        if library != loader:
            archive.copy(f"opt/qemu/lib/{library.name}", library)
    for firmware in ("seabios/bios-256k.bin", "qemu/kvmvapic.bin"):
        archive.copy(f"opt/qemu/share/{Path(firmware).name}", root / "usr/share" / firmware, 0o644)
    archive.file("usr/sbin/qemu", (
        "#!/bin/sh\n"
        'exec /opt/qemu/ld.so --library-path /opt/qemu/lib /opt/qemu/qemu -L /opt/qemu/share "$@"\n'
    ).encode(), 0o755)


def _add_shell(archive, root):
    """A shell of its own: busybox's would take its own ip and ping instead of the real ones."""
    archive.copy("bin/bash", cache.program(root, "bash-static"))
    archive.link("bin/sh", "bash")
    busybox = cache.program(root, "busybox")
    archive.copy("bin/busybox", busybox)
    listing = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    for applet in listing.stdout.split():
        archive.link(f"bin/{applet}", "busybox")


def _dependencies(folder):
    """modules.dep as name -> (path, paths it needs)."""
    table = {}
    for line in (folder / "modules.dep").read_text().splitlines():
        path, _, needs = line.partition(":")
        table[Path(path).name.split(".")[0].replace("-", "_")] = (path, needs.split())
    return table


def _add_modules(archive, kernel, names):
    release = (kernel / "release").read_text().strip()
    folder = kernel / "lib/modules" / release
    if not folder.is_dir():
        return
    table = _dependencies(folder)
    builtin = (folder / "modules.builtin").read_text().replace("-", "_")
    for name in (name.replace("-", "_") for name in names):
        if name not in table:
            if f"/{name}.ko" in builtin:
                continue
            raise Failure(f"kernel {release} has no module {name}")
        path, needs = table[name]
        for part in (path, *needs):
            archive.copy(f"lib/modules/{release}/{part}", folder / part, 0o644)
    for index in folder.glob("modules.*"):
        archive.copy(f"lib/modules/{release}/{index.name}", index, 0o644)


def _write_base(path, root, kernel, tools, modules):
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as stream:
        archive = Archive(stream)
        for name in ("dev", "proc", "sys", "run", "tmp", "out", "var", "etc", "root", "e2e"):
            archive.folder(name)
        archive.link("var/run", "/run")
        archive.file("etc/passwd", b"root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n")
        archive.file("etc/group", b"root:x:0:\nuser:x:1000:\n")
        _add_shell(archive, root)
        for name in tools:
            if name == "qemu":
                _add_qemu(archive)
            else:
                _add_tool(archive, root, name)
        _add_modules(archive, kernel, modules)
        archive.close()
    os.chmod(stream.name, 0o644)
    os.replace(stream.name, path)


def base(kernel, header, spare):
    """The cached part: user land, tools and modules; in the folder spare if the cache is another's."""
    root = cache.entry("guest-root")
    tools, modules = (*TOOLS, *header.tools), (*MODULES, *header.modules)
    inner = cache.entry("qemu").name if "qemu" in tools else None
    key = hashlib.sha256(repr((BASE_FORMAT, root.name, kernel.name, tools, modules, inner)).encode())
    path = cache.cache_dir() / "initramfs" / f"{key.hexdigest()[:16]}.cpio"
    if not path.exists():
        try:
            path.parent.mkdir(exist_ok=True)
            _write_base(path, root, kernel, tools, modules)
        except PermissionError:
            path = spare / "base.cpio"
            _write_base(path, root, kernel, tools, modules)
    return path


def _add_program(archive, path):
    archive.copy(f"usr/local/bin/{path.name}", path)
    libraries = _libraries(["ldd", path])
    for library in libraries:
        folder = "lib64" if library.name.startswith("ld-linux") else "lib"
        archive.copy(f"{folder}/{library.name}", library)
        # The C library loads it by itself when a thread ends.
        unwinder = library.parent / "libgcc_s.so.1"
        if library.name == "libc.so.6" and unwinder.exists():
            archive.copy("lib/libgcc_s.so.1", unwinder)


def _add_files(archive, name, path):
    """A file, or a folder with all that is in it."""
    if path.is_dir():
        for part in sorted(path.iterdir()):
            _add_files(archive, f"{name}/{part.name}", part)
    else:
        archive.copy(name, path, 0o755 if os.access(path, os.X_OK) else 0o644)


def layer(path, test, programs, environment, files=None, init=GUEST_DIR / "init"):
    """The part that belongs to this run: init, the test, its programs and settings; files is a dict of
    places in the image and what of the host comes there."""
    with open(path, "wb") as stream:
        archive = Archive(stream)
        archive.copy("init", init)
        archive.copy("e2e/lib.sh", GUEST_DIR / "lib.sh")
        archive.copy("e2e/test.sh", test)
        archive.file("e2e/env", "".join(
            "export {}='{}'\n".format(name, value.replace("'", "'\\''"))
            for name, value in environment.items()).encode())
        for program in programs:
            _add_program(archive, program)
        for name, source in (files or {}).items():
            _add_files(archive, name, source)
        archive.close()
