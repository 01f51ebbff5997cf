# SPDX-License-Identifier: BSD-3-Clause
# The example examples/forward on VFIO, the same program that runs on the mock: what the PF sends to
# VF 0 comes back to it from VF 1, and the program ends cleanly when it is interrupted.
# e2e: kernels small
# e2e: programs sriovctl forward

frames=50
mac0=02:53:52:00:00:10
mac1=02:53:52:00:00:11
target=192.0.2.10

pf_up 2
check "VF 0 has an address" ip link set "$PF" vf 0 mac $mac0
check "VF 1 has an address" ip link set "$PF" vf 1 mac $mac1
check "VF 0 goes to vfio-pci" sriovctl bind "$(vf_bdf 0)"
check "VF 1 goes to vfio-pci" sriovctl bind "$(vf_bdf 1)"
ip addr add 192.0.2.1/24 dev "$PF"
ip neigh add $target lladdr $mac0 dev "$PF" nud permanent

forward --shim kvm "$(vf_bdf 0)" "$(vf_bdf 1)" >/tmp/forward.out 2>/tmp/forward.err &
forwarder=$!
received() { cat "/sys/class/net/$PF/statistics/rx_packets"; }
sleep 3
before=$(received)
ping -q -c $frames -i 0.05 -W 1 $target >/dev/null 2>&1
sleep 1
after=$(received)
kill -INT "$forwarder"
wait "$forwarder"
status=$?
diag "$(cat /tmp/forward.out /tmp/forward.err)"
sent=$(sed -n "s/^$(vf_bdf 0): .*forwarded \([0-9]*\),.*/\1/p" /tmp/forward.out)
is "forward ends with" "$status:$(tail -n 1 /tmp/forward.out)" "0:forward: ok"
check "each frame went through" test "${sent:-0}" -ge $frames
check "the PF got them back" test $((after - before)) -ge $frames
done_testing
