#!/bin/sh
# Boosting, forests, logistic regression and scoring beside what is installed of xgboost, scikit-learn, ranger, liblinear and
# LightGBM, with equal settings on the same rows: time, memory, and quality on rows held out. ROWS (400000) to learn from, a
# quarter of them for forests and for scoring, RUNS runs of each. OUT gets contest.csv, contest.txt and contest.png; with
# DLS_DATA real tables take part.
. "$(dirname "$0")/lib.sh"
RUNS=${RUNS_CONTEST:-3}
ROWS=${ROWS:-400000}
OUT=${OUT:-$(dirname "$(command -v dls-train)")/bench/out}
mkdir -p "$OUT" || exit 74
results=$OUT/contest.csv
echo 'work,program,runs,wall,wall_low,wall_high,fit,cpu,peak_mb,metric,quality' >"$results"
peer="$PYTHON $(dirname "$0")/peer.py"
for module in sklearn xgboost lightgbm; do
	if has_python $module; then eval "$module=1"; else eval "$module="; fi
done
quarter=$((ROWS / 4))

export LEAVES=63 RATE=0.1

# ours NAME TRAIN TEST OPTIONS: dls-train with a family and its options.
ours() {
	enter "dls $1" "dls-train -q --target y -o $tmp/m.dls $4 < $2" "dls-predict -q $tmp/m.dls < $3"
}

# theirs PROGRAM KIND TRAIN TEST
theirs() {
	enter "$1" "$peer fit $2 $3 $tmp/m.$2" "$peer predict $tmp/m.$2 $4"
}

# held_out NAME CLASSES: $tmp/NAME.train and $tmp/NAME.test, of ROWS and a quarter of them.
held_out() {
	table $((ROWS + quarter)) 28 "$2" >"$tmp/all"
	head -n $((ROWS + 1)) "$tmp/all" >"$tmp/$1.train"
	{ head -n 1 "$tmp/all"; tail -n "$quarter" "$tmp/all"; } >"$tmp/$1.test"
	rm "$tmp/all"
}

boosting() { # WORK TRAIN TEST METRIC
	ours boost "$2" "$3" "boost --trees 100 --leaves $LEAVES --rate $RATE"
	[ -z "$lightgbm" ] || theirs LightGBM lightgbm "$2" "$3"
	[ -z "$xgboost" ] || theirs 'xgboost hist' xgboost "$2" "$3"
	[ -z "$sklearn" ] || theirs 'scikit-learn hist' hist "$2" "$3"
	contest "$1" "$4"
}

forest() { # WORK TRAIN TEST METRIC
	ours forest "$2" "$3" 'forest --trees 100'
	[ -z "$sklearn" ] || theirs scikit-learn forest "$2" "$3"
	if Rscript -e 'library(ranger)' >/dev/null 2>&1; then
		r="d <- read.csv(\"$2\"); d[is.na(d)] <- -999; d\$y <- factor(d\$y)"
		p="d <- read.csv(\"$3\"); d[is.na(d)] <- -999"
		enter ranger "Rscript -e 'suppressMessages(library(ranger)); $r; saveRDS(ranger(y ~ ., d, num.trees = 100, min.node.size = 1, probability = TRUE, num.threads = 2), \"$tmp/m.ranger\")'" \
			"Rscript -e 'suppressMessages(library(ranger)); $p; p <- predict(readRDS(\"$tmp/m.ranger\"), d)\$predictions[, \"1\"]; write.csv(data.frame(target = d\$y, prediction = as.integer(p > 0.5), \"p:0\" = 1 - p, \"p:1\" = p, check.names = FALSE), quote = FALSE, row.names = FALSE)'"
	fi
	contest "$1" "$4"
}

logistic() { # WORK TRAIN TEST
	ours logistic "$2" "$3" 'logistic --l2 1e-4'
	[ -z "$sklearn" ] || { theirs 'scikit-learn newton' newton "$2" "$3"; theirs 'scikit-learn lbfgs' lbfgs "$2" "$3"; }
	contest "$1 L2" auc
	ours logistic "$2" "$3" 'logistic --l1 1e-3 --l2 0'
	[ -z "$sklearn" ] || theirs 'scikit-learn liblinear' l1 "$2" "$3"
	contest "$1 L1" auc
}

held_out classes 2
held_out numbers 0
head -n $((quarter + 1)) "$tmp/classes.train" >"$tmp/few.train"

boosting 'boosting two classes' "$tmp/classes.train" "$tmp/classes.test" auc
# Smaller trees and larger steps reach that quality sooner.
LEAVES=8 RATE=0.4
boosting 'boosting in small trees' "$tmp/classes.train" "$tmp/classes.test" auc
LEAVES=63 RATE=0.1
boosting 'boosting a number' "$tmp/numbers.train" "$tmp/numbers.test" rmse
forest "forest of $quarter rows" "$tmp/few.train" "$tmp/classes.test" auc
logistic logistic "$tmp/classes.train" "$tmp/classes.test"

dls-train -q --target y -o "$tmp/scored.dls" boost --trees 100 --leaves 63 <"$tmp/few.train"
enter 'dls predict' "dls-predict -q $tmp/scored.dls < $tmp/classes.test"
if [ "$xgboost" ]; then
	$peer fit xgboost "$tmp/few.train" "$tmp/scored.xgb" 2>"$tmp/err"
	enter xgboost "$peer predict $tmp/scored.xgb $tmp/classes.test"
fi
contest "scoring $quarter rows"
head -n 1001 "$tmp/classes.test" >"$tmp/thousand"
enter 'dls predict' "dls-predict -q $tmp/scored.dls < $tmp/thousand"
[ -z "$xgboost" ] || enter xgboost "$peer predict $tmp/scored.xgb $tmp/thousand"
contest 'scoring 1000 rows'

# real NAME TABLE: rows whose target is y, every fifth for the test.
real() {
	awk 'NR == 1 || NR % 5 != 0' "$2" >"$tmp/$1.train"
	awk 'NR == 1 || NR % 5 == 0' "$2" >"$tmp/$1.test"
}
if [ -d "${DLS_DATA:-}/tabular" ]; then
	gzip -dc "$DLS_DATA/tabular/credit.csv.gz" | sed '1s/^,SeriousDlqin2yrs/id,y/' | cut -d, -f 2- >"$tmp/credit"
	gzip -dc "$DLS_DATA/tabular/houses.tsv.gz" | tr '\t' , | sed '1s/target/y/' >"$tmp/houses"
	for name in credit houses; do real $name "$tmp/$name"; done
	boosting 'boosting credit' "$tmp/credit.train" "$tmp/credit.test" auc
	boosting 'boosting houses' "$tmp/houses.train" "$tmp/houses.test" rmse
	forest 'forest credit' "$tmp/credit.train" "$tmp/credit.test" auc
fi

awk -F, 'NR > 1 { if ($2 ~ /^dls/) ours = $4; printf "\"%s: %s\",%.4f\n", $1, $2, $4 / ours }' "$results" >"$tmp/bars"
gnuplot -e "in='$tmp/bars'; out='$OUT/contest.png'" "$(dirname "$0")/contest.gp"
echo "$results, $OUT/contest.png"
