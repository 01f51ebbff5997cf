# SPDX-License-Identifier: BSD-3-Clause
# The stock driver asks a guest whose address testpmd answers for: its icmpecho answers ARP and echo requests
# to any address.
# e2e: append ipv6.disable=1

. /e2e/served.sh

count=200
peer=192.0.2.2

answers() { ping -q -c 1 -W 1 $peer; }

all_back() {
	ping -q -A -c $count -s 1400 $peer >/out/ping.txt
	grep -q "$count packets transmitted, $count received, 0% packet loss" /out/ping.txt
}

vf_up 192.0.2.1/24
check "testpmd is there" wait_for 90 answers
check "$count pings of 1400 bytes, $count answers" all_back
diag "$(tail -n 2 /out/ping.txt)"
is "by the VF that testpmd has" "$(ip neigh show $peer | sed -n 's/.*lladdr \([^ ]*\).*/\1/p')" 02:00:00:00:01:01
post asked $count
done_testing
