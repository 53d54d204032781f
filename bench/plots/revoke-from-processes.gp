# SPDX-License-Identifier: MIT
set title "Revoke of one buffer, by the entries that are mapped"
set xlabel "page table entries, of all processes together"
set ylabel "microseconds"
set yrange [0:*]
set xtics 4096
plot data index 1 using 1:2:3:4 with yerrorlines linestyle 1 \
		title columnheader(1), \
	data index 0 using 1:2:3:4 with yerrorlines linestyle 2 \
		title columnheader(1)
