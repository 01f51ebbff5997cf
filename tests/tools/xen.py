# SPDX-License-Identifier: BSD-3-Clause
"""sriovctl --shim xen on a made-up dom0 with a made-up xl: what is refused, done, and put back."""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import unittest

from base import SRIOVCTL, Case, HostCase

BUILT = os.environ["XEN"] == "1"
VF = "0000:03:10.0"
PF = "0000:03:00.0"
HERE = pathlib.Path(__file__).parent


@unittest.skipIf(BUILT, "the Xen shim is built")
class Absent(Case):
    def test_says_so(self):
        for words in (("list",), ("info", VF), ("doctor",), ("assign", VF, "--domain", "g1"), ("release", VF),
                      ("ping", VF, "--from", "192.0.2.1", "--to", "192.0.2.2")):
            self.refused("--shim", "xen", *words, says=("--shim xen", "libxen-dev", "SRIOV_XEN"))


@unittest.skipUnless(BUILT, "the Xen shim is not built")
class XenCase(HostCase):
    def setUp(self):
        super().setUp()
        for name in ("sys/bus/pci/drivers/pciback", "sys/hypervisor/version", "dev/xen", "proc/xen", "bin"):
            (self.root / name).mkdir(parents=True)
        for name, text in {"hypervisor/type": "xen", "hypervisor/guest_type": "PV",
                           "hypervisor/version/major": "4", "hypervisor/version/minor": "17"}.items():
            (self.root / "sys" / name).write_text(text + "\n")
        (self.root / "proc/xen/capabilities").write_text("control_d\n")
        (self.root / "sys/bus/pci/drivers/pciback/slots").write_text("")
        self.function(PF, device=0x10c9, driver="igbvf", sriov_totalvfs=7, sriov_numvfs=1)
        self.vf = self.function(VF)
        (self.vf / "physfn").symlink_to(f"../{PF}")
        (self.vf / "driver_override").write_text("")
        (self.root / "sys/bus/pci/devices" / PF / "virtfn0").symlink_to(f"../{VF}")
        shutil.copy(HERE / "fake_xl.py", self.root / "bin/xl")
        os.chmod(self.root / "bin/xl", 0o755)
        self.state(domains=[{"id": 1, "name": "g1", "passthrough": "enabled", "has": []},
                            {"id": 2, "name": "g2", "has": []},
                            {"id": 3, "name": "g3", "passthrough": "enabled", "has": [], "type": "hvm"}])

    def state(self, **changes):
        path = self.root / "state.json"
        state = json.loads(path.read_text()) if path.exists() else {}
        state.update(changes)
        path.write_text(json.dumps(state))

    def plan(self, **plan):
        (self.root / "plan.json").write_text(json.dumps(plan))
        (self.root / "calls").write_text("")

    def domain(self, name):
        return next(d for d in json.loads((self.root / "state.json").read_text())["domains"] if d["name"] == name)

    def change(self, name, **changes):
        domains = json.loads((self.root / "state.json").read_text())["domains"]
        next(d for d in domains if d["name"] == name).update(changes)
        self.state(domains=domains)

    def driver(self):
        link = self.vf / "driver"
        return link.readlink().name if link.is_symlink() else ""

    def calls(self):
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def xen(self, *words, path=None):
        env = {**os.environ, "FAKE_XL": str(self.root), "PATH": path or f"{self.root}/bin:{os.environ['PATH']}"}
        return subprocess.run([SRIOVCTL, "--shim", "xen", *map(str, self.roots), *words], capture_output=True,
                              text=True, timeout=60, check=False, env=env)

    def says(self, *words, says=(), status=2, **more):
        """One line that has the words, the status. Returns the line."""
        done = self.xen(*words, **more)
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in says if isinstance(says, tuple) else (says,):
            self.assertIn(word, done.stderr)
        return done.stderr

    def no(self, *words, **more):
        """The same, and nothing is changed: neither sysfs nor a domain, nor was xl told to change anything."""
        quiet = ("calls", "plan.json")
        before = {k: v for k, v in self.snapshot().items() if k.name not in quiet}
        (self.root / "calls").write_text("")
        self.says(*words, **more)
        self.assertEqual({k: v for k, v in self.snapshot().items() if k.name not in quiet}, before)
        for call in self.calls():
            self.assertIn(call.split()[0], ("list", "info", "pci-list"))

    def done(self, *words):
        done = self.xen("--json", *words)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return json.loads(done.stdout)


