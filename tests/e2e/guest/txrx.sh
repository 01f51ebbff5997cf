# SPDX-License-Identifier: BSD-3-Clause
# Instructions per packet of the VF drivers, by the machine's own count. TXRX: more arguments.
# e2e: kernels small
# e2e: programs txrx-bench
# e2e: devices none
# e2e: icount
# e2e: timeout 120

# shellcheck disable=SC2086 # words on purpose
check "the benchmark ends well" sh -c "txrx-bench --mode icount $TXRX >/out/txrx.txt"
is "no line is empty" "$(grep -c '^$' /out/txrx.txt)" 0
done_testing
