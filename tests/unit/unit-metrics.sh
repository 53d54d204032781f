#!/bin/bash
# SPDX-License-Identifier: MIT
# What "barlease metrics" prints, as Prometheus' own parser for Python reads it
set -u

top=@top@
built=@built@
# shellcheck source=tests/unit/tap.sh
. "$top/tests/unit/tap.sh"

# A line for each sample, NAME LABEL=VALUE... NUMBER, and for each family
# Debian's, whose packages are installed
read_metrics()
{
	/usr/bin/python3 -c '
import sys
from prometheus_client.parser import text_string_to_metric_families as parse
for family in parse(sys.stdin.read()):
    print("family", family.name, family.type, bool(family.documentation))
    for sample in family.samples:
        labels = ["%s=%s" % label for label in sorted(sample.labels.items())]
        print(sample.name, *labels, int(sample.value))
'
}

if ! said=$("$built/print-metrics" | read_metrics 2>&1); then
	ok 1 "the metrics can be read" "$said"
	tap_done
	exit
fi
ok 0 "the metrics can be read"

# has LINE WHAT
has()
{
	grep -qxF -e "$1" <<<"$said"
	ok $? "$2" "$said"
}

has_not()
{
	! grep -q -e "$1" <<<"$said"
	ok $? "$2" "$said"
}

has "barlease_up 1" "there is a broker"
has "family barlease_slice_holders gauge True" "what there is, is a gauge"
has "family barlease_leases_ended counter True" "what was counted, a counter"
has "barlease_device_open device=0000:03:00.0 1" "a device that is open"
has "barlease_device_open device=0000:04:00.0 0" "one that is away"
has "barlease_slice_holders device=0000:03:00.0 group=door slice=door-0 1" \
	"a slice of a group"
has "barlease_slice_holders device=0000:03:00.0 slice=page 3" "one of none"
has "barlease_slice_holders_max device=0000:03:00.0 group=door slice=door-0 1" \
	"a limit"
has_not "^barlease_slice_holders_max.*slice=page" "no limit is no sample"
has "barlease_slice_size_bytes device=0000:03:00.0 slice=a\"b\\c� 4096" \
	"a name with whatever in it"
has "barlease_leases slice=page state=held 2" "leases of a slice are one number"
has "barlease_leases slice=page state=kept 1" "by their state"
has "barlease_lease_dma_bytes slice=page state=held 12288" "memory is a sum"
has "barlease_lease_interrupts slice=page state=held 2" "so are interrupts"
has "barlease_listener_leases 2" "leases that were had by the usual socket"
has "barlease_listener_leases listener=inner 1" "and by another one"
has_not "^barlease_listener_leases.*grant" "a grant's name is no label"
has "barlease_grant_leases 2" "leases by all grants together"
has "barlease_grants 2" "how many of these there are"
has "barlease_leases_ended_total reason=released 5" "an end has its reason"
has "barlease_resets_total result=ok 3" "a reset its result"
has_not "something" "what is not known is passed over"
# Each family once, and all of its samples behind it, or Prometheus takes none
doubles=$("$built/print-metrics" | sed -n 's/^# TYPE \([^ ]*\).*/\1/p' |
	sort | uniq -d)
[ -z "$doubles" ]
ok $? "no family comes twice" "$doubles"
# The driver's are printed of sysfs, which has none here: the source names them.
known()
{
	"$built/print-metrics" | sed -n 's/^# TYPE \([^ ]*\).*/\1/p'
	sed -n 's/^\t{ "[a-z_]*", "\([a-z_]*\)", .*/barlease_driver_\1_total/p' \
		"$top/cli/metrics.c"
}

drawn=$(/usr/bin/python3 -c '
import json, re, sys
for panel in json.load(open(sys.argv[1]))["panels"]:
    for target in panel["targets"]:
        print(*re.findall("barlease_[a-z_]+", target["expr"]), sep="\n")
' "$top/docs/grafana.json" | sort -u)
strange=$(comm -23 <(echo "$drawn") <(known | sort -u))
[ -n "$drawn" ] && [ -z "$strange" ]
ok $? "the dashboard draws metrics that there are" "$strange"
tap_done
