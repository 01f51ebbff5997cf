# SPDX-License-Identifier: BSD-3-Clause
"""Tests of the harness itself that need no guest: python3 -m unittest selftest"""

import contextlib
import importlib.machinery
import importlib.util
import io
import sys
import tarfile
import tempfile
import types
import unittest
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from harness import Failure, cache, header  # noqa: E402
from harness.board import Board  # noqa: E402
from harness.control import Control, extract  # noqa: E402
from harness.cpio import Archive  # noqa: E402
from harness.runner import Run  # noqa: E402
from harness.stage import Stage  # noqa: E402
from harness.tap import Tap  # noqa: E402
from harness.verdict import console_alarm  # noqa: E402
from harness.vm import Vm  # noqa: E402
from harness.xen import XenRun, XenVm  # noqa: E402


def judge(*lines):
    tap = Tap()
    for line in lines:
        tap.line(line)
    return tap.verdict()


class EmulatorFaultTest(unittest.TestCase):
    def find(self, console, errors):
        with tempfile.TemporaryDirectory() as folder:
            run = Run.__new__(Run)
            run.vm = Vm(Path(folder))
            run.vm.console.write_text(console)
            run.vm.errors.write_text(errors)
            return run._find_emulator_fault()

    def test_known_by_their_own_words(self):
        self.assertIn("stood still", self.find("rcu: rcu_sched kthread starved for 21003 jiffies!\n", ""))
        self.assertIn("aborted", self.find("", "qemu: iotlb_to_section: Assertion `x' failed.\n"))

    def test_no_other_failure_is_excused(self):
        self.assertIsNone(self.find("Kernel panic - not syncing\nigb: Reset adapter\n", "qemu: bad option\n"))


