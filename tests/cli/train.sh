#!/bin/sh
# The experiment options of dls-train: how rows are held out, what is measured and logged, weights, roles, derived
# columns; and that what judges a model has not taught it.
set -u
. tests/lib.sh
train=$data/customers.csv new=$data/new.csv
cd "$tmp" || exit 70
fit="dls-train -q --target churn --id customer"

# shows NAME FILTER TEXT: jq's answer about the model `m`.
shows() {
	got=$(dls-predict --show m | jq -c "$2")
	if [ "$got" = "$3" ]; then echo "ok $1"; else echo "not ok $1: $got"; fi
}

# ---- folds: those of dls-split ----

# folds_equal NAME TRAIN-OPTIONS SPLIT-OPTIONS
folds_equal() {
	# shellcheck disable=SC2086
	$fit $2 -o m bayes <"$train" && dls-predict --oof m | sed 1d | cut -d, -f1,2 >a
	# shellcheck disable=SC2086
	dls-split --add fold $3 <"$train" | sed 1d | awk -F, '$NF > 0 { print NR "," $NF }' >b
	check "$1" cmp a b
}
folds_equal "folds are spread over the classes" '--cv 5' '--cv 5 --stratify churn'
folds_equal "--fold-seed is the --seed of dls-split" '--cv 4 --fold-seed 7' '--cv 4 --stratify churn --seed 7'
folds_equal "--seed moves no fold" '--cv 4 --seed 7' '--cv 4 --stratify churn'
folds_equal "--no-stratify" '--cv 5 --no-stratify' '--cv 5'
folds_equal "--group" '--cv 3 --group contract' '--cv 3 --group contract'
folds_equal "--group by a number" '--cv 5 --group months' '--cv 5 --group months'
folds_equal "--group by the --id" '--cv 5 --group customer' '--cv 5 --group customer'
folds_equal "--time, with ties" '--cv 4 --time months' '--cv 4 --time months'
awk -F, -v OFS=, 'NR == 1 { print $0, "day" } NR > 1 { printf "%s,2024-%02d-%02d\n", $0, 1 + NR * 7 % 12, 1 + NR * 5 % 28 }' "$train" >dated.csv
$fit --cv 4 --time day -o m bayes <dated.csv && dls-predict --oof m | sed 1d | cut -d, -f1,2 >a
dls-split --add fold --cv 4 --time day <dated.csv | sed 1d | awk -F, '$NF > 0 { print NR "," $NF }' >b
check "--time by dates" cmp a b
check "--time: what is predicted is later than what taught it" sh -c "
	dls-split --add fold --cv 4 --time day <dated.csv | sed 1d | awk -F, '
		{ if (!(\$NF in first) || \$8 < first[\$NF]) first[\$NF] = \$8; if (\$8 > last[\$NF]) last[\$NF] = \$8 }
		END { for (i = 1; i <= 4; i++) if (first[i] <= last[i - 1]) exit 1 }'"
