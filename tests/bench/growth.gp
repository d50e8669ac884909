# Seconds and MiB over rows, columns, classes and trees: gnuplot -e "in='growth.csv'; out='growth.png'"
set terminal pngcairo size 1200,700 font "sans,9" background "white"
set output out
set datafile separator ","
set logscale xy
set format x "10^{%T}"
set grid lc rgb "#dddddd"
set key top left
families = "logistic tree bayes boost forest knn"
set multiplot layout 2,4
do for [what = 4:5] {
	do for [along in "rows columns classes trees"] {
		set title along
		set ylabel what == 4 ? "seconds" : "MiB"
		plot for [f in families] sprintf("< grep '^%s,%s,' %s", along, f, in) using 3:what with linespoints pt 7 title f
	}
}
unset multiplot
