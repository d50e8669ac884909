#!/bin/sh
# dls-eval: what it prints, joins, compares, draws and refuses.
# shellcheck disable=SC2016
. tests/lib.sh
golden=$PWD/tests/golden/metrics
man=$PWD/man/dls-eval.1
cd "$tmp" || exit 74

cat >preds.csv <<'X'
Id,target,prediction,p:no,p:yes,w,other
1,yes,yes,0.1,0.9,1,0.7
2,no,yes,0.4,0.6,2,0.2
3,yes,no,0.6,0.4,1,0.6
4,no,no,0.6,0.4,1,0.5
5,no,no,0.9,0.1,1,0.1
X

# ---- plain output ----
expect 'the usual metrics' 0 'dls-eval < preds.csv'
out_is 'a line for each' 'auc	0.75
prauc	0.75
logloss	0.5108256237659907
brier	0.18
accuracy	0.6
balanced	0.5833333333333333
precision	0.5
recall	0.5
f1	0.5
mcc	0.16666666666666666
kappa	0.16666666666666674
ks	0.5
lift	2.5'
expect 'named metrics' 0 'dls-eval --digits 3 auc f1:macro fbeta:2 threshold:f1 best:f1 < preds.csv'
out_is 'in their order, rounded' 'auc	0.750
f1:macro	0.583
fbeta:2	0.500
threshold:f1	0.750
best:f1	0.667'
expect 'weights' 0 'dls-eval --weight w accuracy < preds.csv'
out_is 'count' 'accuracy	0.5'
expect 'the other class is positive' 0 'dls-eval --positive no precision < preds.csv'
out_is 'precision of no' 'precision	0.6666666666666666'
expect 'a threshold' 0 'dls-eval --threshold 0.35 precision recall < preds.csv'
out_is 'positive is above it' 'precision	0.5
recall	1'
expect 'json' 0 'dls-eval --json auc f1:yes < preds.csv'
out_is 'one object' '{"rows":5,"task":"binary","positive":"yes","metrics":{"auc":{"value":0.75},"f1:yes":{"value":0.5}}}'
expect 'undefined' 0 'head -n 2 preds.csv | dls-eval auc accuracy'
out_is 'n/a and the reason' 'auc	n/a	all rows are of one class
accuracy	1'
expect 'undefined in json' 0 'head -n 2 preds.csv | dls-eval --json auc'
out_has 'null and the reason' '"auc":{"value":null,"why":"all rows are of one class"}'
expect 'a header alone' 0 'head -n 1 preds.csv | dls-eval auc'
out_is 'no rows' 'auc	n/a	there are no rows'
expect 'more classes' 0 "dls-eval --digits 6 auc auc:ovo f1:dog topk:3 < $golden/four.csv"
out_is 'averages and one label' 'auc	0.891226
auc:ovo	0.893051
f1:dog	0.771654
topk:3	0.975000'
expect 'regression' 0 "dls-eval --digits 6 < $golden/counts.csv"
out_is 'its usual metrics' 'rmse	2.102097
mae	1.556410
r2	0.568522'
expect 'ndjson' 0 "printf '{\"target\":1.5,\"prediction\":1}\n{\"target\":2,\"prediction\":2}\n' | dls-eval mae"
out_is 'is read too' 'mae	0.25'
expect 'labels that are numbers' 0 "printf 'target,prediction\n1,1\n0,1\n' | dls-eval accuracy"
out_is 'the metric says that they are labels' 'accuracy	0.5'
expect 'quantities' 0 "printf 'target,prediction\n1,1\n0,1\n' | dls-eval"
out_has 'by default numbers are quantities' 'rmse	0.7071067811865476'
expect 'a label without a probability' 0 "sed 's/^5,no/5,maybe/' preds.csv | dls-eval accuracy"
out_is 'is wrong' 'accuracy	0.4'
err_has 'and is told' "no column p:LABEL for 1 of the labels, the first is 'maybe'; their probability is taken as 0"
expect 'a positive label that is none' 65 'dls-eval --positive Ja auc < preds.csv'
err_has 'the labels are listed' 'stdin: --positive Ja: there is no such label; there are: no, yes'

