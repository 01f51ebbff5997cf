# SPDX-License-Identifier: BSD-3-Clause
"""One run of a served scenario: a server of VFs, guests on them, the host's own looks, one verdict."""

import functools
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from . import Failure, Skip, cache
from .board import Board
from .guest import Guest, Spec
from .runner import find_programs
from .server import Server
from .tap import Tap

CONSOLE_LINES = 25


def load(path):
    spec = importlib.util.spec_from_file_location(f"served_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Hooks:
    """What `host hook NAME` of a guest reaches: the scenario's hook_NAME(guest, ...), else the stage's."""

    def __init__(self, stage, guest):
        self._stage, self._guest = stage, guest

    def __getattr__(self, name):
        function = getattr(self._stage.scenario, name, None)
        if function is None and name.startswith("hook_"):
            function = getattr(Stage, name, None)
            function = function and functools.partial(self._on_stage, function)
        if function is None:
            raise AttributeError(name)
        return lambda _vm, *arguments: function(self._guest, *arguments)

    def _on_stage(self, function, guest, *arguments):
        return function(self._stage, guest, *arguments)


class Stage:
    """What a scenario's conduct(stage) works with."""

    def __init__(self, path, model, kernel, options):
        self.model, self.kernel, self.options = model, kernel, options
        self.path, self.scenario = path, load(path)
        self.folder = Path(tempfile.mkdtemp(prefix="sriov-e2e."))
        self.board, self.server, self.guests = Board(), None, []
        self._tap, self._lock = Tap(), threading.Lock()
        self._checks = 0
        self._begin = time.monotonic()
        self._deadline = self._begin + (options.timeout or getattr(self.scenario, "TIMEOUT", 180))

    # --- for scenarios

    def serve(self, vfs, *options):
        """Starts sriovctl serve with so many VFs and waits until they can be had."""
        self.server = Server(self.program("sriovctl"), self.folder, self.model, vfs, options)
        self.server.start()

    def boot(self, name, vf, script=None, **wishes):
        """Starts a guest on a VF; wishes are those of guest.Spec. Another guest may have had the VF before."""
        script = self.path.parent / script if script else self.path.with_suffix(".sh")
        folder = self.folder / f"{name}.{len(self.guests)}"
        folder.mkdir()
        guest = Guest(self, Spec(name, vf, script, **wishes), folder)
        self.guests.append(guest)
        guest.start()
        return guest

    def join(self, *guests):
        """Until those guests have ended; raises when one of them failed, or never will end."""
        waiting = list(guests)
        while waiting:
            time.sleep(0.1)
            if time.monotonic() > self._deadline:
                raise Failure(f"no end of guest {waiting[0].name} in time")
            if not self.server.alive():
                raise Failure(f"sriovctl serve ended too early, {self.server.exit_text()}")
            for guest in [guest for guest in waiting if guest.done()]:
                waiting.remove(guest)
                try:
                    guest.check()
                except Failure as failure:
                    self.board.close(str(failure))
                    raise

    def stop_server(self):
        """Ends it; that it has seen no violation is one of the results."""
        status = self.server.stop()
        for line in self.server.lines:
            self.say(f"# serve: {line}")
        self.check("the server ends cleanly, without a violation", status == 0, f"status {status}")

    def check(self, what, good, detail=""):
        """A result of the host's own."""
        self._checks += 1
        line = f"{'ok' if good else 'not ok'} {self._checks} - {what}"
        self._tap.line(line)
        self.say(f"[host] {line}")
        if detail and not good:
            self.say(f"[host] # {detail}")
        return good

    def program(self, name):
        return find_programs([name], self.options)[0]

    def run(self, *command, timeout=60):
        """A program of the host; a failure to end in time is the run's."""
        try:
            return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                                  timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"{command[0]} does not end within {timeout} s") from None
        except FileNotFoundError:
            raise Failure(f"no program {command[0]}: run scripts/setup --e2e") from None

    def vf_set(self, vf, *options):
        """PF policy of a VF, by the server's own control socket."""
        done = self.run(self.program("sriovctl"), "vf", "set", "--serve", self.server.dir, vf, *options)
        if done.returncode != 0:
            raise Failure(f"vf set {vf} {' '.join(options)}: {done.stderr.strip()}")

    def say(self, line):
        with self._lock:
            print(line, flush=True)

    # --- for guests: host hook NAME ARGUMENT...

    def hooks_for(self, guest):
        return Hooks(self, guest)

    def hook_vf_set(self, guest, *arguments):
        """Of the guest's own VF."""
        self.vf_set(guest.spec.vf, *arguments)

    def hook_post(self, guest, name, *value):
        self.board.post(name, " ".join(value))

    def hook_await(self, guest, name, seconds="60"):
        return self.board.wait(name, float(seconds))

    def hook_meet(self, guest, name, parties, seconds="60"):
        self.board.meet(name, guest.name, int(parties), float(seconds))

    # --- the verdict

    def _conduct(self):
        for entry in ("qemu-vfu", "guest-root"):
            cache.entry(entry)
        self.scenario.conduct(self)
        self._tap.line(f"1..{self._checks}")
        problem = self._tap.verdict() if self._checks else None
        if problem:
            raise Failure(f"host: {problem}")

    def _show(self, name, path):
        if path.exists():
            for line in path.read_text(errors="replace").splitlines()[-CONSOLE_LINES:]:
                self.say(f"# {name}: {line}")

    def _show_all(self):
        for guest in self.guests:
            self._show(f"console {guest.name}", guest.vm.console)
        if self.server:
            self._show("serve", self.server.log)

    def _end(self):
        self.board.close("the run has ended")
        for guest in self.guests:
            guest.close()
        if self.server:
            self.server.kill()

    @property
    def title(self):
        return f"served.{self.path.stem}.{self.model}.{self.kernel}"

    def _keep(self, word, reason):
        """What guests brought back, consoles and the server's words go where --out says."""
        if self.options.out:
            target = self.options.out / self.title
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            for guest in self.guests:
                if (guest.folder / "files").is_dir():
                    shutil.copytree(guest.folder / "files", target / guest.folder.name)
                if guest.vm.console.exists():
                    (target / guest.folder.name).mkdir(exist_ok=True)
                    shutil.copy(guest.vm.console, target / guest.folder.name / "console.log")
            for kind in ("log", "txt", "svg", "dat"):
                for path in self.folder.glob(f"*.{kind}"):
                    shutil.copy(path, target)
            (target / "verdict").write_text(f"{word} {reason}".strip() + "\n")
        if self.options.keep:
            self.say(f"# kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def execute(self):
        """Returns pass, fail or skip."""
        word, reason = "pass", ""
        try:
            self._conduct()
        except Skip as skip:
            word, reason = "skip", str(skip)
        except Failure as failure:
            word, reason = "fail", str(failure)
        finally:
            self._end()
            if word == "fail" or sys.exc_info()[0]:
                self._show_all()
            self._keep(word, reason)
        seconds = time.monotonic() - self._begin
        self.say(f"# e2e.{self.title}: {word} after {seconds:.1f} s{': ' if reason else ''}{reason}")
        return word
