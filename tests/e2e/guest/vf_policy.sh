# SPDX-License-Identifier: BSD-3-Clause
# Policy of VFs whose PF is Linux's: what sriovctl sets is what ip shows, and the other way round; setting
# it again changes nothing; a refusal is one line with its reason, and leaves everything as it was.
# e2e: kernels stock small
# e2e: programs sriovctl
# e2e: timeout 120

pf_up 2
sriovctl vf show "$PF_BDF" 2>&1 | grep -q "without libmnl" && skip_all "this sriovctl was built without libmnl"

# set_vf VF OPTION...: the tool's lines in /tmp/set.out and /tmp/set.err.
set_vf() { sriovctl vf set "$PF_BDF" "$@" >/tmp/set.out 2>/tmp/set.err; }
# told KEY FILE: a value as the tool prints it.
told() { sed -n "s/^$1  *//p" "$2"; }
# shown VF KEY: the same of vf show.
shown() { sriovctl vf show "$PF_BDF" "$1" >/tmp/show.out && told "$2" /tmp/show.out; }
# ip_says VF WORDS: what ip shows of a VF has these words.
ip_says() { ip -d link show dev "$PF" | grep "^ *vf $1 " | grep -q -- "$2"; }
ip_line() { ip -d link show dev "$PF" | grep "^ *vf $1 "; }
# refused DESCRIPTION PATTERN VF OPTION...: status 2, one line that matches, nothing changed.
refused() {
	what=$1 pattern=$2 before=$(ip_line "$3")
	shift 2
	set_vf "$@"
	is "$what: status" "$?" 2
	is "$what: one line that says why" "$(wc -l </tmp/set.err):$(grep -c -e "$pattern" /tmp/set.err)" 1:1
	diag "$(cat /tmp/set.err)"
	is "$what: nothing is changed" "$(ip_line "$1")" "$before"
}

is "show knows the interface" "$(sriovctl vf show "$PF_BDF" | sed -n 's/^interface  *//p')" "$PF"
is "show knows the driver" "$(sriovctl vf show "$PF_BDF" | sed -n 's/^driver  *//p')" igb
is "show lists both VFs" "$(sriovctl vf show "$PF_BDF" | grep -c "02:53:52:00:00:0[01]")" 2
is "show knows the VF's function" "$(shown 1 function)" "$(vf_bdf 1)"

check "all at once" set_vf 0 --mac 02:11:22:33:44:55 --vlan 5:3 --trust on --spoof-check off --rate 100
diag "$(cat /tmp/set.out /tmp/set.err)"
diag "$(ip_line 0)"
is "it says what it changed" "$(told changed /tmp/set.out)" "rate, trust, spoof-check, vlan, mac"
for words in "link/ether 02:11:22:33:44:55" "vlan 5" "qos 3" "trust on" "spoof checking off" "max_tx_rate 100Mbps"; do
	check "ip shows: $words" ip_says 0 "$words"
done
check "ip shows that VF 1 has its own address still" ip_says 1 "link/ether 02:53:52:00:00:01"
check "and no VLAN" sh -c "! ip -d link show dev '$PF' | grep '^ *vf 1 ' | grep -q vlan"

# igb writes a line for each address and VLAN that it is told.
told_igb() { dmesg | grep -c "on VF 0"; }
igb_lines=$(told_igb)
check "the driver was asked for that" [ "$igb_lines" -gt 0 ]
check "the same again" set_vf 0 --mac 02:11:22:33:44:55 --vlan 5:3 --trust on --spoof-check off --rate 100 --link auto
is "nothing is changed then" "$(told changed /tmp/set.out)" -
is "and the driver is not asked" "$(told_igb)" "$igb_lines"

check "one option alone" set_vf 0 --vlan 0
is "changes that one" "$(told changed /tmp/set.out)" vlan
check "ip shows no VLAN" sh -c "! ip -d link show dev '$PF' | grep '^ *vf 0 ' | grep -q vlan"
check "and the address as before" ip_says 0 "link/ether 02:11:22:33:44:55"