# ---- other files ----
printf 'Id,Churn\n5,0.1\n4,0.4\n3,0.4\n2,0.6\n1,0.9\n' >submission.csv
printf 'Id,Churn,x\n1,1,\n2,0,\n3,1,\n4,0,\n5,0,\n6,1,\n' >labels.csv
expect 'a submission and its truth' 0 'dls-eval --truth labels.csv --id Id --target Churn --probability Churn auc < submission.csv'
out_is 'are joined by id' 'auc	0.75'
err_has 'truth without predictions is told' '1 rows of labels.csv are not in stdin'
expect 'truth row by row' 65 'dls-eval --truth labels.csv --target Churn --probability Churn auc < submission.csv'
err_has 'wants as many rows' 'stdin has 5 rows and labels.csv 6'
expect 'an id that the truth has not' 65 "sed 's/^5,/7,/' submission.csv | dls-eval --truth labels.csv --id Id --target Churn --probability Churn auc"
err_has 'is named' "stdin: row 1: '7' is not in column 'Id' of labels.csv"
expect 'an id twice' 65 "sed 's/^5,/4,/' submission.csv | dls-eval --truth labels.csv --id Id --target Churn --probability Churn auc"
err_has 'is named too' "'4' stands twice in column 'Id' (--id), in rows 1 and 2"

# ---- intervals and comparison ----
expect 'an interval' 0 "dls-eval --bootstrap 200 --digits 4 --threads 1 auc f1 < $golden/plain.csv"
cp out one
out_has 'has a header' 'metric	value	low	high'
expect 'threads' 0 "dls-eval --bootstrap 200 --digits 4 --threads 3 auc f1 < $golden/plain.csv"
check 'do not matter' cmp -s one out
expect 'a seed' 0 "dls-eval --bootstrap 200 --digits 4 --seed 2 auc f1 < $golden/plain.csv"
check 'does' sh -c '! cmp -s one out'
expect 'a column to compare with' 0 'dls-eval --vs other --digits 3 auc < preds.csv'
check 'value, other, difference, p' awk -F '\t' 'NR == 2 { exit !($2 == "other" && $3 == 0.75 && $4 == 1 && $5 == -0.25 && $8 > 0.05 && $8 <= 1) }' out
{ head -n 1 preds.csv; tail -n +2 preds.csv | sort -r; } >back.csv
expect 'a file to compare with, by id' 0 'dls-eval --vs back.csv --id Id --digits 3 auc < preds.csv'
out_has 'is the same' 'auc	back.csv	0.750	0.750	0.000	0.000	0.000	1.000'
expect 'a file of other rows' 65 'dls-eval --vs back.csv auc < preds.csv'
err_has 'is refused' "stdin and back.csv differ in column 'target' of row 1: they are not of the same rows"
expect 'json of a comparison' 0 'dls-eval --json --vs other,back.csv --id Id auc < preds.csv'
out_has 'has both' '{"name":"back.csv","value":0.75,"difference":0,"low":0,"high":0,"p":1}'

