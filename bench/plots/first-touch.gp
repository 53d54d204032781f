# SPDX-License-Identifier: MIT
set title "Page faults until every page is mapped"
set logscale y
set yrange [0.5:200000]
set xrange [-0.6:2.6]
set ylabel "page faults"
set bmargin 4
plot data using 0:(NaN):xticlabel(1) notitle, \
	data using ($0 - bar / 2):2:(bar) with boxes \
		linecolor "#1f6fb4" title "lease", \
	data using ($0 + bar / 2):3:(bar) with boxes \
		linecolor "#c8502d" title "vfio-pci", \
	data using ($0 - bar / 2):2:(sprintf("%.0f", $2)) with labels \
		offset 0,0.6 notitle, \
	data using ($0 + bar / 2):3:(sprintf("%.0f", $3)) with labels \
		offset 0,0.6 notitle
