# SPDX-License-Identifier: BSD-3-Clause
# The seam's contract on VFIO: the group backend on both kernels, iommufd on the small one.
# e2e: kernels stock small
# e2e: programs sriov-conform
# e2e: timeout 240

pf_up 2
vf_bind_vfio 0 || bail "VF 0 does not go to vfio-pci"
backends=group
[ "$E2E_KERNEL" = small ] && backends="group iommufd"
for backend in $backends; do
	subtest "contract of the kvm shim, backend $backend" \
		sriov-conform --shim kvm --device "$(vf_bdf 0)" --backend "$backend"
	sed -n "s/^# shim/# $backend: shim/p" /tmp/subtest.tap
	sed -n "s/^# shim/$E2E_KERNEL $backend: shim/p" /tmp/subtest.tap >>/out/counts.txt
done
done_testing
