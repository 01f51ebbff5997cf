# SPDX-License-Identifier: BSD-3-Clause
"""sriovctl serve, with clients of its own in other processes."""

import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

from base import SRIOVCTL, Case, run

A_AND_B = ("--from", "192.0.2.1", "--to", "192.0.2.2")
HERE = bytes.fromhex("02aa00000001")  # a station on the wire, which looks for B
QUESTION = (b"\xff" * 6 + HERE + b"\x08\x06" + bytes.fromhex("0001080006040001") + HERE +
            socket.inet_aton("192.0.2.9") + bytes(6) + socket.inet_aton("192.0.2.2")).ljust(60, b"\0")


def until(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def frames(path):
    """Stamp in nanoseconds and bytes of each frame of a capture."""
    data = pathlib.Path(path).read_bytes()
    found, at = [], 24
    assert struct.unpack_from("<I", data)[0] == 0xa1b23c4d, "no nanoseconds"
    while at < len(data):
        sec, nsec, length, whole = struct.unpack_from("<IIII", data, at)
        assert length == whole
        found.append((sec * 10**9 + nsec, data[at + 16:at + 16 + length]))
        at += 16 + length
    return found


class RawClient:
    """The few messages of a driver that keeps to no rules."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(path)
        self.ask(1, struct.pack("<HH", 0, 1) + b'{"capabilities":{}}\0')

    def ask(self, command, payload):
        self.sock.sendall(struct.pack("<HHIII", 7, command, 16 + len(payload), 0, 0) + payload)
        _, _, size, _, error = struct.unpack("<HHIII", self.sock.recv(16, socket.MSG_WAITALL))
        body = self.sock.recv(size - 16, socket.MSG_WAITALL) if size > 16 else b""
        assert error == 0, error
        return body

    def write(self, region, offset, value):
        self.ask(10, struct.pack("<QIII", offset, region, 4, value))

    def read(self, region, offset):
        return struct.unpack("<I", self.ask(9, struct.pack("<QII", offset, region, 4))[16:])[0]


def rest(sock, room):
    """What comes next; nothing when the other side has hung up, read or not."""
    try:
        return sock.recv(room)
    except ConnectionResetError:
        return b""


def is_echo(frame, kind):
    return frame[12:14] == b"\x08\x00" and frame[23] == 1 and frame[34] == kind


class Server:
    def __init__(self, folder, *words, model="82599", vfs=3):
        self.dir = folder
        self.process = subprocess.Popen([SRIOVCTL, "--model", model, "--vfs", str(vfs), "serve", "--dir", folder,
                                         *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if self.lines[-1] in ("ready", '{"ready":true}'):
                break

    def stop(self, number=signal.SIGTERM):
        """Status, the last words, what it complained of."""
        self.process.send_signal(number)
        rest, complaints = self.process.communicate(timeout=60)
        return self.process.returncode, rest.splitlines(), complaints.splitlines()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self.process.stdout.close()
        self.process.stderr.close()


class ServeCase(Case):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nic")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.dir = str(self.root / "d")

    def serve(self, *words, **more):
        server = Server(self.dir, *words, **more)
        self.addCleanup(server.__exit__)
        if server.lines[-1:] not in (["ready"], ['{"ready":true}']):
            self.fail("not ready: " + server.process.stderr.read())
        return server

    def client(self, *words, **more):
        process = subprocess.Popen([SRIOVCTL, "--shim", "vfio-user", "--dir", self.dir, *map(str, words)],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def port(self, vf):
        shown = self.well("vf", "show", "--serve", self.dir, vf)
        return shown["statistics"]["port"]

    def responder(self, vf=1, ip="192.0.2.2"):
        process = self.client("--json", "respond", f"vf{vf}", "--address", ip)
        until("the responder is there", lambda: self.port(vf)["mailbox"] == "ready" or process.poll() is not None)
        self.assertIsNone(process.poll())
        return process

    def ping(self, vf=0, *words, count=500, status=0):
        return self.well("--shim", "vfio-user", "--dir", self.dir, "ping", f"vf{vf}", *A_AND_B, "--count", count,
                         "--interval", 0, *words, status=status)

    def ask(self, text):
        """What the control socket answers to these bytes."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(30)
            control.connect(self.dir + "/control")
            control.sendall(text)
            answer = b""
            while not answer.endswith(b"\n"):
                more = rest(control, 65536)
                if not more:
                    break
                answer += more
        return answer


class Traffic(ServeCase):
    def test_two_processes(self):
        for model in ("82599", "82576"):
            with self.subTest(model):
                capture = self.root / f"{model}.pcap"
                one = self.root / f"{model}-vf0.pcap"
                server = self.serve("--wire", f"pcap:{capture}", "--capture", f"vf0:{one}", model=model)
                self.assertEqual(sorted(os.listdir(self.dir)), ["control", "vf0.sock", "vf1.sock", "vf2.sock"])
                responder = self.responder()
                began = time.time_ns()
                report = self.ping(0, "--size", "56-1400")
                self.assertEqual((report["received"], report["corrupt"], report["lost"]), (500, 0, 0))
                self.assertEqual(report["mac"], "02:00:00:00:01:00")
                self.assertEqual(report["link_mbps"], {"82599": 10000, "82576": 1000}[model])
                port = self.port(1)
                self.assertTrue(port["connected"])
                self.assertGreaterEqual(port["rx_packets"], 500)
                self.assertGreater(port["interrupts"], 0)
                responder.send_signal(signal.SIGTERM)
                self.assertEqual(json.loads(responder.communicate(timeout=60)[0])["answered_echo"], 500)
                status, words, complaints = server.stop()
                self.assertEqual((status, words[-1], complaints), (0, "0 violations", []))
                self.assertEqual(os.listdir(self.dir), [])
                # Each frame once, though two ports had it.
                carried = frames(capture)
                self.assertEqual(sum(is_echo(frame, 8) for _, frame in carried), 500)
                self.assertEqual(sum(is_echo(frame, 0) for _, frame in carried), 500)
                self.assertLess(abs(carried[-1][0] - began), 60 * 10**9, "no time of day")
                self.assertEqual(sum(is_echo(frame, 8) for _, frame in frames(one)), 500)

    def test_our_commands(self):
        self.serve()
        vfu = ("--shim", "vfio-user", "--dir", self.dir)
        rows = self.well(*vfu, "list")
        self.assertEqual([row["function"] for row in rows], ["vf0.sock", "vf1.sock", "vf2.sock"])
        self.assertEqual({row["id"] for row in rows}, {"8086:10ed"})
        info = self.well(*vfu, "info", "vf2")
        self.assertEqual((info["vendor"], info["device"]), ("0x8086", "0x10ed"))
        self.assertEqual(info["msix"]["vectors"], 3)
        one = ("--shim", "vfio-user", "--device", self.dir + "/vf1.sock")
        self.assertEqual(self.well(*one, "stats", "vf1.sock", "--duration", "10ms")["mac"], "02:00:00:00:01:01")
        self.assertEqual(self.well(*vfu, "doctor")["worst"], "ok")
        self.responder()
        self.assertEqual(len(self.well(*vfu, "list")), 3)
        found = self.well(*vfu, "doctor", "vf1", status=1)
        self.assertIn("another client", found["findings"][0]["text"])
        self.refused(*vfu, "ping", "vf9", *A_AND_B, says=("vf9.sock", "server"))
        self.refused(*vfu, "ping", "x/y", *A_AND_B, says="--dir")
        self.refused("--shim", "vfio-user", "list", says="--dir")
        self.refused("--shim", "vfio-user", "--dir", self.root, "list", says="sriovctl serve")
        self.refused(*vfu, "bind", "vf0", says="leave --shim vfio-user out")

    def test_wire(self):
        path = str(self.root / "wire")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as left:
            left.bind(path)  # of a process that died
        server = self.serve("--wire", f"dgram:{path}")
        self.responder()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
            wire.settimeout(30)
            wire.bind(str(self.root / "mine"))
            wire.sendto(QUESTION + bytes(70000), path)  # no frame
            wire.sendto(QUESTION, path)
            answer = wire.recv(2000)
        self.assertEqual(answer[:14], HERE + bytes.fromhex("020000000101") + b"\x08\x06")
        status, words, _ = server.stop()
        self.assertEqual(status, 0)
        self.assertRegex(words[-2], r"^dgram:.*: sent 1, received 1, lost [0-9]+$")
        self.assertFalse(os.path.exists(path))

    def test_beside_the_wire(self):
        path = str(self.root / "wire")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
            wire.settimeout(30)
            wire.bind(path + ".peer")
            self.serve("--wire", f"dgram:{path}")
            self.ping(0, "--resolve", "100ms", status=1, count=1)  # nobody answers its ARP
            question = wire.recv(2000)
        self.assertEqual(question[:14], b"\xff" * 6 + bytes.fromhex("020000000100") + b"\x08\x06")


    def test_tap(self):
        name = f"sriov{os.getpid()}"
        done = subprocess.run([SRIOVCTL, "serve", "--dir", self.dir, "--wire", f"tap:{name}", "--fault", "x"],
                              capture_output=True, text=True, timeout=60, check=False)
        if "CAP_NET_ADMIN" in done.stderr or "modprobe" in done.stderr:
            self.skipTest(done.stderr)
        server = self.serve("--wire", f"tap:{name}")
        self.responder()
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)) as host:
            host.bind((name, 0x0806))
            host.settimeout(30)
            host.send(QUESTION)
            answer = QUESTION
            while answer[:6] != HERE:
                answer = host.recv(2000)
        self.assertEqual(answer[6:12], bytes.fromhex("020000000101"))
        self.assertEqual(server.stop()[0], 0)


