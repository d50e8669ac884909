# Bars of programs' wall time as multiples of ours: gnuplot -e "in='bars'; out='contest.png'"; lines of in: "work: program",multiple
set terminal pngcairo size 1000,900 font "sans,10" background "white"
set output out
set datafile separator ","
set title "wall time, as a multiple of ours"
set logscale x 2
set xrange [0.5:*]
set yrange [*:*] reverse
set grid x lc rgb "#dddddd"
set ytics scale 0
unset key
plot in using (sqrt($2 / 2)):0:(0.5):2:($0 - 0.35):($0 + 0.35):ytic(1) with boxxyerror fs solid 0.7 lc rgb "#4477aa", \
	in using 2:0:(sprintf(" %.2f", $2)) with labels left
