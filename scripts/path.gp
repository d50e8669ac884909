# Coefficients along the path of penalties: gnuplot -e "out='path.png'; csv='l1.path'; name='l1'" scripts/path.gp
set terminal pngcairo size 1000,700 font "sans,11" background "white"
set output out
set datafile separator ","
set logscale x
set xrange [*:*] reverse
set xlabel "penalty ".name
set ylabel "coefficient"
set grid lc rgb "#dddddd"
set key outside right font "sans,7"
stats csv using 1 nooutput
columns = STATS_columns
chosen = 0
stats csv using (column("chosen") == 1 ? column("lambda") : NaN) nooutput
chosen = STATS_min
set arrow from chosen, graph 0 to chosen, graph 1 nohead dt 2 lc rgb "#666666"
plot for [i = 4:columns] csv using 1:i with lines title columnheader(i)
