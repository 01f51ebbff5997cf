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

# --- Echoes: each byte of them is compared, by sriovctl and by iputils' ping.

# field FILE KEY: the first value of that key in pretty-printed JSON, without quotes.
field() { sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" | head -n 1; }

# all_came_back NAME FILE COUNT MODE: what sriovctl ping --json has written.
all_came_back() {
	is "$1: all were sent" "$(field "$2" sent)" "$3"
	is "$1: all came back, every byte" "$(field "$2" received):$(field "$2" corrupt)" "$3:0"
	is "$1: none is lost or doubled" "$(field "$2" lost):$(field "$2" duplicates)" 0:0
	is "$1: the driver, and how it waits" "$(field "$2" driver):$(field "$2" mode)" "igbvf-like:$4"
	is "$1: nothing is leaked" "$(field "$2" leaked)" 0
}

# kernel_asks ADDRESS EACH: five sizes, so many each. -A: each answer asks for the next request, so that a machine
# that stalls does not overflow ping's own socket.
kernel_asks() {
	for size in 56 200 777 1400 1472; do
		ping -q -A -c "$2" -W 5 -s "$size" "$1" || return 1
	done
}

# kernel_heard NAME FILE COUNT: what kernel_asks has written.
kernel_heard() {
	got=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "$2" | paste -s -d+ | sed 's/$//')
	is "$1: the kernel got its answers" "$((got))" "$3"
	is "$1: none with a wrong byte" "$(grep -c 'wrong data byte' "$2")" 0
}

# refused NAME PATTERN COMMAND...: status 2 and one line that says so.
refused() {
	name=$1 pattern=$2
	shift 2
	"$@" >/tmp/out 2>/tmp/err
	is "$name: status 2" $? 2
	is "$name: one line, no more" "$(wc -l </tmp/err):$(wc -c </tmp/out)" 1:0
	check "$name: it says $pattern" grep -q -i -e "^sriovctl: .*$pattern" /tmp/err
	diag "$(cat /tmp/err)"
}

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
	# Room for the memory that a program there has for its device.
	xl mem-max "$1" 320 && domu_ready "$1"
}

# domu_ready NAME: waits for it, which may have been created by others.
domu_ready() {
	echo 0 >"/run/domu.$1"
	[ -n "$(domu_id "$1")" ] || { echo "no domain $1" >&2; return 1; }
	domu_wait "/local/domain/$(domu_id "$1")/data/e2e/ready" 60 ||
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
	xenstore-write "$domu_room/command" "$(printf '%s' "$*" | base64 -w 0)" || return 125
	domu_wait "$domu_room/status" "${DOMU_TIMEOUT:-60}" ||
		{ echo "domU $domu_name gave no answer to: $*" >&2; return 124; }
	domu_answer "$domu_room"
}

uptime_seconds() { sed 's/[. ].*//' /proc/uptime; }

# domu_wait PATH SECONDS: until it is there. Watching leaves the CPU to the domain that is waited for; the first of
# two firings is that of the watch itself.
domu_wait() {
	domu_deadline=$(($(uptime_seconds) + $2))
	until xenstore-exists "$1"; do
		[ "$(uptime_seconds)" -lt "$domu_deadline" ] || return 1
		timeout -s PIPE 1 xenstore-watch -n 2 "$1" >/dev/null
	done
	return 0 # not that of the last watch
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
