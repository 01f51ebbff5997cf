#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# headers.sh INCLUDE CC [CXX]: every public header stands by itself; the contract is C11 and C++17.
set -eu
include=$1 cc=$2 cxx=${3:-}
n=0
for header in "$include"/sriov/*.h "$include"/sriov/hw/*.h; do
    line="#include <${header#"$include"/}>"
    echo "$line" | "$cc" -std=c11 -Wall -Wextra -Wpedantic -Werror -I"$include" -fsyntax-only -x c -
    if [ -n "$cxx" ]; then
        echo "$line" | "$cxx" -std=c++17 -Wall -Wextra -Wpedantic -Werror -I"$include" -fsyntax-only -x c++ -
    fi
    n=$((n + 1))
done
[ "$n" -ge 15 ] || { echo "only $n headers in $include" >&2; exit 1; }
echo "$n headers stand by themselves in C11${cxx:+ and C++17}"