class Policy(ServeCase):
    def test_set_while_it_runs(self):
        self.serve()
        self.responder()
        self.assertEqual(self.ping(count=20)["received"], 20)
        for words, part, value in (("--vlan 100", "vlan", 100), ("--trust on", "trust", True),
                                   ("--spoof-check off", "spoof_check", False), ("--rate 500", "rate_mbps", 500),
                                   ("--rx-mode multi", "rx_mode", "multi"), ("--vlan 0 --trunk 5,7", "trunk", [5, 7]),
                                   ("--mac 02:00:00:00:02:02", "mac", "02:00:00:00:02:02")):
            report = self.well("vf", "set", "--serve", self.dir, 1, *words.split())
            self.assertEqual(report[part], value, words)
            self.assertNotEqual(report["changed"], [])
            self.assertEqual(self.well("vf", "set", "--serve", self.dir, 1, *words.split())["changed"], [])
        shown = self.well("vf", "show", "--serve", self.dir)
        self.assertEqual(shown["driver"], "ixgbe-like")
        self.assertEqual([row["mac"] for row in shown["vfs"]],
                         ["02:00:00:00:01:00", "02:00:00:00:02:02", "02:00:00:00:01:02"])
        self.refused("vf", "set", "--serve", self.dir, 1, "--rate", 20000, says="10000")
        self.refused("vf", "set", "--serve", self.dir, 3, "--vlan", 1, says="there are 0 to 2")
        self.refused("vf", "set", "--serve", self.dir, "--vlan", 1, says="number of a VF")
        self.refused("vf", "show", "--serve", self.dir, "01:00.0", 1, says="leave 01:00.0 out")
        self.refused("vf", "show", "--serve", self.root, says=("sriovctl serve", str(self.root)))
        self.refused("vf", "reset-pf", "01:00.0", says="--serve DIR")

    def test_vlan_parts(self):
        self.serve()
        self.responder()
        self.well("vf", "set", "--serve", self.dir, 0, "--vlan", 100)
        self.ping(0, "--resolve", "100ms", count=1, status=1)
        self.well("vf", "set", "--serve", self.dir, 1, "--vlan", 100)
        self.assertEqual(self.ping(count=20)["received"], 20)

    def test_link(self):
        self.serve()
        self.well("vf", "set", "--serve", self.dir, 0, "--link", "off")
        self.assertEqual(self.port(0)["link"], "down")
        self.refused("--shim", "vfio-user", "--dir", self.dir, "ping", "vf0", *A_AND_B, "--link-wait", "50ms",
                     says="no link")
        self.well("vf", "set", "--serve", self.dir, 0, "--link", "auto")
        self.responder()
        self.assertEqual(self.ping(count=5)["received"], 5)

    def test_reset_of_the_pf(self):
        self.serve()
        responder = self.responder()
        self.assertEqual(self.well("vf", "reset-pf", "--serve", self.dir)["reset"], "0000:01:00.0")
        until("the responder is back", lambda: self.port(1)["mailbox"] == "ready")
        self.assertEqual(self.ping(count=20)["received"], 20)
        responder.send_signal(signal.SIGTERM)
        events = [event["event"] for event in json.loads(responder.communicate(timeout=60)[0])["events"]]
        self.assertIn("recovered", events)

    def test_control_socket(self):
        self.serve()
        self.assertEqual(json.loads(self.ask(b'{"ask":"hello"}\n'))["vfs"], 3)
        for line in (b"hello\n", b"{}\n", b"[]\n", b"\n", b'{"ask":"get"}\n', b'{"ask":"get","vf":3}\n', b'{"ask":7}\n',
                     b'{"ask":"get","vf":-1}\n', b'{"ask":"set","vf":0}\n', b'{"ask":"set","vf":0,"policy":7}\n',
                     b'{"ask":"set","vf":0,"policy":{"vlan":4095}}\n', b'{"ask":"set","vf":0,"policy":{"mac":"x"}}\n',
                     b'{"ask":"set","vf":0,"policy":{"trunk":[7,5]}}\n', b'{"ask":"set","vf":0,"policy":{"link":"x"}}\n',
                     b'{"ask":"set","vf":0,"policy":{"trust":1}}\n',
                     b'{"ask":"set","vf":0,"policy":{"trust":true,"vlan":5}}\n'):
            self.assertIn("error", json.loads(self.ask(line)), line)
        self.assertEqual(self.ask(b"\0\1\0\0"), b"")
        self.assertEqual(self.ask(b"x" * 9000), b"")
        two = self.ask(b'{"ask":"hello"}\n{"ask":"view"}\n')
        self.assertEqual(json.loads(two.splitlines()[0])["pf"], "0000:01:00.0")
        view = json.loads(self.ask(b'{"ask":"view"}\n'))
        self.assertEqual([port["mailbox"] for port in view["ports"]], ["waiting"] * 3)


