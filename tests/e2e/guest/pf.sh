# SPDX-License-Identifier: BSD-3-Clause
# Our PF driver owns the emulated 82576 through VFIO; Linux's own igbvf drives its VFs. Both ends of the
# mailbox, the switch, reset, down and up.
# e2e: kernels stock small
# e2e: programs pf-serve
# e2e: append vfio_pci.enable_sriov=1
# igbvf spins in the kernel, for a second, for an answer that our PF driver gives in user space: each wants a CPU.
# e2e: cpus 2
# e2e: timeout 300

load_modules igb igbvf vfio-pci vfio_iommu_type1 8021q
wait_for 20 find_pf || bail "no 82576 PF"
device=$pci/devices/$PF_BDF
echo "$PF_BDF" >"$device/driver/unbind"
echo vfio-pci >"$device/driver_override"
echo "$PF_BDF" >"$pci/drivers_probe"
is "the PF is VFIO's" "$(basename "$(readlink "$device/driver")")" vfio-pci

# All igbvf on CPU 0, where their timers then stay: were two of them to spin on both CPUs the PF could not answer.
# It heals that, but they try again only after 10 seconds.
[ ! -e /proc/sys/kernel/timer_migration ] || echo 0 >/proc/sys/kernel/timer_migration
taskset -p 1 "$$" >/dev/null

mkfifo /tmp/pf.in /tmp/pf.out
taskset 3 pf-serve "$PF_BDF" 3 </tmp/pf.in >/tmp/pf.out &
server=$!
exec 7>/tmp/pf.in 8</tmp/pf.out
read -r -t 20 reply <&8
is "our PF driver is up, 3 VFs, link" "$reply" ok

# ask COMMAND...: one command to it, its answer in reply.
ask() {
	echo "$*" >&7
	read -r -t 10 reply <&8
}
# asks COMMAND...: the same, which has to succeed.
asks() {
	ask "$@"
	[ "${reply%% *}" = ok ]
}
# told KEY: a value of the last answer.
told() { printf '%s\n' "$reply" | tr ' ' '\n' | sed -n "s/^$1=//p"; }
vf_ready() { asks vf "$1" && [ "$(told ready)" = 1 ]; }
netdev_of() { [ -n "$(vf_netdev "$1")" ]; }

for vf in 0 1; do
	check "VF $vf gets an address" asks mac "$vf"
	check "igbvf takes VF $vf" vf_bind_kernel "$vf"
	check "VF $vf has a network device" wait_for 10 netdev_of "$vf"
	is "igbvf was told the address" "$(cat "/sys/class/net/$(vf_netdev "$vf")/address")" "02:50:46:00:00:0$vf"
	check "VF $vf is greeted" vf_ready "$vf"
done
# VF 2 has no address of the host's: igbvf chooses one, and the PF accepts it.
check "igbvf takes VF 2" vf_bind_kernel 2
check "VF 2 has a network device" wait_for 10 netdev_of 2
mac2=$(cat "/sys/class/net/$(vf_netdev 2)/address")
for vf in 0 1 2; do
	check "VF $vf has link" vf_to_netns "$vf" "guest$vf" "192.0.2.1$vf/24"
done
asks vf 2
is "the PF knows the address VF 2 chose" "$(told mac)" "$mac2"

# pings FROM TO: 50 echo requests, none lost.
pings() { ip netns exec "guest$1" ping -q -c 50 -i 0.01 -W 2 -s 1400 "192.0.2.1$2"; }
# comes_back FROM TO: one try takes up to a second, so "wait_for 6" is 60 seconds at the most; igbvf starts
# over only once in 10 seconds.
comes_back() { ip netns exec "guest$1" ping -q -c 1 -W 1 "192.0.2.1$2" >/dev/null 2>&1; }
check "VF 0 reaches VF 1" pings 0 1
check "VF 2 reaches VF 0" pings 2 0

# Early, since they have to start over once more further down.
check "reset of the PF" asks reset
check "traffic again after the reset" wait_for 6 comes_back 0 1
check "also for VF 2" wait_for 6 comes_back 2 0
check "and without loss" pings 0 1

