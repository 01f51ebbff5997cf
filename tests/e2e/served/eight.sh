# SPDX-License-Identifier: BSD-3-Clause
# One of eight guests. ROLE: ring asks its neighbour until the host has seen enough; victim asks until it is
# killed; again has the victim's VF after it. RING: how many are in the ring.
# e2e: append ipv6.disable=1

. /e2e/served.sh

net=192.0.2
neighbour=$net.$(((VF + 1) % RING + 1))
batch=20
many=200 # in batches

# all_back COUNT INTERVAL: all answers came, with what ping said in /tmp/ping.log. Busybox's ping waits at
# least a second for the last of them: the machine may be busy.
all_back() {
	busybox ping -q -c "$1" -i "$2" "$neighbour" >/tmp/ping.log
	grep -q "^$1 packets transmitted, $1 packets received, 0% packet loss" /tmp/ping.log
}

answers() { ping -q -c 1 -W 1 "$neighbour" >/dev/null; }

many_back() {
	for _ in $(seq $((many / batch))); do all_back $batch 0.05 || return 1; done
}

# Who is asked need not be up yet; from the first answer on, all count.
first_answer() { wait_for 120 answers || bail "$neighbour does not answer"; }

# A batch waits for its last answer: none is on its way when the next begins, nor at the end. Nobody leaves
# while another still asks.
ask_until() {
	asked=0 lost=0
	until [ -e "$1" ]; do
		all_back $batch 0.1 || { lost=$((lost + 1)); diag "$(tail -n 2 /tmp/ping.log)"; }
		asked=$((asked + batch))
	done
}

ring() {
	changes=$(cat "/sys/class/net/$DEV/carrier_changes")
	(await enough 200 >/dev/null; : >/run/enough) &
	ask_until /run/enough
	wait
	meet over "$RING"
	post "$GUEST.asked" "$asked"
	check "more than a batch was asked" test $asked -gt $batch
	is "batches of $batch pings with a loss" $lost 0
	is "changes of the link meanwhile" "$(cat "/sys/class/net/$DEV/carrier_changes")" "$changes"
}

vf_up $net.$((VF + 1))/24
first_answer
case $ROLE in
ring) post "$GUEST.traffic" && ring ;;
victim) post "$GUEST.traffic" && ask_until /run/never ;;
again)
	is "the address is the PF's choice" "$(cat "/sys/class/net/$DEV/address")" "02:00:00:00:01:0$VF"
	check "$many pings, $many answers" many_back
	diag "$(tail -n 2 /tmp/ping.log)"
	;;
esac
done_testing
