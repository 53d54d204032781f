# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A private apt under build/apt. It takes the mirror's address from the host's
# configuration, adds suites of its own, needs no root, and leaves the host as
# it was. Source after lib.sh and call apt_private before the others.

apt_dir=$build/apt

# "URI suite" of every Debian suite that the host knows. Where its lists were
# never fetched there is no origin to go by, only the address.
apt_host_suites()
{
	# shellcheck disable=SC2016	# for apt to expand
	apt-get indextargets --format \
		'$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' \
		'Created-By: Packages' |
	awk '$3 == "main" && ($4 == "Debian" ||
	     (NF == 3 && $1 ~ /\/debian(-security)?\/$/)) {
		print $1, $2
	}' | sort -u
}

# The host's own suites of release $1, and its backports.
apt_sources()
{
	local code=$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	local opt='' uri suite main=''

	[ ! -e "$keyring" ] || opt="[signed-by=$keyring] "
	while read -r uri suite; do
		case $suite in
		"$code") main=$uri ;;
		"$code"-updates|"$code"-security) ;;
		*) continue ;;
		esac
		echo "deb $opt$uri $suite main"
	done < <(apt_host_suites)
	[ -n "$main" ] || die "apt's sources name no Debian suite \"$code\"" \
		"the lab needs Debian 12 or 13 with its mirror in apt's sources"
	echo "deb $opt$main $code-backports main"
}

# The host's lists make the update mostly "not modified".
apt_update()
{
	rm -f "$apt_dir/updated"
	find /var/lib/apt/lists -maxdepth 1 -type f -readable ! -name lock \
		-exec cp -pt "$apt_dir/lists" {} +
	step UPDATE "private package lists" apt-get update || return
	cp "$apt_dir/sources.list" "$apt_dir/updated"
}

apt_private()
{
	command -v apt-get >/dev/null ||
		die "there is no apt-get" "the lab needs Debian 12 or 13"
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME-unknown}")
	mkdir -p "$apt_dir/lists/partial" "$apt_dir/archives/partial"
	apt_sources "$codename" >"$apt_dir/sources.list"
	cat >"$apt_dir/apt.conf" <<-CONF
	Dir::State "$apt_dir";
	Dir::State::lists "$apt_dir/lists";
	Dir::State::status "/var/lib/dpkg/status";
	Dir::Cache "$apt_dir";
	Dir::Etc::sourcelist "$apt_dir/sources.list";
	Dir::Etc::sourceparts "-";
	Acquire::Languages "none";
	APT::Sandbox::User "root";
	APT::Install-Recommends "false";
	Debug::NoLocking "true";
	CONF
	export APT_CONFIG=$apt_dir/apt.conf
	cmp -s "$apt_dir/sources.list" "$apt_dir/updated" || apt_update ||
		die "apt-get update failed" "is the mirror reachable?"
}

# apt_depends PACKAGE: what it depends on, one name a line.
apt_depends()
{
	apt-cache depends --important "$1" | awk '$1 ~ /Depends:$/ { print $2 }'
}

apt_megabytes()
{
	apt-cache show --no-all-versions "$@" |
		awk '/^Size:/ { n += $2 } END { printf "%.0f MB\n", n / 1e6 }'
}

apt_download()
{
	local label=$1 dir=$2
	shift 2

	rm -rf "$dir"
	mkdir -p "$dir"
	step FETCH "$label ($(apt_megabytes "$@"))" \
		env -C "$dir" apt-get download -q "$@"
}

# apt_fetch LABEL DIR PACKAGE...: put the .deb files into an empty DIR. Old
# lists name files that the mirror has dropped: a failure earns one update.
apt_fetch()
{
	apt_download "$@" && return
	if ! apt_update || ! apt_download "$@"; then
		die "could not fetch $1"
	fi
}

# unpack LABEL DIR ROOT: every .deb of DIR into ROOT; nothing is installed.
unpack()
{
	step UNPACK "$1" unpack_all "$2" "$3" || return
	rm -rf "$2"
}

unpack_all()
{
	local deb

	mkdir -p "$2"
	for deb in "$1"/*.deb; do
		dpkg-deb -x "$deb" "$2" || return
	done
}
