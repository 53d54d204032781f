#!/bin/bash
# SPDX-License-Identifier: MIT
# configs.sh [NAME,...] [TEST,...]: the guest's tests on kernels that are not
# Debian's usual one, those named, or all but those for check-debug.sh; of the tests
# all or those named.
# Each leaves a line in build/results/NAME, NAME and four fields with tabs between
# them: how many passed, failed, were skipped, and what was done. Its log is
# build/results/NAME.log, its results and console are in build/check-NAME. Closes
# with a table of these lines.
set -eu
. "$(dirname "$0")/lib.sh"

results=$build/results
names=${1:-rt,small,i386,programs-i386}
tests=${2-}

# The words that make is to have for a configuration
words()
{
	case $1 in
	rt) echo KERNEL=6.12-rt ;;
	small) echo KERNEL=6.12-small ;;
	i386) echo ARCH=i386 ;;
	programs-i386) echo USERLAND=i386 ;;
	6.12-debug | 7.3-debug | 6.12-kcsan) echo "KERNEL=$1" ;;
	*) die "unknown configuration: $1" ;;
	esac
}

make_for()
{
	local name=$1 words
	shift

	words=$(words "$name")
	# shellcheck disable=SC2086	# a list of words
	make_anew $words "$@"
}

# result NAME NOTE: the counts are in the last line of its log.
result()
{
	awk -v name="$1" -v note="$2" -v OFS='\t' '
		/^[0-9]+ passed, [0-9]+ failed/ {
			passed = $1; failed = $3; skipped = $5
		}
		END {
			print name, passed + 0, passed == "" ? 1 : failed + 0,
			      skipped + 0, note
		}' "$results/$1.log" >"$results/$1"
}

# Whether the guest's kernel came as far as init
booted()
{
	grep -qs 'barlease: init' "$build/check/console.log"
}

# What the last run left, out of the way of the next one
keep()
{
	local dir

	rm -rf "$build/check-$1"
	mkdir -p "$build/check-$1"
	for dir in check clients noiommu weak; do
		[ ! -e "$build/$dir/guest.tap" ] ||
			cp -r "$build/$dir" "$build/check-$1/"
	done
}

run()
{
	local name=$1 log=$results/$1.log

	rm -rf "$build"/{check,clients,noiommu,weak}
	say CONFIG "$name: $(words "$name")"
	if ! make_for "$name" guest >"$log" 2>&1; then
		tail -n 20 "$log"
		result "$name" "not built"
		return
	fi
	BARLEASE_RESULTS=$name make_for "$name" check-guests TESTS="$tests" 2>&1 |
		tee -a "$log"
	keep "$name"
	if booted; then
		result "$name" "booted${tests:+ for some tests}"
	else
		result "$name" "compiled only: it does not boot"
	fi
}

table()
{
	{
		printf 'configuration\tpassed\tfailed\tskipped\t\n'
		for name; do
			cat "$results/$name"
		done
	} | awk -F '\t' '{
		printf "%-16s %7s %7s %8s  %s\n", $1, $2, $3, $4, $5
		bad += NR > 1 && $3
	}
	END { exit bad > 0 }'
}

mkdir -p "$results"
IFS=, read -r -a list <<<"$names"
for name in "${list[@]}"; do
	words "$name" >/dev/null
done
for name in "${list[@]}"; do
	run "$name"
done
table "${list[@]}"
