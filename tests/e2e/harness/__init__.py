# SPDX-License-Identifier: BSD-3-Clause
"""Boots a QEMU guest with the emulated 82576, runs one test in it, brings back TAP and files."""


class Skip(Exception):
    """The test cannot run on this machine; the text says why."""


class Failure(Exception):
    """The test, or what it was given, is wrong; the text says how."""
