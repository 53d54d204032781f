#!/bin/bash
# SPDX-License-Identifier: MIT
# fuzz.sh SECONDS: run each fuzzer for as long, all at once. What one finds is
# kept in build/fuzz/NAME, and tried again first of all the next time; so is the
# corpus, which the next run begins with. The results go to build/check/fuzz.tap.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/show.sh"

seconds=${1:?usage: fuzz.sh SECONDS}
names=(wire config)
fuzz=$build/fuzz
out=${OUT:-$build/check}
flags=(-std=gnu11 -D_GNU_SOURCE -g -O1 -Wall -Wextra -Werror
	-I "$top/include" -I "$top/lib" -I "$top/broker" -I "$top/tests/unit"
	-fno-sanitize-recover=all)

case $seconds in
'' | *[!0-9]* | 0) die "FUZZ_SECONDS must be a number of seconds, not \"$seconds\"" ;;
esac

# compile NAME: the fuzzer and its first inputs
compile()
{
	local name=$1 dir=$fuzz/$1 parts=()

	mkdir -p "$dir/corpus"
	case $name in
	wire)
		parts=("$top/lib/wire/wire.c")
		clang "${flags[@]}" -o "$dir/seed" "$top/tests/fuzz/seed-wire.c" \
			"$top/tests/unit/samples.c" "${parts[@]}"
		"$dir/seed" "$dir/corpus"
		;;
	config)
		parts=("$top"/broker/config/*.c "$top"/broker/base/{array,duration}.c \
			"$top/lib/device/address.c")
		cp "$top/broker/barleased.conf.example" "$dir/corpus/"
		;;
	esac
	clang "${flags[@]}" -fsanitize=fuzzer,address,undefined -o "$dir/fuzz" \
		"$top/tests/fuzz/fuzz-$name.c" "${parts[@]}"
}

# What was found: libFuzzer's names begin with what it is.
findings()
{
	find "$1" -maxdepth 1 -type f \( -name 'crash-*' -o -name 'leak-*' -o \
		-name 'timeout-*' -o -name 'oom-*' \) | sort
}

# What was found before is tried again. Once it is mended, it is an input like
# any other.
try_again()
{
	local dir=$fuzz/$1 file

	while IFS= read -r file; do
		"$dir/fuzz" -timeout=10 "$file" >>"$dir/log" 2>&1 || return
		mv "$file" "$dir/corpus/"
	done < <(findings "$dir")
}

run()
{
	local dir=$fuzz/$1

	: >"$dir/log"
	try_again "$1" &&
		"$dir/fuzz" -max_total_time="$seconds" -max_len=4200 -timeout=10 \
			-print_final_stats=1 -artifact_prefix="$dir/" \
			"$dir/corpus" >>"$dir/log" 2>&1
}

# result NUMBER NAME STATUS
result()
{
	local dir=$fuzz/$2 inputs found

	inputs=$(awk '/^stat::number_of_executed_units/ { n = $2 }
		END { print n + 0 }' "$dir/log")
	found=$(findings "$dir" | tr '\n' ' ')
	if [ "$3" -eq 0 ] && [ "$inputs" -gt 0 ]; then
		echo "ok $1 - $2: $inputs inputs in $seconds s"
	else
		echo "not ok $1 - $2: ${found:-nothing is kept; }see $dir/log"
		tail -n 40 "$dir/log" | sed 's/^/# /'
	fi
}

# All of them, side by side
fuzz_all()
{
	local -A pids
	local name status number=0

	for name in "${names[@]}"; do
		run "$name" &
		pids[$name]=$!
	done
	echo '#@ begin 1/1 fuzz'
	echo "1..${#names[@]}"
	for name in "${names[@]}"; do
		status=0
		wait "${pids[$name]}" || status=$?
		result $((++number)) "$name" "$status"
	done
	echo "#@ end fuzz $seconds"
	echo '#@ complete'
}

mkdir -p "$fuzz" "$out"
lock fuzz
for name in "${names[@]}"; do
	step CLANG "build/fuzz/$name" compile "$name"
done
say FUZZ "${names[*]}: $seconds s"
fuzz_all | tee "$out/fuzz.tap" | show_all
