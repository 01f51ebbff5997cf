# SPDX-License-Identifier: BSD-3-Clause
# A PV domU with VF 0 and netfront of the same address as its standby: our pair streams with dom0 both ways, "sriovctl
# migrate" detaches the VF, saves and restores the domain, and attaches the VF again; traffic is back on the VF, and
# nothing is lost but what was under way when the domain stood.
# e2e: kernels stock612
# e2e: programs sriovctl
# e2e: modules bridge xen-netback xen-netfront af_packet
# e2e: domu
# e2e: timeout 420

. /e2e/xen.sh

# The bridge joins the PF, whose switch has the VF, and the domU's vif; its own address is the PF's.
make_bridge() {
	load_modules bridge xen-netback af_packet
	ip link add br0 type bridge && ip link set "$PF" master br0 &&
		ip link set br0 address "$(cat "/sys/class/net/$PF/address")" && ip link set br0 up || return 1
	cat >/tmp/vif <<-'END'
		#!/bin/sh
		[ "$1" = online ] || exit 0
		ip link set "$vif" master br0 && ip link set "$vif" up
		xenstore-write "$XENBUS_PATH/hotplug-status" connected
	END
	chmod +x /tmp/vif
}

# The domU's stream speaks on its console, which dom0 keeps: what asks domUs by xenstore does not know a restored one.
console=/out/domu/guest-g1.log
# await SECONDS COMMAND...: looks once a second, for the CPU is the domU's too.
await() {
	await_until=$(($(uptime_seconds) + $1))
	shift
	until "$@"; do
		[ "$(uptime_seconds)" -lt $await_until ] || return 1
		sleep 1
	done
}
heard() { [ "$(grep -c "traffic goes by the $1" $console)" -ge "$2" ]; }
reported() { grep -q '^}' $console; }
leader() { sed -n 's/.*received \([0-9]*\), lost.*/\1/p' /tmp/leader.log | tail -n 1; }
flows() { [ "$(leader)" -gt "$1" ]; }

# What the reports have, in nanoseconds of dom0's clock, or of the domU's, which stands while it does.
moment() { grep -A 2 "\"step\": \"$1\"" /out/migrate.json | sed -n 's/.*"monotonic": \([0-9]*\).*/\1/p'; }
number() { sed -n "/\"$2\": {/,/}/s/^ *\"$3\": \([0-9]*\).*/\1/p" "$1"; }
# losses FILE: a line for each run of lost numbers: its first, how many, when those around it were sent.
losses() {
	sed -n '/"losses": \[/,/\]/p' "$1" | awk '/"first"/ { first = $2 } /"count"/ { count = $2 }
		/"sent_before_ns"/ { before = $2 } /"sent_after_ns"/ { printf "%.0f %.0f %.0f %.0f\n", first, count, before, $2 }'
}
# Frames keep their order: so a stop explains one run of numbers, and what is lost beyond it is counted.
# outside_to: those to the domU, by dom0's clock. Its stop is over for others when its netfront is heard again.
outside_to() {
	losses /out/follower.json | awk -v begin="$(moment 'the domain has let its VF go')" -v saved="$(moment saved)" \
		-v heard="$(sed -n 's/^ *"longest_gap_at": \([0-9]*\).*/\1/p' /out/leader.json)" \
		'$3 >= begin && $3 <= saved && $4 <= heard + 1e9 && !found { found = 1; next } { lost += $2 } END { print lost + 0 }'
}
# outside_from: those from it. The run begins with the number at which dom0 saw it stand for some seconds.
outside_from() {
	stood=$(sed -n 's/.*received \([0-9]*\), lost 0,.*/\1/p' /tmp/leader.log | uniq -c | awk '$1 > 3 { print $2 }' | tail -n 1)
	losses /out/leader.json | awk -v stood="$stood" '$1 == stood && !found { found = 1; next } { lost += $2 } END { print lost + 0 }'
}

# direction NAME FILE KEY OUTSIDE: a line of the report, checked.
direction() {
	lost=$(number "$2" "$3" lost)
	is "$1: none is lost outside the stop" "$4" 0
	is "$1: none is doubled or late" "$(number "$2" "$3" duplicated):$(number "$2" "$3" reordered)" 0:0
	echo "$1: sent $(number "$2" "$3" sent) received $(number "$2" "$3" received) lost outside the stop $4 duplicated" \
		"$(number "$2" "$3" duplicated) reordered $(number "$2" "$3" reordered), lost while the domain stood $((lost - $4))," \
		"longest gap $(($(number "$2" "$3" longest_gap_ns) / 1000000)) ms of the receiver's clock" >>/out/report.txt
}

dom0_up
pf_up 1
vfs_to_xen
vf=$(vf_bdf 0)
mac=$(vf_mac 0)
check "the PF and a bridge" make_bridge
check "VF 0 may be given away" xl pci-assignable-add "$vf"
domu_create g1 "pci=[\"$vf\"]" 'passthrough="enabled"' "vif=[\"mac=$mac,bridge=br0,script=/tmp/vif\"]" || bail "no domU"
# Of Xen's only CPU dom0 has the most: it is the network between both ends. Silence of some milliseconds says
# nothing there. Nothing is announced: the emulated 82576 gives its PF each broadcast back, and the bridge would take
# the announcement of the standby for one of the VF; the stream's next frame tells where the address is.
check "dom0 goes first" xl sched-credit2 -d Domain-0 -w 1024
domu g1 'modprobe xen-netfront; modprobe af_packet; modprobe -r xen-privcmd; modprobe xen-privcmd unrestricted=1
	sriovctl --shim xen --json stream --follow --vf-match 8086:10ca --standby netdev:eth0 --settle 3s \
	--quiet 400ms --drain 200ms --no-announce >/dev/console 2>&1 &'
check "the domU's traffic is on its VF" await 90 heard vf 1
sriovctl --json stream --vf-match 8086:ffff --standby netdev:br0 --rate 50 >/out/leader.json 2>/tmp/leader.log &
leads=$!
check "a stream both ways" await 90 flows 100
sriovctl --json migrate --xen g1 --device "$vf" --save /tmp/g1.image --restore /tmp/g1.image --mem-max 320 \
	>/out/migrate.json 2>/tmp/move.log
is "the domain is moved" "$?:$(sed -n 's/^  "state": "\(.*\)",/\1/p' /out/migrate.json)" "0:at the destination, with its VF"
check "the domU's traffic is on its VF again" await 90 heard vf 2
diag "$(tr -d '\r' <$console | grep -e 'the VF' -e 'traffic goes')"
before=$(leader)
check "the stream goes on" await 90 flows $((before + 200))
kill -INT $leads
wait $leads
check "both ends report" await 90 reported
cp /tmp/leader.log /out/leader.txt
tr -d '\r' <$console | sed -n '/^{/,/^}/p' >/out/follower.json

echo "a save and restore, with the VF back; standby netfront" >/out/report.txt
direction "domU to dom0" /out/leader.json received_from_other "$(outside_from)"
direction "dom0 to domU" /out/follower.json received_from_other "$(outside_to)"
sed 's/^ */  /' /tmp/move.log >>/out/report.txt
is "both have ended it" "$(cat /out/leader.json /out/follower.json | grep -c '"ended_by_both": true')" 2
is "no switch has failed" "$(sed -n 's/^ *"\(failed\|in_doubt\)": \([0-9]*\).*/\2/p' /out/follower.json | paste -s -d:)" 0:0
diag "$(cat /out/report.txt)"
check "its kernel is sound" domu_is_sound g1
check "it goes" domu_destroy g1
done_testing
