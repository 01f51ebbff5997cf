# SPDX-License-Identifier: BSD-3-Clause
"""One guest test on one kernel, from image to verdict."""

import importlib.util
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

from . import Failure, Skip, cache, header as headers, image
from .control import Control
from .tap import Tap
from .verdict import console_alarm, judge
from .vm import Vm, lines_to

CONSOLE_LINES = 40
# What QEMU 10.0 does to a guest now and then while VFIO remaps a device: it aborts, or a guest CPU's timer
# stands still. That judges nobody's driver.
STALLED = "kthread starved for"
ABORTED = "iotlb_to_section"


def load_hooks(test):
    """NAME.py beside NAME.sh, if there is one."""
    path = test.with_suffix(".py")
    if not path.exists():
        return None
    spec = importlib.util.spec_from_file_location(f"hooks_{test.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def find_programs(names, options):
    """The header's programs, among --program files and --bin folders."""
    known = {path.name: path for path in options.program}
    found = []
    for name in names:
        candidates = [known.get(name), *(folder / name for folder in options.bin)]
        path = next((path for path in candidates if path and path.is_file()), None)
        if path is None:
            raise Failure(f"program {name} is not built: give --bin DIR or --program FILE")
        found.append(path)
    return found


class Run:
    KERNELS = headers.KERNELS

    def __init__(self, test, kernel, options):
        self.test, self.kernel, self.options = test, kernel, options
        self.name = f"{test.stem}.{kernel}"
        self.header = headers.parse(test, self.KERNELS)
        self.folder = Path(tempfile.mkdtemp(prefix="sriov-e2e."))
        self.vm, self.tap = Vm(self.folder), Tap()
        self.begin = time.monotonic()
        self.cpu_begin = sum(os.times()[2:4])  # of ended children: QEMU's, in the end
        self.emulator_fault = None

    def _emit(self, line):
        self.tap.line(line)
        print(line, flush=True)

    def _initrd(self, kernel):
        programs = find_programs(self.header.programs, self.options)
        environment = {"E2E_TEST": self.test.stem, "E2E_KERNEL": self.kernel, **self.options.env}
        path = self.folder / "initrd"
        image.layer(path, self.test, programs, environment)
        layer, base = path.read_bytes(), image.base(kernel, self.header, self.folder)
        with open(path, "wb") as whole, open(base, "rb") as first:
            shutil.copyfileobj(first, whole)
            whole.write(layer)
        return path

    def _start(self):
        kernel = cache.kernel(self.kernel)
        icount = self.header.icount or self.options.icount
        self.vm.start(self.vm.command(self.header, self.options.accel, icount,
                                      kernel, self._initrd(kernel)))

    def _wait(self, server):
        """Until the guest is done; raises when it never will be."""
        timeout = self.options.timeout or self.header.timeout
        while server.is_alive():
            server.join(0.2)
            if not self.vm.alive():
                server.join(2)
                return
            if time.monotonic() - self.begin > timeout:
                raise Failure(f"no end within {timeout} s")
            if console_alarm(self.vm.console):
                time.sleep(1)
                return

    def _boot_and_judge(self):
        control = Control(self.vm, load_hooks(self.test), self._out_dir())
        self._start()
        reader = lines_to(self.vm.connection("tap"), self._emit)
        server = threading.Thread(target=control.serve, daemon=True,
                                  args=(self.vm.connection("ctl"),))
        server.start()
        try:
            self._wait(server)
        finally:
            ended = None if self.vm.alive() else self.vm.exit_text()
            self.vm.stop()
            reader.join(5)
        if ended and control.exit_status is None and not console_alarm(self.vm.console):
            raise Failure(f"QEMU ended before the test did, {ended}")
        judge(console_alarm(self.vm.console), self.tap, control.exit_status, ended)

    def _out_dir(self):
        if self.options.out is None:
            return None
        folder = self.options.out / self.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def _keep(self):
        """Leaves the console where --out or --keep wants it."""
        if self.options.out and self.vm.console.exists():
            shutil.copy(self.vm.console, self.options.out / self.name / "console.log")
        if self.options.keep:
            print(f"# kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _find_emulator_fault(self):
        """The known faults of QEMU itself, by their own words; None for any other failure."""
        for path, words, fault in ((self.vm.console, STALLED, "a guest CPU stood still"),
                                   (self.vm.errors, ABORTED, "it aborted in iotlb_to_section")):
            if path.exists() and words in path.read_text(errors="replace"):
                return fault
        return None

    def _show_console(self):
        if not self.vm.console.exists():
            return
        lines = self.vm.console.read_text(errors="replace").splitlines()
        for line in lines[-CONSOLE_LINES:]:
            print(f"# console: {line}")

    def _finish(self, word, reason=""):
        seconds = time.monotonic() - self.begin
        print(f"# e2e.{self.name}: {word} after {seconds:.1f} s{': ' if reason else ''}{reason}", flush=True)
        if self.options.out and (self.options.out / self.name).is_dir():
            (self.options.out / self.name / "verdict").write_text(f"{word} {reason}".strip() + "\n")
            cpu = sum(os.times()[2:4]) - self.cpu_begin
            (self.options.out / self.name / "seconds").write_text(f"{seconds:.1f} {cpu:.1f}\n")

    def execute(self):
        """Returns pass, fail or skip."""
        try:
            self._boot_and_judge()
        except Skip as skip:
            self._finish("skip", str(skip))
            return "skip"
        except Failure as failure:
            self.emulator_fault = self._find_emulator_fault()
            self._show_console()
            self._finish("fail", str(failure))
            return "fail"
        finally:
            self.vm.stop()
            self.vm.close()
            self._keep()
            sys.stdout.flush()
        self._finish("pass")
        return "pass"
