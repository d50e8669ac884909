#!/bin/sh
# dls-ensemble: every method from training to scores, in any number of threads, row by row; what is refused and
# with which words; blends of prediction files.
# Models are called as their families; jq has variables of its own.
# shellcheck disable=SC2094,SC2016
set -u
. tests/lib.sh

train=$data/customers.csv
head -n 13 "$data/new.csv" >"$tmp/new.csv"
cd "$tmp" || exit 70
fit() { dls-train -q --target churn --id customer "$@" <"$train"; }

fit --cv 4 logistic >logistic
fit --cv 4 bayes >bayes
fit --cv 4 --drop total knn >knn
fit --cv 4 knn --k 2 >sure
fit --cv 4 --fold-seed 2 bayes >folds
fit bayes >plain
fit --cv 4 --positive No bayes >positive
fit --cv 4 --missing none bayes >missing
dls-train -q --target contract --id customer --cv 4 bayes <"$train" >contract
dls-train -q --target charge --drop churn --id customer --cv 4 linear <"$train" >charge
dls-train -q --target charge --drop churn --id customer --cv 4 knn <"$train" >charge2
head -n 200 "$train" | dls-train -q --target churn --id customer --cv 4 bayes >rows
sed 's/,Yes$/,Maybe/' "$train" | dls-train -q --target churn --id customer --cv 4 bayes >labels

# ---- every method ----

for m in mean logit-mean gmean rank median vote climb stack; do
	dls-ensemble -q --threads 1 -o one $m logistic bayes knn || echo "not ok $m"
	dls-ensemble -q --threads 3 $m logistic bayes knn >three
	check "$m: 1 and 3 threads write the same model" cmp one three
	dls-predict -q --id customer one <new.csv >want.csv
	check "$m: a line for each row" test "$(wc -l <want.csv)" = "$(wc -l <new.csv)"
	{ head -n 1 want.csv
		sed 1d new.csv | while IFS= read -r row; do
			{ head -n 1 new.csv; echo "$row"; } | dls-predict -q --id customer one | sed 1d
		done; } >got.csv
	check "$m: row by row" cmp want.csv got.csv
	dls-predict --show one >show.json
	check "$m: --show names members, weights and gains" jq -e '
		(.model.members | map(.name)) == ["logistic", "bayes", "knn"] and (.model.members | all(.weight >= -1 and .gain != null))
		and .metrics.cv.folds == 4 and .metrics.metric == "auc" and .family == $m' --arg m $m show.json
	check "$m: it has out-of-fold predictions of its own" test "$(dls-predict --oof one | wc -l)" = "$(wc -l <"$train")"
done
for how in platt isotonic; do
	dls-ensemble -q --metric logloss calibrate --how $how sure >one
	dls-predict -q one <new.csv >got.csv
	check "calibrate $how: scores" test "$(wc -l <got.csv)" = "$(wc -l <new.csv)"
	check "calibrate $how: better than it was" jq -e '.metrics.cv.mean < .model.members[0].score' <<-END
	$(dls-predict --show one)
	END
done
dls-ensemble -q -o q stack charge charge2
expect "a quantity" 0 'dls-predict -q q <new.csv | wc -l'
out_is "a quantity: a line for each row" 13
dls-ensemble -q -o inner climb logistic bayes
expect "an ensemble in an ensemble" 0 'dls-ensemble -q mean inner knn >m && dls-predict -q m <new.csv'
expect "members by path are shown by name" 0 'dls-ensemble -q mean ./logistic ./bayes >m; dls-predict --show m | jq -c "[.model.members[].name]"'
out_is "members by path: names" '["logistic","bayes"]'
expect "a member on stdin" 0 'dls-ensemble -q mean - bayes <logistic | cat'
expect "weights" 0 'dls-ensemble -q mean --weights 3,0,1 logistic bayes knn >m; dls-predict --show m | jq -c "[.model.members[].weight]"'
out_is "weights sum to 1" '[0.75,0,0.25]'
expect "what it is worth is said" 0 'dls-ensemble --metric brier mean logistic bayes >m'
err_has "what it is worth: the metric and its spread" 'brier 0.'
expect "-q says nothing" 0 'dls-ensemble -q mean logistic plain >m'
err_is "-q: nothing" ''
expect "without out-of-fold predictions" 0 'dls-ensemble mean logistic plain >m'
err_is "without out-of-fold predictions: no score" "dls-ensemble: no score: 'plain' has no out-of-fold predictions; train it with --cv 5"

