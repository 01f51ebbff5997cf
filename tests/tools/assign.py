# SPDX-License-Identifier: BSD-3-Clause
"""sriovctl assign and release against a made-up QEMU monitor on a made-up host."""

import json
import os
import signal
import socket
import subprocess
import threading
import unittest

from base import MODELS, SRIOVCTL, Case, HostCase, run
from fake_qmp import CLOSE, SILENT, FakeQmp, error, event

VF = "0000:03:10.0"
PF = "0000:03:00.0"
ID = "vf-0000-03-10-0"


def port(name, devices=(), device=0x0c):
    return {"bus": 0, "slot": 2, "function": 0, "qdev_id": name, "id": {"vendor": 0x1b36, "device": device},
            "pci_bridge": {"bus": {"number": 0}, "devices": list(devices)}}


def machine(*names, host=VF, **more):
    """Answers of a QEMU that has vfio-pci devices of these names, all of one host function."""
    answers = {
        "qom-list": lambda arguments: {"return": [{"name": name, "type": "child<vfio-pci>"} for name in names]
                                       if arguments["path"] == "/machine/peripheral" else []},
        "qom-get": lambda arguments: {"return": host if arguments["property"] == "host" else ""},
    }
    return {**answers, **more}


class AssignCase(HostCase):
    def setUp(self):
        super().setUp()
        self.function(PF, device=0x10c9, driver="igbvf", group=3, sriov_totalvfs=7, sriov_numvfs=1)
        self.vf = self.function(VF, driver="vfio-pci", group=4)
        (self.vf / "physfn").symlink_to(f"../{PF}")
        (self.root / "sys/bus/pci/devices" / PF / "virtfn0").symlink_to(f"../{VF}")

    def says(self, command, *words, answers=None, says=(), status=2, greeting=None, **known):
        """One line that has the words, the status, and nothing changed. Returns the monitor."""
        with FakeQmp(answers, **({"greeting": greeting} if greeting is not None else {}), **known) as qmp:
            before = self.snapshot()
            done = run(*self.roots, "--json", command, VF, "--qmp", qmp.path, *words)
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in says if isinstance(says, tuple) else (says,):
            self.assertIn(word, done.stderr)
        self.assertEqual(json.loads(done.stdout)["status"], status)
        self.assertEqual(self.snapshot(), before, "something was changed")
        return qmp


class Words(AssignCase):
    def test_wrong(self):
        self.refused("assign", says="VF")
        self.refused("assign", "nonsense", "--qmp", "/x", says="sriovctl list")
        for command in ("assign", "release"):
            self.refused(command, VF, says="--qmp")
            self.refused(command, VF, "--qmp", "/x", "--timeout", "0", says="--timeout")
        for name in ("", "0x", "a:b", "a b", "ä", "x" * 128):
            self.refused("assign", VF, "--qmp", "/x", "--id", name, says="--id")
        self.refused("assign", VF, "--qmp", "/x", "--mac", says="--mac")

    def test_functions_that_are_no_vf(self):
        self.function("0000:05:00.0", driver="igbvf")
        self.refused("assign", "09:00.0", "--qmp", "/x", says="0000:09:00.0")
        self.refused("assign", PF, "--qmp", "/x", says=(PF, "is a PF", "sriovctl vfs"))
        self.refused("assign", "05:00.0", "--qmp", "/x", says=("0000:05:00.0", "no VF"))

    def test_policy_is_that_of_vf_set(self):
        with FakeQmp() as qmp:
            self.refused("assign", VF, "--qmp", qmp.path, "--vlan", "4095", says="--vlan")
            self.assertNotIn("device_add", qmp.commands())


