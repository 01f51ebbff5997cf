# SPDX-License-Identifier: BSD-3-Clause
# What tests in dom0 build on, beyond guest/lib.sh: Xen's daemons, and PV domUs that do what they are told.

# vfs_to_xen: what sriov_drivers_autoprobe=0 of pf_up keeps from every driver, pciback may have again.
vfs_to_xen() {
	load_modules xen-pciback
	echo 1 >"$pci/devices/$PF_BDF/sriov_drivers_autoprobe"
}

# dom0_up: Xen's devices, xenstored, xenconsoled; from then on xl works.
dom0_up() {
	load_modules xen-gntdev xen-gntalloc xen-evtchn xen-privcmd xenfs
	mount -t xenfs xenfs /proc/xen || bail "no xenfs"
	mkdir -p /run/xen /run/xenstored /var/lib/xen /var/lib/xenstored /var/lock /var/log/xen /etc/xen /dev/pts /out/domu
	mount -t devpts devpts /dev/pts
	: >/etc/xen/xl.conf
	xenstored || bail "no xenstored"
	wait_for 30 xenstore-write /tool/e2e 1 2>/dev/null || bail "xenstored does not answer"
	xen-init-dom0 >&2 || bail "xen-init-dom0 failed"
	xenconsoled --log=guest --log-dir=/out/domu || bail "no xenconsoled"
	trap xen_end EXIT
}

# What Xen itself has said, for those who want to read it.
xen_end() { xl dmesg >/out/xl-dmesg.txt 2>/dev/null; }

# --- domUs: PV, with dom0's kernel, told by name.

domu_id() { xl domid "$1" 2>/dev/null; }

# domu_config NAME [LINE...]: /tmp/NAME.cfg; further lines of xl.cfg.
domu_config() {
	domu_name=$1
	shift
	{
		printf '%s\n' "name=\"$domu_name\"" 'type="pv"' 'vcpus=1' 'memory=256' 'kernel="/domu/vmlinuz"' \
			'ramdisk="/domu/initrd"' 'on_crash="preserve"' 'on_reboot="destroy"' "$@"
		echo 'extra="console=hvc0 panic=-1 loglevel=3 no_timer_check rdinit=/init iommu=soft"'
	} >"/tmp/$domu_name.cfg"
}

# domu_create NAME [LINE...]: until its agent answers.
domu_create() {
	domu_config "$@"
	xl create "/tmp/$1.cfg" >"/tmp/$1.create.log" 2>&1 || { cat "/tmp/$1.create.log" >&2; return 1; }
	domu_ready "$1"
}

# domu_ready NAME: waits for it, which may have been created by others.
domu_ready() {
	echo 0 >"/run/domu.$1"
	wait_for 60 xenstore-exists "/local/domain/$(domu_id "$1")/data/e2e/ready" ||
		{ tail -n 20 "/out/domu/guest-$1.log" >&2; return 1; }
}

# domu NAME COMMAND...: runs a shell command in it; prints what it printed, returns its status. DOMU_TIMEOUT: seconds.
domu() {
	domu_name=$1
	shift
	# In a file, for a subshell may ask too.
	domu_number=$(cat "/run/domu.$domu_name")
	echo $((domu_number + 1)) >"/run/domu.$domu_name"
	domu_room=/local/domain/$(domu_id "$domu_name")/data/e2e/$domu_number
	xenstore-write "$domu_room/command" "$*" || return 125
	wait_for "${DOMU_TIMEOUT:-60}" xenstore-exists "$domu_room/status" ||
		{ echo "domU $domu_name gave no answer to: $*" >&2; return 124; }
	domu_answer "$domu_room"
}

domu_answer() {
	domu_status=$(xenstore-read "$1/status")
	domu_pieces=$(xenstore-read "$1/pieces")
	domu_piece=0
	while [ "$domu_piece" -lt "$domu_pieces" ]; do
		xenstore-read "$1/out/$domu_piece"
		domu_piece=$((domu_piece + 1))
	done | base64 -d
	xenstore-rm "$1/out" 2>/dev/null
	return "$domu_status"
}

domu_destroy() { xl destroy "$1" && wait_for 20 domu_is_gone "$1"; }
domu_is_gone() { [ -z "$(domu_id "$1")" ]; }

# domu_is_sound NAME: its kernel has said nothing of a death of its own.
domu_is_sound() { ! grep -H -e 'Kernel panic' -e 'BUG: ' -e 'Oops: ' "/out/domu/guest-$1.log"; }
