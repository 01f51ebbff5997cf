# SPDX-License-Identifier: BSD-3-Clause
# What guests on served VFs build on, beside lib.sh: their VF, the PF's policy for it, the other guests.
# A script begins with ". /e2e/served.sh". GUEST is its name, VF its VF's number, MODEL the device.

case $MODEL in
82599) DRIVER=ixgbevf SPEED=10000 ;;
82576) DRIVER=igbvf SPEED=1000 ;;
esac

# --- The other guests, through the host.

# meet PLACE [COUNT [SECONDS]]: goes on when so many guests (2) are there.
meet() { host hook meet "$1" "${2:-2}" "${3:-60}" >/dev/null || bail "alone at $1"; }
# post NAME VALUE..., await NAME [SECONDS]: a word for the others, and the word of another.
post() { host hook post "$@" >/dev/null; }
await() { host hook await "$@"; }

# --- The VF. DEV is its name once vf_up has found it.

# vf_set OPTION...: as "sriovctl vf set N OPTION..." says it to the PF.
vf_set() { host hook vf_set "$@" >/dev/null; }

vf_device() {
	for device in /sys/bus/pci/drivers/"$DRIVER"/0000:*; do
		DEV=$(ls "$device/net" 2>/dev/null | head -n 1)
		[ -n "$DEV" ] && return 0
	done
	return 1
}

no_carrier() { ! has_carrier "$1"; }

# vf_up ADDRESS/LENGTH: the stock driver has the VF, with an address, and its link is up.
vf_up() {
	load_modules "$DRIVER"
	wait_for 30 vf_device || bail "$DRIVER finds no VF"
	ip addr add "$1" dev "$DEV" && ip link set "$DEV" up || bail "$DEV does not come up"
	wait_for 30 has_carrier "$DEV" || bail "$DEV has no link"
}

# number WORD FILE: what stands behind "WORD:" in what ethtool has said.
number() { sed -n "s/^ *$1: *\([0-9][0-9]*\).*/\1/p" "$2" | head -n 1; }