class Sockets(AssignCase):
    def both(self, path, says):
        for command in ("assign", "release"):
            self.refused(command, VF, "--qmp", path, says=says)

    def test_not_there(self):
        self.both("/no/such/socket", says=("/no/such/socket", "-qmp"))
        self.both("/etc/passwd", says=("/etc/passwd", "no socket"))
        self.both("/etc/passwd/x", says="no such socket")
        self.both("x" * 200, says="File name too long")
        self.both("", says="--qmp")

    def test_nobody_listens(self):
        path = self.root / "dead"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.close()
        self.both(path, says=("dead", "nobody listens"))

    @unittest.skipIf(os.geteuid() != 0, "wants to be root, to be somebody else")
    def test_no_permission(self):
        with FakeQmp() as qmp:
            os.chmod(qmp.path, 0o600)
            os.chmod(os.path.dirname(qmp.path), 0o755)
            os.chmod(self.root, 0o755)
            words = [SRIOVCTL, *map(str, self.roots), "release", VF, "--qmp", qmp.path]
            try:
                done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False, user=65534)
            except PermissionError:
                self.skipTest("nobody may not run the program where it is")
        self.assertEqual((done.returncode, done.stderr.count("no permission")), (2, 1), done.stderr)

    def test_no_greeting(self):
        """Another client has the monitor: QEMU accepts, and says nothing."""
        self.says("release", greeting=b"", says=("no greeting", "stands still", "second -qmp"))

    def test_not_qmp(self):
        for greeting in (b"SSH-2.0-OpenSSH\r\n", b"\n", b"[1]\n", b'{"QMP"\n', b"{}\n", b'{"event": "STOP"}\n',
                         b"\xff\xfe\n", b'"' + b"x" * 100 + b'"\n', b"[" * 100000 + b"\n"):
            self.says("release", greeting=greeting, says="QMP")

    def test_endless_line(self):
        self.says("release", greeting=b'{"QMP": "' + b"x" * (1 << 20), says="over a megabyte")

    def test_odd_greetings(self):
        for version in (7, "x", {}, {"qemu": {"major": -1, "minor": 1 << 40, "micro": 0}}, None):
            self.says("release", greeting={"QMP": {"version": version}}, says="does not have it")

    def test_closes(self):
        for answers in ({"qmp_capabilities": CLOSE}, {"qom-list": CLOSE}, {"qom-list": [b'{"ret', CLOSE]}):
            self.says("release", answers=answers, says="closed the connection")

    def test_capabilities_refused(self):
        self.says("release", answers={"qmp_capabilities": error("no\x1b[31m\nway")},
                  says=("GenericError", "no?[31m?way"))

    def test_answers_that_are_none(self):
        for answer in (b"nonsense\n", b"{}\n", b'{"id": 2}\n', {"return": [], "error": {}}, {"id": 77, "return": []},
                       b'{"return": []}\n', {"id": "2", "return": []}, b"[]\n", b"\0\0\n"):
            self.says("release", answers={"qom-list": answer}, says="-qmp")

    def test_odd_values(self):
        for value in (7, None, {"a": 1}, "x", [7], [{}], [{"name": 7, "type": "child<vfio-pci>"}],
                      [{"name": "x" * 5000, "type": "child<vfio-pci>"}]):
            self.says("release", answers={"qom-list": {"return": value}}, says="does not have it")


