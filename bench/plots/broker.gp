# SPDX-License-Identifier: MIT
set title "Get a page, map it, touch it, and give it back"
set yrange [0:*]
set offsets 0, 0, graph 0.15, 0
set xrange [-0.6:1.6]
set ylabel "microseconds"
plot data using 0:(NaN):xticlabel(1) notitle, \
	data using ($0 - bar / 2):2:(bar) with boxes \
		linecolor "#1f6fb4" title "broker", \
	data using ($0 + bar / 2):3:(bar) with boxes \
		linecolor "#c8502d" title "bare SCM_RIGHTS", \
	data using ($0 - bar / 2):2:(sprintf("%.0f", $2)) with labels \
		offset 0,0.6 notitle, \
	data using ($0 + bar / 2):3:(sprintf("%.0f", $3)) with labels \
		offset 0,0.6 notitle