# ---- rankings ----
cat >pairs.csv <<'X'
Id,qid,target,prediction,other
1,a,1,0.5,0.9
2,b,0,0.3,0.1
3,a,0,0.9,0.2
4,a,0,0.1,0.3
5,b,1,0.3,0.8
6,c,0,0.7,0.5
X
expect 'metrics of rankings' 0 'dls-eval --group qid hits:1 hits:2 dcg:2 ndcg mrr map < pairs.csv'
out_is 'are means over groups, of tied rows over their orders' 'hits:1	0.25
hits:2	1
dcg:2	0.7231973151785931
ndcg	0.7231973151785931
mrr	0.625
map	0.625'
err_is 'a group without a relevant row is told once' 'dls-eval: warning: stdin: 1 of 3 groups have no relevant row and are left out of the metrics of rankings'
expect 'gains' 0 "sed '2s/,1,/,3,/; 4s/,0,/,2,/' pairs.csv | dls-eval -q --group qid --digits 6 dcg ndcg"
out_is 'count' 'dcg	2.354127
ndcg	0.864433'
expect 'a probability' 0 'dls-eval -q --group qid --probability prediction hits:2 auc < pairs.csv'
out_is 'ranks too' 'hits:2	1
auc	0.4375'
expect 'no group' 64 'dls-eval mrr < pairs.csv'
err_is 'is missed' 'dls-eval: mrr: it ranks the rows of each group, which dls-eval --group COL tells apart'
expect 'a group that is no column' 65 'dls-eval --group question mrr < pairs.csv'
err_has 'is missed too' "there is no column 'question' (--group); the columns are: Id, qid, target, prediction, other"
expect 'hits' 64 'dls-eval --group qid hits < pairs.csv'
err_is 'wants a number' 'dls-eval: hits: it wants a parameter, how many of the first rows count, e.g. hits:10'
expect 'no relevant row at all' 0 'head -n 1 pairs.csv | cat - pairs.csv | sed -n "1p; 8p" | dls-eval -q --group qid mrr'
out_is 'is no ranking' 'mrr	n/a	no group has a relevant row'
expect 'another file' 0 'cut -d, -f1-3 pairs.csv >truth.csv; tail -n +2 pairs.csv | cut -d, -f1,4 | sort -r | sed "1i Id,prediction" | dls-eval -q --truth truth.csv --id Id --group qid mrr'
out_is 'holds the groups with the target' 'mrr	0.625'
expect 'intervals' 0 'dls-eval -q --group qid --bootstrap 300 --digits 3 hits:1 rmse < pairs.csv'
check 'are of groups' awk -F '\t' '$1 == "hits:1" { exit !($2 == 0.25 && $3 == 0 && $4 == 0.5) }' out
expect 'a comparison' 0 'dls-eval -q --group qid --vs other --digits 3 mrr < pairs.csv'
check 'is of groups too' awk -F '\t' 'NR == 2 { exit !($3 == 0.625 && $4 == 1 && $6 == -0.5 && $7 == -0.25) }' out
expect 'json with groups' 0 'dls-eval -q --json --group qid hits:2 < pairs.csv'
out_is 'counts them' '{"rows":6,"groups":3,"task":"regression","metrics":{"hits:2":{"value":1}}}'
expect 'a metric of training' 64 "dls-train --target churn --id customer --metric mrr logistic < $data/customers.csv"
err_has 'is none of rankings' '--metric mrr: it ranks the rows of each group, which dls-eval --group COL tells apart'

# The query of group 1 is (1, 1), of group 2 (0, 0, 2); cosines 1 / sqrt 2, 1, 0 and 0, 1, computed by hand.
cat >rows.svm <<'X'
0 qid:1 1:1 2:1
0 qid:1 1:3
1 qid:1 1:2 2:2
0 qid:2 3:2
0 qid:1 7:1
1 qid:2 1:1
0 qid:2 3:5
X
expect 'sparse rows' 0 'dls-eval --cosine --group qid --target label --digits 4 hits:1 mrr rmse < rows.svm'
out_is 'are ranked by the cosine with the first of their group' 'hits:1	0.5000
mrr	0.7500
rmse	0.7071'
cat >rows.json <<'X'
{"qid":"q 1","label":0,"words":{"b":1,"a":1}}
{"qid":"q 1","label":0,"words":{"a":3}}
{"qid":"q 1","label":1,"words":{"a":2,"b":2}}
{"qid":"q 2","label":0,"words":{"c":2}}
{"qid":"q 2","label":1,"words":{"a":1}}
{"qid":"q 2","label":0,"words":{"c":5}}
X
expect 'sparse rows with names' 0 'dls-eval --cosine --group qid --target label --digits 4 hits:1 mrr < rows.json'
out_is 'are too' 'hits:1	0.5000
mrr	0.7500'
expect 'other rows to compare with' 0 "sed 's/ 3:5/ 4:5/' rows.svm >other.svm; dls-eval -q --cosine --group qid --target label --vs other.svm --digits 3 mrr < rows.svm"
check 'are ranked by their own cosines' awk -F '\t' 'NR == 2 { exit !($3 == 0.75 && $4 == 0.875) }' out
expect 'rows with cells alone' 65 'dls-eval --cosine --group qid --target target mrr < pairs.csv'
err_has 'have no cosine' 'dls-eval: stdin:2: --cosine wants sparse rows'
expect 'cosines without groups' 64 'dls-eval --cosine --target label mrr < rows.svm'
err_has 'have no query' '--cosine wants --group'

