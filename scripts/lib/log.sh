# SPDX-License-Identifier: BSD-3-Clause
# Progress and errors for the scripts; sourced.

# Progress, with the seconds since the script began.
say() {
	printf '[%4d s] %s\n' "$SECONDS" "$*"
}

# One line that names the thing and the remedy; status 2.
die() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 2
}
