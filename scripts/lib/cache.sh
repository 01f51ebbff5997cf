# SPDX-License-Identifier: BSD-3-Clause
# The cache outside the source tree: entries appear whole or not at all, and are
# named by what they were made from; sourced after log.sh.

cache_dir=${SRIOV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libsriovcore}

# cache_key WORD...: a short name for a recipe.
cache_key() {
	printf '%s\0' "$@" | sha256sum | cut -c1-16
}

cache_has() {
	[ -e "$cache_dir/$1-$2/.complete" ]
}

# cache_use NAME KEY: NAME leads to this entry from now on.
cache_use() {
	[ "$(readlink "$cache_dir/$1")" = "$1-$2" ] && return 0
	ln -sfn "$1-$2" "$cache_dir/.$1.$$" && mv -T "$cache_dir/.$1.$$" "$cache_dir/$1"
}

# Runs "MAKER WORK-DIR RESULT-DIR" and publishes the result by one rename. The
# caller holds the entry's lock, so any other work folder of it is a dead one's.
cache_make() {
	local name=$1 key=$2 maker=$3 work status=0
	rm -rf "$cache_dir/.work-$name."*
	work=$(mktemp -d "$cache_dir/.work-$name.XXXXXX") || return 1
	mkdir "$work/result"
	# set -e is off inside a tested command, so each maker checks its steps.
	(trap 'exit 1' INT TERM; "$maker" "$work" "$work/result") || status=$?
	if [ $status = 0 ]; then
		touch "$work/result/.complete"
		rm -rf "${cache_dir:?}/$name-$key"
		mv -T "$work/result" "$cache_dir/$name-$key" || status=1
	fi
	rm -rf "$work"
	return $status
}

# cache_ensure NAME KEY MAKER: makes the entry if it is not there. Two callers
# at once: the second waits, then finds it made.
cache_ensure() {
	local name=$1 key=$2 maker=$3 lock status=0
	mkdir -p "$cache_dir" || die "cannot write the cache $cache_dir; set SRIOV_CACHE"
	if ! cache_has "$name" "$key"; then
		exec {lock}>"$cache_dir/.lock-$name"
		flock "$lock"
		cache_has "$name" "$key" || cache_make "$name" "$key" "$maker" || status=1
		exec {lock}>&-
	fi
	[ $status = 0 ] && cache_use "$name" "$key"
}