class Assign(AssignCase):
    def assign(self, *words, answers=None):
        with FakeQmp({"device_add": {"return": {}}, **(answers or {})}) as qmp:
            report = self.well(*self.roots, "assign", VF, "--qmp", qmp.path, *words)
        return qmp, report

    def test_well(self):
        pci = [{"bus": 0, "devices": [port("rp0", devices=[{}]), port("bridge", device=1), port("rp1"), port("rp2")]}]
        qmp, report = self.assign(answers={"query-pci": {"return": pci}})
        self.assertEqual(qmp.arguments("device_add"), [{"driver": "vfio-pci", "host": VF, "id": ID, "bus": "rp1"}])
        self.assertEqual((report["function"], report["id"], report["bus"]), (VF, ID, "rp1"))
        self.assertEqual(report["vm"], {"qemu": "10.0.3", "name": "web", "qmp": qmp.path})
        self.assertEqual((report["driver_before"], report["policy_changed"]), ("vfio-pci", []))
        self.assertEqual(qmp.commands()[0], "qmp_capabilities")

    def test_names_that_are_no_words(self):
        """A terminal obeys what QEMU's names hold; other languages' letters stay."""
        with FakeQmp({"device_add": {"return": {}},
                      "query-name": {"return": {"name": "caf\u00e9\x1b]0;x\x07\u009b2J\x7f"}}}) as qmp:
            done = run(*self.roots, "assign", VF, "--qmp", qmp.path)
        self.assertEqual(done.returncode, 0)
        self.assertIn("caf\u00e9?]0;x???2J?", done.stdout)

    def test_port_that_firmware_has_not_seen(self):
        """Its bus has no number yet: query-pci shows nothing below it, the bus itself does."""
        pci = [{"bus": 0, "devices": [port("rp1"), port("rp2"), port("rp3")]}]
        below = {"/machine/peripheral/rp1/rp1": {"return": [{"name": "type"}, {"name": "child[0]"}]},
                 "/machine/peripheral/rp2/rp2": {"return": [{"name": "realized"}, {"name": 7}, {}, 8]}}
        answers = {"query-pci": {"return": pci},
                   "qom-list": lambda arguments: below.get(arguments["path"], {"return": []})}
        self.assertEqual(self.assign(answers=answers)[1]["bus"], "rp2")
        below["/machine/peripheral/rp2/rp2"] = error("no such path", "DeviceNotFound")
        self.assertEqual(self.assign(answers=answers)[1]["bus"], "rp2")
        below["/machine/peripheral/rp2/rp2"] = below["/machine/peripheral/rp1/rp1"]
        self.assertEqual(self.assign(answers=answers)[1]["bus"], "rp3")
        self.says("assign", answers={**answers, "qom-list": CLOSE}, says="closed the connection")

    def test_words_reach_qemu(self):
        token = "00112233-4455-6677-8899-aabbccddeeff"
        qmp, _ = self.assign("--id", "net.1_a-b", "--bus", "rp9", "--vf-token", token)
        self.assertEqual(qmp.arguments("device_add"), [{"driver": "vfio-pci", "host": VF, "id": "net.1_a-b",
                                                        "bus": "rp9", "vf-token": token}])
        self.assertNotIn("query-pci", qmp.commands())

    def test_without_port_qemu_chooses(self):
        for pci in ([], [{}], {}, [{"bus": 0, "devices": [port("", ()), port("x" * 300)]}], [{"devices": [7, None]}]):
            qmp, report = self.assign(answers={"query-pci": {"return": pci}})
            self.assertNotIn("bus", qmp.arguments("device_add")[0])
            self.assertIsNone(report["bus"])

    def test_events_between(self):
        chatter = [event("RTC_CHANGE", offset=1), event("NIC_RX_FILTER_CHANGED"), {"event": "STOP"}]
        self.assign(answers={"device_add": [*chatter, {"return": {}}], "qom-list": [*chatter, {"return": []}]})

    def test_answer_in_pieces(self):
        self.assign(answers={"query-name": {"return": {}}, "query-pci": {"return": [{"pad": "x" * 600000}]}})

    def test_qemu_refuses(self):
        desc = "vfio 0000:03:10.0: group 4 is not viable"
        self.says("assign", answers={"device_add": error(desc)},
                  says=(VF, "GenericError", desc, "nothing was changed", "--bus"))
        self.says("assign", "--bus", "rp1", answers={"device_add": error("Bus 'rp1' not found", "DeviceNotFound")},
                  says=("DeviceNotFound", "Bus 'rp1' not found"))
        self.says("assign", answers={"device_add": {"error": 7}}, says="no reason given")
        self.says("assign", answers={"device_add": error("x" * 100000)}, says="xxx")

    def test_outcome_unknown(self):
        """No answer to device_add: QEMU may have it, and it must not be pulled away."""
        for answer, words in ((SILENT, "in time"), (CLOSE, "closed the connection"), (b"garbage\n", "QMP")):
            self.says("assign", "--timeout", "300ms", answers={"device_add": answer}, status=1,
                      says=(words, "not known", VF))
        self.says("assign", "--timeout", "300ms", answers={"device_add": [event("STOP")] * 1000}, status=1,
                  says="not known")

    def test_assigned_already(self):
        self.says("assign", answers=machine("net7"), says=(VF, "has it already", "net7", "sriovctl release"))
        self.says("assign", answers=machine("net7", host="03:10.0"), says="net7")
        self.says("assign", answers={
            **machine("net8"),
            "qom-get": lambda arguments: {"return": "ffff:ff:ff.f" if arguments["property"] == "host"
                                          else f"/sys/bus/pci/devices/{VF}"}}, says="net8")
        self.says("assign", answers=machine(ID, host="0000:03:10.2"), says=(ID, "--id"))

    def test_held_by_another_process(self):
        for node in (self.root / "dev/vfio/4", self.root / "dev/vfio/devices/vfio7"):
            holder = self.root / "proc/4711"
            (holder / "fd").mkdir(parents=True, exist_ok=True)
            (self.vf / "vfio-dev/vfio7").mkdir(parents=True, exist_ok=True)
            (holder / "comm").write_text("qemu-system-x86\n")
            (holder / "fd/9").symlink_to(node)
            self.says("assign", says=(VF, "4711", "qemu-system-x86", str(node)))
            self.says("release", says=("4711", "qemu-system-x86"))
            (holder / "fd/9").unlink()
        (holder / "fd/9").symlink_to(self.root / "dev/vfio/5")
        self.assign()

    def test_binding_refused(self):
        (self.vf / "driver").unlink()
        self.says("assign", says=(VF, "nothing was changed"))


