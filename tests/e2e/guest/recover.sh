# SPDX-License-Identifier: BSD-3-Clause
# Traffic runs from our driver on VF 0 to the PF's own address. The PF goes down and up, then its
# cable is pulled and plugged: our driver carries traffic again by itself, within 3 s of the PF
# being up. Linux's igbvf on VF 1 is watched beside it, for comparison only.
# e2e: kernels stock small
# e2e: programs sriovctl
# e2e: timeout 200

ours=192.0.2.10
pf_ip=192.0.2.1
limit_ns=3000000000

field() { sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" | tail -n 1; }
seconds() { printf '%d.%03d' $(($1 / 1000000000)) $(($1 / 1000000 % 1000)); }
now_ns() {
	read -r up _ </proc/uptime
	echo $((10#${up/./} * 10000000))
}

peer_answers() { ip netns exec peer ping -q -c 1 -W 1 "$pf_ip" >/dev/null; }

# When the kernel's VF reaches the PF again, as nanoseconds since boot in /tmp/peer.back.
watch_peer() {
	rm -f /tmp/peer.back
	(wait_for 20 peer_answers && now_ns >/tmp/peer.back) &
	watcher=$!
}

received() { cat "/sys/class/net/$PF/statistics/rx_packets"; }
received_more_than() { [ "$(received)" -gt "$1" ]; }

# trial NAME DOWN UP: commands that take the PF's link away and bring it back.
trial() {
	file=/out/recover.$1.json
	before=$(received)
	sriovctl ping "$vf" --from $ours --to $pf_ip --count 0 --interval 10ms --json \
		>"$file" 2>"/out/recover.$1.log" &
	pinger=$!
	check "$1: traffic runs" wait_for 20 received_more_than $((before + 50))
	$2
	sleep 4
	up_ns=$(now_ns)
	$3
	watch_peer
	wait_for 20 has_carrier "$PF"
	carrier_ns=$(now_ns)
	sleep 4 # a second more than it may take
	kill -TERM "$pinger"
	wait "$pinger"
	status=$?
	diag "$(tr '\n' ';' <"/out/recover.$1.log")"
	back_ns=$(field "$file" to_ns)
	is "$1: there was one run, ended by us" "$(field "$file" ended):$((status < 2))" null:1
	check "$1: the cut was seen and is over" test "${back_ns:-null}" != null
	is "$1: nothing is lost but in the outage" "$(field "$file" lost)" "$(field "$file" lost_in_outages)"
	is "$1: nothing is corrupt or leaked" "$(field "$file" corrupt):$(field "$file" leaked)" 0:0
	[ "${back_ns:-null}" != null ] || return
	check "$1: traffic came back after the PF was up" test "$back_ns" -gt "$up_ns"
	check "$1: traffic is back within 3 s of the PF being up" test $((back_ns - up_ns)) -le "$limit_ns"
	# It takes up to 13 s; once is enough to compare.
	[ "$E2E_KERNEL" = stock ] || kill "$watcher" 2>/dev/null
	wait "$watcher" 2>/dev/null
	line="$1: ours $(seconds $((back_ns > up_ns ? back_ns - up_ns : 0))) s after the PF was set up"
	line="$line (its carrier: $(seconds $((carrier_ns - up_ns))) s)"
	[ -s /tmp/peer.back ] && line="$line, Linux's igbvf $(seconds $(($(cat /tmp/peer.back) - up_ns))) s"
	diag "$line"
	echo "$line" >>/out/summary.txt
}

pf_down() { ip link set "$PF" down; }
pf_again() { ip link set "$PF" up; }
cable_out() { host_link down; }
cable_in() { host_link up; }

pf_up 2
vf=$(vf_bdf 0)
check "sriovctl gives VF 0 to vfio-pci" sriovctl bind "$vf"
vf_bind_kernel 1 || bail "VF 1 does not go to igbvf"
ip addr add $pf_ip/24 dev "$PF"
vf_to_netns 1 peer 192.0.2.2/24 || bail "VF 1 has no link"
check "Linux's igbvf reaches the PF" wait_for 15 peer_answers

trial pf pf_down pf_again
trial cable cable_out cable_in
done_testing
