# SPDX-License-Identifier: BSD-3-Clause
# A real VF in a real KVM guest: this guest is the host. KVM runs on the SVM that QEMU emulates, the VF is
# VFIO's behind the emulated VT-d, and the manager puts it into a machine of /dev/kvm on which our driver
# runs with no operating system. It asks Linux's igbvf on another VF, and the PF's own address.
# e2e: kernels small
# e2e: programs vfio-guest bare sriovctl
# e2e: memory 1024
# e2e: timeout 240

[ -c /dev/kvm ] || bail "no /dev/kvm: does QEMU emulate SVM?"
pf_up 2
vf=$(vf_bdf 0)
check "VF 0 goes to vfio-pci" sriovctl bind "$vf"
check "VF 1 goes to igbvf" vf_bind_kernel 1
check "VF 1 is up in its name space" vf_to_netns 1 peer 192.0.2.2/24
ip addr add 192.0.2.1/24 dev "$PF"

host_drives_it() {
	sriovctl ping "$vf" --backend "$1" --from 192.0.2.10 --to 192.0.2.2 --count 50 --interval 5ms --timeout 5s
}

for backend in iommufd group; do
	subtest "the VF in a machine of KVM, $backend" \
		vfio-guest "$vf" $backend /usr/local/bin/bare 200 192.0.2.10 192.0.2.2,192.0.2.1
	cp /tmp/subtest.tap "/out/vfio-guest.$backend.tap"
	check "$backend: afterwards the host drives it" host_drives_it $backend
done

subtest "the VF is taken back by force" \
	vfio-guest "$vf" iommufd /usr/local/bin/bare 100000 192.0.2.10 192.0.2.2 force
check "afterwards the host drives it" host_drives_it iommufd

# A machine that vanishes in the middle of its traffic: nobody resets the VF but the kernel.
vfio-guest "$vf" group /usr/local/bin/bare 100000 192.0.2.10 192.0.2.2 >/tmp/victim.tap &
victim=$!
asks() { grep -q 'our VF driver is up' /tmp/victim.tap; }
check "another machine asks" wait_for 60 asks
sleep 2
kill -KILL "$victim"
wait "$victim"
is "it is killed while it asks" "$?:$(grep -c 'has asked' /tmp/victim.tap)" 137:0
check "afterwards the host drives it" host_drives_it group
is "the kernel has nothing to complain of" "$(dmesg | grep -c -e 'BUG:' -e 'WARNING:' -e 'Oops')" 0
done_testing
