# SPDX-License-Identifier: BSD-3-Clause
# Real packets between our driver over VFIO on VF 0 and Linux's own igbvf on VF 1, alone in a network
# name space: 1,000 echo requests each way, payload checked, in poll and in interrupt mode.
# e2e: kernels stock small
# e2e: programs sriovctl vfio-wake
# e2e: timeout 240

ours=192.0.2.10
theirs=192.0.2.2
sizes="56 64 200 512 777 1024 1400 1472"
case $E2E_KERNEL in
stock) backends=group ;;
*) backends="iommufd group" ;;
esac

# field FILE KEY: the first value of that key in pretty-printed JSON, without quotes.
field() { sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" | head -n 1; }
at_least() { [ "$(field "$1" "$2")" -ge "$3" ]; }

# summary LINE: what scripts/lib/demo-real shows.
summary() { echo "$*" >>/out/summary.txt; }

# we_ask BACKEND MODE
we_ask() {
	file=/out/ping.$1.$2.json
	check "$1, $2: 1000 echo requests from us" \
		sh -c "sriovctl ping $vf --backend $1 --$2 --from $ours --to $theirs --count 1000 \
			--size 56-1472 --interval 2ms --timeout 5s --json >$file"
	is "$1, $2: all were sent" "$(field "$file" sent)" 1000
	is "$1, $2: all came back, every byte" "$(field "$file" received):$(field "$file" corrupt)" 1000:0
	is "$1, $2: none is lost or doubled" "$(field "$file" lost):$(field "$file" duplicates)" 0:0
	is "$1, $2: the backend is the one asked for" "$(field "$file" backend)" "$1"
	is "$1, $2: nothing is leaked" "$(field "$file" leaked)" 0
	is "$1, $2: the mode is the one asked for" "$(field "$file" mode)" "$2"
	summary "$1 $2 we-ask sent $(field "$file" sent) received $(field "$file" received)" \
		"lost $(field "$file" lost) corrupt $(field "$file" corrupt)" \
		"p50_ns $(field "$file" p50_ns) p99_ns $(field "$file" p99_ns)"
}

# every_interrupt BACKEND: each of 1,000 answers, one at a time, signals the queue that was armed for it. How
# long that takes does not matter: a machine that is slow answers late, a lost interrupt never.
every_interrupt() {
	check "$1: each answer brings its interrupt" vfio-wake "$vf" "$1" 1000 $ours $theirs
	diag "$(cat /tmp/check.log)"
}

# kernel_pings: 8 sizes, 125 each; iputils' ping compares the payload itself. -A: each answer asks for the
# next request, so that a machine that stalls does not overflow ping's own socket.
kernel_pings() {
	for size in $sizes; do
		ip netns exec peer ping -q -A -c 125 -W 5 -s "$size" "$ours" || return 1
	done
}

# we_answer BACKEND MODE
we_answer() {
	file=/out/respond.$1.$2.json
	sriovctl respond "$vf" --backend "$1" "--$2" --address "$ours" --json >"$file" 2>/tmp/respond.log &
	responder=$!
	check "$1, $2: we answer ARP" wait_for 15 ip netns exec peer ping -q -c 1 -W 1 "$ours"
	kernel_pings >"/out/kernel-ping.$1.$2.txt" 2>&1
	is "$1, $2: the kernel's ping ends well" $? 0
	kill -TERM "$responder"
	wait "$responder"
	is "$1, $2: the responder ends well" $? 0
	got=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "/out/kernel-ping.$1.$2.txt" | paste -s -d+ | sed 's/$//')
	got=$((got))
	is "$1, $2: the kernel got 1000 answers" "$got" 1000
	is "$1, $2: none with a wrong byte" "$(grep -c 'wrong data byte' "/out/kernel-ping.$1.$2.txt")" 0
	check "$1, $2: they were ours" at_least "$file" answered_echo 1000
	is "$1, $2: nothing is leaked" "$(field "$file" leaked)" 0
	summary "$1 $2 kernel-asks sent 1000 received $got lost $((1000 - got)) corrupt 0"
}

pf_up 2
vf=$(vf_bdf 0)
check "sriovctl gives VF 0 to vfio-pci" sriovctl bind "$vf"
vf_bind_kernel 1 || bail "VF 1 does not go to igbvf"
vf_to_netns 1 peer "$theirs/24" || bail "VF 1 has no link"
sriovctl info "$vf" --json >/out/info.json
sriovctl doctor "$vf" >/out/doctor.txt

for backend in $backends; do
	for mode in poll interrupts; do
		we_ask "$backend" "$mode"
		we_answer "$backend" "$mode"
	done
	every_interrupt "$backend"
done
check "sriovctl gives VF 0 back" sriovctl unbind "$vf"
done_testing
