# SPDX-License-Identifier: BSD-3-Clause
# Real packets between our driver over VFIO on QEMU's own virtio-net-pci, behind the emulated VT-d, and the
# guest kernel's driver on another: 500 echo requests each way, payload checked, polled and by interrupts.
# e2e: kernels stock small
# e2e: programs sriovctl sriov-conform
# e2e: timeout 180
# e2e: qemu -netdev hubport,id=va,hubid=1 -netdev hubport,id=vb,hubid=1
# e2e: qemu -device pcie-root-port,id=rp2,chassis=2,slot=2
# e2e: qemu -device virtio-net-pci,id=v0,bus=rp2,netdev=va,mac=02:53:56:00:00:0a,disable-legacy=on,iommu_platform=on,romfile=
# e2e: qemu -device virtio-net-pci,id=v1,netdev=vb,mac=02:53:56:00:00:0b,romfile=
# e2e: qemu -device pcie-root-port,id=rp3,chassis=3,slot=3
# e2e: qemu -device virtio-net-pci,id=v2,bus=rp3,mac=02:53:56:00:00:0c,disable-legacy=on,romfile=

ours=192.0.2.10
theirs=192.0.2.2

# field FILE KEY: the first value of that key in pretty-printed JSON, without quotes.
field() { sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" | head -n 1; }
at_least() { [ "$(field "$1" "$2")" -ge "$3" ]; }

# netdev_of MAC: its name in this network name space.
netdev_of() {
	for device in /sys/class/net/*; do
		[ "$(cat "$device/address")" = "$1" ] && basename "$device" && return 0
	done
	return 1
}

# bdf_of NAME: of a virtio netdev, whose device is a child of the PCI one.
bdf_of() { basename "$(dirname "$(readlink -f "/sys/class/net/$1/device")")"; }

# we_ask MODE
we_ask() {
	file=/out/virtio.ping.$1.json
	check "$1: 500 echo requests from us" \
		sh -c "sriovctl ping $device --shim kvm --$1 --from $ours --to $theirs --count 500 \
			--size 56-1472 --interval 2ms --timeout 5s --json >$file"
	is "$1: all came back, every byte" "$(field "$file" received):$(field "$file" corrupt)" 500:0
	is "$1: none is lost or doubled" "$(field "$file" lost):$(field "$file" duplicates)" 0:0
	is "$1: nothing is leaked" "$(field "$file" leaked)" 0
	is "$1: the mode is the one asked for" "$(field "$file" mode)" "$1"
	echo "$1 we-ask sent $(field "$file" sent) received $(field "$file" received)" \
		"p50_ns $(field "$file" p50_ns) p99_ns $(field "$file" p99_ns)" >>/out/virtio.txt
}

# we_answer MODE
we_answer() {
	file=/out/virtio.respond.$1.json
	sriovctl respond "$device" --shim kvm "--$1" --address $ours --json >"$file" 2>/tmp/respond.log &
	responder=$!
	check "$1: we answer ARP" wait_for 15 ip netns exec peer ping -q -c 1 -W 1 $ours
	ip netns exec peer ping -q -A -c 500 -W 5 -s 1400 $ours >"/out/virtio.kernel.$1.txt" 2>&1
	is "$1: the kernel's ping ends well" $? 0
	kill -TERM "$responder"
	wait "$responder"
	is "$1: the responder ends well" $? 0
	is "$1: the kernel got 500 answers" \
		"$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "/out/virtio.kernel.$1.txt")" 500
	is "$1: none with a wrong byte" "$(grep -c 'wrong data byte' "/out/virtio.kernel.$1.txt")" 0
	check "$1: they were ours" at_least "$file" answered_echo 500
}

load_modules virtio_net vfio-pci vfio_iommu_type1
check "the guest has the device for us" wait_for 20 netdev_of 02:53:56:00:00:0a
check "the guest has the peer's" wait_for 20 netdev_of 02:53:56:00:00:0b
device=$(bdf_of "$(netdev_of 02:53:56:00:00:0a)")
past=$(bdf_of "$(netdev_of 02:53:56:00:00:0c)")
peer=$(netdev_of 02:53:56:00:00:0b)
ip netns add peer
ip link set "$peer" netns peer
ip netns exec peer ip addr add $theirs/24 dev "$peer"
ip netns exec peer ip link set "$peer" up

check "sriovctl gives it to vfio-pci" sriovctl bind "$device"
diag "$(sriovctl info "$device" --shim kvm 2>&1 | head -n 3)"
for mode in poll interrupts; do
	we_ask $mode
	we_answer $mode
done

# Those of the contract's cases in which the device itself does something.
for cases in data. irq.; do
	subtest "the contract of the kvm shim: $cases" \
		sriov-conform --shim kvm --device "$device" --only $cases
	sed -n "s/^# shim/# $cases: shim/p" /tmp/subtest.tap
done

# One whose DMA goes past the IOMMU is refused, with the remedy.
check "sriovctl gives the other one to vfio-pci, too" sriovctl bind "$past"
sriovctl ping "$past" --shim kvm --from $ours --to $theirs --count 1 >/tmp/past.out 2>/tmp/past.log
is "a device that passes the IOMMU is refused" "$([ $? != 0 ] && echo refused)" refused
check "the reason names iommu_platform" grep -q "iommu_platform=on" /tmp/past.log
diag "$(cat /tmp/past.log)"
check "sriovctl gives the device back" sriovctl unbind "$device"
check "the kernel drives it again" wait_for 10 netdev_of 02:53:56:00:00:0a
done_testing
