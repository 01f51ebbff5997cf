# SPDX-License-Identifier: BSD-3-Clause
# Packages of any Debian suite, fetched and unpacked without root and without
# touching this machine's apt: a private state folder; sourced after log.sh.

# The Debian archive that this machine's apt is set up for. Security and updates
# live elsewhere or beside it, so only a plain release name counts. The list of
# what apt would fetch is there even before any update.
debian_mirror() {
	local releases='bookworm|trixie|forky|sid|(old)*stable|testing|unstable' found
	found=$(apt-get --print-uris update 2>/dev/null |
		sed -nE "s#^'([^']*[^/'])/+dists/($releases)/InRelease' .*#\1#p" | head -n 1)
	[ -n "$found" ] && printf '%s\n' "$found"
}

debian_keyring() {
	local file
	for file in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		[ -e "$file" ] && { printf '%s\n' "$file"; return; }
	done
	return 1
}

# apt_private_sources SUITE...: the text of a sources.list.
apt_private_sources() {
	local mirror keyring suite options=
	mirror=$(debian_mirror) || return 1
	keyring=$(debian_keyring) && options="[signed-by=$keyring] "
	for suite in "$@"; do
		printf 'deb %s%s %s main\n' "$options" "$mirror" "$suite"
	done
}

# apt_private_open DIR SUITE...: makes DIR a private apt with fresh lists.
# The last suite is preferred over the others.
apt_private_open() {
	local dir=$1
	shift
	mkdir -p "$dir"/state/lists/partial "$dir"/cache/archives/partial
	: >"$dir/status"
	apt_private_sources "$@" >"$dir/sources.list" || {
		echo "this machine's apt sources name no mirror of the main Debian archive; add one" >&2
		return 1
	}
	cat >"$dir/apt.conf" <<-CONF
		Dir::State "$dir/state";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir/cache";
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		APT::Architecture "amd64";
		APT::Default-Release "${!#}";
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
		APT::Update::Error-Mode "any";
		Acquire::Languages "none";
		Acquire::Retries "3";
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		#clear APT::Update::Pre-Invoke;
	CONF
	apt_private "$dir" apt-get -qq update >"$dir/log" 2>&1 || {
		echo "cannot read suite $* from $(debian_mirror): $(grep -m 1 '^E:' "$dir/log")" >&2
		return 1
	}
}

# apt_private DIR TOOL ARGUMENT...: given by -c so that it wins over the machine's own.
apt_private() {
	local dir=$1 tool=$2
	shift 2
	"$tool" -c "$dir/apt.conf" "$@"
}

# apt_private_unpack DIR ROOT PACKAGE...: the packages and all they depend on.
apt_private_unpack() {
	local dir=$1 root=$2 deb
	shift 2
	apt_private "$dir" apt-get -qq -y --download-only install "$@" >"$dir/log" 2>&1 ||
		{ grep -E '^[EW]:' "$dir/log" >&2; return 1; }
	mkdir -p "$root"
	for deb in "$dir"/cache/archives/*.deb; do
		dpkg-deb -x "$deb" "$root" || return 1
	done
}

# apt_private_download DIR PACKAGE: that package alone; prints the file's name.
apt_private_download() {
	local dir=$1 package=$2
	(cd "$dir/cache/archives" && apt_private "$dir" apt-get -qq download "$package") >&2 ||
		return 1
	printf '%s\n' "$dir/cache/archives/${package}_"*.deb
}

# apt_private_version DIR PACKAGE: the version that would be fetched.
apt_private_version() {
	apt_private "$1" apt-cache policy "$2" | sed -n 's/^  Candidate: //p'
}
