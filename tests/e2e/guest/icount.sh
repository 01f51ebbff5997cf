# SPDX-License-Identifier: BSD-3-Clause
# The mode of the benchmarks: one tick of the time-stamp counter is one instruction.
# e2e: kernels small
# e2e: programs ticks
# e2e: devices none
# e2e: icount
# e2e: timeout 90

is "one CPU" "$(grep -c ^processor /proc/cpuinfo)" 1
for try in 1 2 3; do
	is "2,000 rounds of two instructions, try $try" "$(ticks)" 4000
done
done_testing
