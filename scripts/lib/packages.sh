# SPDX-License-Identifier: BSD-3-Clause
# Host packages: which are missing, and their installation; sourced after log.sh.

# packages_of SET...: the lines' first words (NAME or NAME|OTHER) of these sets.
packages_of() {
	local sets=" $* " name set rest
	while read -r name set rest; do
		case $name in '' | '#'*) continue ;; esac
		[[ $sets == *" $set "* ]] && printf '%s\n' "$name"
	done <"$lib_dir/packages.list"
	return 0
}

package_is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

package_is_known() {
	apt-cache show --no-all-versions "$1" >/dev/null 2>&1
}

# Is one of NAME|OTHER installed?
any_installed() {
	local name
	for name in ${1//|/ }; do
		package_is_installed "$name" && return 0
	done
	return 1
}

# The first of NAME|OTHER that this release has; the first name when none is known.
first_known() {
	local name
	for name in ${1//|/ }; do
		package_is_known "$name" && { printf '%s\n' "$name"; return; }
	done
	printf '%s\n' "${1%%|*}"
}

packages_missing() {
	local entry
	for entry in $(packages_of "$@"); do
		any_installed "$entry" || printf '%s\n' "$entry"
	done
}

# Runs a command as root, or says that it cannot.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
		sudo "$@"
	else
		return 126
	fi
}

packages_install() {
	local log status=0
	log=$(mktemp)
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
		--no-install-recommends -o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1 </dev/null || status=$?
	[ $status = 0 ] || tail -n 15 "$log" >&2
	rm -f "$log"
	return $status
}

# packages_ensure SET...: silent when nothing is missing.
packages_ensure() {
	local missing entry names=()
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null ||
		die "no apt-get here; install the counterparts of: ${missing//$'\n'/ }"
	as_root true ||
		die "missing packages (need root or sudo to install): ${missing//$'\n'/ }"
	say "installing ${missing//$'\n'/ }"
	as_root apt-get update -qq || die "apt-get update failed; check this machine's apt sources"
	for entry in $missing; do
		names+=("$(first_known "$entry")")
	done
	packages_install "${names[@]}" || die "apt-get could not install: ${names[*]}"
	say "packages installed"
}
