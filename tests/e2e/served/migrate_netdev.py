# SPDX-License-Identifier: BSD-3-Clause
"""As migrate.py, with the guest kernel's own virtio_net as the standby, through its interface."""

from pathlib import Path

from harness.stage import load

scenario = load(Path(__file__).with_name("migrate.py"))
scenario.STANDBY = "netdev"
scenario.MOVES = min(scenario.MOVES, 4)
TIMEOUT = scenario.TIMEOUT
conduct = scenario.conduct
