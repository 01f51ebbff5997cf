# SPDX-License-Identifier: BSD-3-Clause
"""Live migration between two stock QEMUs, back and forth, with a numbered stream both ways throughout.

The guest (migrate.sh) runs this library's pair of a VF, by VFIO behind an emulated VT-d, and virtio-net as its
standby. Each side has a server of VFs of its own; a learning switch joins both servers, both QEMUs and the peer, who
streams over a VF of a third server. "sriovctl migrate" drives QEMU: VF unplugged, machine moved, the other server's VF
plugged in. Leaves report.txt, gap.svg and what they are made of."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from harness import Failure, cache, header, image
from harness.cpio import Archive
from harness.server import Server
from harness.vm import die_with_parent

TIMEOUT = 420
HERE = Path(__file__).resolve().parent
MAC = "02:00:00:00:01:00"
PEER_MAC = "02:00:00:00:02:00"
MATCH = {"82599": "8086:10ed", "82576": "8086:10ca"}
MEMORY = 256
RATE = 1000
MOVES = int(os.environ.get("SRIOV_MIGRATIONS", "20"))
STANDBY = "virtio"  # our own driver, over VFIO; or netdev: the kernel's, by its interface
# Frames reach the machine in their order: what waits in its QEMU's sockets when it stops is lost with it, as what comes
# meanwhile. So a stop explains one run of numbers, which begins before it, on a busy machine so long, and spans it.
ON_THE_WAY = 1.0
CLOCKS = 0.02  # QEMU's stamps are of another clock
SECONDS = 60
MS = 1e-6


def until(what, ready, seconds=SECONDS):
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(0.05)


class Process:
    """One of the host's programs, its words in files of the run's folder."""

    def __init__(self, folder, name, *words):
        self.out, self.err = folder / f"{name}.out.log", folder / f"{name}.log"
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=err, preexec_fn=die_with_parent)

    def said(self, path=None):
        return (path or self.err).read_text(errors="replace")

    def alive(self):
        return self.process.poll() is None

    def end(self, number=signal.SIGTERM, seconds=30):
        if self.alive():
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Machine:
    """One QEMU that has the guest, or waits for it."""

    def __init__(self, bed, number, side, waits, pair=True):
        self.bed, self.side, self.name = bed, side, f"qemu{number:02}"
        self.console = bed.folder / f"{self.name}.console.log"
        self.qmp = bed.folder / f"{self.name}.qmp"
        self.console.touch()
        words = [*self.command(pair), *(["-incoming", "defer"] if waits else [])]
        self.process = Process(bed.folder, self.name, *words)
        until(f"{self.name} starts", lambda: self.qmp.exists() or not self.process.alive())

    def command(self, pair=True):
        bed = self.bed
        vf = {"driver": "vfio-user-pci", "id": "vf0", "bus": "rp1", **({"failover_pair_id": "sb0"} if pair else {}),
              "socket": {"type": "unix", "path": str(bed.servers[self.side].socket(0))}}
        standby = f"virtio-net-pci,id=sb0,bus=rp2,netdev=n0,mac={MAC},failover=on"
        if STANDBY == "virtio":
            standby += ",iommu_platform=on,disable-legacy=on"
        return [*cache.qemu_command("qemu-vfu"), "-accel", "tcg,thread=multi", "-cpu", "max",
                "-object", f"memory-backend-memfd,id=m0,size={MEMORY}M,share=on",
                "-machine", "q35,memory-backend=m0,kernel-irqchip=split", "-m", MEMORY, "-nodefaults",
                "-display", "none", "-no-reboot", "-device", "intel-iommu,intremap=on,caching-mode=on",
                "-chardev", f"file,id=con,path={self.console}", "-serial", "chardev:con",
                "-kernel", cache.kernel_image(bed.kernel), "-initrd", bed.initrd, "-append",
                # The VF is for vfio-pci: a driver of the kernel's would make it failover's primary before we have it.
                "console=ttyS0 panic=-1 quiet no_timer_check intel_iommu=on rdinit=/init "
                f"initcall_blacklist=ixgbevf_init_module,igbvf_init_module vfio-pci.ids={MATCH[bed.stage.model]} "
                "hugepages=8",
                "-qmp", f"unix:{self.qmp},server=on,wait=off",
                "-device", "pcie-root-port,id=rp1,slot=1", "-device", "pcie-root-port,id=rp2,slot=2",
                "-netdev", f"stream,id=n0,server=off,addr.type=unix,addr.path={bed.folder / 'vm'}",
                "-device", standby, "-device", json.dumps(vf)]

    def said(self):
        return self.console.read_text(errors="replace")

    def on_vf(self):
        """The last that the guest said of where its traffic goes."""
        return re.findall(r"traffic goes by the (\w+)", self.said())[-1:] == ["vf"]

    def check(self):
        if not self.process.alive():
            raise Failure(f"{self.name} ended: {self.process.said()[-300:]}")
        if "Kernel panic" in self.said() or re.search(r"guest: end \d", self.said()):
            raise Failure(f"{self.name}: the guest ended: {self.said()[-600:]}")


class Bed:
    """Servers, switch, peer, and the machine where it is now."""

    def __init__(self, stage):
        self.stage, self.folder = stage, stage.folder
        self.sriovctl = stage.program("sriovctl")
        self.kernel = cache.kernel("small")
        self.servers, self.machines, self.switch, self.peer = {}, [], None, None
        self.initrd = self.folder / "initrd"

    def start(self):
        for side in ("a", "b", "p"):
            (self.folder / side).mkdir()
            server = Server(self.sriovctl, self.folder / side, self.stage.model, 1,
                            ("--wire", f"dgram:{self.folder / side}.wire"))
            self.servers[side] = server
            server.start()
        self.switch = Process(self.folder, "switch", sys.executable, "-B", HERE / "migrate_switch.py",
                              self.folder / "places.txt", *(f"dgram:{self.folder / side}.wire" for side in self.servers),
                              f"stream:{self.folder / 'vm'}")
        until("the switch", lambda: "ready" in self.switch.said(self.switch.out))
        done = self.stage.run(self.sriovctl, "vf", "set", "--serve", self.servers["p"].dir, 0, "--mac", PEER_MAC)
        if done.returncode != 0:
            raise Failure(f"the peer's address: {done.stderr}")
        self.build_image()

    def build_image(self):
        head = header.Header(modules=[])
        layer = self.folder / "layer"
        with open(layer, "wb") as stream:
            archive = Archive(stream)
            archive.copy("init", HERE / "migrate.sh", 0o755)
            archive.file("e2e/env", f"STANDBY={STANDBY} MATCH={MATCH[self.stage.model]} "
                                    "OPTIONS='--settle 400ms --quiet 20ms --drain 50ms --address 192.0.2.1'\n".encode())
            image._add_program(archive, self.sriovctl)  # pylint: disable=protected-access
            archive.close()
        with open(self.initrd, "wb") as whole:
            for part in (image.base(self.kernel, head, self.folder), layer):
                whole.write(part.read_bytes())

    def boot(self, side, waits, pair=True):
        machine = Machine(self, len(self.machines), side, waits, pair)
        self.machines.append(machine)
        return machine

    def start_peer(self):
        server = self.servers["p"]
        self.peer = Process(self.folder, "peer", self.sriovctl, "--json", "--shim", "vfio-user", "--dir", server.dir,
                            "stream", "vf0.sock", "--rate", RATE, "--series", self.folder / "gap.dat")
        until("the peer", lambda: "ready" in self.peer.said() or not self.peer.alive())

    def peer_received(self):
        counts = re.findall(r"received (\d+), lost (\d+)", self.peer.said())
        return int(counts[-1][0]) if counts else 0

    def await_vf(self, machine):
        def there():
            machine.check()
            return machine.on_vf()
        until(f"{machine.name}: the guest's traffic on its VF", there)

    def close(self):
        for thing in (*(machine.process for machine in self.machines), self.peer, self.switch):
            if thing is not None:
                thing.end(signal.SIGKILL)
        for server in self.servers.values():
            server.kill()


# --- the moves

FAST, SLOW = 1 << 30, 1 << 20


def words(bed, source, there, *more):
    return [bed.sriovctl, "--json", "migrate", "--qmp", source.qmp, "--to-qmp", there.qmp, "--uri",
            f"unix:{bed.folder / there.name}.move", *more]


def other(source):
    return "b" if source.side == "a" else "a"


def move(bed, source, number):
    """One migration; what sriovctl reported, and the machine there."""
    there = bed.boot(other(source), True)
    done = bed.stage.run(*words(bed, source, there, "--bandwidth", FAST), timeout=120)
    if done.returncode != 0:
        raise Failure(f"migration {number}: {done.stderr.strip().splitlines()[-1:]}")
    source.process.end(signal.SIGKILL)
    bed.await_vf(there)
    return json.loads(done.stdout), there


def stays(bed, machine, what, status, output, reason):
    """A move that did not come about: the guest is where it was, on its VF."""
    report = json.loads(output)
    good = status == 1 and report["state"] == "on the source, with its VF" and reason in report["error"]
    bed.stage.check(f"{what}: the machine stays, and its VF comes back", good,
                    f"status {status}: {report.get('state')}: {report.get('error')}")
    bed.await_vf(machine)


def abort(bed, machine):
    there = bed.boot(other(machine), True)
    done = bed.stage.run(*words(bed, machine, there, "--bandwidth", SLOW, "--abort-after", "1.5s"), timeout=120)
    stays(bed, machine, "aborted", done.returncode, done.stdout, "--abort-after")
    there.process.end(signal.SIGKILL)


def peer_dies(bed, machine):
    there = bed.boot(other(machine), True)
    process = Process(bed.folder, "dies", *words(bed, machine, there, "--bandwidth", SLOW))
    until("the move is under way", lambda: "migration: active" in process.said() or not process.alive())
    there.process.end(signal.SIGKILL)
    stays(bed, machine, "the destination dies", process.process.wait(90), process.said(process.out), "failed")


def attached_vf_is_refused(bed):
    """A VF without a failover pair is in the machine: nothing is begun."""
    machine, there = bed.boot("a", False, pair=False), bed.boot("b", True)
    done = bed.stage.run(*words(bed, machine, there))
    report = json.loads(done.stdout)
    (bed.folder / "refused.txt").write_text(f"status {done.returncode}: {report['error']}\n")
    bed.stage.check("a machine with its VF attached, and no failover pair, is not moved",
                    done.returncode == 2 and "VF vf0 is attached and has no failover pair" in report["error"],
                    done.stderr)
    for one in (machine, there):
        one.process.end(signal.SIGKILL)


def all_moves(bed, machine):
    reports = []
    for number in range(1, MOVES + 1):
        begin = time.monotonic()
        report, machine = move(bed, machine, number)
        reports.append(report)
        bed.stage.say(f"# migration {number}: {time.monotonic() - begin:.1f} s, downtime "
                      f"{report['downtime_ns'] * MS:.0f} ms, stopped {report.get('stopped_ns', 0) * MS:.0f} ms")
        time.sleep(0.2)
    return reports, machine


# --- the judgement

def at(report, step):
    return next((line["monotonic"] / 1e9 for line in report["steps"] if line["step"] == step), None)


def stops(reports, places):
    """When the machine stood, and when the network knew its new place."""
    moments = []
    for report in reports:
        stop, run = at(report, "the source has stopped"), at(report, "the destination runs")
        moved = [moment for moment, port in places if moment >= stop and port.startswith("vm.")]
        moments.append((stop, max([run, *moved[:1]])))
    return moments


def outside(losses, moments):
    """Of the frames that were lost, those that no stop of the machine explains."""
    beyond, left = 0, list(moments)
    for loss in losses:
        before, after = loss["sent_before_ns"] / 1e9, loss["sent_after_ns"] / 1e9
        spanned = [moment for moment in left if moment[0] - ON_THE_WAY <= before <= moment[0] + CLOCKS
                   and moment[0] - CLOCKS <= after <= moment[1] + CLOCKS]
        if spanned:
            left.remove(spanned[0])
        else:
            beyond += loss["count"]
    return beyond


def guest_report(machine):
    text = machine.said().replace("\r", "")
    found = re.search(r"guest: report\n(.*?)\nguest: end (\d+)", text, re.S)
    if not found:
        raise Failure(f"no report of the guest: {text[-600:]}")
    lines = [line for line in found[1].splitlines() if not re.match(r"^\[ *\d+\.\d+\]", line)]
    return json.loads("\n".join(lines))


def switch_times(steps):
    """Milliseconds from the first step of each switch to its last, by where it went."""
    times, begin = {"vf": [], "standby": []}, None
    for step in steps:
        if step["step"] == "up":
            begin = step
        elif step["step"] == "done" and begin and step["to"] in times:
            times[step["to"]].append((step["at_ns"] - begin["at_ns"]) * MS)
    return times


def summary(values):
    values = sorted(values)
    if not values:
        return "none"
    return f"{values[0]:.1f} / {values[len(values) // 2]:.1f} / {values[-1]:.1f}"


def write_report(bed, reports, peer, guest, windows):
    out, back = guest["received_from_other"], peer["received_from_other"]
    beyond = outside(guest["losses"], windows)
    times = switch_times(guest["pair"]["steps"])
    lines = [
        f"migrations {len(reports)}, all with the VF back at the destination; standby {STANDBY}",
        f"guest to peer: sent {guest['sent']} received {back['received']} lost {back['lost']} duplicated "
        f"{back['duplicated']} reordered {back['reordered']}",
        f"peer to guest: sent {peer['sent']} received {out['received']} lost outside the stops {beyond} duplicated "
        f"{out['duplicated']} reordered {out['reordered']}, lost while the machine stood {out['lost'] - beyond}",
        f"longest gap: guest to peer {back['longest_gap_ns'] * MS:.1f} ms, peer to guest "
        f"{out['longest_gap_ns'] * MS:.1f} ms",
        "milliseconds, least / median / most:",
        f"  downtime as QEMU reports it     {summary([r['downtime_ns'] * MS for r in reports])}",
        f"  from the stop to running        {summary([r.get('stopped_ns', 0) * MS for r in reports])}",
        f"  the move in all                 {summary([r['total_ns'] * MS for r in reports])}",
        f"  asked for the VF, until let go  " + summary(
            [(at(r, 'the guest has let its VF go') - at(r, 'the guest is asked for its VF')) * 1e3 for r in reports]),
        f"  running, until the VF is there  " + summary(
            [(at(r, 'the guest has its VF') - at(r, 'the destination runs')) * 1e3 for r in reports]),
        f"  switch to the standby           {summary(times['standby'])}",
        f"  switch to the VF                {summary(times['vf'])}",
        f"switches {guest['pair']['switches']} forced {guest['pair']['forced']} failed {guest['pair']['failed']} "
        f"in doubt {guest['pair']['in_doubt']} frames moved {guest['pair']['tx_moved']}",
    ]
    (bed.folder / "report.txt").write_text("\n".join(lines) + "\n")
    for line in lines:
        bed.stage.say(f"# {line}")
    return beyond


PLOT = """\
set terminal svg size 1000,420 font "sans,12"
set output "{svg}"
set xlabel "seconds"
set ylabel "longest gap in 50 ms, milliseconds"
set logscale y
set yrange [0.5:*]
set key top left
set title "{title}"
plot "{gap}" using ($1-{begin}):($2) with impulses lc rgb "#3060a0" title "guest to peer", \\
     "{stops}" using ($1-{begin}):($2) with points pt 7 ps 0.6 lc rgb "#c03020" title "the machine stood"