ip link set "$PF" vf 1 mac 02:66:77:88:99:aa
ip link set "$PF" vf 1 vlan 7 qos 2
ip link set "$PF" vf 1 spoofchk off
ip link set "$PF" vf 1 trust on
ip link set "$PF" vf 1 max_tx_rate 200
is "what ip set, it shows: address" "$(shown 1 mac)" 02:66:77:88:99:aa
is "VLAN" "$(shown 1 vlan)" 7
is "priority" "$(shown 1 qos)" 2
is "spoof check" "$(shown 1 'spoof check')" no
is "trust" "$(shown 1 trust)" yes
is "rate" "$(shown 1 'rate mbps')" 200
is "link" "$(shown 1 link)" auto
check "counters are there" grep -q "^  rx packets" /tmp/show.out
ip link set "$PF" vf 1 trust off
is "and what changes" "$(shown 1 trust)" no

refused "link state, which igb cannot set" "igb cannot set the link state" 0 --link off --mac 02:99:99:99:99:99
refused "a minimum rate, which igb refuses" "igb refuses minimum rate 10" 0 --min-rate 10
refused "a rate above the link's" "2000.*1000 Mbit/s" 0 --rate 2000 --vlan 9
refused "a trunk, for which rtnetlink has no words" "one port VLAN for a VF and no list.*leave --trunk out" 0 --trunk 5,7 --vlan 0
refused "a receive mode, which rtnetlink does not know" "no receive mode of a VF.*leave --rx-mode out" 0 --rx-mode multi
is "what Linux does not tell is not made up" "$(shown 0 trunk):$(shown 0 'rx mode')" "-:-"
refused "a multicast address" "--mac wants a unicast address" 0 --mac 01:00:5e:00:00:01
refused "a VLAN that there is not" "--vlan wants" 0 --vlan 4095
refused "a VF that is not enabled" "VF 5 is not enabled; there are 0 to 1" 5 --vlan 9

host_link down
wait_for 5 sh -c "! ip link show dev '$PF' | grep -q LOWER_UP"
refused "a rate without link" "$PF has no link" 0 --rate 300
check "what needs no link is set without one" set_vf 0 --vlan 12
check "ip shows: vlan 12" ip_says 0 "vlan 12"
host_link up
wait_for 10 sh -c "ip link show dev '$PF' | grep -q LOWER_UP"
check "with link there is a rate again" set_vf 0 --rate 300 --vlan 0
check "ip shows: max_tx_rate 300Mbps" ip_says 0 "max_tx_rate 300Mbps"

line=$(ip_line 0)
as_user sriovctl vf set "$PF_BDF" 0 --mac 02:99:99:99:99:99 >/tmp/set.out 2>/tmp/set.err
is "without privilege: status" "$?" 2
is "without privilege: one line that says why" "$(wc -l </tmp/set.err):$(grep -c "run as root" /tmp/set.err)" 1:1
is "without privilege: nothing is changed" "$(ip_line 0)" "$line"
check "without privilege the policy is shown" as_user sriovctl vf show "$PF_BDF" 0

sriovctl vf show "$(vf_bdf 0)" >/tmp/set.out 2>/tmp/set.err
is "a VF for a PF: status" "$?" 2
is "a VF for a PF: the line names the PF" "$(grep -c "is a VF.*$PF_BDF" /tmp/set.err)" 1

ip link set "$PF" down
refused "a rate while the PF is down" "$PF is down.*ip link set dev $PF up" 0 --rate 400
ip link set "$PF" up

echo 0 >"$pci/devices/$PF_BDF/sriov_numvfs"
sriovctl vf set "$PF_BDF" 0 --vlan 5 2>/tmp/set.err
is "without VFs: status" "$?" 2
is "without VFs: the line says how to enable some" "$(grep -c "no VFs enabled: sriovctl vfs" /tmp/set.err)" 1
echo "$PF_BDF" >"$pci/devices/$PF_BDF/driver/unbind"
sriovctl vf show "$PF_BDF" 2>/tmp/set.err
is "without driver: status" "$?" 2
is "without driver: the line says so" "$(grep -c "no driver has it" /tmp/set.err)" 1
done_testing
