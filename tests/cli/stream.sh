#!/bin/sh
# Learning from a stream: constant memory, the same bytes whatever the threads and the pieces of a pipe, passes from a
# temporary file, and what a stream cannot have.
. tests/lib.sh
reviews=$data/reviews.csv
cd "$tmp" || exit 74
fit="dls-train --stream --target label --id id --drop stars --text text"

expect 'learns texts from a pipe' 0 "cat $reviews | $fit -o model online"
err_has 'tells the progressive loss' 'dls-train: 240 rows, progressive loss 0.'
expect 'and knows them' 0 "dls-predict model <$reviews | dls-eval -q --min accuracy=0.95 accuracy"
for threads in 1 2 3; do
	expect "$threads threads" 0 "$fit -q --threads $threads online <$reviews | cmp - model"
done
expect 'a slow pipe' 0 "awk '{ print; fflush() }' $reviews | $fit -q online | cmp - model"
expect 'several passes' 0 "$fit -q --metrics events -o model2 online --passes 3 <$reviews"
check 'an event each pass at least' sh -c "grep -c '\"event\":\"rows\"' events | grep -qx '[3-9]'"
check 'the last is of the last pass' sh -c "tail -n 1 events | jq -e '.pass == 3 and .rows == 720 and .progressive_loss > 0' >/dev/null"
expect 'passes need a place for the rows' 74 "TMPDIR=$tmp/nowhere $fit -q online --passes 2 <$reviews"
err_has 'and say so' 'cannot make a temporary file'

expect 'numbers, categories and missing cells' 0 "dls-train -q --stream --target churn --id customer -o churn online --passes 20 <$data/customers.csv"
expect 'give a model' 0 "dls-predict churn <$data/customers.csv | dls-eval -q --min auc=0.75 auc"
expect 'a quantity' 0 "dls-train -q --stream --target months --id customer -o months online --passes 50 <$data/customers.csv && dls-predict months <$data/customers.csv | dls-eval -q --min r2=0.7 r2"
expect 'classes by --labels' 0 "$fit -q --labels bad,good,ugly -o three online <$reviews && dls-predict three <$reviews | head -n 1"
out_is 'all of them' 'target,prediction,p:bad,p:good,p:ugly'
{ cat "$reviews"; yes 'R1,fine,3,good' | head -n 90000; echo 'R2,well,3,ugly'; } >late.csv
expect 'a label that comes late' 65 "$fit -q online <late.csv"
err_has 'where it stands and what to do' "stdin:90242: the target 'label' is 'ugly', which is none of the 2 labels of the first rows; --labels names all"
{ printf 'x,y\n'; seq 1 200000 | awk '{ print $1 "," $1 % 2 }'; echo 'seven,1'; } >word.csv
expect 'a word in a column of numbers' 65 'dls-train -q --stream --target y online <word.csv'
err_has 'where it stands' "stdin:200002: column 'x': 'seven' is not a number"
expect 'unless it is said' 0 'dls-train -q --stream --target y --categorical x -o words online <word.csv'
expect 'another family' 64 "$fit -q forest <$reviews"
err_has 'says which can' '--stream: the family forest needs all rows at once; online does not'
for option in '--cv 5' '--valid-frac 0.2' '--group id' '--early-stop 3'; do
	expect "$option" 64 "$fit -q $option online <$reviews"
	err_has "$option is refused" "--stream and ${option%% *}: rows of a stream are seen once"
done
expect '--labels without --stream' 64 "dls-train -q --target label --labels a,b logistic <$reviews"
expect 'no rows' 65 "head -n 1 $reviews | $fit -q online"
expect 'one class' 65 "grep -e id, -e ,good $reviews | $fit -q online"
err_has 'names the way out' "the target 'label' has 1 class in the first"

# A thousand times the rows in 200 MB of addresses, the weights among them.
repeat() { head -n 1 "$reviews"; i=0; while [ $i -lt "$1" ]; do tail -n +2 "$reviews"; i=$((i + 1)); done; }
repeat 1000 >long.csv
expect 'much in little memory' 0 "ulimit -v 200000; $fit -q --threads 1 online <long.csv >/dev/null"
