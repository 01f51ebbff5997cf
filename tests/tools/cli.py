# SPDX-License-Identifier: BSD-3-Clause
"""sriovctl as a user meets it: on the mock, and on a made-up sysfs for what this host may lack."""

import json
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from base import LINUX_PF, MODELS, PING, SOURCE, SRIOVCTL, Case, HostCase, run


class Usage(Case):
    def test_help_and_version(self):
        for words in (("--help",), ("-h",), ("ping", "--help"), ("--version",)):
            done = run(*words)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("sriovctl", done.stdout)

    def test_wrong_words(self):
        self.refused(says="no command")
        self.refused("no-such-command", says="no-such-command")
        self.refused("--no-such-option", "list", says="--no-such-option")
        self.refused("list", "--no-such-option", says="--no-such-option")
        self.refused("list", "word", says="word")
        self.refused("info", says="BDF")
        self.refused("--shim", "vmware", "list", says=("--shim", "kvm", "mock"))
        self.refused("--shim", says="--shim")
        self.refused("--backend", "vfio", "list", says="iommufd")
        self.refused("--vf-token", "1234", "list", says="UUID")
        self.refused("--json=1", "list", says="--json")

    def test_wrong_bdf(self):
        for bdf in ("x", "01:00", "0000:01:00.8", "0000:01:20.0", "0000:01:00.0 ", "1:2:3:4.5",
                    "0000:01:00.0x", "+1:00.0", "a" * 500):
            self.refused("--shim", "mock", "info", bdf, says="sriovctl list")

    def test_wrong_ping_options(self):
        base = ("--shim", "mock", "ping", "01:10.0")
        self.refused(*base, says="--from")
        self.refused(*base, "--from", "192.0.2.1", says="--to")
        self.refused(*base, "--from", "192.0.2.1", "--to", "192.0.2.1", says="--to")
        for ip in ("300.1.1.1", "1.2.3", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", ""):
            self.refused(*base, "--from", "192.0.2.1", "--to", ip, says="--to")
        for name, value in (("--count", "-1"), ("--count", "x"), ("--size", "9-8"), ("--size", "99999"),
                            ("--size", ""), ("--interval", "-1s"), ("--interval", "1h"),
                            ("--interval", "nan"), ("--rate", "0"), ("--window", "1025"),
                            ("--timeout", "0"), ("--mtu", "67"), ("--count", "18446744073709551616")):
            self.refused(*base, *PING, name, value, says=name)
        self.refused(*base, *PING, "--size", "2000", says=("--size", "--mtu 2028"))
        self.refused(*base, *PING, "--udp", "--size", "2", says="--size")
        self.refused(*base, *PING, "--poll", "--interrupts", says="--poll")
        self.refused(*base, *PING, "--pcap", "/no/such/folder/x", says="/no/such/folder/x")
        self.refused("--shim", "mock", "respond", "01:10.0", says="--address")


class Mock(Case):
    def test_list(self):
        for model, vf in MODELS.items():
            rows = self.well("--shim", "mock", "--model", model, "--vfs", 3, "list")
            self.assertEqual([row["kind"] for row in rows], ["PF", "VF", "VF", "VF"])
            self.assertEqual(rows[0]["vfs"].split("/")[0], "3")
            self.assertEqual(rows[1]["function"], vf)
            self.assertEqual(rows[1]["pf"], "0000:01:00.0")
        text = run("--shim", "mock", "list").stdout
        self.assertRegex(text, "(?m)^function .*iommu group$")
        self.assertIn("8086:10ed", text)

    def test_info(self):
        pf = self.well("--shim", "mock", "info", "01:00.0")
        self.assertEqual((pf["vendor"], pf["device"], pf["kind"]), ("0x8086", "0x10fb", "PF"))
        self.assertEqual(pf["sriov"]["vfs"], 2)
        self.assertTrue(pf["sriov"]["enabled"])
        self.assertIn("SR-IOV", [cap["capability"] for cap in pf["capabilities"]])
        vf = self.well("--shim", "mock", "info", "0000:01:10.0")
        self.assertEqual((vf["device"], vf["kind"], vf["vf_index"]), ("0x10ed", "VF", 0))
        self.assertIsNone(vf["sriov"])
        self.assertIn({"bar": 0, "bytes": 16384}, vf["bars"])
        self.assertIn("0x10ed", run("--shim", "mock", "info", "01:10.0").stdout)

    def test_vfs(self):
        self.assertEqual(self.well("--shim", "mock", "vfs", "01:00.0", 5)["vfs"], 5)
        self.refused("--shim", "mock", "vfs", "01:00.0", 65, says="64")
        self.refused("--shim", "mock", "vfs", "01:00.0", "many", says="many")
        self.refused("--shim", "mock", "vfs", "01:10.0", 1, says="0000:01:10.0")
        self.refused("--shim", "mock", "vfs", "09:00.0", 1, says="0000:09:00.0")

    def test_ping(self):
        for model, vf in MODELS.items():
            for mode in ("--poll", "--interrupts"):
                for more in ((), ("--udp",), ("--mtu", 9000, "--size", "18-8958", "--window", 8)):
                    report = self.well("--shim", "mock", "--model", model, "ping", vf, *PING, mode, "--count",
                                       300, "--size", "56-1472", "--interval", "1ms", *more)
                    self.check_ping(report, 300, mode)

    def check_ping(self, report, count, mode):
        self.assertEqual((report["sent"], report["received"]), (count, count))
        for name in ("lost", "corrupt", "duplicates", "reordered", "late", "leaked", "damaged"):
            self.assertEqual(report[name], 0, name)
        self.assertIsNone(report["ended"])
        self.assertEqual(report["outages"], [])
        self.assertEqual(report["mode"], mode[2:])
        rtt = [report["rtt"][key] for key in ("min_ns", "p50_ns", "p99_ns", "max_ns")]
        self.assertEqual(rtt, sorted(rtt))
        if mode == "--interrupts":
            self.assertGreater(report["interrupts"]["woken"], count // 2)

    def test_ping_quirks_of_qemu(self):
        report = self.well("--shim", "mock", "--model", "82576", "--quirks", "qemu", "ping", "02:10.0", *PING,
                           "--count", 100, "--interval", "1ms")
        self.assertEqual(report["received"], 100)

    def test_ping_fast(self):
        report = self.well("--shim", "mock", "ping", "01:10.0", *PING, "--count", 70000, "--interval", 0,
                           "--window", 200, "--size", 8)
        self.assertEqual((report["received"], report["duplicates"], report["reordered"]), (70000, 0, 0))
        self.assertGreater(report["interrupts"]["woken"], 70000 // 200)

    def test_ping_repeats_exactly(self):
        words = ("--shim", "mock", "ping", "01:10.0", *PING, "--count", 50, "--rate", 1000)
        self.assertEqual(self.well(*words), self.well(*words))

    def test_ping_text_and_progress(self):
        done = run("--shim", "mock", "ping", "01:10.0", *PING, "--progress")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, "(?m)^lost +0$")
        self.assertRegex(done.stdout, r"(?m)^  avg +[0-9.]+ us$")
        self.assertEqual(len(re.findall(r"(?m)^\d s: \d sent, \d received, 0 lost", done.stderr)), 4)

    def test_nobody_answers(self):
        report = self.well("--shim", "mock", "ping", "01:10.0", *PING, "--neighbour", "192.0.2.9",
                           "--resolve", "500ms", status=1)
        self.assertEqual(report["sent"], 0)
        self.assertIn("ARP", report["ended"])

    def test_pf_that_does_not_answer(self):
        for model, vf in MODELS.items():
            for mood in ("down", "silent"):
                self.refused("--shim", "mock", "--model", model, "--mock-pf", mood, "ping", vf, *PING,
                             says=(vf, "0000:01:00.0", "ip link set"))

    def test_wrong_functions(self):
        self.refused("--shim", "mock", "ping", "01:00.0", *PING, says=("is a PF", "sriovctl vfs"))
        self.refused("--shim", "mock", "ping", "05:10.0", *PING, says=("0000:05:10.0", "sriovctl list"))
        self.refused("--shim", "mock", "--vfs", 1, "ping", "01:10.0", *PING, says="--vfs")
        self.refused("--shim", "mock", "--vfs", 0, "ping", "01:10.0", *PING, says="sriovctl list")
        self.refused("--shim", "mock", "--model", "82598", "list", says="82598")
        self.refused("--shim", "mock", "--quirks", "vbox", "list", says="vbox")
        for command in ("bind", "unbind"):
            self.refused("--shim", "mock", command, "01:10.0", says="--shim mock")

    def test_respond(self):
        for model, vf in MODELS.items():
            report = self.well("--shim", "mock", "--model", model, "respond", vf, "--address", "192.0.2.1",
                               "--duration", "500ms")
            self.assertGreaterEqual(report["answered_echo"], 45)
            self.assertEqual((report["dropped"], report["leaked"]), (0, 0))
        report = self.well("--shim", "mock", "respond", "01:10.0", "--address", "192.0.2.1", "--count", 7)
        self.assertEqual(report["answered_echo"], 7)

    def test_stats(self):
        report = self.well("--shim", "mock", "stats", "01:10.0")
        self.assertIn("rx_packets", "\n".join(report["counters"]))
        pf = self.well("--shim", "mock", "stats", "01:00.0")
        self.assertTrue(pf["counters"])

    def test_signal_ends_well(self):
        with subprocess.Popen([SRIOVCTL, "--shim", "mock", "--json", "ping", "01:10.0", *PING, "--count", "0",
                               "--interval", "10us"], stdout=subprocess.PIPE, text=True) as process:
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            report = json.loads(process.communicate(timeout=30)[0])
        self.assertEqual(process.returncode, 0)
        self.assertEqual(report["sent"], report["received"])
        self.assertGreater(report["sent"], 0)


class Policy(Case):
    """vf show and vf set on this library's own PF driver."""

    def vf(self, verb, *words, model="82599"):
        return self.well("--shim", "mock", "--model", model, "vf", verb, "01:00.0", *words)

    def test_show(self):
        for model, vf in MODELS.items():
            report = self.vf("show", model=model)
            self.assertEqual((report["pf"], report["interface"]), ("0000:01:00.0", None))
            self.assertEqual([row["vf"] for row in report["vfs"]], [0, 1])
            first = report["vfs"][0]
            self.assertEqual((first["function"], first["mac"], first["vlan"]), (vf, "02:53:52:00:00:00", 0))
            self.assertEqual((first["link"], first["rate_mbps"]), ("auto", 0))
            self.assertEqual((first["trunk"], first["rx_mode"]), ([], "promisc"))
            one = self.vf("show", 1, model=model)
            self.assertEqual((one["vf"], one["mac"], one["trust"]), (1, "02:53:52:00:00:01", False))
            self.assertEqual(one["statistics"]["refused"], 0)
            self.assertEqual((one["statistics"]["rx_packets"], one["statistics"]["tx_bytes"]), (0, 0))
            self.assertEqual((one["statistics"]["contained"], one["statistics"]["owner"]), ("no", None))
        text = run("--shim", "mock", "vf", "show", "01:00.0").stdout
        self.assertRegex(text, r"(?m)^  vf +function +mac .*spoof check")
        self.assertEqual(self.well("--shim", "mock", "--vfs", 0, "vf", "show", "01:00.0")["vfs"], [])

    def test_set(self):
        for model in MODELS:
            report = self.vf("set", 1, "--mac", "02:AA:00:00:00:09", "--vlan", "100", "--trust", "on",
                             "--spoof-check", "off", model=model)
            self.assertEqual((report["vf"], report["mac"], report["vlan"]), (1, "02:aa:00:00:00:09", 100))
            self.assertEqual((report["trust"], report["spoof_check"]), (True, False))
            self.assertEqual(report["changed"], ["trust", "spoof-check", "vlan", "mac"])

    def test_set_the_rest(self):
        for model in MODELS:
            report = self.vf("set", 1, "--trunk", "100,5,7-9,5", "--rate", 250, "--link", "off", "--rx-mode", "multi",
                             model=model)
            self.assertEqual(report["trunk"], [5, 7, 8, 9, 100])
            self.assertEqual((report["rate_mbps"], report["link"], report["rx_mode"]), (250, "off", "multi"))
            self.assertEqual(report["changed"], ["link", "rate", "rx-mode", "trunk"])
        self.assertEqual(self.vf("set", 0, "--trunk", "any", "--vlan", 9)["changed"], ["vlan"])
        self.assertEqual(self.vf("set", 0, "--trunk", "1-64", "--vlan", 0)["changed"], ["trunk"])
        text = run("--shim", "mock", "vf", "set", "01:00.0", 0, "--trunk", "5,7").stdout
        self.assertRegex(text, r"(?m)^trunk +5, 7$")

    def test_set_what_is_set(self):
        report = self.vf("set", 0, "--mac", "02:53:52:00:00:00", "--vlan", 0, "--trust", "off", "--spoof-check", "on")
        self.assertEqual(report["changed"], [])
        self.assertEqual(self.vf("set", 0, "--vlan", 0, "--trust", "on")["changed"], ["trust"])

    def test_wrong_words(self):
        mock = ("--shim", "mock", "vf")
        self.refused("vf", says="show|set")
        self.refused(*mock, "get", "01:00.0", says=("get", "show", "set"))
        self.refused(*mock, "set", "01:00.0", says="number of a VF")
        self.refused(*mock, "set", "01:00.0", 0, says="--mac")
        self.refused(*mock, "show", "01:00.0", 0, "--vlan", 5, says="vf set")
        self.refused(*mock, "show", "01:00.0", "first", says="first")
        self.refused(*mock, "show", "01:00.0", 2, says=("VF 2", "0 to 1"))
        self.refused("--vfs", 0, *mock, "show", "01:00.0", 0, says="sriovctl vfs")
        self.refused(*mock, "show", "01:10.0", says=("0000:01:10.0", "0000:01:00.0"))
        self.refused(*mock, "show", "nonsense", says="sriovctl list")
        for name, value in (("--mac", "01:00:5e:00:00:01"), ("--mac", "2:0:0:0:0:1"), ("--vlan", "4095"),
                            ("--vlan", "5:8"), ("--vlan", "5:"), ("--trust", "yes"), ("--spoof-check", "1"),
                            ("--link", "up"), ("--rate", "-1"), ("--rate", "4294967296"), ("--min-rate", "x"),
                            ("--trunk", "0"), ("--trunk", "5,"), ("--trunk", "9-5"), ("--trunk", "4095"),
                            ("--trunk", "5;6"), ("--trunk", ""), ("--trunk", "1-65"), ("--rx-mode", "all")):
            self.refused(*mock, "set", "01:00.0", 0, name, value, says=name)

    def test_what_our_pf_driver_lacks(self):
        for options, words in ((("--link", "on"), ("link state", "auto or off", "nothing was changed")),
                               (("--min-rate", 1), ("minimum rate", "--min-rate")), (("--vlan", "5:3"), (":3", "--vlan")),
                               (("--rate", 10001), ("10001", "10000 Mbit/s")), (("--rate", 9), ("9", "give more")),
                               (("--trunk", "5", "--vlan", 6), ("--vlan", "--trunk"))):
            self.refused("--shim", "mock", "vf", "set", "01:00.0", 0, "--trust", "on", *options, says=words)
        self.refused("--shim", "mock", "--mock-pf", "down", "vf", "set", "01:00.0", 0, "--rate", 100, says="no link")


class Captures(Case):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = self.folder.name + "/x.pcap"

    def tshark(self, *words):
        self.assertIsNotNone(shutil.which("tshark"), "tshark is not installed: scripts/setup")
        return subprocess.run(["tshark", "-r", self.file, *words], capture_output=True, text=True,
                              timeout=60, check=True).stdout.splitlines()

    def test_capture(self):
        report = self.well("--shim", "mock", "capture", "01:10.0", self.file, "--address", "192.0.2.1",
                           "--count", 50)
        self.assertEqual(len(self.tshark()), report["frames"])
        self.assertGreaterEqual(report["frames"], 50)
        self.assertEqual(self.tshark("-Y", "_ws.malformed"), [])
        self.assertEqual(self.tshark("-o", "ip.check_checksum:TRUE", "-Y",
                                     "ip.checksum.status == 0 || icmp.checksum.status == 0"), [])
        self.assertGreater(len(self.tshark("-Y", "icmp.type == 0")), 20)

    def test_capture_without_address_only_listens(self):
        report = self.well("--shim", "mock", "capture", "01:10.0", self.file)
        self.assertGreater(report["frames"], 0)
        self.assertEqual(len(self.tshark("-Y", "arp.opcode == 1")), report["frames"])

    def test_ping_pcap(self):
        self.well("--shim", "mock", "ping", "01:10.0", *PING, "--udp", "--count", 20, "--interval", "1ms",
                  "--pcap", self.file)
        self.assertEqual(len(self.tshark("-Y", "udp")), 40)
        self.assertEqual(self.tshark("-o", "udp.check_checksum:TRUE", "-Y", "udp.checksum.status == 0"), [])


class Host(HostCase):
    """A host that lacks something."""

    def test_info(self):
        self.function("0000:03:00.0", device=0x10c9, driver="igbvf", group=4, sriov_totalvfs=7, sriov_numvfs=2)
        report = self.well(*self.roots, "info", "03:00.0")
        self.assertEqual(report["kind"], "PF")
        self.assertEqual((report["driver"], report["iommu_group"]), ("igbvf", 4))
        self.assertEqual(report["bars"], [{"bar": 0, "bytes": 16384}])
        self.assertEqual(report["msix"]["vectors"], 3)
        self.assertEqual((report["msix"]["table_bar"], report["msix"]["pba_offset"]), (3, "0x2000"))
        self.assertEqual(report["sriov"]["total_vfs"], 8)
        self.assertEqual(report["sriov"]["vf_device_id"], "0x10ca")
        self.assertEqual([cap["capability"] for cap in report["capabilities"]],
                         ["MSI-X", "PCI Express", "SR-IOV", "Alternative Routing-ID"])

    def test_list(self):
        self.function("0000:03:00.0", driver="igbvf", group=4)
        self.function("0000:00:01.0", **{"class": "0x060400"})
        self.assertEqual(len(self.well(*self.roots, "list")), 1)
        self.assertEqual(len(self.well(*self.roots, "list", "--all")), 2)

    def test_absent(self):
        for command in (("info",), ("ping", *PING), ("bind",), ("unbind",), ("stats",), ("doctor",)):
            self.refused(command[0], "09:00.0", *command[1:], says="0000:09:00.0")
        self.refused("vfs", "09:00.0", 2, says="0000:09:00.0")

    def test_no_sysfs(self):
        done = run("--sysfs-root", "/no/such", "list")
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (2, 1))

    def test_bound_to_another_driver(self):
        self.function("0000:03:10.0", driver="igbvf", group=4)
        self.refused("ping", "03:10.0", *PING, says=("0000:03:10.0", "igbvf", "bind"))

    def test_not_bound(self):
        self.function("0000:03:10.0", group=4)
        self.refused("ping", "03:10.0", *PING, says=("0000:03:10.0", "bind"))

    def test_no_iommu(self):
        self.function("0000:03:10.0", driver="vfio-pci")
        for backend in ("auto", "group", "iommufd"):
            self.refused("--backend", backend, "ping", "03:10.0", *PING, says=("0000:03:10.0", "IOMMU"))

    def test_no_nodes(self):
        self.function("0000:03:10.0", driver="vfio-pci", group=4)
        self.refused("--backend", "group", "ping", "03:10.0", *PING, says="vfio")
        self.refused("--backend", "iommufd", "ping", "03:10.0", *PING, says="iommu")

    def test_dead_config_space(self):
        self.function("0000:03:10.0", driver="vfio-pci", group=4, config=b"\xff" * 4096)
        self.refused("info", "03:10.0", says=("0000:03:10.0", "all ones", "rescan"))

    def test_malformed_config_space(self):
        space = bytearray(self.config(0x10ca))
        space[0xa1] = 0x70  # the list has no end
        self.function("0000:03:10.0", config=bytes(space))
        self.refused("info", "03:10.0", says=("0000:03:10.0", "malformed"))

    def test_little_of_config_space(self):
        self.function("0000:03:10.0", config=self.config(0x10ca)[:64])
        self.refused("info", "03:10.0", says=("0000:03:10.0", "root"))

    def test_too_many_vfs(self):
        self.function("0000:03:00.0", driver="igbvf", sriov_totalvfs=7, sriov_numvfs=0)
        self.refused("vfs", "03:00.0", 8, says="7")
        self.function("0000:03:10.0", driver="igbvf")
        self.refused("vfs", "03:10.0", 1, says="SR-IOV")

    def test_vf_policy(self):
        self.function("0000:03:00.0", sriov_totalvfs=7, sriov_numvfs=2)
        self.function("0000:04:00.0", driver="vfio-pci", sriov_totalvfs=7, sriov_numvfs=0)
        vf = self.function("0000:03:10.0", driver="igbvf")
        (vf / "physfn").symlink_to("../0000:03:00.0")
        self.function("0000:05:00.0", driver="igbvf")
        for bdf, words in (("03:00.0", "no driver has it"), ("04:00.0", ("vfio-pci", "sriovctl unbind")),
                           ("03:10.0", ("is a VF", "0000:03:00.0")), ("05:00.0", "no SR-IOV capability"),
                           ("09:00.0", "no such PCI function")):
            for verb in (("show", bdf), ("set", bdf, 0, "--vlan", 5)):
                self.refused("vf", *verb, says=words if LINUX_PF else "built without libmnl")

    def test_doctor(self):
        report = self.well(*self.roots, "doctor", status=1)
        self.assertEqual(report["worst"], "bad")
        iommu = [finding for finding in report["findings"] if finding["thing"] == "iommu"]
        self.assertEqual(iommu[0]["level"], "bad")
        self.assertIn("intel_iommu=on", iommu[0]["remedy"])
        text = run(*self.roots, "doctor")
        self.assertEqual(text.returncode, 1)
        self.assertRegex(text.stdout, "(?m)^bad +iommu: .*\n +-> .*intel_iommu=on")
        self.refused("doctor", "nonsense", says="nonsense")
        self.refused("--shim", "mock", "doctor", says="--shim mock")


class Documents(Case):
    """Manual and completion know every command and option."""

    def words(self):
        commands = re.findall(r"(?m)^  ([a-z]+) ", run("--help").stdout.split("options of every")[0])
        self.assertIn("ping", commands)
        texts = {"": run("--help").stdout}
        texts.update({command: run(command, "--help").stdout for command in commands})
        options = {name: set(re.findall(r"(?m)^ +(?:-\w, )?(--[a-z-]+)", text)) for name, text in texts.items()}
        return commands, options

    def test_manual(self):
        manual = (SOURCE / "docs/man/sriovctl.1.scd").read_text().replace("\\", "")
        commands, options = self.words()
        for word in {*commands, *set().union(*options.values())}:
            self.assertRegex(manual, rf"\*{re.escape(word)}\b")

    def test_completion(self):
        script = SOURCE / "tools/completion/sriovctl.bash"
        commands, options = self.words()
        for command in commands:
            for option in options[command] | options[""]:
                self.assertIn(option, self.complete(script, "sriovctl", command, option[:-1]))
        self.assertEqual(sorted(self.complete(script, "sriovctl", "")), sorted(commands))
        self.assertEqual(self.complete(script, "sriovctl", "--shim", ""), ["kvm", "xen", "mock", "vfio-user", "netdev"])
        self.assertIn("0000:01:10.0", self.complete(script, SRIOVCTL, "--shim", "mock", "ping", "0000:01:1"))
        self.assertEqual(self.complete(script, "sriovctl", "vf", ""), ["show", "set", "reset-pf"])
        self.assertIn("0000:01:00.0", self.complete(script, SRIOVCTL, "--shim", "mock", "vf", "set", "0000:01:0"))
        self.assertEqual(self.complete(script, "sriovctl", "vf", "set", "--link", ""), ["auto", "on", "off"])

    @staticmethod
    def complete(script, *line):
        text = (f"source {script}; COMP_WORDS=({' '.join(repr(word) for word in line)}); "
                f"COMP_CWORD={len(line) - 1}; COMP_LINE=\"${{COMP_WORDS[*]}}\"; COMP_POINT=${{#COMP_LINE}}; "
                "_sriovctl; printf '%s\\n' \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "--norc", "-c", text], capture_output=True, text=True, timeout=30, check=True)
        return [word.strip() for word in done.stdout.splitlines() if word.strip()]


if __name__ == "__main__":
    unittest.main()
