# ROC curves of several models: gnuplot -e "out='roc.png'; dir='churn'; models='logit rf1'" scripts/roc.gp
set terminal pngcairo size 900,800 font "sans,11" background "white"
set output out
set datafile separator ","
set xlabel "false positive rate"
set ylabel "true positive rate"
set key bottom right
set size square
set grid lc rgb "#dddddd"
plot for [m in models] sprintf("%s/%s.roc.csv", dir, m) using "fpr":"tpr" with lines lw (m eq "blend" ? 3 : 1) title m, x with lines dt 2 lc rgb "#999999" notitle
