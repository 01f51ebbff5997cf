# SPDX-License-Identifier: BSD-3-Clause
# A user without privilege who was given the function's nodes: it works, within RLIMIT_MEMLOCK, and
# beyond it there is a line that names the limit and the remedy.
# e2e: kernels stock small
# e2e: programs vfio-services
# e2e: timeout 90

pf_up 1
vf_bind_vfio 0 || bail "VF 0 does not go to vfio-pci"
vf=$(vf_bdf 0)
backends=group
chown user /dev/vfio/vfio "/dev/vfio/$(vf_group 0)"
if [ "$E2E_KERNEL" = small ]; then
	backends="group iommufd"
	chown user /dev/iommu /dev/vfio/devices/vfio0
fi

for backend in $backends; do
	ulimit -l 8192
	check "$backend: 4 MiB of DMA memory within a limit of 8 MiB" as_user vfio-services dma "$vf" $backend 4096
	as_user vfio-services dma "$vf" $backend 16384 >/tmp/refusal.log 2>&1
	is "$backend: 16 MiB are refused" "$?" 2
	is "$backend: a line tells limit and remedy" "$(grep -c 'KiB.*RLIMIT_MEMLOCK.*ulimit -l' /tmp/refusal.log)" 1
	sed 's/^/# /' /tmp/refusal.log
	check "$backend: root is not bound by it" vfio-services dma "$vf" $backend 16384
done
as_user vfio-services doctor "$vf" >/tmp/doctor.log 2>&1
is "the doctor tells the limit" "$(grep -c 'memlock: 8192 KiB may be locked' /tmp/doctor.log)" 1
sed 's/^/# /' /tmp/doctor.log
done_testing
