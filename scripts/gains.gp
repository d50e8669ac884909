# Accuracy and macro F1 of several models with their intervals: gnuplot -e "out='gains.png'; table='imbalance.txt'" scripts/gains.gp
# The table has two lines of heading, then: model, accuracy, low, "to", high, F1, low, "to", high.
set terminal pngcairo size 900,500 font "sans,11" background "white"
set output out
set ylabel "on rows not trained on"
set xtics scale 0 noenhanced
set offsets 0.5, 0.5, 0.04, 0.02
set grid ytics lt 1 lc rgb "#e8e8e8"
set key outside bottom center horizontal
plot table skip 2 using ($0-0.2):2:3:5:xtic(1) with yerrorbars pt 7 lw 2 lc rgb "#7f7f7f" title "accuracy", \
	"" skip 2 using ($0+0.2):6:7:9 with yerrorbars pt 7 lw 2 lc rgb "#d62728" title "macro F1", \
	"" skip 2 using ($0-0.2):5:(sprintf("%.3f", $2)) with labels offset 0,0.6 tc rgb "#7f7f7f" notitle, \
	"" skip 2 using ($0+0.2):9:(sprintf("%.3f", $6)) with labels offset 0,0.6 tc rgb "#d62728" notitle