class Watch(ServeCase):
    def test_lines(self):
        server = self.serve("--watch")
        self.responder()
        for line in server.process.stdout:
            if line.startswith("vf1: link up, a client"):
                break
        else:
            self.fail("no line for vf1")
        self.assertRegex(line, r"rx [0-9]+ packets .* mailbox (ready|waiting)$")

    def test_json(self):
        server = self.serve("--watch", "--json")
        self.assertEqual(json.loads(server.lines[0])["socket"], self.dir + "/vf0.sock")
        view = json.loads(server.process.stdout.readline())
        self.assertEqual(set(view), {"ports", "wire", "violations"})
        self.assertEqual(set(view["ports"][0]),
                         {"vf", "link", "connected", "clients", "turned_away", "refused_messages",
                          "broken_connections", "resets", "rx_packets", "rx_bytes", "tx_packets", "tx_bytes", "drops",
                          "interrupts", "mailbox"})


class Faults(ServeCase):
    KINDS = ("mbx-silent,site=to-vf", "mbx-late,value=5ms", "mbx-wrong,index=1,value=0x80000001", "irq-lost,site=irq",
             "irq-twice", "wb-late,value=1ms,site=rx", "wb-reorder,site=tx", "wb-hostile,index=3,value=0xffff",
             "dma,site=tx", "gone,fn=vf2,op=bar_read", "op,op=reset,err=ETIMEDOUT")

    def test_every_kind_is_taken(self):
        server = self.serve(*(word for kind in self.KINDS for word in ("--fault", f"{kind},nth=1000000,times=2")))
        self.assertEqual(server.stop()[0], 0)

    def test_silent_mailbox(self):
        self.serve("--fault", "mbx-silent,fn=vf0,times=forever")
        self.refused("--shim", "vfio-user", "--dir", self.dir, "ping", "vf0", *A_AND_B, "--link-wait", "50ms",
                     says="vf0.sock")
        self.responder(vf=2, ip="192.0.2.2")
        self.assertEqual(self.ping(1, count=5)["received"], 5)

    def test_lost_interrupts(self):
        server = self.serve("--fault", "irq-lost,fn=vf0,nth=5,times=3")
        self.responder()
        self.assertEqual(self.ping(count=100)["received"], 100)
        self.assertEqual(server.stop()[0], 0)

    def test_gone(self):
        server = self.serve("--fault", "gone,fn=vf0,nth=200")
        self.responder()
        done = run("--json", "--shim", "vfio-user", "--dir", self.dir, "ping", "vf0", *A_AND_B, "--count", 5000,
                   "--interval", 0, "--give-up", "100ms", "--link-wait", "1s")
        self.assertNotEqual(done.returncode, 0)
        self.assertIsNone(server.process.poll())
        self.assertEqual(json.loads(self.ask(b'{"ask":"hello"}\n'))["vfs"], 3)
        self.responder(vf=2, ip="192.0.2.3")


