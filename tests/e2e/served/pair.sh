# SPDX-License-Identifier: BSD-3-Clause
# e2e: tools ethtool iperf3

. /e2e/served.sh
me=$((VF + 1))
peer=$((2 - VF))
vf_up 192.0.2.$me/24
ok "link up"
meet up
check "ping" ping -q -A -c 500 -s 1400 192.0.2.$peer
cat /tmp/check.log | tail -2 >&2
ethtool -S $DEV >&2
ethtool -k $DEV >&2
ethtool -l $DEV >&2
meet pinged
if [ $VF = 0 ]; then
iperf3 -s -1 >/dev/null & 
meet served
meet done
else
meet served
sleep 1
iperf3 -c 192.0.2.1 -t 10 --bidir >&2
meet done
fi
done_testing
