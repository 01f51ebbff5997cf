# SPDX-License-Identifier: BSD-3-Clause
# A real VF in a real KVM guest: this guest is the host. KVM runs on the SVM that QEMU emulates, the VF is
# VFIO's behind the emulated VT-d, and the manager puts it into a machine of /dev/kvm on which our driver
# runs with no operating system. It asks Linux's igbvf on another VF, and the PF's own address.
# e2e: kernels stock
# e2e: programs vfio-guest bare sriovctl
# e2e: modules kvm kvm_amd
# e2e: memory 1024
# e2e: timeout 200

load_modules kvm kvm_amd
[ -c /dev/kvm ] || bail "no /dev/kvm: does QEMU emulate SVM?"
pf_up 2
vf=$(vf_bdf 0)
check "VF 0 goes to vfio-pci" sriovctl bind "$vf"
check "VF 1 goes to igbvf" vf_bind_kernel 1
check "VF 1 is up in its name space" vf_to_netns 1 peer 192.0.2.2/24
ip addr add 192.0.2.1/24 dev "$PF"

subtest "the VF in a machine of KVM" \
	vfio-guest "$vf" group /usr/local/bin/bare 200 192.0.2.10 192.0.2.2,192.0.2.1
cp /tmp/subtest.tap /out/vfio-guest.tap
check "afterwards the host drives it" \
	sriovctl ping "$vf" --from 192.0.2.10 --to 192.0.2.2 --count 50 --interval 5ms --timeout 5s
is "the kernel has nothing to complain of" "$(dmesg | grep -c -e 'BUG:' -e 'WARNING:' -e 'Oops')" 0
done_testing
