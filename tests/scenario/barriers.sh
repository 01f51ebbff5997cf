#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# usage: barriers.sh CLANG SOURCE_DIR
# On x86 the barriers of the data path cost no instruction and no run can miss them. So they are
# looked for where they are one: in the code for arm64.
set -eu

if ! command -v "$1" >/dev/null; then
	echo "barriers: skipped, there is no clang to compile for arm64 with" >&2
	exit 77
fi
clang=$1
source=$2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cat >"$out/string.h" <<-TEXT
	void *memcpy(void *, const void *, __SIZE_TYPE__);
	void *memset(void *, int, __SIZE_TYPE__);
	int memcmp(const void *, const void *, __SIZE_TYPE__);
TEXT
echo '#include <asm-generic/errno.h>' >"$out/errno.h"

# wants FILE FUNCTION BARRIER: the function, with what is inlined into it, has the barrier.
wants() {
	"$clang" --target=aarch64-linux-gnu -std=c11 -O2 -ffreestanding -isystem "$out" \
		-I"$source/drivers" -I"$source/include" -S -o "$out/code.s" "$source/drivers/intel/$1"
	if ! sed -n "/^$2:/,/^\.Lfunc_end/p" "$out/code.s" | grep -q "dmb[[:space:]]*$3"; then
		echo "barriers: $2 has no dmb $3" >&2
		exit 1
	fi
	echo "barriers: $2 has dmb $3"
}

wants ring_rx.c sri_rx_burst oshld # DD before the rest of the descriptor and the payload
wants ring_rx.c sri_rx_burst oshst # descriptors before the tail
wants ring_tx.c sri_tx_burst oshst
