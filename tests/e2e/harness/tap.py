# SPDX-License-Identifier: BSD-3-Clause
"""Reads what a guest test prints and judges it."""

import re

TEST = re.compile(r"(not )?ok\b(?: (\d+))?(?:[^#]*)(?:#\s*(SKIP|TODO)\b)?", re.I)
PLAN = re.compile(r"1\.\.(\d+)\s*(?:#\s*SKIP\b\s*(.*))?$", re.I)


class Tap:
    def __init__(self):
        self.plans, self.skip_all = [], None
        self.count, self.failed, self.misnumbered = 0, [], False
        self.bail = None

    def line(self, text):
        plan, test = PLAN.match(text), TEST.match(text)
        if plan:
            self.plans.append(int(plan.group(1)))
            if plan.group(1) == "0":
                self.skip_all = plan.group(2) or None
        elif text.startswith("Bail out!"):
            self.bail = text[len("Bail out!"):].strip() or "no reason given"
        elif test:
            self._test(text, test)

    def _test(self, text, test):
        self.count += 1
        if test.group(2) and int(test.group(2)) != self.count:
            self.misnumbered = True
        if test.group(1) and not test.group(3):
            self.failed.append(text)

    def verdict(self):
        """None when all is well, else the first thing wrong."""
        if self.bail is not None:
            return f"bailed out: {self.bail}"
        if self.failed:
            return f"{len(self.failed)} of {self.count} failed, first: {self.failed[0]}"
        if len(self.plans) != 1:
            return "no plan" if not self.plans else "more than one plan"
        if self.plans[0] != self.count:
            return f"plan of {self.plans[0]}, but {self.count} tests"
        if self.misnumbered:
            return "test numbers are not in order"
        if self.count == 0 and self.skip_all is None:
            return "a plan of 0 without a reason"
        return None
