# Bars of column importance: gnuplot -e "out='importance.png'; csv='importance.csv'" scripts/importance.gp
set terminal pngcairo size 900,600 font "sans,11" background "white"
set output out
set datafile separator ","
set style fill solid 0.7
set yrange [*:*] reverse
set xlabel "importance"
set grid x lc rgb "#dddddd"
set lmargin 28
unset key
set boxwidth 0.8
plot csv using (0):0:(0):(column("importance")):($0-0.4):($0+0.4):ytic(1) every ::0 with boxxyerror lc rgb "#3366aa"
