# SPDX-License-Identifier: BSD-3-Clause
# Runs the commands that dom0 leaves in xenstore, one after the other: `domu` in lib.sh is the other side. An
# answer is cut into pieces, since a value of xenstore is small, and either is base64: its tools escape what is not
# plain text.

room=data/e2e
number=0

# answer FILE STATUS
answer() {
	base64 -w 1200 "$1" >/tmp/answer
	piece=0
	while read -r text; do
		xenstore-write "$room/$number/out/$piece" "$text"
		piece=$((piece + 1))
	done </tmp/answer
	xenstore-write "$room/$number/pieces" "$piece" "$room/$number/status" "$2"
}

xenstore-write "$room/ready" 1
while :; do
	# The first of the two firings is that of the watch itself; what came between read and watch is found a second
	# later.
	until command=$(xenstore-read "$room/$number/command" 2>/dev/null); do
		timeout -s PIPE 1 xenstore-watch -n 2 "$room/$number/command" >/dev/null
	done
	printf '%s' "$command" | base64 -d >/tmp/command
	sh -c '. /e2e/lib.sh; . /e2e/domu.sh; . /tmp/command' </dev/null >/tmp/output 2>&1
	answer /tmp/output $?
	number=$((number + 1))
done
