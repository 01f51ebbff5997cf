# SPDX-License-Identifier: BSD-3-Clause
# Bad input and a machine that lacks something: one line that names it and the remedy, status 2,
# nothing left changed.
# e2e: kernels stock small
# e2e: programs sriovctl
# e2e: timeout 150

addresses="--from 192.0.2.10 --to 192.0.2.1"

# What must not change: who holds the VFs, how many there are, the PF's state, open nodes.
state() {
	for number in 0 1; do
		bdf=$(vf_bdf $number)
		echo "$bdf $(readlink "$pci/devices/$bdf/driver") $(cat "$pci/devices/$bdf/driver_override")"
	done
	cat "$pci/devices/$PF_BDF/sriov_numvfs" "/sys/class/net/$PF/flags"
	ls -l /dev/vfio /proc/[0-9]*/fd 2>/dev/null | grep -c vfio/
}

# refused NAME PATTERN COMMAND...
refused() {
	name=$1 pattern=$2
	shift 2
	before=$(state)
	"$@" >/tmp/out 2>/tmp/err
	is "$name: status 2" $? 2
	is "$name: one line, no more" "$(wc -l </tmp/err):$(wc -c </tmp/out)" 1:0
	check "$name: it says $pattern" grep -q -i -e "^sriovctl: .*$pattern" /tmp/err
	is "$name: nothing is changed" "$(state)" "$before"
	diag "$(cat /tmp/err)"
}

# As a user who may open the group's node but lock little memory.
with_little_memory() {
	(ulimit -l 64 && as_user "$@")
}

pf_up 2
vf=$(vf_bdf 0)
check "VF 0 goes to vfio-pci" sriovctl bind "$vf"
check "VF 1 goes to igbvf" vf_bind_kernel 1

refused "absent" "01:1f.7.*sriovctl list" sriovctl ping 01:1f.7 $addresses
refused "held by igbvf" "$(vf_bdf 1).*igbvf.*bind" sriovctl ping "$(vf_bdf 1)" $addresses
refused "a PF" "$PF_BDF.*is a PF" sriovctl ping "$PF_BDF" $addresses
refused "too many VFs" "$PF_BDF.*7" sriovctl vfs "$PF_BDF" 8
refused "no permission to open" "/dev/vfio.*\(permission\|root\|user\)" as_user sriovctl ping "$vf" $addresses
refused "no permission to bind" "\(permission\|root\)" as_user sriovctl bind "$(vf_bdf 1)"
refused "no permission for VFs" "\(permission\|root\)" as_user sriovctl vfs "$PF_BDF" 3
refused "no permission to look" "root" as_user sriovctl info "$vf"

chown user "/dev/vfio/$(vf_group 0)"
chmod 666 /dev/vfio/vfio
refused "little locked memory" "MEMLOCK.*ulimit -l" with_little_memory sriovctl --backend group ping "$vf" $addresses
chown root "/dev/vfio/$(vf_group 0)"

if [ ! -e /dev/iommu ]; then
	refused "a kernel without iommufd" "iommufd\|/dev/iommu" sriovctl --backend iommufd ping "$vf" $addresses
else
	skip "this kernel has iommufd" "a kernel without iommufd"
fi

# Another program has it: through the group, a second open must not get in.
sriovctl --backend group respond "$vf" --address 192.0.2.10 >/dev/null 2>/tmp/respond.log &
holder=$!
wait_for 10 sh -c "ls -l /proc/$holder/fd | grep -q vfio-device" || diag "$(cat /tmp/respond.log)"
refused "held by another program" "$vf\|/dev/vfio" sriovctl --backend group ping "$vf" $addresses
kill -TERM $holder
wait $holder
is "its holder is unharmed" $? 0

ip link set "$PF" down
refused "the PF is down" "$vf.*$PF_BDF.*ip link set" sriovctl ping "$vf" $addresses --link-wait 3s
ip link set "$PF" up
wait_for 20 has_carrier "$PF"
ip addr add 192.0.2.1/24 dev "$PF"
check "after all that the VF works" sriovctl ping "$vf" $addresses --count 20 --interval 10ms
done_testing
