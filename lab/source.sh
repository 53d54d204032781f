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

# copy_source DIR: what git knows, or would add, and is there
copy_source()
{
	local file

	mkdir -p "$1"
	git -C "$top" ls-files -z --cached --others --exclude-standard |
		while IFS= read -r -d '' file; do
			[ ! -e "$top/$file" ] || printf '%s\0' "$file"
		done | tar -C "$top" -c --null -T - | tar -C "$1" -x
}

# When the last commit was made, or now where there is none
source_stamp()
{
	git -C "$top" log -1 --format=%ct 2>/dev/null || date +%s
}

# clean_env COMMAND...: what make was called with is nothing to packages.
clean_env()
{
	env -u MAKEFLAGS -u MAKELEVEL -u PREFIX -u DESTDIR -u KERNEL -u ARCH \
		-u PAGES -u USERLAND SOURCE_DATE_EPOCH="$(source_stamp)" "$@"
}

# sizes DIR SUFFIX
sizes()
{
	local name size

	find "$1" -name "*.$2" -printf '%f %s\n' | sort |
	while read -r name size; do
		say "${2^^}" "$(printf '%-50s %5d KiB' "$name" \
			$(((size + 1023) / 1024)))"
	done
}
