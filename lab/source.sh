# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The source that packages are built from. Source after lib.sh.

# project_version TREE: as its meson.build has it
project_version()
{
	local version

	version=$(sed -nE "s/^  version: '([^']+)',$/\1/p" "$1/meson.build")
	[ -n "$version" ] || die "$1/meson.build has no version"
	echo "$version"
}

# higher VERSION: the one after that
higher()
{
	echo "${1%.*}.$((${1##*.} + 1))"
}

# Is this a clone, and not what somebody has unpacked?
is_clone()
{
	[ -e "$top/.git" ]
}

# What .gitignore has, as find(1) says it
ignored()
{
	local pattern

	grep -v -e '^#' -e '^$' "$top/.gitignore" | while IFS= read -r pattern; do
		pattern=${pattern%/}
		case $pattern in
		/*) printf '%s\n' -path ".$pattern" -o ;;
		*) printf '%s\n' -name "$pattern" -o ;;
		esac
	done
}

# source_files: what git knows, or would add, and is there; where there is no clone, all
# that is there and would be added
source_files()
{
	local file ignored

	if is_clone; then
		git -C "$top" ls-files --cached --others --exclude-standard |
		while IFS= read -r file; do
			[ ! -f "$top/$file" ] || echo "$file"
		done
	else
		mapfile -t ignored < <(ignored)
		(cd "$top" && find . \( "${ignored[@]}" -false \) -prune -o \
			-type f -printf '%P\n' | LC_ALL=C sort)
	fi
}

# copy_source DIR
copy_source()
{
	mkdir -p "$1"
	source_files | tar -C "$top" -c -T - | tar -C "$1" -x
}

# When the last commit was made, which a tarball's files say as well; now, where there
# is none yet
source_stamp()
{
	if is_clone; then
		git -C "$top" log -1 --format=%ct 2>/dev/null || date +%s
	else
		stat -c %Y "$top/meson.build"
	fi
}

# clean_env COMMAND...: what make was called with is nothing to packages.
clean_env()
{
	env -u MAKEFLAGS -u MAKELEVEL -u PREFIX -u DESTDIR -u KERNEL -u ARCH \
		-u PAGES -u USERLAND SOURCE_DATE_EPOCH="$(source_stamp)" "$@"
}

# Files and links, no directories
deb_files()
{
	dpkg-deb -c "$1" | grep -vc '^d'
}

rpm_files()
{
	rpm -qp --qf '[%{FILEMODES:perms}\n]' "$1" | grep -vc '^d'
}

# sizes DIR SUFFIX
sizes()
{
	local path size

	find "$1" -name "*.$2" -printf '%p %s\n' | sort |
	while read -r path size; do
		say "${2^^}" "$(printf '%-48s %5d KiB %4d files' "${path##*/}" \
			$(((size + 1023) / 1024)) "$("$2_files" "$path")")"
	done
}
