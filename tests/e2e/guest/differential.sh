# SPDX-License-Identifier: BSD-3-Clause
# The emulated 82576's side of the differential test: our PF driver and our VF driver on it, through VFIO,
# and what passed between driver and device. tests/differential compares it with the model's.
# e2e: kernels small
# e2e: programs vf-script
# e2e: append vfio_pci.enable_sriov=1
# e2e: timeout 120

load_modules igb vfio-pci vfio_iommu_type1
wait_for 20 find_pf || bail "no 82576 PF"
device=$pci/devices/$PF_BDF
echo "$PF_BDF" >"$device/driver/unbind"
echo vfio-pci >"$device/driver_override"
echo "$PF_BDF" >"$pci/drivers_probe"
is "the PF is VFIO's" "$(basename "$(readlink "$device/driver")")" vfio-pci
vf-script kvm "$PF_BDF" /out/qemu.trace
is "the script runs to its end" $? 0
check "there is a trace" grep -q '^# step close$' /out/qemu.trace
done_testing
