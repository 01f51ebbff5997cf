# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of sriovctl share: running it, judging what it says, a made-up host."""

import json
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest

SRIOVCTL = os.environ["SRIOVCTL"]
SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
LINUX_PF = os.environ["LINUX_PF"] == "1"
PING = ("--from", "192.0.2.1", "--to", "192.0.2.2")
MODELS = {"82599": "0000:01:10.0", "82576": "0000:02:10.0"}


def run(*words, timeout=60):
    return subprocess.run([SRIOVCTL, *map(str, words)], capture_output=True, text=True,
                          timeout=timeout, check=False)


class Case(unittest.TestCase):
    def well(self, *words, status=0):
        """The JSON that a command prints, which ends with that status."""
        done = run("--json", *words)
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        return json.loads(done.stdout)

    def refused(self, *words, says=()):
        """Bad input: status 2, one line that names thing and remedy, in JSON too."""
        done = run(*words)
        self.assertEqual(done.returncode, 2, done.stderr + done.stdout)
        self.assertEqual(done.stdout, "")
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertRegex(lines[0], "^sriovctl: .*[a-z]")
        for word in says if isinstance(says, tuple) else (says,):
            self.assertIn(word, lines[0])
        report = json.loads(run("--json", *words).stdout)
        self.assertEqual(report["status"], 2)
        self.assertEqual("sriovctl: " + report["error"], lines[0])


class HostCase(Case):
    """A made-up sysfs, dev and proc."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        for name in ("sys/bus/pci/devices", "sys/bus/pci/drivers/vfio-pci", "sys/bus/pci/drivers/igbvf",
                     "sys/class/iommu", "sys/kernel/iommu_groups", "dev/vfio", "proc/self",
                     "proc/sys/kernel"):
            (self.root / name).mkdir(parents=True)
        (self.root / "proc/sys/kernel/osrelease").write_text("6.1.0\n")
        self.roots = ("--sysfs-root", self.root / "sys", "--dev-root", self.root / "dev",
                      "--proc-root", self.root / "proc")

    def function(self, bdf, device=0x10ca, driver=None, group=None, config=None, **leaves):
        folder = self.root / "sys/bus/pci/devices" / bdf
        folder.mkdir()
        leaves = {"vendor": "0x8086", "device": f"{device:#06x}", "subsystem_vendor": "0x8086",
                  "subsystem_device": "0x0000", "class": "0x020000", "revision": "0x01", **leaves}
        for name, text in leaves.items():
            (folder / name).write_text(f"{text}\n")
        (folder / "config").write_bytes(config if config is not None else self.config(device))
        (folder / "resource").write_text("0x00000000fe000000 0x00000000fe003fff 0x0000000000140204\n")
        if driver:
            (folder / "driver").symlink_to(self.root / "sys/bus/pci/drivers" / driver)
        if group is not None:
            place = self.root / f"sys/kernel/iommu_groups/{group}"
            (place / "devices").mkdir(parents=True, exist_ok=True)
            (place / "devices" / bdf).symlink_to(folder)
            (folder / "iommu_group").symlink_to(place)
        return folder

    @staticmethod
    def config(device, caps=True):
        space = bytearray(4096)
        struct.pack_into("<HHHHBBBB", space, 0, 0x8086, device, 0, 0x10, 1, 0, 0, 2)
        if caps:
            space[0x34] = 0x70
            struct.pack_into("<BBHII", space, 0x70, 0x11, 0xa0, 2, 0x3, 0x2003)
            struct.pack_into("<BBH", space, 0xa0, 0x10, 0, 2)
            struct.pack_into("<I", space, 0x100, 0x0010 | 1 << 16 | 0x150 << 20)
            struct.pack_into("<HHHH", space, 0x10c, 8, 8, 7, 0)
            struct.pack_into("<HHxxH", space, 0x114, 0x80, 2, 0x10ca)
            struct.pack_into("<I", space, 0x150, 0x000e | 1 << 16)
        return bytes(space)

    def snapshot(self):
        return {path: path.read_bytes() if path.is_file() else os.readlink(path) if path.is_symlink() else ""
                for path in sorted(self.root.rglob("*"))}

    def refused(self, *words, says=()):
        before = self.snapshot()
        super().refused(*self.roots, *words, says=says)
        self.assertEqual(self.snapshot(), before, "something was changed")