"""


def plot(bed, reports):
    begin = float((bed.folder / "gap.dat").read_text().split()[0])
    (bed.folder / "stops.dat").write_text("".join(
        f"{at(r, 'the source has stopped'):.3f} {max(r.get('stopped_ns', 0) * MS, 0.6):.3f}\n" for r in reports))
    script = bed.folder / "gap.gnuplot"
    title = f"{len(reports)} live migrations, {RATE} frames a second each way, standby {STANDBY}"
    script.write_text(PLOT.format(svg=bed.folder / "gap.svg", gap=bed.folder / "gap.dat", begin=begin,
                                  stops=bed.folder / "stops.dat", title=title))
    if shutil.which("gnuplot") is None:
        raise Failure("no gnuplot: run scripts/setup --e2e")
    done = bed.stage.run("gnuplot", script)
    bed.stage.check("the plot is drawn", done.returncode == 0 and "<svg" in (bed.folder / "gap.svg").read_text(),
                    done.stderr)


def judge(bed, reports, peer, guest):
    stage = bed.stage
    places = [(float(line.split()[0]), line.split()[2])
              for line in (bed.folder / "places.txt").read_text().splitlines() if line.split()[1] == MAC]
    beyond = write_report(bed, reports, peer, guest, stops(reports, places))
    back, out = peer["received_from_other"], guest["received_from_other"]
    stage.check(f"{MOVES} migrations, each with the VF back", len(reports) == MOVES and all(
        report["state"] == "at the destination, with its VF" for report in reports))
    stage.check("guest to peer: 0 lost, 0 duplicated, 0 reordered",
                (back["lost"], back["duplicated"], back["reordered"]) == (0, 0, 0), json.dumps(peer["losses"]))
    stage.check("peer to guest: 0 lost outside the stops, 0 duplicated, 0 reordered",
                (beyond, out["duplicated"], out["reordered"]) == (0, 0, 0), json.dumps(guest["losses"]))
    stage.check("traffic went both ways all the while", min(back["received"], out["received"]) > 0.2 * RATE *
                peer["elapsed_ns"] / 1e9, f"{back['received']} {out['received']} in {peer['elapsed_ns'] / 1e9:.0f} s")
    stage.check("each move switched to the standby and back", guest["pair"]["switches"] >= 2 * MOVES,
                str(guest["pair"]["switches"]))
    stage.check("no frame is in doubt", guest["pair"]["in_doubt"] == 0, str(guest["pair"]["in_doubt"]))


def run(bed):
    stage = bed.stage
    bed.start()
    attached_vf_is_refused(bed)
    machine = bed.boot("a", False)
    until("the guest's stream", lambda: machine.check() or re.search(r"(?m)^ready", machine.said()))
    bed.await_vf(machine)
    bed.start_peer()
    until("the stream", lambda: bed.peer_received() > RATE)
    reports, machine = all_moves(bed, machine)
    abort(bed, machine)
    peer_dies(bed, machine)
    (bed.folder / "moves.json.txt").write_text(json.dumps(reports, indent=1))
    status = bed.peer.end(signal.SIGINT)
    stage.say(f"# peer ended with {status}")
    peer = json.loads(bed.peer.said(bed.peer.out))
    until("the guest's report", lambda: re.search(r"guest: end \d", machine.said()))
    judge(bed, reports, peer, guest_report(machine))
    plot(bed, reports)
    machine.process.end(signal.SIGKILL)
    for side, server in bed.servers.items():
        status = server.stop()
        stage.check(f"server {side} has seen no violation", status == 0, server.log.read_text()[-600:])


def conduct(stage):
    bed = Bed(stage)
    try:
        run(bed)
    finally:
        for name, server in bed.servers.items():
            if server.log.exists():
                shutil.copy(server.log, bed.folder / f"serve.{name}.log")
        (bed.folder / "commands.txt").write_text("".join(
            shlex.join(map(str, machine.command())) + "\n" for machine in bed.machines))
        bed.close()
