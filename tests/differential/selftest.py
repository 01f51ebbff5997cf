# SPDX-License-Identifier: BSD-3-Clause
"""The comparer's own judgement, on traces made up for it."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import compare
import registers
import trace

HEADER = Path(__file__).parents[2] / "include/sriov/hw/igb_regs.h"
KNOWN = Path(__file__).parent / "known.ini"
BASE = """# step start
vf0 open 0000:01:10.0
vf0 bar0 write 0x0000/4 = 0x04000000
vf0 bar0 read 0x0008/4 = 0x00000003
vf0 mem m1+0x10 device = 0x0000000000000000 0x0000000100000000
vf0 irq 0 comes
# all is well
# step end
vf0 bar0 write 0x3818/4 = 0x00000001
"""


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, text):
        path = Path(self.folder.name) / name
        path.write_text(text)
        return str(path)

    def differences(self, model, device):
        comparer = compare.Comparer(HEADER)
        return [str(d) for d in comparer.compare(trace.parse(self.file("model", model)),
                                                 trace.parse(self.file("device", device)))]

    def judged(self, model, device, known):
        """(good, output)"""
        found = compare.Comparer(HEADER).compare(trace.parse(self.file("model", model)),
                                                 trace.parse(self.file("device", device)))
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            good = compare.judge(found, compare.Known(self.file("known", known)))
        return good, out.getvalue()


class Timing(Case):
    def test_the_same(self):
        self.assertEqual(self.differences(BASE, BASE), [])

    def test_another_place_of_the_function(self):
        self.assertEqual(self.differences(BASE, BASE.replace("01:10.0", "07:00.2")), [])

    def test_polls(self):
        read = "vf0 bar0 read 0x0008/4 = 0x00000003\n"
        self.assertEqual(self.differences(BASE, BASE.replace(read, read * 7)), [])

    def test_tries(self):
        write = "vf0 bar0 write 0x0000/4 = 0x04000000\n"
        more = write + "vf0 bar0 write 0x0c40/4 = 0x00000001\n"
        self.assertEqual(self.differences(BASE.replace(write, more), BASE.replace(write, more * 3)), [])

    def test_an_interrupt_twice_and_late(self):
        irq = "vf0 irq 0 comes\n"
        self.assertEqual(self.differences(BASE, BASE.replace(irq, irq * 2)), [])
        self.assertEqual(self.differences(BASE, BASE + irq), [])


class Differences(Case):
    def check(self, old, new, *wanted):
        self.assertEqual(self.differences(BASE, BASE.replace(old, new)), list(wanted))

    def test_a_value_read(self):
        self.check("read 0x0008/4 = 0x00000003", "read 0x0008/4 = 0x00000001",
                   "start / vf0 read VTSTATUS: model 0x00000003 / device 0x00000001")

    def test_a_value_written(self):
        self.check("write 0x3818/4 = 0x00000001", "write 0x3818/4 = 0x00000002",
                   "end / vf0 write TDT(0): model 0x00000001 / device 0x00000002")

    def test_a_write_more(self):
        self.check("# step end\n", "# step end\nvf0 bar0 write 0x1520/4 = 0x00000001\n",
                   "end / vf0 write VTEICS: model nothing / device 0x00000001")

    def test_a_read_that_fails(self):
        self.check("read 0x0008/4 = 0x00000003", "read 0x0008/4 error -19",
                   "start / vf0 read VTSTATUS: model 0x00000003 / device error -19")

    def test_a_descriptor(self):
        self.check("0x0000000100000000", "0x0000000300000000",
                   "start / vf0 memory m1+0x10 by device: model 0x0000000000000000 0x0000000100000000 / "
                   "device 0x0000000000000000 0x0000000300000000")

    def test_an_interrupt_that_does_not_come(self):
        self.check("vf0 irq 0 comes\n", "", "start / vf0 irq 0: model comes / device nothing")

    def test_an_outcome(self):
        self.check("# all is well", "# all is lost", "start / outcome: model all is well / device all is lost")

    def test_another_script(self):
        with self.assertRaises(SystemExit):
            self.differences(BASE, BASE.replace("# step end", "# step fin"))

    def test_no_trace(self):
        with self.assertRaises(ValueError):
            self.differences(BASE, "nonsense\n")


class Judgement(Case):
    other = BASE.replace("= 0x00000003", "= 0x80000003")

    def test_unknown_fails(self):
        good, out = self.judged(BASE, self.other, "")
        self.assertFalse(good)
        self.assertIn("unknown: start / vf0 read VTSTATUS", out)

    def test_known_passes(self):
        known = "[top bit]\nwhat = vf? read VTSTATUS\nbits = 80000000\nreason = so it is\n"
        good, out = self.judged(BASE, self.other, known)
        self.assertTrue(good, out)
        self.assertIn("1 top bit: so it is", out)

    def test_another_bit_fails(self):
        known = "[top bit]\nwhat = vf? read VTSTATUS\nbits = 40000000\nreason = so it is\n"
        self.assertFalse(self.judged(BASE, self.other, known)[0])

    def test_stale_fails(self):
        known = "[top bit]\nwhat = vf? read VTSTATUS\nreason = so it was\n"
        good, out = self.judged(BASE, BASE, known)
        self.assertFalse(good)
        self.assertIn("stale: [top bit]", out)

    def test_timing_is_not_stale(self):
        known = "[top bit]\nwhat = vf? read VTSTATUS\ntiming = yes\nreason = now and then\n"
        self.assertTrue(self.judged(BASE, BASE, known)[0])

    def test_no_reason(self):
        with self.assertRaises(SystemExit):
            compare.Known(self.file("known", "[top bit]\nwhat = *\n"))


class Files(unittest.TestCase):
    def test_register_names(self):
        names = registers.names(HEADER)
        self.assertEqual(names["vf"][0x3918], "TDT(1)")
        self.assertEqual(names["vf"][0x1680], "VTEITR(0)")
        self.assertEqual(names["pf"][0x0008], "STATUS")

    def test_the_table_is_read(self):
        self.assertGreater(len(compare.Known(KNOWN).entries), 10)


if __name__ == "__main__":
    unittest.main()
