#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The proof of portability: one_object.py PROGRAM=MAP ...

Reads from each program's link map which object gave it each driver, and prints the SHA-256 of
those very bytes. Fails when two programs have different ones, or a program lacks a driver.
"""
import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

DRIVERS = ("ixgbevf-like", "igbvf-like", "virtio-net", "intel")
# /path/libsriovcore.a(ixgbevf.c.o)  or  /path/sriov_driver_ixgbevf_like.dir/x/ixgbevf.c.o
MEMBER = re.compile(r"^ \.text\S*\s*(?:\n\s+)?\s*0x[0-9a-f]+\s+0x[0-9a-f]+\s+(\S+\.a)\((\S+)\)$|"
                    r"^ \.text\S*\s*(?:\n\s+)?\s*0x[0-9a-f]+\s+0x[0-9a-f]+\s+(\S+\.o)$", re.M)


def linked_objects(build, map_file):
    """(object name, bytes) of what archives gave to the link; its paths start in the build folder."""
    for archive, member, _ in set(MEMBER.findall(Path(map_file).read_text())):
        # A shim's archive may have an object of the same name.
        if archive and Path(archive).name == "libsriovcore.a" and (build / archive).exists():
            for data in instances(build / archive, member):
                yield member, data


def instances(archive, member):
    """Two folders may each have a file of that name: the archive has both, the map tells them apart no more."""
    names = subprocess.run(["ar", "t", archive], check=True, capture_output=True, text=True).stdout.split()
    for i in range(1, names.count(member) + 1):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["ar", "xN", str(i), archive.resolve(), member], check=True, cwd=folder)
            yield (Path(folder) / member).read_bytes()


def objects_of(driver, build):
    """Names of the objects that make up a driver folder, as the build has them."""
    folder = build / "drivers" / "CMakeFiles" / f"sriov_driver_{driver.replace('-', '_')}.dir" / driver
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.glob("*.o"))}


def main():
    build, *programs = sys.argv[1:]
    failed = False
    linked = {}
    for item in programs:
        name, _, map_file = item.partition("=")
        objs = linked[name] = {}
        for obj, data in linked_objects(Path(build), map_file):
            objs.setdefault(obj, set()).add(hashlib.sha256(data).hexdigest())
    print(f"{'driver object':<34} {'sha256':<64}  linked, byte for byte, into")
    for driver in DRIVERS:
        wanted = objects_of(driver, Path(build))
        if not wanted:
            sys.exit(f"{driver}: no objects in {build}")
        for obj, digest in wanted.items():
            same = [p for p, objs in linked.items() if digest in objs.get(obj, ())]
            other = [p for p in linked if p not in same]
            print(f"{driver + '/' + obj:<34} {digest}  {', '.join(same)}")
            for p in other:
                failed = True
                print(f"  {p}: {'another object of that name' if obj in linked[p] else 'not linked'}")
    sys.exit(1 if failed else 0)


main()