class Words(XenCase):
    def test_wrong(self):
        self.no("assign", VF, says="--domain")
        self.no("assign", says="VF")
        self.no("assign", "nonsense", "--domain", "g1", says="sriovctl list")
        self.no("assign", VF, "--domain", "g1", "--qmp", "/x", says=("--qmp", "--shim xen"))
        self.no("assign", VF, "--domain", "", says="--domain")
        self.no("assign", PF, "--domain", "g1", says=(PF, "is a PF"))
        self.no("assign", "0000:09:00.0", "--domain", "g1", says="0000:09:00.0")
        self.no("bind", VF, says=("vfio-pci", "Xen"))

    def test_not_for_others(self):
        done = subprocess.run([SRIOVCTL, "--shim", "mock", "assign", "0000:01:10.0", "--domain", "g1"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, "--shim xen" in done.stderr), (2, True), done.stderr)

    def test_not_on_xen(self):
        for change in (lambda: (self.root / "sys/hypervisor/type").write_text("kvm\n"),
                       lambda: shutil.rmtree(self.root / "sys/hypervisor")):
            change()
            for words in (("list",), ("info", VF), ("assign", VF, "--domain", "g1"), ("release", VF),
                          ("ping", VF, "--from", "192.0.2.1", "--to", "192.0.2.2"), ("vfs", PF, "1")):
                self.no(*words, says=("--shim xen", "does not run on Xen", "leave it out", "doctor"))
            self.assertEqual(self.calls(), [])

    def test_list_and_info(self):
        rows = self.done("list")
        self.assertEqual([row["function"] for row in rows], [PF, VF])
        self.assertEqual(self.done("info", "--device", VF)["kind"], "VF")