def run_program():
    """tests/e2e/run, which has no .py."""
    loader = importlib.machinery.SourceFileLoader("e2e_run", str(HERE / "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("e2e_run", loader))
    loader.exec_module(module)
    return module


class OnceMoreTest(unittest.TestCase):
    """The way from a start of QEMU to the verdict, with a program that plays QEMU."""

    def judged(self, script):
        """What becomes of a test whose QEMU does that; the verdict, how often it was started, what was said."""
        with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
            folder = Path(name)
            (folder / "script").write_text(script)
            (folder / "initrd").touch()
            test = folder / "t.sh"
            test.write_text("# e2e: kernels small\n")
            qemu = [sys.executable, "-B", str(HERE / "fake_qemu.py"), name]
            stack.enter_context(mock.patch.object(cache, "qemu_command", lambda: qemu))
            stack.enter_context(mock.patch.object(cache, "kernel", lambda kind: folder))
            stack.enter_context(mock.patch.object(Run, "_initrd", lambda run, kernel: folder / "initrd"))
            said = stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
            chosen = types.SimpleNamespace(accel="tcg", timeout=20, icount=False, out=folder / "out", keep=False)
            verdict = run_program().judged(test, "small", chosen)
            return verdict, int((folder / "starts").read_text()), said.getvalue()

    def test_no_fault(self):
        self.assertEqual(self.judged("pass")[:2], ("pass", 1))

    def test_fault_of_qemu_once(self):
        for fault, words in (("abort", "it aborted in iotlb_to_section"), ("stall", "a guest CPU stood still")):
            with self.subTest(fault=fault):
                verdict, starts, said = self.judged(f"{fault} pass")
                self.assertEqual((verdict, starts), ("pass", 2))
                self.assertIn(f"# QEMU itself failed: {words}; once more", said)

    def test_fault_of_qemu_twice(self):
        for faults in ("abort abort", "stall stall", "abort stall"):
            with self.subTest(faults=faults):
                self.assertEqual(self.judged(f"{faults} pass")[:2], ("fail", 2))

    def test_then_a_real_failure(self):
        self.assertEqual(self.judged("abort fail pass")[:2], ("fail", 2))

    def test_no_other_failure_gets_a_second_try(self):
        for fault in ("fail", "die"):
            with self.subTest(fault=fault):
                verdict, starts, said = self.judged(f"{fault} pass")
                self.assertEqual((verdict, starts), ("fail", 1))
                self.assertNotIn("once more", said)


class BoardTest(unittest.TestCase):
    def test_words(self):
        board = Board()
        board.post("a", "x y")
        self.assertEqual(board.wait("a", 0), "x y")
        with self.assertRaisesRegex(Failure, "b: nothing within"):
            board.wait("b", 0.01)

    def test_meet(self):
        board = Board()
        with self.assertRaises(Failure):
            board.meet("door", "a", 2, 0.01)
        with self.assertRaises(Failure):
            board.meet("door", "a", 2, 0.01)  # the same one again is no second
        board.meet("door", "b", 2, 0)

    def test_closed(self):
        board = Board()
        board.post("a")
        board.close("guest b has died")
        self.assertEqual(board.wait("a"), "")
        with self.assertRaisesRegex(Failure, "guest b has died"):
            board.wait("b")


class ServedTest(unittest.TestCase):
    """A scenario without guests, with a program that plays sriovctl."""

    SERVE = "#!/bin/sh\n{}\nmkdir -p \"$7\"\ntrap 'exit {}' TERM\necho ready\nwhile :; do sleep 0.05; done\n"

    def run_scenario(self, body, begin="", status=0):
        with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
            folder = Path(name)
            (folder / "sriovctl").write_text(self.SERVE.format(begin, status))
            (folder / "sriovctl").chmod(0o755)
            (folder / "t.py").write_text("from harness import Skip\ndef conduct(stage):\n    " + body)
            stack.enter_context(mock.patch.object(cache, "entry", lambda entry: folder))
            stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
            chosen = types.SimpleNamespace(timeout=20, out=folder / "out", keep=False, bin=[folder], program=[], env={})
            verdict = Stage(folder / "t.py", "82599", "stock", chosen).execute()
            said = (folder / "out/served.t.82599.stock/verdict").read_text()
            return verdict, said

    def test_passes(self):
        self.assertEqual(self.run_scenario("stage.serve(1); stage.stop_server()"), ("pass", "pass\n"))

    def test_server_status_counts(self):
        verdict, said = self.run_scenario("stage.serve(1); stage.stop_server()", status=1)
        self.assertEqual(verdict, "fail")
        self.assertIn("without a violation", said)

    def test_server_that_does_not_start(self):
        verdict, said = self.run_scenario("stage.serve(1)", begin="echo no such model >&2; exit 2")
        self.assertEqual((verdict, said), ("fail", "fail sriovctl serve did not start, status 2: no such model\n"))

    def test_check_and_skip(self):
        self.assertEqual(self.run_scenario("stage.check('a', False)")[0], "fail")
        self.assertEqual(self.run_scenario("raise Skip('no')"), ("skip", "skip no\n"))


class XenTest(unittest.TestCase):
    def test_commas_of_dom0_are_doubled(self):
        with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
            folder = Path(name)
            stack.enter_context(mock.patch.object(cache, "entry", lambda entry: folder))
            stack.enter_context(mock.patch.object(cache, "qemu_command", lambda: ["qemu"]))
            command = XenVm(folder).command(header.Header(append=["a=1,2"]), "tcg", folder, folder / "initrd")
            modules = command[command.index("-initrd") + 1]
            self.assertEqual(len(modules.replace(",,", "").split(",")), 2)
            self.assertIn("a=1,,2", modules)
            self.assertEqual(command[command.index("-kernel") + 1], str(folder / "xen.elf"))

    def test_a_panic_of_xen_is_one(self):
        with tempfile.TemporaryDirectory() as name:
            console = Path(name) / "console.log"
            console.write_text("(XEN) Xen call trace:\n(XEN) Panic on CPU 0:\n")
            self.assertIn("Panic on CPU", console_alarm(console))

    def test_skipped_without_packages(self):
        with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
            folder = Path(name)
            (folder / "t.sh").write_text("# e2e: kernels stock612\n")
            stack.enter_context(mock.patch.dict("os.environ", {"SRIOV_CACHE": name}))
            said = stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
            chosen = types.SimpleNamespace(accel="tcg", timeout=20, out=folder / "out", keep=False, bin=[], program=[],
                                           env={})
            self.assertEqual(XenRun(folder / "t.sh", "stock612", chosen).execute(), "skip")
            self.assertIn("run scripts/setup --e2e", said.getvalue())


class TapTest(unittest.TestCase):
    def test_passes(self):
        self.assertIsNone(judge("1..2", "ok 1 - a", "# note", "ok 2 - b # SKIP why"))
        self.assertIsNone(judge("ok 1 - a", "    not ok 1 - of a subtest", "1..1"))
        self.assertIsNone(judge("not ok 1 - a # TODO later", "1..1"))
        self.assertIsNone(judge("1..0 # SKIP no device"))

    def test_fails(self):
        for wanted, lines in (
                ("no plan", ["ok 1"]),
                ("no plan", []),
                ("more than one plan", ["1..1", "ok 1", "1..1"]),
                ("plan of 3, but 1 tests", ["1..3", "ok 1"]),
                ("1 of 2 failed, first: not ok 2 - b", ["ok 1 - a", "not ok 2 - b", "1..2"]),
                ("bailed out: no PF", ["ok 1", "Bail out! no PF", "1..1"]),
                ("test numbers are not in order", ["ok 1", "ok 3", "1..2"]),
                ("a plan of 0 without a reason", ["1..0"])):
            with self.subTest(lines=lines):
                self.assertEqual(judge(*lines), wanted)


class HeaderTest(unittest.TestCase):
    def parse(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "t.sh"
            path.write_text(text)
            return header.parse(path)

    def test_reads(self):
        found = self.parse("# e2e: kernels small\n# e2e: programs a b\n# e2e: icount\n"
                           "# e2e: timeout 7\n\n# e2e: memory 1\n")
        self.assertEqual((found.kernels, found.programs), (["small"], ["a", "b"]))
        self.assertEqual((found.icount, found.timeout, found.memory), (True, 7, 1024))

    def test_refuses(self):
        for line in ("kernels big", "kernels", "colour red", "timeout soon", "devices e1000"):
            with self.subTest(line=line), self.assertRaises(Failure):
                self.parse(f"# e2e: {line}\n")

    def test_kernels_of_another_stage(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "t.sh"
            path.write_text("# e2e: domu\n")
            found = header.parse(path, ("one", "two"))
            self.assertEqual((found.kernels, found.domu), (["one", "two"], True))
            path.write_text("# e2e: kernels small\n")
            with self.assertRaises(Failure):
                header.parse(path, ("one", "two"))


def tar_of(*members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, kind in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            member.size = 2 if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(b"hi") if member.size else None)
    return stream.getvalue()


class ExtractTest(unittest.TestCase):
    def test_takes_files(self):
        with tempfile.TemporaryDirectory() as name:
            extract(tar_of(("a/b", tarfile.REGTYPE), ("l", tarfile.SYMTYPE)), Path(name))
            self.assertEqual((Path(name) / "a/b").read_bytes(), b"hi")
            self.assertFalse((Path(name) / "l").is_symlink())

    def test_refuses_escapes(self):
        for bad in ("../x", "/tmp/x", "a/../../x"):
            with self.subTest(bad=bad), tempfile.TemporaryDirectory() as name:
                with self.assertRaises(Failure):
                    extract(tar_of((bad, tarfile.REGTYPE)), Path(name))


class ControlTest(unittest.TestCase):
    def answer(self, line):
        return Control(None, None, None)._answer(line)

    def test_refuses(self):
        for line in ("", "nonsense", "qmp {", "hook x", "exit soon", "out 999999999999"):
            with self.subTest(line=line):
                self.assertTrue(self.answer(line).startswith("error "))

    def test_exit(self):
        control = Control(None, None, None)
        self.assertEqual(control._answer("exit 3").strip(), "ok")
        self.assertEqual(control.exit_status, 3)


class CpioTest(unittest.TestCase):
    def test_aligned_and_ended(self):
        stream = io.BytesIO()
        archive = Archive(stream)
        archive.file("a/b", b"xyz")
        archive.close()
        data = stream.getvalue()
        self.assertEqual(len(data) % 512, 0)
        self.assertEqual(data.count(b"070701"), 3)
        self.assertIn(b"TRAILER!!!", data)


if __name__ == "__main__":
    unittest.main()
