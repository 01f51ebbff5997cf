# SPDX-License-Identifier: BSD-3-Clause
# DPDK's testpmd of Debian 13 with all that it loads, to be laid into a guest as
# it is; sourced after cache.sh and apt-private.sh.
# A change to how the entry is made changes its format number below.

dpdk_format=1
dpdk_libraries=usr/lib/x86_64-linux-gnu

# The packages of the librte_NAME.so.ABI that a program wants: librte-NAMEABI, with
# a dash between the two where the name ends in a digit.
dpdk_packages_of() {
	LC_ALL=C readelf -d "$1" |
		sed -nE 's/.*\(NEEDED\).*\[(librte_.*)\.so\.([0-9]+)\]$/\1 \2/p' |
		sed -E 'y/_/-/; s/([0-9]) ([0-9]+)$/\1-\2/; s/ //'
}

# testpmd lies in a package that wants all that building with DPDK needs: that one
# alone is fetched, then what testpmd itself wants, and the ring mempool, a plug-in.
unpack_dpdk() {
	local work=$1 root=$2 deb packages
	apt_private_open "$work/apt" trixie || return 1
	deb=$(apt_private_download "$work/apt" dpdk-dev) || return 1
	mkdir -p "$root"
	dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" ./usr/bin/dpdk-testpmd || return 1
	rm -f "$deb"
	mapfile -t packages < <(dpdk_packages_of "$root/usr/bin/dpdk-testpmd")
	[ ${#packages[@]} -gt 0 ] || { echo "testpmd wants no DPDK library" >&2; return 1; }
	apt_private_unpack "$work/apt" "$root" libc6 "${packages[@]}" \
		"librte-mempool-ring${packages[0]##*[!0-9]}"
}

# All that the loader of that root loads for a file, one path a line.
dpdk_needs() {
	local root=$1 file=$2
	"$root/$dpdk_libraries/ld-linux-x86-64.so.2" --library-path "$root/$dpdk_libraries" \
		--list "$file" | sed -nE 's/.*=> (\/[^ ]+) .*/\1/p'
}

# RESULT: testpmd, ld.so, lib/ and version.
make_dpdk() {
	local work=$1 result=$2 root=$1/root plugin file
	say "fetching DPDK's testpmd"
	unpack_dpdk "$work" "$root" || return 1
	plugin=$(echo "$root/$dpdk_libraries"/librte_mempool_ring.so.??)
	mkdir "$result/lib" && cp "$root/usr/bin/dpdk-testpmd" "$result/testpmd" &&
		cp "$root/$dpdk_libraries/ld-linux-x86-64.so.2" "$result/ld.so" &&
		cp -L "$plugin" "$result/lib/librte_mempool_ring.so" || return 1
	for file in $(dpdk_needs "$root" "$result/testpmd"; dpdk_needs "$root" "$plugin"); do
		cp -Lu "$file" "$result/lib/" || return 1
	done
	apt_private_version "$work/apt" dpdk-dev >"$result/version"
	say "DPDK $(cat "$result/version")"
}
