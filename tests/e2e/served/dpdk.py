# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's testpmd drives a VF that its guest reaches through the emulated VT-d, and answers the pings of
another guest's stock driver."""

from harness import cache

TIMEOUT = 240
# Without caching-mode QEMU would not learn what the guest maps, and the server nothing of it.
VTD = ["-machine", "kernel-irqchip=split", "-device", "intel-iommu,intremap=on,caching-mode=on"]
# Of these 512 MiB testpmd has 64, and the image 90.
MEMORY = 512


def conduct(stage):
    stage.serve(2)
    testpmd = stage.boot("testpmd", 1, script="dpdk.sh", qemu=VTD, memory=MEMORY,
                         files={"opt/dpdk": cache.entry("dpdk")})
    asker = stage.boot("asker", 0, script="dpdk_asker.sh")
    stage.join(asker, testpmd)
    stage.stop_server()
