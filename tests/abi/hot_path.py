#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the data path may not do per packet, read from the disassembly: hot_path.py OBJECT...

In every burst function (and what is inlined there): no indirect call and no locked instruction
anywhere, and in a loop no call but of the slow roads named below, which a plain frame never takes
or which serve a whole run of descriptors. Whatever is called is printed.
"""
import re
import subprocess
import sys

BURST = re.compile(r"^[0-9a-f]+ <(\w+_(?:rx|tx)_burst\w*)>:$")
LINE = re.compile(r"^\s*([0-9a-f]+):\s+(.*?)\s*$")
JUMP = re.compile(r"^j\w+\s+([0-9a-f]+)\b")
SLOW = {
    "sriov_pool_cache_fill",  # a bulk of buffers from the pool
    "sriov_pool_cache_spill",
    "sriov_bar_write32",  # the doorbell where a shim traps it: once a burst
    "sri_tx_reclaim",  # completions, once a run
    "sri_tx_odd",  # a frame of several segments, tagged, of a foreign pool, or to be refused
    "vnet_rx_held",  # once after a device was held still
    "vnet_rx_odd",  # a frame of several buffers, or a write-back that is not to be believed
    "vnet_rx_refill",  # a run of descriptors
    "vnet_tx_reclaim",  # completions, once a burst
    "vnet_tx_odd",  # a frame of several segments, tagged, or to be refused
    "vnet_vq_interrupts",  # once a wake-up
    "vnet_vq_kick",  # the doorbell: once a burst
    "sri_rx_slow",  # a frame of several descriptors, or a write-back that is not to be believed
}


def functions(path):
    """{name: [(address, instruction, relocation)]} of the burst functions."""
    dump = subprocess.run(["objdump", "-dr", "--no-show-raw-insn", path], check=True, capture_output=True,
                          text=True).stdout
    current, found = None, {}
    for line in dump.splitlines():
        head = BURST.match(line)
        if head:
            current = found.setdefault(head[1], [])
        elif not line.strip():
            current = None
        elif current is not None:
            reloc = re.match(r"^\s*[0-9a-f]+: R_\S+\s+(\w+)", line)
            code = LINE.match(line)
            if reloc and current:
                current[-1][2] = reloc[1]
            elif code:
                current.append([int(code[1], 16), code[2], None])
    return found


def loops(body):
    """Address ranges closed by a backward jump."""
    for address, text, _ in body:
        jump = JUMP.match(text)
        if jump and int(jump[1], 16) <= address:
            yield int(jump[1], 16), address


def judge(name, body):
    ranges = list(loops(body))
    calls, bad = set(), []
    for address, text, reloc in body:
        inside = any(low <= address <= high for low, high in ranges)
        if text.startswith("lock") or re.match(r"^xchg\s.*\(", text):
            bad.append(f"{name}+{address - body[0][0]:#x}: locked: {text}")
        if re.match(r"^(call|jmp)q?\s+\*", text):
            bad.append(f"{name}+{address - body[0][0]:#x}: indirect: {text}")
        if text.startswith("call"):
            calls.add(reloc or text)
            if inside and reloc not in SLOW:
                bad.append(f"{name}+{address - body[0][0]:#x}: call in a loop: {reloc or text}")
    print(f"{name}: {len(body)} instructions, {len(ranges)} loops, calls {' '.join(sorted(calls)) or 'nothing'}")
    return bad


def main():
    bad, seen = [], 0
    for path in sys.argv[1:]:
        for name, body in functions(path).items():
            seen += 1
            bad += judge(name, body)
    if seen < 2:
        sys.exit("no burst functions found: is the naming rule still *_rx_burst, *_tx_burst?")
    if bad:
        sys.exit("\n".join(bad))


main()