class Release(AssignCase):
    DELETED = (event("DEVICE_DELETED", device="other", path="/machine/peripheral/other"),
               event("DEVICE_DELETED", path="/machine/peripheral/net7/sub"),
               event("DEVICE_DELETED", device="net7", path="/machine/peripheral/net7"))

    def release(self, answers, *words):
        with FakeQmp(answers) as qmp:
            report = self.well(*self.roots, "release", VF, "--qmp", qmp.path, *words)
        return qmp, report

    def test_well(self):
        for answer in ([{"return": {}}, *self.DELETED], [*self.DELETED, {"return": {}}]):
            qmp, report = self.release(machine("net7", device_del=answer))
            self.assertEqual(qmp.arguments("device_del"), [{"id": "net7"}])
            self.assertEqual((report["id"], report["guest"], report["driver"]), ("net7", "let go", "vfio-pci"))
            self.assertLess(report["waited_ns"], 10_000_000_000)

    def test_device_without_id(self):
        path = "/machine/peripheral-anon/device[3]"
        answers = {
            "qom-list": lambda arguments: {"return": [{"name": "device[3]", "type": "child<vfio-pci>"}]
                                           if arguments["path"].endswith("anon") else []},
            "qom-get": {"return": VF},
            "device_del": [{"return": {}}, event("DEVICE_DELETED", path=path)]}
        qmp, report = self.release(answers)
        self.assertEqual((qmp.arguments("device_del"), report["id"]), ([{"id": path}], path))

    def test_asked_before(self):
        under_way = error("Device net7 is already in the process of unplug")
        _, report = self.release(machine("net7", device_del=[under_way, self.DELETED[2]]))
        self.assertEqual(report["guest"], "let go")

    def test_not_there(self):
        self.says("release", says=(VF, "does not have it"))
        self.says("release", answers=machine("net7", host="0000:03:10.2"), says="does not have it")

    def test_host_function_vanished(self):
        """It need not be there any more to be let go."""
        with FakeQmp(machine("net7", host="0000:09:10.0", device_del=[{"return": {}}, self.DELETED[2]])) as qmp:
            report = self.well(*self.roots, "release", "09:10.0", "--qmp", qmp.path)
        self.assertIsNone(report["driver"])

    def test_qemu_refuses(self):
        self.says("release", answers=machine("net7", device_del=error("Bus 'pcie.0' does not support hotplugging")),
                  says=("does not support hotplugging", "nothing was changed"))

    def test_guest_refuses(self):
        answer = [{"return": {}}, event("DEVICE_UNPLUG_GUEST_ERROR", device="net7", path="/machine/peripheral/net7")]
        self.says("release", answers=machine("net7", device_del=answer), status=1, says=("refuses to let go",))

    def test_deadline(self):
        paused = {"query-status": {"return": {"running": False, "status": "prelaunch"}}}
        for more, words in (({}, ("end what uses the device",)), (paused, ("prelaunch", "let the guest run"))):
            answers = machine("net7", device_del=[{"return": {}}, self.DELETED[0]], **more)
            self.says("release", "--timeout", "300ms", answers=answers, status=1,
                      says=(VF, "0.3", "stays asked", "by force", *words))

    def test_outcome_unknown(self):
        for answer in ([{"return": {}}, CLOSE], [{"return": {}}, b"garbage\n"], [{"return": {}}, {"return": {}}]):
            self.says("release", answers=machine("net7", device_del=answer), status=1, says="not known")
        self.says("release", "--timeout", "200ms", answers=machine("net7", device_del=SILENT), status=1,
                  says="not known")


    def test_interrupted(self):
        """While it waits for the guest: it ends at once, and says what it does not know."""
        asked = threading.Event()

        def answer(_):
            asked.set()
            return {"return": {}}

        with FakeQmp(machine("net7", device_del=answer)) as qmp:
            words = [SRIOVCTL, *map(str, self.roots), "release", VF, "--qmp", qmp.path]
            with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
                self.assertTrue(asked.wait(30))
                process.send_signal(signal.SIGINT)
                said = process.communicate(timeout=20)[1]
        self.assertEqual((process.returncode, len(said.splitlines())), (1, 1), said)
        # By then QEMU's own answer was read, or not yet.
        self.assertRegex(said, "interrupted; (the guest was asked, its answer|whether the guest was asked) is not known")


