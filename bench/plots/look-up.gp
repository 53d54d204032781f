# SPDX-License-Identifier: MIT
set title "Look-up of a physical address in a buffer of N ranges"
set logscale xy
set xlabel "ranges"
set ylabel "nanoseconds for one look-up"
set xtics (1, 4, 16, 64, 256, "1 Ki" 1024, "4 Ki" 4096, "16 Ki" 16384, \
	"64 Ki" 65536)
plot data index 1 using 1:2:3:4 with yerrorlines linestyle 1 \
		title columnheader(1), \
	data index 2 using 1:2:3:4 with yerrorlines linestyle 3 \
		title columnheader(1), \
	data index 0 using 1:2:3:4 with yerrorlines linestyle 2 \
		title columnheader(1)
