# SPDX-License-Identifier: BSD-3-Clause
# No IOMMU: refused by default with the remedy, bound and driven only when noiommu is asked for by name.
# e2e: kernels stock small
# e2e: programs vfio-smoke vfio-services
# e2e: append intel_iommu=off
# e2e: timeout 120

pf_up 1
vf=$(vf_bdf 0)
refused() {
	"$@" >/tmp/refusal.log 2>&1
	[ $? = 2 ] && [ "$(wc -l </tmp/refusal.log)" = 1 ] && grep -q "intel_iommu=on" /tmp/refusal.log
}
check "open is refused, one line names intel_iommu=on" refused vfio-services open "$vf" auto
check "bind is refused, one line names intel_iommu=on" refused vfio-services bind "$vf"
is "nothing was changed" "$(cat "$pci/devices/$vf/driver_override")" "(null)"
vfio-services doctor "$vf" >/tmp/doctor.log
is "the doctor's verdict" "$?" 1
is "it names the IOMMU" "$(grep -c 'BAD  iommu: ' /tmp/doctor.log)" 1
sed 's/^/# /' /tmp/doctor.log

if [ ! -e /sys/module/vfio/parameters/enable_unsafe_noiommu_mode ]; then
	skip "this kernel has no CONFIG_VFIO_NOIOMMU" "noiommu mode"
	done_testing
fi
echo Y >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode
check "bound in noiommu mode" vfio-services bind "$vf"
check "open is still refused" refused vfio-services open "$vf" auto
echo 32 >/proc/sys/vm/nr_hugepages
check "there are huge pages" test "$(cat /proc/sys/vm/nr_hugepages)" = 32
subtest "every call, asked for by name" vfio-smoke "$vf" auto noiommu
done_testing
