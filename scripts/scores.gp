# Scores of several models with their intervals: gnuplot -e "out='scores.png'; table='scores.txt'" scripts/scores.gp
# The table has two lines of heading, then: model, mean, sd, value, low, "to", high.
set terminal pngcairo size 900,500 font "sans,11" background "white"
set output out
set ylabel "accuracy"
set xtics scale 0
set offsets 0.5, 0.5, 0.002, 0.002
set grid y lc rgb "#dddddd"
unset key
plot table skip 2 using 0:4:5:7:xtic(1) with yerrorbars pt 7 lw 2, "" skip 2 using 0:4:(sprintf("%.4f", $4)) with labels offset 4,0