# ---- what is refused ----

refused() {
	expect "$1: refused" "$2" "$3"
	err_is "$1: why" "dls-ensemble: $4"
}
refused "no oof" 65 'dls-ensemble climb logistic plain >m' \
	"climb compares out-of-fold predictions, but 'plain' has no out-of-fold predictions; train it with --cv 5"
check "nothing is written when it is refused" test ! -s m
expect "other folds: refused" 65 'dls-ensemble stack logistic folds'
err_has "other folds: the row and the option" "train both with the same --cv, --fold-seed, --group and --time"
expect "other rows: refused" 65 'dls-ensemble stack logistic rows'
err_has "other rows: the member" "'rows' was trained on other rows than 'logistic' (199 rows"
expect "other folds do not matter to a mean" 0 'dls-ensemble mean logistic folds >m'
err_has "other folds: a mean has no score" "no score: 'folds' has data row"
refused "other target" 65 'dls-ensemble mean logistic contract' "'contract' predicts 'contract', but 'logistic' predicts 'churn'"
refused "other labels" 65 'dls-ensemble mean logistic labels' \
	"'labels' has other labels than 'logistic': 'Maybe', 'No' instead of 'No', 'Yes'"
refused "other positive class" 65 'dls-ensemble mean logistic positive' \
	"'positive' takes 'No' as the positive class, but 'logistic' takes 'Yes'; train them with the same --positive"
refused "other missing texts" 65 'dls-ensemble mean logistic missing' \
	"'missing' has other --missing texts than 'logistic': 'none' instead of none"
refused "rank of a quantity" 64 'dls-ensemble rank charge charge2' \
	"rank is not for a quantity: a mean rank is not a value of the target; use mean or median"
refused "calibrate of two" 64 'dls-ensemble calibrate logistic bayes' "calibrate takes one member, not 2"
refused "too few weights" 64 'dls-ensemble mean --weights 1 logistic bayes' "--weights: 1 weights for 2 members"
refused "a weight that is none" 64 'dls-ensemble mean --weights 1,x logistic bayes' "--weights: 'x' is not a number from 0"
refused "no weight at all" 64 'dls-ensemble mean --weights 0,0 logistic bayes' "--weights: all are 0"
refused "unknown metric" 64 'dls-ensemble --metric aux climb logistic bayes' "unknown metric 'aux'; did you mean 'auc'?"
refused "a metric of other tasks" 64 'dls-ensemble --metric rmse climb logistic bayes' "--metric rmse: it is for regression, not for classes"
refused "unknown method" 64 'dls-ensemble clim logistic' "unknown method 'clim'; did you mean 'climb'?"
refused "a family is no method" 64 'dls-ensemble forest logistic' "unknown method 'forest'; dls-ensemble --help lists them"
refused "no members" 64 'dls-ensemble mean' "which models? They are made by dls-train --cv 5"
expect "no method: refused" 64 'dls-ensemble'
expect "no such file: refused" 66 'dls-ensemble mean logistic nosuch'
expect "an option of another method: refused" 64 'dls-ensemble mean --bags 3 logistic'
expect "a table is no model: refused" 65 "dls-ensemble mean logistic '$train'"
expect "a full disk: status" 74 'dls-ensemble -q mean logistic bayes >/dev/full'

# ---- files of predictions ----

cat >a.csv <<-END
	id,target,prediction,p:No,p:Yes
	1,No,No,0.9,0.1
	2,Yes,No,0.6,0.4
	"a,b",Yes,Yes,0.2,0.8