class Trial(Case):
    """--shim mock: the manager, a simulated VF and a simulated machine."""

    DEVICE = {"82599": "0x10ed", "82576": "0x10ca"}

    def mock(self, command, vf, *words, model="82599", status=0):
        return self.well("--shim", "mock", "--model", model, command, vf, *words, status=status)

    def test_assign(self):
        for model, vf in MODELS.items():
            report = self.mock("assign", vf, model=model)
            guest = report["guest_sees"]
            self.assertEqual((guest["vendor"], guest["device"], guest["class"]), ("0x8086", self.DEVICE[model], "0x020000"))
            self.assertEqual((guest["vectors"], sorted(guest["capability_ids"])), (3, [16, 17]))
            self.assertEqual([(bar["bar"], bar["bytes"]) for bar in guest["bars"]], [(0, 16384), (3, 16384)])
            places = [int(bar["guest_address"], 16) for bar in guest["bars"]]
            self.assertTrue(all(place and place % 16384 == 0 for place in places) and places[0] != places[1])
            self.assertTrue(guest["registers_answer"])
            self.assertGreater(report["vm"]["config_exits"], 0)
            self.assertEqual(report["violations"], 0)
        self.assertRegex(run("--shim", "mock", "assign", "01:10.0").stdout, "(?m)^ +vectors +3$")

    def test_with_policy(self):
        self.mock("assign", "01:10.0", "--mac", "02:00:00:00:00:07", "--trust", "on")
        self.refused("--shim", "mock", "assign", "01:10.0", "--min-rate", 1, says="--min-rate")

    def test_release(self):
        report = self.mock("release", "01:10.0")
        self.assertEqual((report["guest"], report["forced"], report["violations"]), ("let go", False, 0))
        late = self.mock("release", "01:10.0", "--mock-guest", "late")
        self.assertEqual((late["guest"], late["forced"]), ("let go", False))
        self.assertGreaterEqual(late["waited_ns"] - report["waited_ns"], 2_000_000_000)

    def test_release_by_force(self):
        for guest, least in (("deaf", 500_000_000), ("late", 500_000_000)):
            report = self.mock("release", "01:10.0", "--mock-guest", guest, "--timeout", "500ms", status=1)
            self.assertEqual((report["guest"], report["forced"]), ("did not let go in time", True))
            self.assertGreaterEqual(report["waited_ns"], least)
            self.assertLess(report["waited_ns"], least + 500_000_000)
            self.assertEqual(report["violations"], 0)

    def test_refused(self):
        mock = ("--shim", "mock")
        for command in ("assign", "release"):
            self.refused(*mock, command, "01:00.0", says=("is a PF", "sriovctl vfs"))
            self.refused(*mock, command, "05:10.0", says=("0000:05:10.0", "sriovctl list"))
            self.refused(*mock, "--vfs", 0, command, "01:10.0", says="sriovctl list")
            self.refused(*mock, command, "01:10.0", "--qmp", "/x", says=("--qmp", "--shim mock"))
        self.refused(*mock, "release", "01:10.0", "--mock-guest", "dead", says="--mock-guest")


if __name__ == "__main__":
    unittest.main()
