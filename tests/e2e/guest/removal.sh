# SPDX-License-Identifier: BSD-3-Clause
# The port is removed by QMP while our programs carry traffic on it: each ends by itself with a
# message and a status, gives everything back, and the removal completes.
# e2e: kernels stock small
# e2e: programs sriovctl
# e2e: timeout 150

ours=192.0.2.10
pf_ip=192.0.2.1

field() { sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" | tail -n 1; }

# verdict NAME STATUS: what a program left behind.
verdict() {
	is "$1: ends with status 1" "$2" 1
	is "$1: says why, in one line" "$(grep -c "^sriovctl: .*owner wants it back" "/out/$1.log")" 1
	check "$1: the report says it too" grep -q '"ended": ".*owner wants it back' "/out/$1.json"
	is "$1: no buffer or mapping is leaked" "$(field "/out/$1.json" leaked)" 0
	is "$1: no descriptor is leaked" "$(grep -c 'descriptors were left open' "/out/$1.log")" 0
	diag "$(tr '\n' ';' <"/out/$1.log")"
}

pf_up 2
for number in 0 1; do
	check "sriovctl gives VF $number to vfio-pci" sriovctl bind "$(vf_bdf $number)"
done
ip addr add $pf_ip/24 dev "$PF"
sriovctl ping "$(vf_bdf 0)" --from $ours --to $pf_ip --count 0 --interval 5ms --interrupts --json \
	>/out/ping.json 2>/out/ping.log &
ping=$!
sriovctl respond "$(vf_bdf 1)" --address 192.0.2.11 --poll --json >/out/respond.json 2>/out/respond.log &
respond=$!
check "traffic runs" wait_for 15 ping -q -c 1 -W 1 192.0.2.11
sleep 2

check "the host unplugs the 82576" host_unplug
wait "$ping"
verdict ping $?
wait "$respond"
verdict respond $?
check "QEMU reports the 82576 removed" host event DEVICE_DELETED 30
check "the PF is gone" wait_for 5 gone "$pci/devices/$PF_BDF"
is "the kernel has nothing to complain of" "$(dmesg | grep -c -e 'BUG:' -e 'WARNING:' -e 'Oops')" 0
check "afterwards there is no such function" sh -c "! sriovctl info $PF_BDF 2>/dev/null"
done_testing
