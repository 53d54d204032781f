#!/bin/bash
# SPDX-License-Identifier: MIT
# check.sh unit|sanitize|fuzz|host|model|guest|clients|weak|guests|all [TEST,...]: run
# the host's unit tests, those with sanitizers, the fuzzers, all three of these; the
# model's searches; the guest's tests, the VFIO programs of others in a guest of their
# own, a kernel that does without, all guests' tests; or all of these but for the model.
# Of the guests' tests some may be named, and then they are all. Closes with one line that
# counts them all.
# Environment:
#   FUZZ_SECONDS=SECONDS     for each fuzzer (20)
#   BARLEASE_RESULTS=NAME    what a whole run is called in build/results/
#   OUT=DIR                  where results go (build/check); of two runs at the same time
#                            each needs one
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/show.sh"

what=$1
tests=${2-}
out=${OUT:-$build/check}
mkdir -p "$out"
lock "${out##*/}"

# The same runner as in the guest, so the same verdicts.
unit()
{
	local programs

	mapfile -t programs < <(find "$build/user/tests/unit" -maxdepth 1 \
		-name 'unit-*' -type f -executable | sort)
	say UNIT "tests on this host"
	CMOCKA_MESSAGE_OUTPUT=TAP "$build/lab/runner" -l "$top/lab/timeouts" \
		"${programs[@]}" </dev/null |
		tee "$out/unit.tap" | show_all
}

sanitize()
{
	OUT=$out "$top/lab/sanitize.sh" || say FAIL "see above"
}

fuzz()
{
	OUT=$out "$top/lab/fuzz.sh" "${FUZZ_SECONDS:-20}" || say FAIL "see above"
}

model()
{
	"$top/lab/model.sh" | tee "$out/model.tap" | show_all
}

# Which guest a test is for. A name that nobody knows is for the first guest to
# complain about.
guest_of()
{
	local which

	for which in clients noiommu weak; do
		[ ! -e "$guest/root/$which/$1" ] || break
		which=check
	done
	echo "$which"
}

# Of the tests named, those for this guest
chosen()
{
	local name list=()

	for name in ${tests//,/ }; do
		[ "$1" != "$(guest_of "$name")" ] || list+=("$name")
	done
	(IFS=, && echo "${list[*]}")
}

guest()
{
	OUT=$out "$top/lab/run-guest.sh" check "$(chosen check)" ||
		say FAIL "see $out/console.log"
}

# The parts of a Debian that these tests want, or all tests.
parts_for()
{
	case ,${1:-testpmd}, in *,testpmd,*) echo dpdk ;; esac
	case ,${1:-systemd}, in *,systemd,*) echo systemd ;; esac
	case ,${1:-qemu}, in *,qemu,*) echo vmm ;; esac
	case ,${1:-podman}, in *,podman,*) echo podman ;; esac
	case ,${1:-trace-cmd}, in *,trace-cmd,*) echo trace-cmd ;; esac
}

# Without those programs nothing of this can be shown, which is a failure. They
# are fetched for amd64 only.
clients()
{
	local names what lacks='' archives=() dir=$build/clients

	names=$(chosen clients)
	mkdir -p "$dir"
	[ "$(slowness)" -eq 1 ] ||
		lacks="QEMU in QEMU is slow enough without the kernel's checkers"
	[ -z "$foreign" ] || lacks="nobody fetches a Debian of $userland"
	kernel_has CGROUPS || lacks="systemd wants a kernel with control groups"
	if [ -n "$lacks" ]; then
		printf '%s\n' "ok - clients # SKIP $lacks" '#@ complete' |
			tee "$dir/guest.tap" | show_all
		return
	fi
	for what in $(parts_for "$names"); do
		if ! "$top/lab/fetch-$what.sh"; then
			printf '%s\n' "not ok - clients: there is no $what" \
				'#@ complete' >"$dir/guest.tap"
			return
		fi
		archives+=("$build/$what/$what.cpio")
	done
	"$top/lab/inner.sh" "$dir/inner.cpio"
	cat "$guest/initramfs" "${archives[@]}" "$dir/inner.cpio" \
		>"$dir/initramfs"
	# So much to be unpacked takes a while, in which nobody speaks.
	OUT=$dir INITRAMFS=$dir/initramfs BARLEASE_IDLE=${BARLEASE_IDLE:-240} \
		"$top/lab/run-guest.sh" clients "$names" ||
		say FAIL "see $dir/console.log"
	rm -f "$dir/initramfs" "$dir/inner.cpio"
}

