# SPDX-License-Identifier: BSD-3-Clause
# What guest tests build on: TAP, requests to the host, the PF and its VFs.
# Shell: bash as sh, with busybox commands. Read by init before the test, which need not source it.

# --- TAP: results go to standard output, everything else to standard error.

tap_count=0
tap_failed=0

plan() { echo "1..$1"; tap_planned=1; }
diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

ok() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $*"
}

not_ok() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $*"
}

# skip REASON DESCRIPTION
skip() {
	reason=$1
	shift
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $* # SKIP $reason"
}

skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

bail() {
	echo "Bail out! $*"
	exit 1
}

# check DESCRIPTION COMMAND...: ok if it succeeds; its output is shown when it does not.
check() {
	what=$1
	shift
	if "$@" >/tmp/check.log 2>&1; then
		ok "$what"
	else
		not_ok "$what (status $?): $*"
		sed 's/^/# /' /tmp/check.log
	fi
}

# is DESCRIPTION GOT WANTED
is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1: got '$2', want '$3'"
	fi
}

# Is that TAP whole: as many results as planned, none of them bad?
tap_is_whole() {
	[ "$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$1")" = "$(grep -c '^\(not \)\?ok' "$1")" ] &&
		! grep '^not ok' "$1" | grep -qv '# \(SKIP\|TODO\)'
}

# subtest DESCRIPTION COMMAND...: a program that prints TAP itself, shown indented.
subtest() {
	what=$1
	shift
	"$@" >/tmp/subtest.tap
	subtest_status=$?
	sed 's/^/    /' /tmp/subtest.tap
	if [ $subtest_status = 0 ] && tap_is_whole /tmp/subtest.tap; then
		ok "$what"
	else
		not_ok "$what (status $subtest_status)"
	fi
}

# Last line of a test: prints the plan if there was none, and ends.
done_testing() {
	[ -n "$tap_planned" ] || plan "$tap_count"
	[ "$tap_failed" = 0 ]
	exit
}

# --- Small helpers.

# wait_for SECONDS COMMAND...: until it succeeds, looked at ten times a second.
wait_for() {
	tries=$(($1 * 10))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

# as_user COMMAND...: without any privilege.
as_user() { su -p -s /bin/sh user -c "$(printf "%q " "$@")"; }

gone() { [ ! -e "$1" ]; }

# Modules of the stock kernel; the small one has them built in and no folder of modules.
load_modules() {
	[ -d "/lib/modules/$(uname -r)" ] || return 0
	for module; do
		modprobe "$module" || echo "modprobe $module failed" >&2
	done
}

# --- The host: host qmp JSON, host event NAME [SECONDS], host hook NAME [ARG...].
# Prints the answer; status 1 with the reason on standard error if the host refuses.

host() {
	until mkdir /run/host.lock 2>/dev/null; do sleep 0.05; done
	echo "$*" >&9
	read -r answer <&9
	rmdir /run/host.lock
	case $answer in
	ok*) answer=${answer#ok} && echo "${answer# }" ;;
	*) echo "host $1: ${answer#error }" >&2 && return 1 ;;
	esac
}

# The cable of the PF's network port: up or down.
host_link() {
	up=true
	[ "$1" = down ] && up=false
	host qmp "{\"execute\":\"set_link\",\"arguments\":{\"name\":\"n0\",\"up\":$up}}" >/dev/null
}

# Presses the slot's button for the 82576; the guest lets it go some seconds later.
host_unplug() {
	host qmp '{"execute":"device_del","arguments":{"id":"igb0"}}' >/dev/null
}

# Puts a new 82576 into the slot.
host_plug() {
	host qmp '{"execute":"device_add","arguments":{"driver":"igb","id":"igb0","bus":"rp1","netdev":"n0"}}' \
		>/dev/null
}

# A fatal PCIe error at the root port: the kernel tells every driver below it.
# QEMU lets the port send it; the 82576's own injected errors go nowhere.
host_fatal_error() {
	host qmp '{"execute":"human-monitor-command","arguments":{"command-line":"pcie_aer_inject_error rp1 DLP"}}' \
		>/dev/null
}

# --- The 82576. PF is its name, PF_BDF its address; a VF is told by its number from 0.

pci=/sys/bus/pci

find_pf() {
	for device in "$pci"/devices/*; do
		[ "$(cat "$device/vendor"):$(cat "$device/device")" = 0x8086:0x10c9 ] || continue
		PF_BDF=${device##*/}
		PF=$(ls "$device/net" 2>/dev/null | head -n 1)
		[ -n "$PF" ] && return 0
	done
	return 1
}

vf_mac() { printf '02:53:52:00:00:%02x' "$1"; }
vf_bdf() { basename "$(readlink "$pci/devices/$PF_BDF/virtfn$1")"; }
vf_netdev() { ls "$pci/devices/$(vf_bdf "$1")/net" 2>/dev/null | head -n 1; }
vf_group() { basename "$(readlink "$pci/devices/$(vf_bdf "$1")/iommu_group")"; }
has_carrier() { [ "$(cat "/sys/class/net/$1/carrier" 2>/dev/null)" = 1 ]; }

# pf_up COUNT: the PF up with that many VFs, each with an address, none with a driver.
pf_up() {
	load_modules igb igbvf vfio-pci vfio_iommu_type1
	wait_for 20 find_pf || bail "no 82576 PF"
	ip link set "$PF" up
	wait_for 20 has_carrier "$PF" || bail "PF $PF has no link"
	echo 0 >"$pci/devices/$PF_BDF/sriov_drivers_autoprobe"
	echo "$1" >"$pci/devices/$PF_BDF/sriov_numvfs" || bail "cannot enable $1 VFs"
	# Enabling VFs opens the PF anew: its link comes back a second later.
	wait_for 20 has_carrier "$PF" || bail "PF $PF has no link with VFs enabled"
	vf=0
	while [ "$vf" -lt "$1" ]; do
		ip link set "$PF" vf "$vf" mac "$(vf_mac "$vf")" || bail "cannot set VF $vf's address"
		vf=$((vf + 1))
	done
}

# vf_bind VF DRIVER: unbinds it from whatever has it.
vf_bind() {
	bdf=$(vf_bdf "$1")
	if [ -e "$pci/devices/$bdf/driver" ]; then
		echo "$bdf" >"$pci/devices/$bdf/driver/unbind"
	fi
	echo "$2" >"$pci/devices/$bdf/driver_override"
	echo "$bdf" >"$pci/drivers_probe"
	[ "$(basename "$(readlink "$pci/devices/$bdf/driver")")" = "$2" ]
}

vf_bind_vfio() { vf_bind "$1" vfio-pci; }
vf_bind_kernel() { vf_bind "$1" igbvf; }

# vf_to_netns VF NAMESPACE ADDRESS/LENGTH: the kernel's VF alone in a network name space.
vf_to_netns() {
	netdev=$(vf_netdev "$1")
	[ -n "$netdev" ] || return 1
	[ -e "/run/netns/$2" ] || ip netns add "$2" || return 1
	ip link set "$netdev" netns "$2" &&
		ip -n "$2" addr add "$3" dev "$netdev" &&
		ip -n "$2" link set lo up &&
		ip -n "$2" link set "$netdev" up &&
		wait_for 15 netns_has_carrier "$2" "$netdev"
}

netns_has_carrier() { ip -n "$1" link show dev "$2" | grep -q LOWER_UP; }
