#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# ping.sh SRIOVCTL: where in-veth is, the program on one interface asks itself on the other.
set -eu
ctl=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$ctl" --shim netdev list >"$out/list"
cat "$out/list"
grep -q '^sn0 ' "$out/list"
grep -q '^sn1 .*veth' "$out/list"
"$ctl" --shim netdev respond sn1 --address 192.0.2.2 >"$out/respond" 2>&1 &
responder=$!
"$ctl" --shim netdev ping sn0 --from 192.0.2.1 --to 192.0.2.2 --count 1000 --interval 0 --resolve 30s >"$out/ping" || {
    cat "$out/ping" "$out/respond"
    exit 1
}
cat "$out/ping"
kill -INT $responder
wait $responder
cat "$out/respond"
if "$ctl" --shim netdev ping nobody --from 192.0.2.1 --to 192.0.2.2 2>"$out/why"; then
    exit 1
fi
cat "$out/why"
grep -q 'nobody' "$out/why"
echo "netdev: ok"
