# SPDX-License-Identifier: BSD-3-Clause
# The KVM shim on a real function: its public calls one by one, and its refusals in one line each.
# e2e: kernels stock small
# e2e: programs vfio-smoke vfio-services
# e2e: timeout 150

pf_up 2
vf=$(vf_bdf 0)
backends="auto group"
[ "$E2E_KERNEL" = small ] && backends="auto group iommufd"

# Refusals, before the function is fit: status 2, one line that names the thing and the remedy.
refuses() {
	what=$1
	words=$2
	shift 2
	vfio-services "$@" >/tmp/refusal.log 2>&1
	is "$what: status" "$?" 2
	is "$what: one line" "$(wc -l </tmp/refusal.log | tr -d ' ')" 1
	is "$what: names it ($words)" "$(grep -c "$words" /tmp/refusal.log)" 1
	sed 's/^/# /' /tmp/refusal.log
}
refuses "an unbound function" "sriovctl bind $vf" open "$vf" auto
refuses "an absent function" "no such PCI function" open 0000:7f:1f.7 auto
refuses "no BDF" "no PCI function" open eth0 auto
refuses "a function of another driver" "held by driver igb" open "$PF_BDF" auto

check "the VF is bound" vfio-services bind "$vf"
check "bound again is fine" vfio-services bind "$vf"
is "its driver" "$(basename "$(readlink "$pci/devices/$vf/driver")")" vfio-pci
if [ "$E2E_KERNEL" = stock ]; then
	refuses "a kernel without iommufd" "use the group backend" open "$vf" iommufd
fi
check "the doctor finds nothing bad" vfio-services doctor "$vf"
vfio-services doctor "$vf" | sed 's/^/# /'
for backend in $backends; do
	subtest "every call, backend $backend" vfio-smoke "$vf" "$backend"
done
refuses "a token that is no UUID" "vf-token" open "$vf" group vf-token=1234
vf_node="/dev/vfio/$(vf_group 0)"
chmod 600 "$vf_node"
as_user vfio-services open "$vf" group >/tmp/refusal.log 2>&1
is "no permission: status" "$?" 2
is "no permission: names the node" "$(grep -c "/dev/vfio/.* may not be opened" /tmp/refusal.log)" 1
sed 's/^/# /' /tmp/refusal.log

check "VFs of the PF: none" vfio-services vfs "$PF_BDF" 0
check "VFs of the PF: 3" vfio-services vfs "$PF_BDF" 3
is "there are 3" "$(cat "$pci/devices/$PF_BDF/sriov_numvfs")" 3
refuses "more VFs than there are" "8 VFs asked" vfs "$PF_BDF" 8
check "a new VF is bound" vfio-services bind "$(vf_bdf 2)"
check "and given back" vfio-services unbind "$(vf_bdf 2)"
check "given back again is fine" vfio-services unbind "$(vf_bdf 2)"
done_testing