# apart GUEST: a guest of its own
apart()
{
	mkdir -p "$build/$1"
	OUT=$build/$1 "$top/lab/run-guest.sh" "$1" "$(chosen "$1")" ||
		say FAIL "see $build/$1/console.log"
}

# VFIO without an IOMMU
noiommu()
{
	apart noiommu
}

# A kernel that was told to do without what leases like
weak()
{
	apart weak
}

# wanted PART: is there anything of it to be run?
wanted()
{
	case $1 in
	unit | sanitize | fuzz) [ "$what" != all ] || [ -z "$tests$foreign" ] ;;
	model) ;;
	guest) [ -z "$tests" ] || [ -n "$(chosen check)" ] ;;
	clients) [ -z "$tests" ] || [ -n "$(chosen clients)" ] ;;
	# Debian's kernels cannot do that, and only amd64's the other: elsewhere they
	# take a name.
	noiommu | weak)
		if [ -n "$tests" ]; then
			[ -n "$(chosen "$1")" ]
		elif [ "$1" = noiommu ]; then
			kernel_has VFIO_NOIOMMU
		else
			[ "$arch" = amd64 ]
		fi
		;;
	esac
}

# Where the results of these parts are, one a line
streams_of()
{
	local part

	for part; do
		case $part in
		sanitize) printf '%s\n' "$out/asan.tap" "$out/tsan.tap" ;;
		clients | noiommu | weak) echo "$build/$part/guest.tap" ;;
		*) echo "$out/$part.tap" ;;
		esac
	done
}

run()
{
	local part

	for part; do
		"$part"
	done
}

case $what in
unit | sanitize | fuzz | model | guest | clients | weak) parts=("$what") ;;
host) parts=(unit sanitize fuzz) ;;
guests) parts=(guest clients noiommu weak) ;;
all) parts=(guest unit sanitize fuzz clients noiommu weak) ;;
*) die "unknown tests: $what" ;;
esac
case $what in
unit | sanitize | fuzz | host | model)
	[ -z "$foreign" ] || die "\"make $what\" is for this host, not for $userland"
	;;
all)
	[ -z "$foreign" ] ||
		say SKIP "unit tests, sanitizers and fuzzers: those of amd64 run here"
	;;
esac
for i in "${!parts[@]}"; do
	wanted "${parts[i]}" || unset "parts[i]"
done
parts=("${parts[@]}")
mapfile -t streams < <(streams_of "${parts[@]}")
rm -f "$out"/*.tap "${streams[@]}"

# The guest leaves most of a second CPU to what else there is, which is shown when it
# is through.
if [ "${#parts[@]}" -gt 1 ] && [ "$what" = all ] && [ -z "$tests" ]; then
	say BESIDE "${parts[*]:1}, to be seen in $out/beside.log"
	run "${parts[@]:1}" >"$out/beside.log" 2>&1 </dev/null &
	export BARLEASE_IDLE=${BARLEASE_IDLE:-$(($(slowness) * 120))}
	run "${parts[0]}"
	wait || say FAIL "see below"
	cat "$out/beside.log"
else
	run "${parts[@]}"
fi
# What came to nothing is an empty stream, and so a failure.
touch "${streams[@]}"
# A whole run is one row of "make check-all".
results=
if [[ $what =~ ^(all|guests)$ ]] && [ -z "$tests" ]; then
	name=${flavour#-}
	results=$build/results/${BARLEASE_RESULTS:-${name:-6.12}}
	mkdir -p "$build/results"
	rm -f "$results" "$results.skipped"
fi
awk -v results="$results" -v note="$(cat "$kernel/release")" \
	-f "$top/lab/tally.awk" "${streams[@]}"
