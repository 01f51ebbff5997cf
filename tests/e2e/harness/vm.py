# SPDX-License-Identifier: BSD-3-Clause
"""One QEMU process: its command line, its ports, its end."""

import ctypes
import shlex
import signal
import socket
import subprocess
import threading
import time

from . import Failure, cache
from .qmp import Qmp

# Ports to the guest, by the name that the guest finds them by.
PORTS = ("tap", "ctl", "out")
CONNECT_TIMEOUT = 30
# no_timer_check: on a busy machine the emulated timer can miss the kernel's test of it.
APPEND = "console=ttyS0 panic=-1 quiet no_timer_check rdinit=/init"


def accelerator(kind, icount):
    if icount:
        return ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-cpu", "max"]
    if kind == "kvm":
        return ["-accel", "kvm", "-cpu", "host"]
    return ["-accel", "tcg,thread=multi", "-cpu", "max"]


def devices(kind):
    """The 82576 behind a root port that can unplug it, behind VT-d."""
    if kind == "none":
        return []
    return ["-device", "intel-iommu,intremap=on,caching-mode=on",
            "-device", "pcie-root-port,id=rp1,slot=1",
            "-netdev", "user,id=n0,restrict=on",
            "-device", "igb,id=igb0,bus=rp1,netdev=n0"]


def die_with_parent():
    """No QEMU outlives a harness that was killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Vm:
    def __init__(self, folder):
        self.folder = folder
        self.console = folder / "console.log"
        self.errors = folder / "qemu.log"
        self.qmp = None
        self._listeners, self._connections = {}, {}
        self._process = None

    def _port_options(self):
        options = ["-device", "virtio-serial-pci,id=vs0"]
        for name in PORTS:
            options += ["-chardev", f"socket,id={name},path={self.folder / name}",
                        "-device", f"virtserialport,bus=vs0.0,chardev={name},name={name}"]
        return options + ["-chardev", f"socket,id=qmp,path={self.folder / 'qmp'}",
                          "-mon", "chardev=qmp,mode=control"]

    def command(self, header, accel, icount, kernel, initrd):
        append = [APPEND, "intel_iommu=on iommu=pt", *header.append]
        return [*cache.qemu_command(), *accelerator(accel, icount),
                "-M", "q35,kernel-irqchip=split", "-smp", "1" if icount else str(header.cpus),
                "-m", str(header.memory), "-nodefaults", "-display", "none", "-no-reboot",
                "-chardev", f"file,id=con,path={self.console}", "-serial", "chardev:con",
                "-kernel", str(cache.kernel_image(kernel)), "-initrd", str(initrd),
                "-append", " ".join(append), *devices(header.devices),
                *self._port_options(), *header.qemu]

    def start(self, command):
        for name in (*PORTS, "qmp"):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(self.folder / name))
            listener.listen(1)
            self._listeners[name] = listener
        self.console.touch()
        (self.folder / "command").write_text(shlex.join(command) + "\n")
        with open(self.errors, "wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=log, preexec_fn=die_with_parent)
        try:
            for name, listener in self._listeners.items():
                self._connections[name] = self._accept(name, listener)
            self.qmp = Qmp(self._connections["qmp"])
        except Failure:
            self.stop()
            raise Failure(f"QEMU did not start, {self.exit_text()}") from None

    def _accept(self, name, listener):
        deadline = time.monotonic() + CONNECT_TIMEOUT
        listener.settimeout(0.2)
        while self.alive() and time.monotonic() < deadline:
            try:
                connection, _ = listener.accept()
            except socket.timeout:
                continue
            connection.settimeout(None)
            return connection
        raise Failure(f"QEMU did not open {name}")

    def connection(self, name):
        return self._connections[name]

    def read_out(self, size):
        """Exactly what the guest announced on its port for files."""
        data, port = bytearray(), self._connections["out"]
        port.settimeout(60)
        while len(data) < size:
            part = port.recv(min(65536, size - len(data)))
            if not part:
                raise Failure(f"/out ended after {len(data)} of {size} bytes")
            data += part
        return bytes(data)

    def alive(self):
        return self._process is not None and self._process.poll() is None

    def exit_text(self):
        code = self._process.poll()
        errors = self.errors.read_text(errors="replace").strip()
        return f"status {code}" + (f": {errors.splitlines()[-1]}" if errors else "")

    def kill(self):
        """As a crash of the host's process would: at once, nothing said to anybody."""
        self._process.kill()
        self._process.wait()

    def stop(self):
        """Ends QEMU; its ports then read as ended."""
        if self.alive():
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for listener in self._listeners.values():
            listener.close()

    def close(self):
        for connection in self._connections.values():
            connection.close()


def lines_to(connection, sink):
    """A thread that hands each line of a port to sink until the port ends."""
    def pump():
        with connection.makefile("r", encoding="utf-8", errors="replace", newline="\n") as lines:
            try:
                for line in lines:
                    sink(line.rstrip("\r\n"))
            except OSError:
                pass
    thread = threading.Thread(target=pump, daemon=True)
    thread.start()
    return thread
