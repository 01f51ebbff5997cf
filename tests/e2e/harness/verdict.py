# SPDX-License-Identifier: BSD-3-Clause
"""What one boot of one guest comes to: its console, its results, its end."""

from . import Failure, Skip

PANIC = ("Kernel panic", "BUG: ", "Oops: ", "(XEN) Panic on CPU")


def console_alarm(console):
    """The line of a console's file that tells of the guest kernel's death; None if there is none."""
    if not console.exists():
        return None
    text = console.read_text(errors="replace")
    return next((line.strip() for line in text.splitlines() if any(word in line for word in PANIC)), None)


def judge(alarm, tap, exit_status, ended):
    """Raises Failure or Skip unless all is well; ended tells how QEMU ended."""
    problem = tap.verdict()
    if alarm:
        raise Failure(f"guest kernel: {alarm}")
    if exit_status is None:
        raise Failure(f"QEMU ended before the test did, {ended}")
    if problem:
        raise Failure(problem)
    if exit_status != 0:
        raise Failure(f"the test ended with status {exit_status}")
    if tap.skip_all:
        raise Skip(tap.skip_all)