# ---- gates ----
expect 'gates that hold' 0 'dls-eval --min auc=0.75 --max brier=0.2,logloss=1 < preds.csv'
err_is 'say nothing' ''
expect 'gates that do not' 1 'dls-eval --min auc=0.8,f1:yes=0.6 --max brier=0.2 accuracy < preds.csv'
err_is 'a line for each' 'dls-eval: auc is 0.75: --min auc=0.8 does not hold
dls-eval: f1:yes is 0.5: --min f1:yes=0.6 does not hold'
out_has 'and the metrics all the same' 'accuracy	0.6'
expect 'an undefined metric' 1 'head -n 2 preds.csv | dls-eval --min auc=0.1'
err_has 'passes no gate' 'auc is n/a, all rows are of one class: --min auc=0.1 does not hold'
expect 'a bad gate' 64 'dls-eval --min auc < preds.csv'
err_has 'is explained' "--min: 'auc' is not METRIC=NUMBER"

# ---- curves ----
expect 'roc' 0 'dls-eval --curve roc < preds.csv'
out_is 'as CSV' 'series,threshold,fpr,tpr
predictions,inf,0,0
predictions,0.9,0,0.5
predictions,0.6,0.3333333333333333,0.5
predictions,0.4,0.6666666666666666,1
predictions,0.1,1,1'
expect 'precision and recall' 0 'dls-eval --curve pr --name me < preds.csv'
out_is 'with a name' 'series,threshold,precision,recall
me,inf,1,0
me,0.9,1,0.5
me,0.6,0.5,0.5
me,0.4,0.5,1
me,0.1,0.4,1'
expect 'calibration' 0 'dls-eval --curve calibration --bins 2 < preds.csv'
out_is 'bins' 'series,low,high,rows,predicted,observed
predictions,0,0.5,3,0.3,0.3333333333333333
predictions,0.5,1,2,0.75,0.5'
expect 'lift' 0 'dls-eval --curve lift --bins 2 < preds.csv'
out_is 'half of the rows, and all' 'series,share,lift,gain
predictions,0.5,1.25,0.625
predictions,1,1,1'
expect 'confusion' 0 'dls-eval --curve confusion < preds.csv'
out_is 'counts' 'series,target,no,yes
predictions,no,2,1
predictions,yes,1,1'
expect 'classes' 0 'dls-eval --curve classes < preds.csv'
out_has 'a line for each label' 'predictions,yes,2,0.5,0.5,0.5'
expect 'a class without rows' 0 "dls-eval --curve roc < $golden/absent.csv | cut -d, -f1 | uniq"
out_is 'has no curve' 'series
predictions ant
predictions bee
predictions cat'
err_has 'and is told' 'no curve of predictions dog: a class has no rows'
cat >rounds <<'X'
{"event":"round","fold":1,"round":1,"train_loss":0.6,"auc":0.7}
{"event":"round","fold":1,"round":2,"train_loss":0.5,"auc":0.8}
{"event":"fold","fold":1,"rows":10,"rounds":2,"auc":0.8}
{"event":"round","fold":2,"round":1,"train_loss":0.7,"auc":0.65}
{"event":"round","fold":0,"round":1,"train_loss":0.55}
X
expect 'learning' 0 'dls-eval --curve learning < rounds'
out_is 'a series for each value and fold' 'series,round,value
train_loss fold 1,1,0.6
train_loss fold 1,2,0.5
auc fold 1,1,0.7
auc fold 1,2,0.8
train_loss fold 2,1,0.7
auc fold 2,1,0.65
train_loss,1,0.55'
expect 'a stream without rounds' 65 'dls-eval --curve learning < preds.csv'
err_has 'is none' 'no rounds in it; dls-train --metrics FILE writes them'
if command -v gnuplot >/dev/null; then
	expect 'a picture' 0 'dls-eval --curve roc --vs other --plot roc.svg < preds.csv'
	out_is 'nothing on stdout' ''
	check 'svg' grep -q '</svg>' roc.svg
	expect 'a picture and its numbers' 0 'dls-eval --curve learning --plot l.png -o l.csv < rounds'
	check 'png' sh -c 'head -c 4 l.png | grep -q PNG'
	check 'numbers' grep -q '^auc fold 2,1,0.65' l.csv
	expect 'confusion as pictures' 0 'dls-eval --curve confusion --plot confusion.png < preds.csv && dls-eval --curve confusion --vs other --plot confusion.svg < preds.csv'
	check '... of pixels' sh -c 'head -c 4 confusion.png | grep -q PNG'
	check '... and of words, a panel for each' test "$(grep -c '>predicted<' confusion.svg)" -eq 2
	awk 'BEGIN { print "target,prediction"; for (i = 0; i < 300; i++) print "it'"''"'s \\\\ {no} " i % 150 ",it'"''"'s \\\\ {no} " i % 149 }' >many
	expect 'confusion of many labels' 0 'dls-eval --curve confusion --plot many.png < many'
	expect 'classes as a picture' 0 'dls-eval --curve classes --vs other --plot classes.svg < preds.csv'
	check '... a panel for each' test "$(grep -c 'tspan.*>recall<' classes.svg)" -eq 2
