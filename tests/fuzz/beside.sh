#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs a fuzzer of the clang preset's build from a build whose compiler has no libFuzzer.
if [ ! -x "$1" ]; then
	echo "skipped: this compiler has no libFuzzer, and there is no $1: cmake --preset clang && cmake --build --preset clang"
	exit 77
fi
exec "$@"
