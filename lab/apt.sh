# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A private apt under build/. It takes the mirror's address from the host's
# configuration, adds suites of its own, needs no root, and leaves the host as
# it was. Source after lib.sh, and call apt_private, apt_machine or apt_foreign
# before the others.

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

apt_keyring()
{
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg

	[ ! -e "$keyring" ] || echo "[signed-by=$keyring] "
}

# Where the host gets its own release from.
apt_mirror()
{
	apt_host_suites | awk -v host="$codename" '$2 == host { print $1; exit }'
}

# The host's own suites, and its backports.
apt_sources()
{
	local uri suite mirror

	mirror=$(apt_mirror)
	[ -n "$mirror" ] || die "apt's sources name no Debian suite \"$codename\"" \
		"the lab needs Debian 12 or 13 with its mirror in apt's sources"
	while read -r uri suite; do
		case $suite in
		"$codename"|"$codename"-updates|"$codename"-security)
			echo "deb $(apt_keyring)$uri $suite main" ;;
		esac
	done < <(apt_host_suites)
	echo "deb $(apt_keyring)$mirror $codename-backports main"
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

# apt_setup DIR STATUS [ARCH]: an apt in DIR, for a system with dpkg's status file
# STATUS. Its sources come on standard input.
apt_setup()
{
	apt_dir=$1
	mkdir -p "$apt_dir/lists/partial" "$apt_dir/archives/partial"
	cat >"$apt_dir/sources.list"
	cat >"$apt_dir/apt.conf" <<-CONF
	APT::Architecture "${3:-amd64}";
	APT::Architectures { "${3:-amd64}"; };
	Dir::State "$apt_dir";
	Dir::State::lists "$apt_dir/lists";
	Dir::State::status "$2";
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

apt_release()
{
	command -v apt-get >/dev/null ||
		die "there is no apt-get" "the lab needs Debian 12 or 13"
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME-unknown}")
}

# For what the host's own release has.
apt_private()
{
	local sources

	apt_release
	sources=$(apt_sources)
	apt_setup "$build/apt" /var/lib/dpkg/status <<<"$sources"
}

# The same for the guest's programs: for another machine than the host all the way
# down to libc. Of i386 no kernel is wanted, and so no updates of one.
apt_machine()
{
	local sources

	if [ -z "$foreign" ]; then
		apt_private
		return
	fi
	apt_release
	case $userland in
	i386) sources="deb $(apt_keyring)$(apt_mirror) $codename main" ;;
	*) sources=$(apt_sources) ;;
	esac
	apt_setup "$build/apt$foreign" /dev/null "$userland" <<<"$sources"
}

# apt_foreign CODENAME: for what another release and its backports have, all
# the way down to libc, whatever the host is.
apt_foreign()
{
	local mirror

	apt_release
	mirror=$(apt_mirror)
	[ -n "$mirror" ] || return
	apt_setup "$build/apt-$1" /dev/null <<-LIST
	deb $(apt_keyring)$mirror $1 main
	deb $(apt_keyring)$mirror $1-backports main
	LIST
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
