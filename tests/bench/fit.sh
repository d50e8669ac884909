#!/bin/sh
# Fitting, whole commands with reading, against scikit-learn, xgboost, ranger and liblinear where they are installed.
. "$(dirname "$0")/lib.sh"
RUNS=${RUNS_FIT:-3}
peer="$PYTHON $(dirname "$0")/peer.py"
table "${ROWS:-100000}" 30 >"$tmp/t.csv"
sk=
has_python sklearn && sk=1
xgb=
has_python xgboost && xgb=1

set -- logistic "dls-train -q --target y logistic < $tmp/t.csv"
[ -z "$sk" ] || set -- "$@" scikit-learn "$peer $tmp/t.csv logistic"
if command -v liblinear-train >/dev/null; then
	awk -F, 'NR > 1 { printf "%d", $1; for (j = 2; j <= NF; j++) printf " %d:%s", j - 1, $j; print "" }' "$tmp/t.csv" >"$tmp/t.svm"
	set -- "$@" 'liblinear -s 0' "liblinear-train -q -s 0 -B 1 $tmp/t.svm /dev/null"
fi
bench "$@"

set -- forest "dls-train -q --target y forest --trees 100 --min-leaf 5 < $tmp/t.csv"
[ -z "$sk" ] || set -- "$@" scikit-learn "$peer $tmp/t.csv forest"
if Rscript -e 'library(ranger)' >/dev/null 2>&1; then
	set -- "$@" ranger "Rscript -e 'd <- read.csv(\"$tmp/t.csv\"); d\$y <- factor(d\$y); ranger::ranger(y ~ ., d, num.trees = 100, min.node.size = 5, probability = TRUE, num.threads = 2)'"
fi
bench "$@"

set -- boost "dls-train -q --target y boost --trees 100 < $tmp/t.csv"
[ -z "$sk" ] || set -- "$@" 'scikit-learn hist' "$peer $tmp/t.csv hgb"
[ -z "$xgb" ] || set -- "$@" 'xgboost hist' "$peer $tmp/t.csv xgboost"
bench "$@"
