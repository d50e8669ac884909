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
dls-tfidf -q --text text --target label --min-df 1 <"$reviews" >tfidf
for as in svmlight vw json; do
	expect "texts as $as" 0 "dls-tfidf --apply tfidf --as $as <$reviews >rows"
	target=$([ $as = json ] && echo '--target label')
	expect "$as rows" 0 "dls-train -q --stream $target --threads 1 -o rows.$as online <rows && dls-train -q --stream $target --threads 2 online <rows | cmp - rows.$as"
	expect "$as rows are known again" 0 "dls-predict rows.$as <rows | dls-eval -q --min accuracy=0.95 accuracy"
done
expect 'words are hashed' 0 "dls-predict --importance terms rows.vw | head -n 2 | grep -q '^0,#[0-9]*,'"
expect 'numbers in the place of words' 65 "dls-tfidf --apply tfidf <$reviews >rows; dls-predict rows.vw <rows"
err_has 'are none' "the model hashed the names of features, and svmlight's numbers are none"
expect 'a number as a name' 0 "dls-predict --columns p:1 rows.svmlight <rows >a; sed 's/ / | /' rows | dls-predict --columns p:1 rows.svmlight | cmp - a"
expect 'few hash bits' 0 'dls-train -q --stream --hash-bits 4 online <rows | dls-predict --show - | jq .model.weights'
out_is 'are few weights' 17
expect 'hash bits without a stream' 64 'dls-train --hash-bits 4 logistic <rows'
cp rows.vw rows.two
expect 'an ensemble of hashes' 65 'dls-ensemble mean rows.vw rows.two'
err_has 'is refused' "'rows.vw' hashes the features of its rows"
{ yes '{"y":1,"x":3}' | head -n 200000; echo '{"y":0,"x":3,"f":{"a":1}}'; } | sed '2s/:1/:0/' >late.json
expect 'sparse rows that come late' 65 'dls-train -q --stream --target y online <late.json'
err_has 'are refused' 'an object inside, with --stream, but there was none in the first rows'
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

repeat() { head -n 1 "$reviews"; i=0; while [ $i -lt "$1" ]; do tail -n +2 "$reviews"; i=$((i + 1)); done; }
repeat 100 >short.csv
repeat 1000 >long.csv
flat 'ten times the rows need no more memory' "$fit -q --threads 1 -o /dev/null online <short.csv" "$fit -q --threads 1 -o /dev/null online <long.csv"
names() { seq 1 "$1" | awk '{ print NR % 2, "|", "name_of_a_feature_" $1 }'; }
names 300000 >few.vw
names 3000000 >many.vw
learn='dls-train -q --stream --threads 1 -o /dev/null online'
flat 'nor do ten times the names' "$learn <few.vw" "$learn <many.vw"
rm few.vw many.vw
