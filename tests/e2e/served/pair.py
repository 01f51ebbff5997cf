# SPDX-License-Identifier: BSD-3-Clause
"""Two guests with stock drivers on a VF each (pair.sh); this library's driver in a process of its own on a
third asks both; at the end tshark judges all that the switch has carried."""

import collections
import json

TIMEOUT = 240
COUNT = 500
FRAME_MAX = 1514
IPERF_PORT = 5201
FIELDS = ("frame.len", "ip.checksum.status", "icmp.checksum.status", "tcp.checksum.status")
GOOD, BAD = "1", "0"


def third(stage):
    """The driver of this library over the client shim, while the guests ask each other."""
    for last in (1, 2):
        done = stage.run(stage.program("sriovctl"), "ping", "--shim", "vfio-user", "--dir", stage.server.dir,
                         "vf2.sock", "--from", "192.0.2.3", "--to", f"192.0.2.{last}", "--count", COUNT,
                         "--size", 1400, "--interval", "0", "--window", 4, "--json")
        report = json.loads(done.stdout or "{}")
        counts = {name: report.get(name) for name in ("driver", "sent", "received", "corrupt", "duplicates")}
        line = f"192.0.2.{last}: " + " ".join(f"{name} {value}" for name, value in counts.items())
        with open(stage.folder / "third.txt", "a", encoding="utf-8") as out:
            out.write(line + "\n")
        stage.say(f"# third: {line}")
        stage.check(f"a third process asks 192.0.2.{last} {COUNT} times, {COUNT} answers",
                    done.returncode == 0 and counts["received"] == COUNT and counts["corrupt"] == 0, done.stderr)


def judge_wire(stage, capture):
    """By a reader that this project has not written."""
    wanted = [word for field in FIELDS for word in ("-e", field)]
    # A frame at a time: what iperf3 sends looks like other protocols now and then, and tshark would take minutes
    # to put their messages together.
    settings = [f"{name}.check_checksum:TRUE" for name in ("ip", "tcp", "udp")]
    settings += [f"tcp.{name}:FALSE" for name in ("desegment_tcp_streams", "analyze_sequence_numbers")]
    checks = [word for setting in settings for word in ("-o", setting)]
    done = stage.run("tshark", "-n", "-r", capture, "-d", f"tcp.port=={IPERF_PORT},data", *checks, "-T", "fields",
                     "-E", "occurrence=f", *wanted, timeout=180)
    good, bad, longest, frames = collections.Counter(), collections.Counter(), 0, 0
    for line in done.stdout.splitlines():
        length, *states = (line.split("\t") + [""] * len(FIELDS))[:len(FIELDS)]
        frames += 1
        for name, state in zip(("ip", "icmp", "tcp"), states):
            good[name] += state == GOOD
            bad[name] += state == BAD
        if states[2]:
            longest = max(longest, int(length))
    sums = ", ".join(f"{word}: " + " ".join(f"{name} {counts[name]}" for name in ("ip", "icmp", "tcp"))
                     for word, counts in (("good checksums", good), ("bad", bad)))
    report = f"{frames} frames, {sums}, longest TCP frame {longest}"
    (stage.folder / "wire.txt").write_text(report + "\n")
    stage.say(f"# wire: {report}")
    stage.check("tshark has read the capture", done.returncode == 0, done.stderr)
    stage.check("and found no bad checksum", not sum(bad.values()), report)
    stage.check("of thousands of frames", good["ip"] > 8 * COUNT and good["tcp"] > 1000 and good["icmp"] > 4 * COUNT,
                report)
    stage.check("none of TCP longer than the MTU", 0 < longest <= FRAME_MAX, report)


def conduct(stage):
    capture = stage.folder / "wire.pcap"
    stage.serve(3, "--wire", f"pcap:{capture}")
    for vf in (0, 1):
        stage.vf_set(vf, "--trunk", "100")
    guests = [stage.boot(name, vf) for vf, name in enumerate(("a", "b"))]
    for guest in guests:
        stage.board.wait(f"{guest.name}.counted", 120)
    third(stage)
    stage.board.post("third.done")
    stage.join(*guests)
    stage.stop_server()
    judge_wire(stage, capture)