class Bad(ServeCase):
    def says(self, *words, says=()):
        self.refused("serve", "--dir", self.dir, *words, says=says)

    def test_words(self):
        self.refused("serve", says="--dir")
        self.says("--vfs", 64, says="63")
        self.says("--vfs", 0, says="--vfs")
        self.says("--model", "82576", "--vfs", 8, says=("82576", "up to 7"))
        self.says("--model", "x", says="82599")
        self.says("--quirks", "x", says="qemu or none")
        self.says("--wire", "x", says="dgram:PATH")
        self.says("--wire", "pcap:", says="pcap:FILE")
        self.says("--wire", f"pcap:{self.root}/no/x", says=("no/x", "choose"))
        self.says("--wire", "tap:" + "x" * 16, says="15 characters")
        self.says("--wire", f"dgram:{self.root}/" + "x" * 100, says="107")
        self.says("--capture", "vf0", says="PORT:FILE")
        self.says("--capture", f"vf2:{self.root}/x", says="vf0 to vf1")
        self.says("--capture", f"vf0:{self.root}/x", "--capture", f"vf0:{self.root}/y", says="twice")

    def test_faults(self):
        for spec, word in (("x", "mbx-silent"), ("", "mbx-silent"), ("irq-lost,fn=vf7", "fn"), ("irq-lost,x=1", "nth="),
                           ("irq-lost,site=rx", "irq"), ("dma,nth=0", "nth"), ("dma,times=x", "forever"),
                           ("dma,value=1", "no value"), ("wb-late,value=x", "5ms"), ("wb-hostile,value=x", "32-bit"),
                           ("wb-late,index=1", "index"), ("mbx-wrong,index=16", "0 to 15"), ("op,err=x", "EAGAIN"),
                           ("dma,err=EAGAIN", "kind op"), ("gone,op=x", "bar_read"), ("op,site=rx", "op"),
                           ("dma,op=reset", "site"), ("dma," + "x" * 300, "too long")):
            self.says("--fault", spec, says=word)

    def test_places(self):
        self.refused("serve", "--dir", self.root / ("x" * 100), says=("107", "shorter"))
        (self.root / "file").write_text("")
        self.refused("serve", "--dir", self.root / "file", says="Not a directory")
        self.refused("serve", "--dir", self.root / "no" / "such", says="--dir")

    def test_a_refused_start_leaves_no_folder(self):
        self.says("--wire", f"pcap:{self.root}/no/x", says="no/x")
        self.assertFalse(os.path.exists(self.dir))
        os.mkdir(self.dir)
        self.says("--wire", f"pcap:{self.root}/no/x", says="no/x")
        self.assertTrue(os.path.isdir(self.dir))

    def test_somebody_is_there(self):
        self.serve()
        self.says(says=(self.dir, "another sriovctl serve"))

    def test_foreign_server(self):
        os.mkdir(self.dir)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(self.dir + "/vf1.sock")
            other.listen(1)
            self.says(says=("vf1.sock", "end that server"))
        self.assertEqual(os.listdir(self.dir), ["vf1.sock"])
        self.serve()  # nobody listens there any more

    def test_killed_server(self):
        server = self.serve()
        server.stop(signal.SIGKILL)
        self.assertIn("vf0.sock", os.listdir(self.dir))
        self.assertEqual(self.serve().stop()[0], 0)
        self.assertEqual(os.listdir(self.dir), [])

    def test_second_client(self):
        server = self.serve()
        self.responder()
        for _ in range(3):
            self.refused("--shim", "vfio-user", "--dir", self.dir, "ping", "vf1", *A_AND_B, says="another client")
        self.assertEqual(self.ping(count=5)["received"], 5)
        status, _, complaints = server.stop()
        self.assertEqual((status, len(complaints)), (0, 1), complaints)
        self.assertIn("second client", complaints[0])

    def test_breach_of_protocol(self):
        server = self.serve()
        self.responder()
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(self.dir + "/vf0.sock")
            client.sendall(b"\xff" * 64)
            self.assertEqual(rest(client, 1), b"")
        self.assertEqual(self.port(0)["broken_connections"], 1)
        self.assertEqual(self.ping(count=5)["received"], 5)
        status, _, complaints = server.stop()
        self.assertEqual((status, len(complaints)), (0, 1), complaints)

    def test_violations(self):
        server = self.serve()
        client = RawClient(self.dir + "/vf1.sock")
        with client.sock:
            self.assertEqual(client.read(7, 0), 0x10ed8086)
            client.write(7, 4, 6)  # memory space, bus master
            for _ in range(60):
                client.write(0, 0x3ff0, 1)  # no register is there
        self.ping_ourselves()
        status, words, complaints = server.stop()
        self.assertEqual((status, words[-1]), (1, "60 violations"))
        self.assertRegex(complaints[0], r"^violation: 0000:01:10\.2: .*register 0x03ff0 of BAR 0")
        self.assertEqual(len(complaints), 51, "fifty, and a word on the rest")

    def ping_ourselves(self):
        self.responder(vf=2)
        self.assertEqual(self.ping(count=5)["received"], 5)

    def test_full_disk(self):
        server = self.serve("--wire", "pcap:/dev/full")
        status, _, complaints = server.stop()
        self.assertEqual(status, 1)
        self.assertRegex("\n".join(complaints), "^sriovctl: .*disk full")

    def test_tap_without_permission(self):
        nobody = {} if os.getuid() != 0 else {"user": 65534, "group": 65534, "extra_groups": []}
        os.chmod(self.root, 0o777)
        words = [SRIOVCTL, "serve", "--dir", self.dir, "--wire", "tap:nictest0"]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, **nobody)
        except PermissionError:
            self.skipTest("nobody may not run this build")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertRegex(done.stderr, "^sriovctl: tap:nictest0: .*(CAP_NET_ADMIN|modprobe tun)")


if __name__ == "__main__":
    unittest.main()
