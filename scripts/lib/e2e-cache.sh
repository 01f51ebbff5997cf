# SPDX-License-Identifier: BSD-3-Clause
# What the guest tests need in the cache: two QEMUs, a guest user land, Debian's own
# kernels and a small one, Xen; sourced after cache.sh and apt-private.sh.
# A change to how an entry is made changes its format number below.

kernel_fragment=$source_dir/tests/e2e/guest-kernel.config
guest_packages=(bash-static busybox-static ethtool iperf3 iproute2 iputils-ping tcpdump)

# Suites for QEMU >= 8.0 and for the 6.12 source: this machine's release first.
new_suites() {
	local codename
	codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
	case $codename in
	bookworm) printf '%s\n' "bookworm bookworm-backports" trixie ;;
	*) printf '%s\n' trixie "bookworm bookworm-backports" ;;
	esac
}

# open_first DIR PACKAGE: a private apt of the first suites that have PACKAGE.
open_first() {
	local dir=$1 package=$2 suites
	while read -r suites; do
		rm -rf "$dir"
		apt_private_open "$dir" $suites || continue
		[ -n "$(apt_private_version "$dir" "$package")" ] && return 0
		echo "suite $suites has no $package" >&2
	done <<<"$(new_suites)"
	return 1
}

# unpack_qemu APT-DIR RESULT
unpack_qemu() {
	local dir=$1 result=$2
	apt_private_version "$dir" qemu-system-x86 >"$result/version"
	apt_private_unpack "$dir" "$result" qemu-system-x86 || return 1
	rm -rf "$result/usr/share/doc" "$result/usr/share/locale" "$result/usr/share/man"
	say "QEMU $(cat "$result/version")"
}

make_qemu() {
	local work=$1 result=$2
	say "fetching QEMU"
	open_first "$work/apt" qemu-system-x86 || return 1
	unpack_qemu "$work/apt" "$result"
}

# vfio-user-pci is in QEMU since 10.1. The tests with the emulated 82576 stay on the older one, whose
# faults the harness knows.
make_qemu_vfu() {
	local work=$1 result=$2
	say "fetching a QEMU with vfio-user"
	apt_private_open "$work/apt" trixie trixie-backports || return 1
	unpack_qemu "$work/apt" "$result"
}

make_guest_root() {
	local work=$1 result=$2
	say "fetching the guest's user land"
	apt_private_open "$work/apt" bookworm || return 1
	apt_private_unpack "$work/apt" "$result" "${guest_packages[@]}" || return 1
	rm -rf "$result/usr/share"
	say "guest user land: ${guest_packages[*]}"
}

# stock_kernel_package APT-DIR SERIES: what linux-image-amd64 stands for today.
stock_kernel_package() {
	apt_private "$1" apt-cache depends linux-image-amd64 |
		sed -n "s/^ *Depends: \\(linux-image-${2//./\\.}\\..*-amd64\\)\$/\\1/p" | head -n 1
}

# unpack_kernel DEB RELEASE RESULT: the image and its modules, but for what no test could load.
unpack_kernel() {
	local deb=$1 release=$2 result=$3
	dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$result" --exclude='*/drivers/gpu' \
		--exclude='*/drivers/media' --exclude='*/sound' ./boot --wildcards '*lib/modules' || return 1
	mv "$result/boot/vmlinuz-$release" "$result/vmlinuz" || return 1
	"$lib_dir/vmlinux" "$result/vmlinuz" "$result/vmlinux" || return 1
	[ -e "$result/lib" ] || mv "$result/usr/lib" "$result/lib" || return 1
	printf '%s\n' "$release" >"$result/release"
	find "$result/lib/modules" -name '*.ko.xz' -print0 | xargs -0 -r -P "$(nproc)" -n 64 xz -d || return 1
	PATH=$PATH:/usr/sbin:/sbin depmod -b "$result" "$release" 2>/dev/null || return 1
	say "kernel $release"
}

