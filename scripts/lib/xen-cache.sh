# SPDX-License-Identifier: BSD-3-Clause
# Xen and the tools of its dom0, to be laid into a guest as they are; sourced after
# cache.sh and apt-private.sh.
# A change to how the entry is made changes its format number below.

xen_format=2
xen_tools=(xl xenstored xenconsoled xen-init-dom0 libxl-save-helper lsevtchn)
xen_store_tools=(xenstore-read xenstore-write xenstore-ls xenstore-list xenstore-rm xenstore-exists xenstore-chmod
	xenstore-watch)

# This machine's own release: our programs run in dom0 with the libraries of its
# libxen-dev, and their version is that of the hypervisor they can talk to.
xen_suite() {
	local codename
	codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
	printf '%s\n' "${codename:-bookworm}"
}

# xen_series APT-DIR: 4.17, 4.20, as that suite has it.
xen_series() {
	apt_private "$1" apt-cache depends xen-system-amd64 |
		sed -nE 's/^ *Depends: xen-hypervisor-([0-9.]+)-amd64$/\1/p' | head -n 1
}

# xen_library ROOT NAME: before Debian 13 the C library's packages are in /lib.
xen_library() {
	find "$1" -path "*/lib/x86_64-linux-gnu/$2" | head -n 1
}

# All that the result's loader loads for files out of a root, one path a line.
xen_needs() {
	local root=$1 loader=$2 file
	shift 2
	for file; do
		"$loader" --library-path "$root/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu" --list "$file" |
			sed -nE '/ld-linux/!s/.*=> (\/[^ ]+) .*/\1/p'
	done | sort -u
}

# xen_collect ROOT SERIES RESULT: what a dom0 runs, out of the unpacked packages.
xen_collect() {
	local root=$1 series=$2 result=$3 file
	mkdir "$result/bin" "$result/lib" || return 1
	gunzip -c "$root/boot/xen-$series-amd64.gz" >"$result/xen.elf" || return 1
	for file in "${xen_tools[@]}"; do
		cp -L "$root/usr/lib/xen-$series/bin/$file" "$result/bin/" || return 1
	done
	for file in "${xen_store_tools[@]}"; do
		cp -L "$root/usr/bin/$file" "$result/bin/" || return 1
	done
	cp -L "$(xen_library "$root" ld-linux-x86-64.so.2)" "$result/ld.so" || return 1
	# The C library loads libgcc_s by itself when a thread ends: xl aborts without it.
	for file in $(xen_needs "$root" "$result/ld.so" "$result"/bin/*) "$(xen_library "$root" libgcc_s.so.1)"; do
		cp -Lu "$file" "$result/lib/" || return 1
	done
}

# xen_check RESULT: is all there, and does it load?
xen_check() {
	local result=$1 file
	for file in ld.so lib/libgcc_s.so.1 lib/libxenctrl.so."$(cat "$result/series")" bin/xl bin/xenstored; do
		[ -e "$result/$file" ] || { echo "Xen's packages hold no $file" >&2; return 1; }
	done
	[ "$(head -c 4 "$result/xen.elf" | tail -c 3)" = ELF ] || { echo "xen.elf is no ELF file" >&2; return 1; }
	for file in "$result"/bin/*; do
		"$result/ld.so" --library-path "$result/lib" --list "$file" >/dev/null || return 1
	done
}

# RESULT: xen.elf, bin/ with dom0's tools, ld.so and lib/ to run them, series and version.
make_xen() {
	local work=$1 result=$2 series
	say "fetching Xen"
	apt_private_open "$work/apt" "$(xen_suite)" || return 1
	series=$(xen_series "$work/apt")
	[ -n "$series" ] || { echo "suite $(xen_suite) has no Xen" >&2; return 1; }
	apt_private_unpack "$work/apt" "$work/root" "xen-hypervisor-$series-amd64" "xen-utils-$series" \
		xenstore-utils libgcc-s1 || return 1
	printf '%s\n' "$series" >"$result/series"
	apt_private_version "$work/apt" "xen-hypervisor-$series-amd64" >"$result/version"
	xen_collect "$work/root" "$series" "$result" && xen_check "$result" || return 1
	say "Xen $(cat "$result/version")"
}
