# SPDX-License-Identifier: BSD-3-Clause
"""sriovctl stream: wrong words, and two of them on served VFs."""

import json
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from base import SRIOVCTL, Case


class Words(Case):
    def test_wrong(self):
        for words, says in (((), "--vf-match"), (("0000:01:10.0", "--vf-match", "8086:10ed"), "--vf-match"),
                            (("0000:01:10.0", "--standby", "netdev:eth0"), "belong to a pair"),
                            (("0000:01:10.0", "--size", "97"), "--size"), (("0000:01:10.0", "--rate", "0"), "--rate"),
                            (("--vf-match", "8086"), "VENDOR:DEVICE"), (("--vf-match", "8086:10ed:1"), "VENDOR:DEVICE"),
                            (("--vf-match", "8086:10ed", "--standby", "tap:x"), "netdev:INTERFACE"),
                            (("--vf-match", "8086:10ed", "--standby", "netdev:"), "netdev:INTERFACE"),
                            (("--vf-match", "8086:10ed", "--standby", "netdev:no-such-if"), "no-such-if")):
            self.refused("stream", *words, says=says)
        self.refused("--shim", "mock", "stream", "01:10.0", says="sriovctl serve")
        self.refused("--shim", "mock", "stream", "--vf-match", "8086:10ed", says="leave --shim out")


class Served(Case):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.server = self.start("serve", "serve", "--vfs", "2", "--dir", self.folder / "nic")
        self.says("serve", ".out", "ready")

    def start(self, name, *words):
        with open(self.folder / f"{name}.out", "wb") as out, open(self.folder / f"{name}.err", "wb") as err:
            process = subprocess.Popen([SRIOVCTL, *map(str, words)], stdout=out, stderr=err)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def says(self, name, kind, word):
        deadline = time.monotonic() + 30
        while word not in (self.folder / (name + kind)).read_text():
            self.assertLess(time.monotonic(), deadline, (self.folder / f"{name}.err").read_text())
            time.sleep(0.02)

    def stream(self, name, vf, *words):
        process = self.start(name, "--json", "--shim", "vfio-user", "--dir", self.folder / "nic", "stream",
                             f"vf{vf}.sock", *words)
        self.says(name, ".err", "ready")
        return process

    def test_both_ways(self):
        follower = self.stream("follower", 0, "--follow")
        leader = self.stream("leader", 1, "--rate", "500", "--size", "200", "--series", self.folder / "series")
        self.says("leader", ".err", "1.0 s: by ixgbevf-like")
        leader.send_signal(signal.SIGINT)
        self.assertEqual((leader.wait(30), follower.wait(30)), (0, 0))
        reports = [json.loads((self.folder / f"{name}.out").read_text()) for name in ("leader", "follower")]
        for report, other in zip(reports, reversed(reports)):
            self.assertTrue(report["ended_by_both"])
            self.assertEqual(report["received_from_other"]["received"], other["sent"])
            self.assertEqual((report["rate"], report["losses"]), (500, []))
            self.assertGreater(report["sent"], 50)
        self.assertEqual([report["role"] for report in reports], ["leader", "follower"])
        lines = [line.split() for line in (self.folder / "series").read_text().splitlines()]
        self.assertEqual(sum(int(line[2]) for line in lines), reports[1]["sent"])

    def test_nobody_answers(self):
        """Without another one there is nothing to report but that."""
        leader = self.stream("leader", 1)
        leader.send_signal(signal.SIGINT)
        self.assertEqual(leader.wait(30), 1)
        self.assertFalse(json.loads((self.folder / "leader.out").read_text())["ended_by_both"])


if __name__ == "__main__":
    unittest.main()
