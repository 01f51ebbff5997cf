# SPDX-License-Identifier: BSD-3-Clause
# What the host can do to the 82576 while the guest runs: pull the cable, unplug the device.
# e2e: kernels stock small
# e2e: timeout 120

pf_up 1
vf_bind_kernel 0
vf=$(vf_netdev 0)
ip link set "$vf" up
check "the VF has link" wait_for 15 has_carrier "$vf"

no_carrier() { ! has_carrier "$1"; }

check "the host pulls the cable" host_link down
check "the PF sees it" wait_for 10 no_carrier "$PF"
check "the host plugs it in" host_link up
check "the PF sees it" wait_for 10 has_carrier "$PF"
check "the VF has link again" wait_for 15 has_carrier "$vf"

is "QMP says that the guest runs" \
	"$(host qmp '{"execute":"query-status"}' | grep -c '"status": "running"')" 1
is "a wrong request is refused" \
	"$(host qmp '{"execute":"no-such-command"}' 2>&1 | grep -c 'has not been found')" 1
is "a hook of the test runs" "$(host hook double 21)" 42

begin=$(cut -d. -f1 /proc/uptime)
check "the host unplugs the 82576" host_unplug
check "QEMU reports it removed" host event DEVICE_DELETED 30
check "the PF is gone" wait_for 5 gone "$pci/devices/$PF_BDF"
check "its VF is gone" wait_for 5 gone "/sys/class/net/$vf"
diag "unplugging took $(($(cut -d. -f1 /proc/uptime) - begin)) s"
check "the host plugs a new one in" host_plug
pf_up 1
ok "the new PF $PF ($PF_BDF) is up with a VF"
done_testing