check "another address is refused" sh -c "! ip -n guest0 link set \$(ip -n guest0 -o link | \
	sed -n 's/^[0-9]*: \(e[^:]*\):.*/\1/p') address 02:99:99:99:99:99 2>/dev/null || \
	! ip -n guest0 link | grep -q 02:99:99:99:99:99"

# Policy, as Linux's igbvf takes it.
dev_of() { ip -n "guest$1" -o link | sed -n 's/^[0-9]*: \(e[^:@]*\):.*/\1/p'; }
# vlan_of VF VID: the guest asks for a VLAN.
vlan_of() { ip -n "guest$1" link add link "$(dev_of "$1")" name "tag$2" type vlan id "$2"; }
check "VF 1 may ask for VLAN 7 only" asks trunk 1 7
check "igbvf gets VLAN 7" vlan_of 1 7
asks vf 1
before=$(told refused)
# igbvf does not look at the refusal (it compares the whole header); what counts is what passes.
vlan_of 1 8
asks vf 1
is "VLAN 8 is refused" "$(told refused)" $((before + 1))
check "VF 0 gets VLAN 7" vlan_of 0 7
check "and VLAN 8" vlan_of 0 8
# tag_up VF VID: the guest's end of a VLAN.
tag_up() { ip -n "guest$1" addr add "198.51.$2.1$1/24" dev "tag$2" && ip -n "guest$1" link set "tag$2" up; }
for vid in 7 8; do
	check "VLAN $vid is up on VF 0" tag_up 0 "$vid"
	check "and on VF 1" tag_up 1 "$vid"
done
# passes VID: within 10 tries.
passes() { ip netns exec guest0 ping -q -c 1 -W 1 "198.51.$1.11" >/dev/null 2>&1; }
check "VLAN 7 passes" wait_for 1 passes 7
check "VLAN 8 does not" sh -c "! ip netns exec guest0 ping -q -c 2 -W 1 198.51.8.11"
check "what is untagged passes" pings 0 1
check "any VLAN again" asks trunk 1 0
ip -n guest1 link del tag8
check "igbvf asks for VLAN 8 again" vlan_of 1 8
tag_up 1 8
check "and it passes" wait_for 1 passes 8

# On the emulated 82576 igbvf does not hear of it: the mailbox rings another of its vectors.
check "VF 1 loses its link" asks vf-link 1 2
check "VF 1 is not reached" sh -c "! ip netns exec guest0 ping -q -c 1 -W 1 192.0.2.11"
check "VF 2 reaches VF 0 as before" pings 2 0
check "VF 1 has its link again" asks vf-link 1 0
check "and traffic" wait_for 3 comes_back 0 1
check "without loss" pings 0 1
ask vf-link 1 1
is "a link that is up alone is not to be had" "${reply%% -*}" error

ask vf-stats 1
before=$(told rx_packets)
check "50 requests more" pings 0 1
ask vf-stats 1
diag "VF 1: $reply"
check "are counted" [ "$(told rx_packets)" -ge $((before + 50)) ]
check "a rate is taken" asks rate 1 100
ask rate 1 1001
is "and one above the link's is not" "${reply%% -*}" error

check "the PF goes down" asks down
check "no traffic then" sh -c "! ip netns exec guest0 ping -q -c 1 -W 1 192.0.2.11"
check "the PF comes up" asks up
check "traffic again" wait_for 6 comes_back 0 1
check "and without loss again" pings 0 1
check "and in the VLANs" wait_for 3 passes 7
check "in both" wait_for 3 passes 8
check "and for VF 2" wait_for 6 comes_back 2 0
ask stats
diag "$reply"
for vf in 0 1 2; do
	ask vf "$vf"
	diag "VF $vf: $reply"
done

for vf in 0 1 2; do
	echo "$(vf_bdf "$vf")" >"$pci/devices/$(vf_bdf "$vf")/driver/unbind"
done
echo quit >&7
read -r -t 20 reply <&8
is "our PF driver ends well" "$reply" "ok closed"
wait "$server"
is "its status" $? 0
is "no VF is left" "$(cat "$device/sriov_numvfs")" 0
done_testing
