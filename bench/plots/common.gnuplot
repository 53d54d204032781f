# SPDX-License-Identifier: MIT
# How all plots look; "data" is the file with the data
set terminal svg size 680,400 dynamic noenhanced font "Helvetica,14" \
	background "white"
set border 3 linecolor "#666666"
set tics nomirror
set grid ytics linecolor "#dddddd" linetype 1
set key top left
set style line 1 linecolor "#1f6fb4" linewidth 2 pointtype 7 pointsize 0.7
set style line 2 linecolor "#c8502d" linewidth 2 pointtype 5 pointsize 0.7
set style line 3 linecolor "#4a8f3c" linewidth 2 pointtype 9 pointsize 0.7
set format "%'g"

# Pairs of bars, with their values on top
bar = 0.32
set style fill solid 0.9 noborder
