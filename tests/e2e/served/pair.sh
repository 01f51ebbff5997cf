# SPDX-License-Identifier: BSD-3-Clause
# One of two guests, a VF each, the same on every device and kernel: link and address, ping, TCP both ways with
# offloads, what ethtool tells, VLANs by the PF's policy, jumbo frames, and a link that the PF takes and gives.
# e2e: tools ethtool iperf3 tcpdump
# e2e: append ipv6.disable=1

. /e2e/served.sh

count=500
few=20
own=$((VF + 1))
other=$((2 - VF))
net=192.0.2
vlan_net=198.51.100
barred_net=203.0.113
port=5201

# --- Looks.

ethtool_says() { ethtool "$DEV" | grep -q "^	$1: $2$"; }
feature() { sed -n "s/^$1: \([a-z]*\).*/\1/p" /out/features.txt; }
# kernel_count PROTOCOL NAME: as the guest's kernel counts it.
kernel_count() {
	awk -v tag="$1:" -v name="$2" '$1 == tag { if (n) print $n; else for (i = 2; i <= NF; i++) if ($i == name) n = i }' \
		/proc/net/snmp
}
answers() { [ "$(kernel_count Icmp InEchoReps)" -ge "$1" ]; }
counters() { ethtool -S "$DEV" >"$1"; }
# grown WORD: by how much a counter of the driver has grown between the two looks.
grown() { echo $(($(number "$1" /out/after.txt) - $(number "$1" /out/before.txt))); }
between() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; }
# ethtool answers for a driver that lets nobody set channels: then there are the queues that it has made.
channels() { ethtool -l "$DEV" >/out/channels.txt 2>&1 || grep -q 'Operation not supported' /out/channels.txt; }
queues() { ls -d "/sys/class/net/$DEV/queues/$1-"* | wc -l; }
# all_back COUNT PING-OPTION...: as many answers as questions. ping waits for the last ones for twice the longest
# round trip, which on a busy machine can be too short: the kernel has counted those that it left behind.
all_back() {
	before=$(kernel_count Icmp InEchoReps)
	ping -q -A -c "$@" >/tmp/ping.log
	status=$?
	cat /tmp/ping.log
	[ $status = 0 ] && grep -q " $1 received, 0% packet loss" /tmp/ping.log && return
	grep -q "^$1 packets transmitted" /tmp/ping.log && ! grep -q errors /tmp/ping.log &&
		wait_for 10 answers $((before + $1))
}

# --- The parts.

link_and_address() {
	check "the link is up at $SPEED Mbit/s" ethtool_says Speed "${SPEED}Mb/s"
	check "full duplex" ethtool_says Duplex Full
	is "the address is the PF's choice" "$(cat "/sys/class/net/$DEV/address")" "02:00:00:00:01:0$VF"
	ethtool -k "$DEV" >/out/features.txt
	for name in rx-checksumming tx-checksumming tcp-segmentation-offload scatter-gather; do
		is "$name" "$(feature $name)" on
	done
	check "ethtool -l" channels
	is "a queue each way for its CPU" "$(queues rx):$(queues tx)" 1:1
}

pings() {
	counters /out/before.txt
	post "$GUEST.counted"
	meet counted
	check "$count pings of 1400 bytes, $count answers" all_back $count -s 1400 $net.$other
	diag "$(tail -n 2 /tmp/ping.log)"
	meet pinged
	await third.done 90 >/dev/null || not_ok "the third process did not come back"
	counters /out/after.txt
	# Own questions and answers, and those of the third process; ARP may come on top.
	for way in rx tx; do
		diag "ethtool -S: $way $(grown ${way}_packets) packets, $(grown ${way}_bytes) bytes"
		check "ethtool -S counts packets $way" between "$(grown ${way}_packets)" $((3 * count)) $((3 * count + 20))
		check "ethtool -S counts bytes $way" between "$(grown ${way}_bytes)" $((3 * count * 1442)) \
			$((3 * count * 1446 + 20 * 64))
	done
}

