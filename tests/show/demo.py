#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The demo and its capture, judged: demo.py PROGRAM PCAP. 77: no tshark here."""

import re
import shutil
import subprocess
import sys

ROW = re.compile(r"^VF(\d) (\S+) +((?:[0-9a-f]{2}:){5}[0-9a-f]{2}) +10G up +(\d\.\d) +(\d+) +(\d+) +(\d+) +(\d+)"
                 r" +(\d+) +(\d+)$")


def must(true, what):
    if not true:
        sys.exit(f"not shown: {what}")


def run_demo(program, pcap):
    done = subprocess.run([program, "--pcap", pcap], capture_output=True, text=True, timeout=120)
    print(done.stdout)
    must(done.returncode == 0, f"the demo ended with status {done.returncode}: {done.stderr[-400:]}")
    lines = done.stdout.splitlines()
    must(lines and lines[-1] == "demo: ok", "the last line is `demo: ok`")
    return lines


def judge_table(lines):
    rows = [row for row in map(ROW.match, lines) if row]
    must([row.group(1) for row in rows] == list("0123"), "a row for each of four VFs, its link up")
    must(len({row.group(3) for row in rows}) == 4, "four MAC addresses")
    for row in rows:
        sent, received, lost, in_resets, interrupts, recoveries = map(int, row.groups()[4:])
        must(lost == 0, f"VF{row.group(1)} lost nothing outside the resets")
        must(sent == received + in_resets and received > 0, f"VF{row.group(1)}: sent and received agree")
        must(interrupts > 0, f"VF{row.group(1)} had interrupts")
        must(recoveries >= (2 if row.group(1) == "2" else 1), f"VF{row.group(1)} recovered")


def tshark(pcap, *arguments):
    done = subprocess.run(["tshark", "-r", pcap, *arguments], capture_output=True, text=True, timeout=120)
    must(done.returncode == 0, f"tshark reads the capture: {done.stderr[-400:]}")
    return done.stdout.splitlines()


def judge_capture(pcap):
    malformed = tshark(pcap, "-Y", "_ws.malformed")
    must(not malformed, f"no malformed frame: {malformed[:1]}")
    frames = [line.split("\t") for line in
              tshark(pcap, "-T", "fields", "-e", "frame.len", "-e", "frame.protocols")]
    lengths = [int(length) for length, _ in frames]
    must(lengths and min(lengths) == 60 and max(lengths) == 9000, "frames of 64 to 9000 bytes, FCS left out")
    kinds = {kind: sum(f":{kind}" in protocols for _, protocols in frames) for kind in ("arp", "icmp", "udp")}
    must(all(kinds.values()), f"ARP, ICMP and UDP on the wire: {kinds}")
    print(f"{len(frames)} frames on the wire, {min(lengths)} to {max(lengths)} bytes, none malformed: {kinds}")


def main():
    program, pcap = sys.argv[1:]
    judge_table(run_demo(program, pcap))
    if shutil.which("tshark") is None:
        print("skipped: no tshark to read the capture with: apt-get install tshark")
        return 77
    judge_capture(pcap)
    return 0


sys.exit(main())
