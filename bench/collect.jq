# SPDX-License-Identifier: MIT
# The guest's lines as one object, by kind
def of(kind): map(select(.kind == kind) | del(.kind));

{
	kernel: $kernel,
	qemu: $qemu,
	accelerator: $accel,
	figures: of("figure"),
	truths: of("truth"),
	facts: of("fact"),
	points: of("point"),
}