END
cat >b.csv <<-END
	p:Yes,p:No,id,target,prediction
	0.3,0.7,1,No,No
	0.8,0.2,2,Yes,Yes
	0.6,0.4,"a,b",Yes,Yes
END
expect "files: mean" 0 'dls-ensemble --predictions mean a.csv b.csv'
out_is "files: mean, decided again" 'id,target,prediction,p:No,p:Yes
1,No,No,0.8,0.2
2,Yes,Yes,0.4,0.6000000000000001
"a,b",Yes,Yes,0.30000000000000004,0.7'
expect "files: rank" 0 'dls-ensemble --predictions rank --weights 3,1 a.csv b.csv | cut -d, -f1,5 | head -n 3'
out_is "files: ranks within the files" 'id,p:Yes
1,0.16666666666666666
2,0.5833333333333334'
expect "files: vote" 0 'dls-ensemble --predictions vote --weights 2,1 a.csv b.csv | tail -n 2'
out_is "files: votes" '2,Yes,No,0.6666666666666666,0.3333333333333333
"a,b",Yes,Yes,0,1'
printf 'Id,Churn\n0,0.1\n1,0.4\n' >k1.csv
printf 'Id,Churn\n0,0.9\n1,0.1\n' >k2.csv
expect "files: two columns" 0 'dls-ensemble --predictions -o m gmean k1.csv k2.csv; sed "s/0.3.*/0.3/" m'
out_is "files: the last column is blended" 'Id,Churn
0,0.3
1,0.2'
expect "files: the median of quantities" 0 'printf "y\n1\n" >q1; printf "y\n5\n" >q2; printf "y\n1e3\n" >q3; dls-ensemble --predictions median q1 q2 q3'
out_is "files: a median" 'y
5'
printf 'id,label\n1,cat\n2,dog\n' >l1.csv
printf 'id,label\n1,dog\n2,dog\n' >l2.csv
printf 'id,label\n1,cat\n2,cow\n' >l3.csv
expect "files: votes for labels" 0 'dls-ensemble --predictions vote l1.csv l2.csv l3.csv'
out_is "files: the label with most votes" 'id,label
1,cat
2,dog'
expect "files: a header alone" 0 'head -n 1 a.csv >h; dls-ensemble --predictions rank h h'
sed 's/^2,/3,/' a.csv >c.csv
refused "files: other rows" 65 'dls-ensemble --predictions mean a.csv c.csv' \
	"c.csv:3: column 'id' is '3', but in a.csv data row 2 has '2'; the files must have the same rows in the same order"
head -n 3 a.csv >c.csv
refused "files: fewer rows" 65 'dls-ensemble --predictions mean a.csv c.csv' "c.csv: 2 rows, but a.csv has 3"
refused "files: more rows" 65 'dls-ensemble --predictions mean c.csv a.csv' "a.csv: more rows than the 2 of c.csv"
refused "files: other columns" 65 'dls-ensemble --predictions mean a.csv k1.csv' "k1.csv: there is no column 'id', which a.csv has"
sed 's/^[^,]*,//; s/^b",//' a.csv >c.csv
refused "files: more columns" 65 'dls-ensemble --predictions mean c.csv a.csv' "a.csv: 5 columns, but c.csv has 4"
sed 's/0.4$/x/' a.csv >c.csv
refused "files: no number" 65 'dls-ensemble --predictions mean c.csv a.csv' "c.csv:3: column 'p:Yes' is 'x', not a number"
printf 'Id,Churn\n0,0.9\n1,-1\n' >k3.csv
refused "files: no probability" 65 'dls-ensemble --predictions logit-mean k1.csv k3.csv' \
	"k3.csv: data row 2 holds -1; logit-mean wants numbers from 0 to 1"
refused "files: nothing to learn from" 64 'dls-ensemble --predictions stack k1.csv k2.csv' \
	"stack learns from the out-of-fold predictions inside models; --predictions takes mean, logit-mean, gmean, rank, median and vote"