# make_kernel_of WORK RESULT SUITE SERIES
make_kernel_of() {
	local work=$1 result=$2 suite=$3 series=$4 package deb
	say "fetching Debian's kernel $series"
	apt_private_open "$work/apt" "$suite" || return 1
	package=$(stock_kernel_package "$work/apt" "$series")
	[ -n "$package" ] || { echo "suite $suite has no kernel $series" >&2; return 1; }
	deb=$(apt_private_download "$work/apt" "$package") || return 1
	unpack_kernel "$deb" "${package#linux-image-}" "$result"
}

make_stock_kernel() { make_kernel_of "$1" "$2" bookworm 6.1; }
make_stock612_kernel() { make_kernel_of "$1" "$2" trixie 6.12; }

# Every option of the fragment must have survived olddefconfig.
check_kernel_config() {
	local lost
	lost=$(grep '^CONFIG_' "$kernel_fragment" | grep -vxF -f "$1")
	[ -z "$lost" ] || { echo "guest kernel drops: ${lost//$'\n'/ }" >&2; return 1; }
}

unpack_kernel_source() {
	local work=$1 deb
	open_first "$work/apt" linux-source-6.12 || return 1
	deb=$(apt_private_download "$work/apt" linux-source-6.12) || return 1
	mkdir "$work/src" || return 1
	dpkg-deb --fsys-tarfile "$deb" | tar -xO ./usr/src/linux-source-6.12.tar.xz |
		tar -xJ -C "$work/src" --strip-components=1
}

configure_small_kernel() {
	make -s tinyconfig >/dev/null &&
		scripts/kconfig/merge_config.sh -m .config "$kernel_fragment" >/dev/null &&
		make -s olddefconfig >/dev/null && check_kernel_config .config
}

make_small_kernel() {
	local work=$1 result=$2
	say "fetching the source of kernel 6.12"
	unpack_kernel_source "$work" || return 1
	cd "$work/src" || return 1
	say "building the small kernel (some 4 minutes on two cores)"
	configure_small_kernel || return 1
	KBUILD_BUILD_TIMESTAMP='2000-01-01' KBUILD_BUILD_USER=build KBUILD_BUILD_HOST=build \
		make -s -j"$(nproc)" bzImage >"$work/log" 2>&1 ||
		{ tail -n 15 "$work/log" >&2; return 1; }
	cp arch/x86/boot/bzImage "$result/vmlinuz" && cp .config "$result/config" &&
		cp "$kernel_fragment" "$result/fragment" || return 1
	make -s kernelrelease >"$result/release"
	say "kernel $(cat "$result/release") (small)"
}

# The whole cache; names in one line what could not be had.
e2e_cache_fill() {
	local failed=()
	cache_ensure qemu "$(cache_key 1 "$(new_suites)")" make_qemu || failed+=(QEMU)
	cache_ensure guest-root "$(cache_key 1 "${guest_packages[@]}")" make_guest_root ||
		failed+=("guest user land")
	cache_ensure kernel-stock "$(cache_key 2)" make_stock_kernel || failed+=("kernel 6.1")
	cache_ensure qemu-vfu "$(cache_key 1)" make_qemu_vfu || failed+=("QEMU with vfio-user")
	cache_ensure kernel-stock612 "$(cache_key 1)" make_stock612_kernel || failed+=("kernel 6.12")
	cache_ensure dpdk "$(cache_key "$dpdk_format")" make_dpdk || failed+=(DPDK)
	cache_ensure xen "$(cache_key "$xen_format" "$(xen_suite)")" make_xen || failed+=(Xen)
	cache_ensure kernel-small "$(cache_key 1 "$(new_suites)" "$(cat "$kernel_fragment")")" \
		make_small_kernel || failed+=("small kernel")
	[ ${#failed[@]} = 0 ] || {
		printf -v failed '%s, ' "${failed[@]}"
		die "cannot make ${failed%, } in $cache_dir; see above, then run it again"
	}
}
