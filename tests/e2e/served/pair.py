# SPDX-License-Identifier: BSD-3-Clause
"""Two guests with stock drivers, a VF each: what pair.sh does."""

TIMEOUT = 180


def conduct(stage):
    stage.serve(3, "--wire", f"pcap:{stage.folder / 'wire.pcap'}")
    guests = [stage.boot(name, vf) for vf, name in enumerate(("a", "b"))]
    stage.join(*guests)
    stage.stop_server()
