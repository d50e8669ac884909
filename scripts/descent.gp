# Loss over epochs: gnuplot -e "out='descent.png'; dir='linear'; solvers='gd sgd-inv'; best=0.41" scripts/descent.gp
set terminal pngcairo size 900,600 font "sans,11" background "white"
set output out
set logscale y
set xlabel "epoch"
set ylabel "objective above its minimum"
set grid lc rgb "#dddddd"
plot for [s in solvers] sprintf("%s/%s.loss", dir, s) using 1:($2 - best > 1e-12 ? $2 - best : 1e-12) with lines lw 2 title s