else
	echo 'skip pictures: gnuplot is not installed'
fi
mkdir bin && for c in dls-eval sh; do ln -s "$(command -v $c)" bin; done
expect 'no gnuplot' 74 'PATH=$PWD/bin dls-eval --curve roc --plot none.svg < preds.csv'
err_has 'names the package' 'none.svg: gnuplot is not installed; on Debian and Ubuntu it is the package gnuplot-nox'
check 'no picture is left' sh -c '! ls none.svg* 2>/dev/null'
expect 'a picture of another kind' 64 'dls-eval --curve roc --plot roc.jpg < preds.csv'
err_has 'is refused' "roc.jpg: a picture's name ends in .png or .svg"

# ---- what is wrong ----
expect 'an unknown metric' 64 'dls-eval acuracy < preds.csv'
err_has 'did you mean' "unknown metric 'acuracy'; did you mean 'accuracy'?"
expect 'a bad parameter' 64 'dls-eval f1:maybe < preds.csv'
err_is 'is explained' 'dls-eval: f1:maybe: its parameter is macro, micro, weighted or a label'
expect 'no probabilities' 64 'cut -d, -f1-3 preds.csv | dls-eval auc'
err_is 'are missed' 'dls-eval: auc: it needs probabilities, not only predicted classes'
expect 'a metric of another task' 64 'dls-eval rmse < preds.csv'
err_is 'is refused' 'dls-eval: rmse: it is for regression, not for classes'
expect 'no target' 65 'cut -d, -f1,3 preds.csv | dls-eval'
err_is 'the columns are listed' "dls-eval: stdin: there is no column 'target' (--target); the columns are: Id, prediction"
expect 'a probability that is none' 65 "sed 's/0.9,1/x,1/' preds.csv | dls-eval"
err_is 'where it stands' "dls-eval: stdin:2: column 'p:yes': 'x' is not a finite number"
expect 'an empty target' 65 "sed 's/^3,yes/3,/' preds.csv | dls-eval"
err_is 'has a place too' "dls-eval: stdin:4: column 'target' is empty"
expect 'a weight below 0' 65 "sed 's/,2,0.2/,-2,0.2/' preds.csv | dls-eval --weight w"
err_has 'is refused' "row 2: column 'w': a weight is 0 or more"
expect 'three labels and one probability' 65 "printf 'target,q\na,1\nb,0\nc,1\n' | dls-eval --probability q"
err_has 'do not fit' '--probability is for two labels; there are 3: a, b, c'
expect 'a full disk' 74 'dls-eval < preds.csv > /dev/full'

# ---- the manual ----
expect 'help' 0 'dls-eval --help'
check 'each metric of the registry is in the manual' sh -c "sed -n '/^Metrics/,\$p' '$tmp/out' | awk '/^  [ +] [a-z]/ { print \$1 == \"+\" ? \$2 : \$1 }' | while read -r m; do grep -q \"Cm \$m\" '$man' || exit 1; done"

# ---- the metric that training goes by ----
expect 'a metric of training' 64 "dls-train --target churn --id customer --metric acuracy logistic < $data/customers.csv"
err_has 'is chosen from the same list' "unknown metric 'acuracy'; did you mean 'accuracy'?"
expect 'a parameter of it' 64 "dls-train --target churn --id customer --metric f1:maybe logistic < $data/customers.csv"
err_has 'is checked before the work' '--metric f1:maybe: its parameter is macro, micro, weighted or a label'
