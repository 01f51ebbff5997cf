# SPDX-License-Identifier: BSD-3-Clause
# sriovctl assign and release with everything real: the guest is a host with VFIO, on which another QEMU
# runs. The VF goes into that QEMU's machine and out of it; what it cannot have is refused, and what had
# been changed is put back. The machines are never started: a slot of PCIe's own that no guest has powered
# lets go at once, one that ACPI serves never does.
# e2e: kernels small
# e2e: programs sriovctl vfio-hold
# e2e: tools qemu
# e2e: memory 1536
# e2e: timeout 240

field() { sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" | head -n 1; }
driver_of() { basename "$(readlink "$pci/devices/$1/driver" 2>/dev/null)"; }
# What assign may change.
state() {
	for number in 0 1; do
		echo "$(driver_of "$(vf_bdf $number)") $(cat "$pci/devices/$(vf_bdf $number)/driver_override")"
	done
	ip link show "$PF" | grep ' vf '
}

# refused NAME PATTERN COMMAND...
refused() {
	name=$1 pattern=$2
	shift 2
	before=$(state)
	"$@" >/tmp/out 2>/tmp/err
	is "$name: status 2" $? 2
	is "$name: one line, no more" "$(wc -l </tmp/err):$(wc -c </tmp/out)" 1:0
	check "$name: it says $pattern" grep -q -i -e "^sriovctl: .*$pattern" /tmp/err
	is "$name: nothing is changed" "$(state)" "$before"
	diag "$(cat /tmp/err)"
}

# start NAME OPTION...: a machine of 64 MiB that waits to be started, with a monitor at /tmp/NAME.qmp.
start() {
	monitor=/tmp/$1.qmp name=$1
	shift
	qemu -name "$name" -S -machine q35 -accel tcg -cpu qemu64 -m 64 -nodefaults -display none \
		-qmp "unix:$monitor,server=on,wait=off" "$@" >"/out/$name.log" 2>&1 &
	qemu=$!
	wait_for 60 test -S "$monitor" || bail "no QEMU: $(cat "/out/$name.log")"
}

pf_up 2
vf=$(vf_bdf 0)
other=$(vf_bdf 1)
check "VF 0 is igbvf's" vf_bind_kernel 0
echo >"$pci/devices/$vf/driver_override"
start web -global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off -device pcie-root-port,id=rp1,slot=1 -device pcie-root-port,id=rp2,slot=2
web=$qemu

# --- In and out.

check "assign" sh -c "sriovctl assign $vf --qmp /tmp/web.qmp --mac 02:53:52:00:00:99 --spoof-check off --json \
	>/out/assign.json"
is "the report: its machine, slot and driver before" \
	"$(field /out/assign.json name):$(field /out/assign.json bus):$(field /out/assign.json driver_before)" web:rp1:igbvf
is "the VF is vfio-pci's" "$(driver_of "$vf")" vfio-pci
check "QEMU has its group open" sh -c "ls -l /proc/$web/fd | grep -q /dev/vfio/$(vf_group 0)\$"
check "its policy was set" sh -c "ip link show $PF | grep -q 'vf 0 .*02:53:52:00:00:99.*spoof checking off'"
refused "assigned already" "$vf.*has it already.*vf-0000.*sriovctl release" sriovctl assign "$vf" --qmp /tmp/web.qmp

check "another VF goes into the next free slot" sh -c "sriovctl assign $other --qmp /tmp/web.qmp --json >/out/other.json"
is "that is" "$(field /out/other.json bus)" rp2
check "and comes out again" sriovctl release "$other" --qmp /tmp/web.qmp
echo "$other" >"$pci/devices/$other/driver/unbind"
echo >"$pci/devices/$other/driver_override"

start mail -device pcie-root-port,id=rp1,slot=1
mail=$qemu
refused "in another machine" "$vf.*process $web .*/dev/vfio/$(vf_group 0)" sriovctl assign "$vf" --qmp /tmp/mail.qmp
refused "release from the wrong one" "$vf.*does not have it; process $web " sriovctl release "$vf" --qmp /tmp/mail.qmp

check "release" sh -c "sriovctl release $vf --qmp /tmp/web.qmp --timeout 20s --json >/out/release.json"
is "the guest let go" "$(field /out/release.json guest)" "let go"
diag "after $(field /out/release.json waited_ns) ns"
is "it stays vfio-pci's" "$(driver_of "$vf")" vfio-pci
check "QEMU has it open no more" sh -c "! ls -l /proc/$web/fd | grep -q /dev/vfio/$(vf_group 0)\$"
refused "released already" "$vf.*does not have it" sriovctl release "$vf" --qmp /tmp/web.qmp

echo 1 >"$pci/devices/$PF_BDF/sriov_drivers_autoprobe"
check "once more, under another name" sriovctl assign "$vf" --qmp /tmp/web.qmp --id net0 --bus rp2
check "released, and given back to the kernel" sriovctl release "$vf" --qmp /tmp/web.qmp --unbind
is "igbvf has it again" "$(driver_of "$vf")" igbvf
echo 0 >"$pci/devices/$PF_BDF/sriov_drivers_autoprobe"

# --- What QEMU refuses is undone.

refused "no such bus" "$vf.*GenericError.*nosuch\|$vf.*DeviceNotFound.*nosuch" \
	sriovctl assign "$vf" --qmp /tmp/web.qmp --bus nosuch --mac 02:53:52:00:00:98
refused "a full bus" "$vf.*put back" sriovctl assign "$vf" --qmp /tmp/web.qmp --bus pcie.0
is "a VF without driver" "$(driver_of "$other")" ""
refused "it has none afterwards" "$other.*put back" sriovctl assign "$other" --qmp /tmp/web.qmp --bus nosuch
refused "a PF" "$PF_BDF is a PF" sriovctl assign "$PF_BDF" --qmp /tmp/web.qmp

# --- A process that is no QEMU has it.

check "VF 0 goes to vfio-pci" sriovctl bind "$vf"
vfio-hold "$(vf_group 0)" "$vf" 60 >/tmp/hold.log 2>&1 &
holder=$!
opened() { grep -q '^open$' /tmp/hold.log; }
check "a process opens VF 0" wait_for 5 opened
refused "held by it" "$vf.*process $holder (vfio-hold)" sriovctl assign "$vf" --qmp /tmp/web.qmp
kill "$holder"
wait "$holder"

# --- The guest does not let go.

check "the other machine takes it" sriovctl assign "$vf" --qmp /tmp/mail.qmp
for try in first second; do
	sriovctl release "$vf" --qmp /tmp/mail.qmp --timeout 2s >/tmp/out 2>/tmp/err
	is "asked for the $try time, it keeps it: status" $? 1
	check "it says so" grep -q "^sriovctl: $vf: the guest has not let go within 2.*prelaunch.*stays asked.*by force" /tmp/err
	diag "$(cat /tmp/err)"
done
is "the VF is vfio-pci's still" "$(driver_of "$vf")" vfio-pci
kill "$mail"
wait "$mail"

check "assign once more" sriovctl assign "$vf" --qmp /tmp/web.qmp
kill -STOP "$web"
sriovctl release "$vf" --qmp /tmp/web.qmp >/tmp/out 2>/tmp/err
is "a QEMU that stands still: status" $? 2
check "it says so" grep -q "no greeting" /tmp/err
diag "$(cat /tmp/err)"
kill -CONT "$web"
check "then it lets go" sriovctl release "$vf" --qmp /tmp/web.qmp

# --- QEMU ends, and the VF is free.

check "a last time" sriovctl assign "$vf" --qmp /tmp/web.qmp
kill "$web"
wait "$web"
refused "QEMU has ended" "/tmp/web.qmp" sriovctl release "$vf" --qmp /tmp/web.qmp
check "the VF is free" vf_bind_kernel 0
done_testing
