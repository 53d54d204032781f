# SPDX-License-Identifier: MIT
set title "Revoke of one buffer of 64 pages, while others are mapped"
set xlabel "other buffers that are mapped"
set ylabel "microseconds"
set yrange [0:*]
set xrange [-0.5:4.5]
plot data index 1 skip 1 using 0:2:3:4:xticlabel(1) with yerrorlines \
		linestyle 1 title "of the device that they are of", \
	data index 0 skip 1 using 0:2:3:4 with yerrorlines \
		linestyle 2 title "of another device"