dls-split --cv 3 --group contract --add fold <"$train" >out
check "--group: no group is in two folds" sh -c "sed 1d out | cut -d, -f3,8 | sort -u | cut -d, -f1 | uniq -d | cmp - /dev/null"
dls-split --cv 5 --stratify churn --add fold <"$train" >out
check "--stratify: classes are even to one row" sh -c "sed 1d out | cut -d, -f7,8 | sort | uniq -c | awk '
	{ split(\$2, k, \",\"); c = k[1]; if (!(c in lo) || \$1 < lo[c]) lo[c] = \$1; if (\$1 > hi[c]) hi[c] = \$1 }
	END { for (c in lo) if (hi[c] - lo[c] > 1) exit 1 }'"
dls-split --cv 5 --fold 2 --stratify churn <"$train" >a
dls-split --cv 5 --fold 2 --stratify churn --rest <"$train" >b
check "dls-split --fold and --rest are all rows" sh -c "{ cat a; sed 1d b; } | sort | cmp - sorted.csv 2>/dev/null || { sort '$train' >sorted.csv; { cat a; sed 1d b; } | sort | cmp - sorted.csv; }"

expect "dls-split --add of a name that is there" 64 "dls-split --add churn <'$train'"
expect "dls-split --fold of how many" 64 "dls-split --fold 2 <'$train'"
expect "dls-split of more folds than rows" 65 "dls-split --cv 241 <'$train'"
expect "dls-split --group with a missing one" 65 "sed '5s/,[^,]*,/,,/' '$train' | dls-split --cv 3 --group months"
expect "dls-split of a column that is not there" 65 "dls-split --stratify chrun <'$train'"
err_has "dls-split of a column that is not there: said" "there is no column 'chrun' (--stratify); did you mean 'churn'?"

# ---- held-out rows ----

dls-split --frac 0.25 --stratify churn --seed 3 <"$train" >part.csv
dls-split --frac 0.25 --stratify churn --seed 3 --rest <"$train" >rest.csv
$fit --valid-frac 0.25 --fold-seed 3 -o m bayes <"$train"
want=$(dls-predict --show m | jq -c .metrics.valid)
$fit --valid part.csv -o m bayes <rest.csv
shows "--valid-frac is --valid of dls-split's part" .metrics.valid "$want"
dls-predict -q m <part.csv | dls-eval auc >got
check "--valid: dls-eval says the same" test "$(cut -f2 got)" = "$(dls-predict --show m | jq .metrics.valid.score)"
$fit --cv 4 -o m logistic <"$train"
dls-predict --oof m | dls-split --cv 4 --group fold --fold 1 >one.csv
fold_auc=$(dls-eval auc <one.csv | cut -f2)
shows "--cv: dls-eval says the same of a fold" "[.metrics.cv.scores[] | select(. == $fold_auc)] | length" 1
shows "--cv: a score a fold" '[.metrics.cv.folds, (.metrics.cv.scores | length), .out_of_fold_rows]' '[4,4,240]'

expect "more folds than rows" 65 "$fit --cv 241 bayes <'$train'"
err_is "more folds than rows: said" "dls-train: 241 folds of 240 rows; use fewer folds"
expect "as many folds as rows" 0 "dls-train --target churn --id customer --cv 60 -o m bayes <part.csv"
err_is "as many folds as rows: no AUC of one row" "dls-train: warning: auc is undefined in 60 of 60 folds: all rows are of one class"
expect "more folds than groups" 65 "$fit --cv 4 --group contract bayes <'$train'"
expect "one fold" 64 "$fit --cv 1 bayes <'$train'"
expect "a time that stands still" 65 "sed 's/\$/,1/;1s/1\$/t/' '$train' | $fit --cv 3 --time t bayes"
expect "--group and --time" 64 "$fit --cv 3 --group contract --time months bayes <'$train'"
expect "--cv and --valid-frac" 64 "$fit --cv 3 --valid-frac 0.2 bayes <'$train'"
expect "a share that leaves nothing" 65 "$fit --valid-frac 0.001 bayes <'$train'"
expect "--valid without the target" 65 "$fit --valid '$new' bayes <'$train'"
expect "--valid without a column" 65 "cut -d, -f1-5,7 '$train' >less.csv; $fit --valid less.csv bayes <'$train'"
err_has "--valid without a column: said" "less.csv: there is no column 'total'"
expect "--valid with a label never seen" 0 "sed '3s/No\$/Perhaps/' '$train' >odd.csv; dls-train --target churn --id customer --valid odd.csv -o m boost --trees 3 <'$train'"
err_has "--valid with a label never seen: said" "odd.csv: 1 of 240 rows have a label that the training rows do not"
expect "a metric nearly right" 64 "$fit --metric logless bayes <'$train'"
err_has "a metric nearly right: which" "did you mean 'logloss'?"
expect "a metric of another task" 64 "$fit --metric rmse bayes <'$train'"

# ---- early stopping and the log ----

$fit --cv 3 --early-stop 5 --metrics log --metric logloss -o m boost --trees 200 --rate 0.3 <"$train"
check "--metrics: each line is JSON" sh -c "jq -e 'type == \"object\"' log >/dev/null"
check "--metrics: a line a fold" test "$(jq -c 'select(.event == "fold") | .fold' "$tmp/log" | tr '\n' ' ')" = "1 2 3 "
check "--metrics: a line a round with its score" sh -c "jq -s -e '[.[] | select(.event == \"round\" and .fold == 1) | .round > 0 and .logloss > 0 and .train_loss > 0] | all' log"
check "--metrics: rounds count up" sh -c "jq 'select(.event == \"round\" and .fold == 2) | .round' log | awk '\$1 != NR { exit 1 } END { exit NR < 6 }'"
check "--early-stop: five rounds after the best" sh -c "jq -s -e '[.[] | select(.event == \"round\" and .fold == 1)] as \$r | ([.[] | select(.event == \"fold\" and .fold == 1)][0].rounds) as \$best
	| (\$r | length) == \$best + 5 and (\$r | min_by(.logloss).round) == \$best' log"
mean=$(jq -s '[.[] | select(.event == "fold") | .rounds] | add / length | . + 0.5 | floor' log)
shows "--early-stop with --cv: the final model has the folds' mean rounds" .metrics.rounds "$mean"
$fit --cv 3 --early-stop 5 --metric logloss boost --trees 200 --rate 0.3 <"$train" | cmp -s - m
check "--metrics changes nothing in the model" test $? -eq 0
$fit --valid-frac 0.3 -o a boost --trees 40 <"$train"
$fit --valid-frac 0.3 --metrics log -o m boost --trees 40 <"$train"
check "--metrics changes nothing in a model with --valid-frac" cmp a m
shows "without --early-stop all rounds are kept" .metrics.rounds 40
expect "--metrics - beside -o" 0 "$fit --metrics - -o m boost --trees 3 <'$train'"
check "--metrics -: JSON on stdout" sh -c "jq -e .event out"
expect "--metrics - beside the model" 64 "$fit --metrics - boost --trees 3 <'$train'"
expect "--early-stop without rows to watch" 64 "$fit --early-stop 5 boost <'$train'"
expect "--early-stop where one class is watched" 0 "grep -v 'Yes\$' '$train' >no.csv; $fit --valid no.csv --early-stop 3 -o m boost --trees 9 <'$train'"
shows "--early-stop where one class is watched: all rounds" '[.metrics.rounds, .metrics.valid.score]' '[9,null]'

# ---- weights ----

# near A B: predictions that differ by rounding only.
near() {
	paste -d, "$1" "$2" | awk -F, 'NR > 1 { d = $2 - $5; if (d > 1e-8 || d < -1e-8) exit 1 }'
}
sed 's/$/,1/;1s/1$/w/' "$train" >w1.csv
awk -F, -v OFS=, 'NR == 1 { print $0, "w" } NR > 1 { print $0, NR % 3 }' "$train" >w3.csv
awk -F, 'NR == 1 { print } NR > 1 { for (i = 0; i < NR % 3; i++) print }' "$train" >copies.csv
for f in bayes 'logistic --l2 0.01' 'boost --trees 3'; do
	$fit -o m $f <"$train"; dls-predict -q m <"$new" >a
	$fit --weight w -o m $f <w1.csv; dls-predict -q m <"$new" >b
	check "$f: weights of 1" near a b
done
for f in bayes 'logistic --l2 0.01'; do
	$fit -o m $f <copies.csv; dls-predict -q m <"$new" >a
	$fit --weight w -o m $f <w3.csv; dls-predict -q m <"$new" >b
	check "$f: a weight is so many copies" near a b
done
shows "the weight is no column of the model" '[.schema.columns[].name] | index("w")' null
mean_yes() { dls-predict -q m <"$new" | awk -F, 'NR > 1 { s += $3 } END { print s / (NR - 1) }'; }
$fit -o m logistic <"$train"; plain=$(mean_yes)
$fit --class-weight Yes=5 -o m logistic <"$train"; five=$(mean_yes)
check "--class-weight Yes=5 raises p:Yes ($plain, $five)" awk "BEGIN { exit !($five > $plain + 0.1) }"
$fit --class-weight balanced -o m logistic <"$train"
expect "a weight below 0" 65 "sed '5s/1\$/-1/' w1.csv | $fit --weight w bayes"
err_is "a weight below 0: said" "dls-train: the weight 'w' is negative in data row 4"
expect "weights of 0" 65 "sed 's/1\$/0/;1s/.*/&/' w1.csv | sed '1s/.*/customer,months,contract,service,charge,total,churn,w/' | $fit --weight w bayes"
err_has "weights of 0: said" "nothing can be learned"
expect "a weight that is too large" 65 "sed '5s/1\$/1e40/' w1.csv | $fit --weight w bayes"
err_is "a weight that is too large: said" "dls-train: the weight 'w' is 1e+40 in data row 4; at most 1e+30 can be learned from"
expect "a target that is too large" 65 "sed '5s/[^,]*\$/1e40/' w1.csv | dls-train -q --target w -o none linear"
expect "numbers at the edge" 0 "sed '5s/,[0-9]*,/,1.7e308,/;6s/,[0-9]*,/,-1.7e308,/;7s/,[0-9]*,/,5e-324,/' '$train' >edge.csv; $fit --cv 3 -o m logistic <edge.csv && dls-predict -q m <edge.csv"
check "numbers at the edge: predictions are numbers" sh -c '! grep -q -i -e nan -e inf out'
expect "a weight that is missing" 65 "sed '5s/1\$//' w1.csv | $fit --weight w bayes"
expect "a weight that is a word" 65 "$fit --weight contract bayes <'$train'"
expect "--class-weight of an unknown class" 64 "$fit --class-weight Maybe=2 bayes <'$train'"
expect "--class-weight without a number" 64 "$fit --class-weight Yes bayes <'$train'"
expect "--class-weight of a quantity" 64 "dls-train -q --target charge --class-weight balanced linear <'$train'"

# ---- roles, tasks ----

$fit --drop total,contract --drop '#4' -o m bayes <"$train"
shows "--drop" '[.schema.columns[].name]' '["months","charge"]'
$fit --positive No -o m bayes <"$train"
shows "--positive" '.schema.labels[.schema.positive]' '"No"'
expect "--positive of an unknown label" 64 "$fit --positive Maybe bayes <'$train'"
err_is "--positive of an unknown label: said" "dls-train: --positive Maybe: the target 'churn' has 2 labels, 'No' to 'Yes'"
expect "a column in two roles" 64 "$fit --weight churn bayes <'$train'"
expect "a dropped column that is not there" 65 "$fit --drop totl bayes <'$train'"
err_has "a dropped column that is not there: said" "there is no column 'totl' (--drop); did you mean 'total'?"
expect "a quantity for a classifier" 65 "dls-train -q --target charge bayes <'$train'"
err_is "a quantity for a classifier: said" "dls-train: the target 'charge' has 238 different values in 240 rows; a classifier needs few classes"
expect "words for a regression" 65 "dls-train -q --target churn linear <'$train'"
awk -F, -v OFS=, 'NR > 1 { $7 = NR % 3 } { print }' "$train" >class.csv
$fit -o m tree <class.csv
shows "few whole numbers are classes" '[.schema.task, .schema.labels]' '["multiclass",["0","1","2"]]'
$fit --task regress -o m tree <class.csv
shows "--task regress" '.schema.task' '"regression"'

# ---- derived columns ----

$fit --ratio total/months --cross 'contract*service' --target-mean 'contract*service' -o m tree <"$train"
shows "derived columns" '[.derived[].name]' '["total/months","contract*service","mean(contract*service)"]'
expect "derived columns are made at scoring" 0 "dls-predict -q m <'$new'"
expect "a ratio by 0 is missing" 0 "sed '2,\$s/^\\([^,]*\\),[0-9]*/\\1,0/' '$new' | dls-predict -q m"
for bad in '--ratio total' '--ratio total/contract' '--ratio total/nosuch' '--cross contract' '--cross contract\*churn' '--target-mean customer'; do
	expect "$bad" 64 "$fit $bad tree <'$train'"
	check "$bad: one line" test "$(wc -l <"$tmp/err")" = 1
done
expect "--target-mean for many classes" 64 "dls-train -q --target contract --target-mean service tree <'$train'"

# A column of noise with four rows a level must not look useful. That the test would notice is shown by the mean
# over all rows, its own included.
awk 'BEGIN {
	s = 12345
	print "x,noise,y"
	for (i = 0; i < 1500; i++) {
		for (k = 0; k < 3; k++) { s = (s * 1103515245 + 12345) % 2147483648; u[k] = int(s / 65536) / 32768 }
		printf "%.3f,n%d,%d\n", u[0], u[1] * 375, u[2] < 0.3 + 0.3 * u[0]
	}
}' >noise.csv
awk -F, -v OFS=, 'NR == FNR { n[$2]++; s[$2] += $3; next } { print $0, FNR == 1 ? "mean" : s[$2] / n[$2] }' noise.csv noise.csv >leak.csv
auc() { dls-train -q --target y --cv 5 --drop noise "$@" | dls-predict --show - | jq .metrics.cv.mean; }
for f in 'logistic' 'boost --trees 20 --depth 3'; do
	plain=$(auc $f <noise.csv)
	coded=$(dls-train -q --target y --cv 5 --target-mean noise --categorical noise $f <noise.csv | dls-predict --show - | jq .metrics.cv.mean)
	leaked=$(auc $f <leak.csv)
	check "$f: --target-mean of noise does not leak ($plain, $coded)" awk "BEGIN { exit !($coded < $plain + 0.02) }"
	check "$f: and a leak would be seen ($leaked)" awk "BEGIN { exit !($leaked > $plain + 0.1) }"
done

# ---- out of bag ----

dls-train -q --target churn --id customer --oob -o "$tmp/bag" forest --trees 60 --min-leaf 5 <"$data/customers.csv"
check 'out-of-bag predictions give the out-of-bag score' sh -c "[ \$(dls-predict --oof $tmp/bag | dls-eval --digits 9 auc | cut -f 2) = \
	\$(dls-predict --show $tmp/bag | jq '.model.out_of_bag.auc * 1e9 | round / 1e9') ]"
expect 'no other family has them' 64 "dls-train -q --target churn --id customer --oob -o $tmp/x boost --trees 3 <'$data/customers.csv'"
err_has 'and says so' '--cv works for all'
expect 'an ensemble of them is not judged' 0 "dls-ensemble -o $tmp/x stack $tmp/bag"
err_has 'and this is said' 'no score'

# ---- a metric of one label ----

dls-train -q --target churn --id customer --metric recall:Yes --valid-frac 0.25 --metrics "$tmp/log" -o "$tmp/x" boost --trees 8 \
	--rate 0.3 <"$data/customers.csv"
check 'a metric of one label is known in every round' sh -c "[ \$(jq 'select(.event == \"round\") | .\"recall:Yes\" | numbers' $tmp/log | wc -l) = 8 ]"
check 'and in the last round it is that of the model' sh -c "[ \$(jq 'select(.round == 8) | .\"recall:Yes\"' $tmp/log) = \
	\$(dls-predict --show $tmp/x | jq .metrics.valid.score) ]"
