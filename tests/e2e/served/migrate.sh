#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The first process of the guest that is migrated: this library's pair of VF and standby streams with the peer, and
# tells on the console.

export PATH=/usr/local/bin:/usr/sbin:/sbin:/bin HOME=/root TERM=dumb LD_LIBRARY_PATH=/lib
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for place in /run /tmp; do mount -t tmpfs tmpfs "$place"; done
. /e2e/env

# The standby: virtio_net with failover makes a master and a slave of the same address; the slave is the device.
standby() {
	for net in /sys/class/net/*; do
		[ -e "$net/device/driver" ] || continue
		[ "$(basename "$(readlink "$net/device/driver")")" = virtio_net ] && basename "$net" && return 0
	done
	return 1
}

ip link set lo up
echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	IFACE=$(standby) && break
	sleep 0.2
done
case $STANDBY in
netdev) standby=netdev:$IFACE ;;
virtio) standby=virtio:$(basename "$(readlink -f "/sys/class/net/$IFACE/device/..")") ;;
esac
echo "guest: standby $standby, VF $MATCH"
sriovctl --json stream --follow --vf-match "$MATCH" --standby "$standby" $OPTIONS >/tmp/report
status=$?
echo "guest: report"
cat /tmp/report
echo "guest: end $status"
while :; do sleep 60; done
