# SPDX-License-Identifier: BSD-3-Clause
# The VM face on a KVM that runs its guests on the CPU itself (here QEMU's SVM), also where this machine has
# no /dev/kvm: the cases of sriov-conform with either dirty log, and minivmm with its four guests.
# e2e: kernels small
# e2e: programs sriov-conform minivmm bare
# e2e: devices none
# e2e: memory 1024
# e2e: timeout 300

# conforms MACHINE OPTION...
conforms() {
	machine=$1
	shift
	check "sriov-conform --vm $machine $*" sriov-conform --vm "$machine" "$@" --summary
	diag "$(cat /tmp/check.log)"
	grep '^conform:' /tmp/check.log >>/out/counts.txt
}

[ -c /dev/kvm ] || bail "no /dev/kvm: does QEMU emulate SVM?"
conforms kvm --model 82576
conforms kvm-ring --model 82599 --only dirty.
minivmm --guests 4 --pings 200 --quiet /usr/local/bin/bare >/out/minivmm.txt 2>/tmp/minivmm.err
is "minivmm: four guests ping each other and the wire" "$?:$(tail -n 1 /out/minivmm.txt)" "0:minivmm: ok"
sed 's/^/# /' /out/minivmm.txt
is "the kernel has nothing to complain of" "$(dmesg | grep -c -e 'BUG:' -e 'WARNING:' -e 'Oops')" 0
done_testing