class Refused(XenCase):
    """Bad input: named, with the remedy, and nothing is changed."""

    def assign(self, *words, **more):
        self.no("assign", VF, "--domain", *words, **more)

    def test_domains(self):
        self.assign("nobody", says=("nobody", "xl list"))
        self.assign("77", says=("77", "xl list"))
        self.assign("Domain-0", says=("Domain-0", "dom0"))
        self.assign("0", says="dom0")
        self.assign("-1", says="-1")

    def test_no_passthrough(self):
        self.assign("g2", says=("g2", 'passthrough="enabled"', "anew"))
        self.change("g2", passthrough="disabled", has=["0000:05:00.0"])
        self.assign("g2", says='passthrough="enabled"')

    def test_domain_with_functions_of_its_own(self):
        self.change("g2", has=["0000:05:00.0"])
        self.done("assign", VF, "--domain", "g2")

    def test_owned(self):
        self.change("g3", has=[VF])
        for name in ("g1", "g3"):
            self.assign(name, says=(VF, "g3", "runs", "sriovctl --shim xen release"))

    def test_no_pciback(self):
        shutil.rmtree(self.root / "sys/bus/pci/drivers/pciback")
        self.assign("g1", says=(VF, "pciback", "modprobe xen-pciback"))

    def test_driven_here(self):
        """A program of this library's has its config space locked."""
        with open(self.vf / "config", "rb") as config:
            fcntl.flock(config, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.assign("g1", says=(VF, "a program here drives it"))
        self.done("assign", VF, "--domain", "g1")

    def test_no_xl(self):
        self.assign("g1", says=("xl is not there", "xen-utils"), path="/nonexistent")

    def test_xl_that_says_nonsense(self):
        for text in ("", "]", "[", "[1", "{}", "[{}]\n", '[{"domid": "x"}]', '[{"domid": 5}]', "\x00\xff[[["):
            (self.root / "bin/xl").write_bytes(b"#!/bin/sh\ncat <<'END'\n" + text.encode("latin1") + b"\nEND\n")
            self.no("assign", VF, "--domain", "g1", says="xl list")

    def test_xl_that_never_ends(self):
        # The question of which domains there are has a bound of its own, of 20 s; attaching that of --timeout.
        self.plan(at=3, hangs=True)
        self.says("assign", VF, "--domain", "g1", "--timeout", "1s", says="not done within")
        self.assertEqual((self.driver(), self.domain("g1")["has"]), ("", []))

    def test_warnings_before_the_list(self):
        self.state(noise="libxl: warning: [something] odd\n[x] as it were\n")
        self.says("assign", VF, "--domain", "g1", says="xl list")
        self.state(noise="libxl: warning: something odd\n")
        self.done("assign", VF, "--domain", "g1")


class Done(XenCase):
    def test_there_and_back(self):
        report = self.done("assign", VF, "--domain", "g1")
        self.assertEqual(report["domain"], {"name": "g1", "id": 1, "type": "pv"})
        self.assertEqual((self.driver(), self.domain("g1")["has"]), ("pciback", [VF]))
        self.assertEqual((self.vf / "driver_override").read_text(), "pciback")
        self.no("assign", VF, "--domain", "g1", says=("g1", "release"))
        self.no("release", VF, "--domain", "g3", says=("g3", "g1"))
        report = self.done("release", VF)
        self.assertEqual((report["driver"], report["forced"]), ("pciback", False))
        self.assertEqual(self.domain("g1")["has"], [])
        self.no("release", VF, says=(VF, "no domain has it"))
        report = self.done("assign", "--device", VF, "--domain", "3")
        self.assertEqual((report["driver_before"], report["domain"]["type"]), ("pciback", "hvm"))
        self.assertIsNone(self.done("release", VF, "--domain", "g3", "--unbind")["driver"])

    def test_driver_comes_back(self):
        (self.vf / "driver").symlink_to(self.root / "sys/bus/pci/drivers/igbvf")
        self.assertEqual(self.done("assign", VF, "--domain", "g1")["driver_before"], "igbvf")
        self.assertEqual(self.done("release", VF, "--unbind")["driver"], "igbvf")

    def test_deaf(self):
        self.change("g1", deaf=True)
        self.done("assign", VF, "--domain", "g1")
        self.says("release", VF, "--timeout", "1s", status=1, says=("g1", "keeps it", "--force"))
        self.assertEqual(self.domain("g1")["has"], [VF])
        self.assertTrue(self.done("release", VF, "--force")["forced"])
        self.assertEqual(self.domain("g1")["has"], [])


MEANINGS = {
    "Cannot allocate memory": ("used up", "free_memory", "mem-set"),
    "xc_assign_device failed: Operation not supported": ('passthrough="enabled"',),
    "PCI device 0:3:10.0 already assigned to a different guest?": ("release it there",),
    "Permission denied": ("run as root",),
    "something quite new": ("something quite new", "status 1", "/var/log/xen"),
    "": ("status 1",),
}


class Faults(XenCase):
    """Each call of xl's fails in turn, before or after it has done its work: all or nothing."""

    def test_reasons(self):
        for said, words in MEANINGS.items():
            self.plan(at=3, says=f"libxl: error: libxl_pci.c:1234:fn: Domain 1:{said}")
            self.says("assign", VF, "--domain", "g1", says=(VF, "nothing is changed", *words))
            self.assertEqual((self.driver(), self.domain("g1")["has"]), ("", []))

    def sweep(self, words, begin, whole, nothing):
        """Returns how many calls there were. begin() comes before each try."""
        for at in range(1, 40):
            for half in (False, True):
                begin()
                self.plan(at=at, half=half)
                done = self.xen(*words)
                state = (self.driver(), self.domain("g1")["has"])
                if done.returncode == 0:
                    self.assertEqual(state, whole, f"call {at} of xl's, half {half}")
                else:
                    self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                    known = "not known" not in done.stderr
                    self.assertEqual(done.returncode, 2 if words[0] == "assign" and known else done.returncode)
                    if known:
                        self.assertIn(state, nothing, f"call {at} of xl's, half {half}: {done.stderr}")
            if len(self.calls()) < at:
                return at - 1
        self.fail("there is no end of it")
        return 0

    def test_assign(self):
        def begin():
            self.plan()
            self.xen("release", VF, "--force", "--unbind")
            if self.driver() == "pciback":
                (self.vf / "driver").unlink()
                (self.root / "sys/bus/pci/drivers/pciback/slots").write_text("")
        calls = self.sweep(("assign", VF, "--domain", "g1"), begin, ("pciback", [VF]), [("", [])])
        self.assertGreaterEqual(calls, 4)  # list, pci-assignable-add, pci-attach, pci-list

    def test_release(self):
        def begin():
            self.plan()
            self.xen("assign", VF, "--domain", "g1")
        calls = self.sweep(("release", VF), begin, ("pciback", []), [("pciback", [VF])])
        self.assertGreaterEqual(calls, 3)  # list, pci-detach, pci-list

    def test_released_but_not_unbound(self):
        self.done("assign", VF, "--domain", "g1")
        self.plan(at=4)  # list, pci-detach, pci-list, pci-assignable-remove
        line = self.says("release", VF, "--unbind", status=1, says=("stays with pciback", "pci-assignable-remove -r"))
        self.assertNotIn("keeps", line)
        self.assertEqual((self.driver(), self.domain("g1")["has"]), ("pciback", []))

    def test_nothing_works_any_more(self):
        """Attached, then every call fails: it says that nobody knows."""
        self.plan(at=3, half=True, always=True)
        self.says("assign", VF, "--domain", "g1", status=1, says=(VF, "not known", "xl pci-list 1"))


class Doctor(XenCase):
    def findings(self, *words, status):
        done = self.xen("--json", "doctor", *words)
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        return {(f["thing"].removeprefix(str(self.root)), f["level"]): (f["text"], f["remedy"] or "")
                for f in json.loads(done.stdout)["findings"]}

    def test_not_xen(self):
        shutil.rmtree(self.root / "sys/hypervisor")
        found = self.findings(status=1)
        self.assertEqual(list(found), [("xen", "bad")])
        self.assertIn("--shim xen", found["xen", "bad"][1])

    def test_bare_dom0(self):
        shutil.rmtree(self.root / "sys/bus/pci/drivers/pciback")
        (self.root / "proc/xen/capabilities").unlink()
        (self.root / "sys/hypervisor/properties").mkdir()
        (self.root / "sys/hypervisor/properties/features").write_text("00000800\n")
        self.state(virt_caps="pv hvm hap", free_memory=3)
        found = self.findings(status=1)
        for thing, level, remedy in (("/dev/xen/privcmd", "bad", "modprobe xen-privcmd"),
                                     ("/dev/xen/evtchn", "warning", "modprobe xen-evtchn"),
                                     ("/dev/xen/gntdev", "note", "modprobe xen-gntdev"),
                                     ("/dev/xen/xenbus", "warning", "devtmpfs"),
                                     ("xenfs", "warning", "mount -t xenfs"),
                                     ("pciback", "warning", "modprobe xen-pciback"),
                                     ("iommu", "bad", "firmware"),
                                     ("memory", "warning", "mem-set"),
                                     ("kernel", "warning", "Linux 6.6"),
                                     ("isolation", "warning", "domU")):
            self.assertIn(remedy, found[thing, level][1])
        self.assertIn("nearly all memory", found["isolation", "warning"][0])

    def test_kernel(self):
        for release, level in (("6.1.0", "warning"), ("6.5.13", "warning"), ("6.6.0", "ok"), ("7.0-rc1", "ok")):
            (self.root / "proc/sys/kernel/osrelease").write_text(release + "\n")
            self.assertIn(("kernel", level), self.findings(status=1))

    def test_domu(self):
        (self.root / "proc/xen/capabilities").write_text("\n")
        for folder in (PF, VF):
            shutil.rmtree(self.root / "sys/bus/pci/devices" / folder)
        found = self.findings(status=1)
        self.assertIn('passthrough="enabled"', found["passthrough", "bad"][1])
        self.assertNotIn(("isolation", "warning"), found)

    def test_hvm(self):
        (self.root / "sys/hypervisor/guest_type").write_text("HVM\n")
        self.assertIn('type="pv"', self.findings(status=1)["domain", "bad"][1])

    def test_no_toolstack(self):
        (self.root / "bin/xl").unlink()
        self.assertIn("xen-utils", self.findings(status=1)["toolstack", "warning"][1])

    def test_functions(self):
        self.assertIn((VF, "ok"), self.findings(VF, status=1))
        (self.vf / "driver").symlink_to(self.root / "sys/bus/pci/drivers/igbvf")
        text, remedy = self.findings(VF, status=1)[VF, "bad"]
        self.assertIn("igbvf", text)
        self.assertIn("unbind", remedy)
        self.no("doctor", "0000:09:00.0", says="0000:09:00.0")