serves() { grep -q ":$(printf %04X $port) 0*:0000 0A" /proc/net/tcp; }

tcp_server() {
	iperf3 -4 -s -1 -p $port >/out/iperf.txt 2>&1 &
	wait_for 20 serves || bail "iperf3 does not listen"
	meet iperf
	wait $!
}

tcp_client() {
	meet iperf
	check "TCP both ways for 10 s" iperf3 -c $net.$other -p $port -t 10 --bidir -i 0 -f m
	cp /tmp/check.log /out/iperf.txt
	for way in TX RX; do
		rate=$(sed -n "s/.*\[$way-C\].* \([0-9.]*\) Mbits.*receiver.*/\1/p" /out/iperf.txt)
		diag "TCP $way: $rate Mbit/s"
		check "data came $way" test "${rate%.*}" -ge 1
	done
}

tcp() {
	tcpdump -Z root -n -q -i "$DEV" -c 50 "src host $net.$own and tcp and greater 3000" >/out/large.txt 2>/tmp/tcpdump.log &
	watcher=$!
	if [ "$VF" = 0 ]; then tcp_server; else tcp_client; fi
	meet tcp.done 2 90
	kill $watcher 2>/dev/null
	wait $watcher
	check "the driver was given segments larger than a frame" test "$(wc -l </out/large.txt)" -ge 10
	is "TCP saw no bad checksum" "$(kernel_count Tcp InCsumErrors)" 0
	counters /out/end.txt
	is "nor did the device" "$(number rx_csum_offload_errors /out/end.txt)" 0
	if [ "$DRIVER" = igbvf ]; then
		check "the device checked checksums" test "$(number rx_csum_offload_good /out/end.txt)" -ge 1000
	fi
}

# ixgbevf hears the PF's no. igbvf overlooks it in the answer, and nothing comes through instead.
refused() {
	if tagged 200 2>/tmp/tag.log; then
		ip addr add $barred_net.$own/24 dev tag200 && ip link set tag200 up
		[ "$DRIVER" = igbvf ] && ! ping -q -c 3 -i 0.2 -W 1 $barred_net.$other >/tmp/tag.log
	else
		[ "$DRIVER" = ixgbevf ]
	fi
}

tagged() { ip link add link "$DEV" name "tag$1" type vlan id "$1"; }

vlans() {
	load_modules 8021q
	check "VLAN 100 is allowed" tagged 100
	ip addr add $vlan_net.$own/24 dev tag100 && ip link set tag100 up
	meet tagged
	check "and passes" all_back $few -s 1400 $vlan_net.$other
	check "VLAN 200 is refused" refused
	diag "$(cat /tmp/tag.log)"
	meet untagged
	ip link del tag100
	ip link del tag200 2>/dev/null
}

jumbo() {
	check "MTU 9000" ip link set "$DEV" mtu 9000
	wait_for 30 has_carrier "$DEV" || not_ok "no link with MTU 9000"
	meet jumbo
	# A driver that has taken its own link down for it brings it up later.
	check "jumbo frames come through" wait_for 30 ping -q -c 1 -W 1 -M do -s 8900 $net.$other
	meet jumbo.through
	check "$few pings of 8900 bytes" all_back $few -M do -s 8900 $net.$other
	diag "$(tail -n 2 /tmp/ping.log)"
	meet jumbo.done
}

link_from_pf() {
	check "the PF takes the link" vf_set --link off
	check "the guest sees it go" wait_for 30 no_carrier "$DEV"
	meet dark
	check "the PF gives it back" vf_set --link auto
	check "the guest sees it come" wait_for 30 has_carrier "$DEV"
	meet bright
	check "traffic comes back" wait_for 30 ping -q -c 1 -W 1 $net.$other
	meet again
	check "$few pings again" all_back $few -s 1400 $net.$other
}

vf_up $net.$own/24
meet up
link_and_address
pings
tcp
vlans
jumbo
link_from_pf
meet over
done_testing
