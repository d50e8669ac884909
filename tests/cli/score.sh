#!/bin/sh
# What dls-predict promises: cells that pass through byte for byte, the columns that were asked for, levels never seen
# counted by the stored policy, --strict, and memory that does not grow with the rows.
set -u
. tests/lib.sh
train=$data/customers.csv new=$data/new.csv
cd "$tmp" || exit 70
fit="dls-train -q --target churn --id customer"
$fit -o m bayes <"$train"
dls-predict -q m <"$new" >plain.csv

# ---- the columns of the output ----

out_columns() { head -n 1 out; }
cp "$new" plain.in
expect "predictions" 0 'dls-predict -q m <plain.in'
check "predictions: the columns" test "$(out_columns)" = "prediction,p:No,p:Yes"
expect "the target comes along" 0 "dls-predict -q --id customer m <'$train'"
check "the target comes along: the columns" test "$(out_columns)" = "customer,target,prediction,p:No,p:Yes"
expect "--append" 0 'dls-predict -q --append m <plain.in'
check "--append: all of the input first" sh -c 'cut -d, -f1-6 out | cmp - plain.in'
check "--append: then the predictions" sh -c 'cut -d, -f7- out | cmp - plain.csv'
expect "--columns" 0 'dls-predict -q --columns Id=customer,Churn=p:Yes,n=@row,i=@index,prediction,months m <plain.in'
check "--columns: the header" test "$(out_columns)" = "Id,Churn,n,i,prediction,months"
check "--columns: as elsewhere" sh -c 'sed 1d out | cut -d, -f2,5 >a; sed 1d plain.csv | awk -F, -v OFS=, "{ print \$3, \$1 }" | cmp - a'
check "--columns: rows are counted from 1 and from 0" sh -c 'sed 1d out | awk -F, "\$3 != NR || \$4 != NR - 1 { exit 1 }"'
expect "--columns with an unknown label" 64 'dls-predict --columns Churn=p:yes m <plain.in'
err_is "--columns with an unknown label: said" "dls-predict: the model has no p:yes; it has p:No, p:Yes"
expect "--columns with an unknown column" 65 'dls-predict --columns Id=customr m <plain.in'
err_is "--columns with an unknown column: said" \
	"dls-predict: stdin: there is no column 'customr' (--columns); did you mean 'customer'? The columns: customer, months, contract, service, charge, total"
expect "--columns and --id" 64 'dls-predict --columns prediction --id customer m <plain.in'
expect "two columns of one name" 64 'dls-predict --columns a=customer,a=prediction m <plain.in'
err_has "two columns of one name: said" "two columns 'a'"
expect "--append where there is a prediction" 64 'dls-predict -q --append m <plain.in >again.csv; dls-predict --append m <again.csv'
expect "an --id that is not there" 65 'dls-predict --id nosuch m <plain.in'
expect "--threshold" 0 'dls-predict -q --threshold 0 m <plain.in'
check "--threshold 0: all positive" test "$(sed 1d "$tmp/out" | cut -d, -f1 | sort -u)" = Yes
expect "--threshold 1.5" 64 'dls-predict -q --threshold 1.5 m <plain.in'

# ---- byte for byte ----

{
	echo 'id,months,contract,service,charge,total,note'
	echo '9007199254740993,1,One year,DSL,1,1,007'
	echo '18446744073709551615,1,One year,DSL,1,1,1e5'
	echo '-0001,1,One year,DSL,1,1,0.10'
	echo ' 12 ,1,One year,DSL,1,1,	x '
	echo '"a,b",1,One year,DSL,1,1,"say ""x"""'
	printf '"x\ny",1,One year,DSL,1,1,\303\251\377\n'
	echo 'NULL,1,One year,DSL,1,1,'
} >odd.csv
cut -d, -f1,7 odd.csv | sed '6,$d' >first.want
expect "--id and --keep" 0 'dls-predict -q --id id --keep note m <odd.csv'
check "--id and --keep: byte for byte" sh -c 'cut -d, -f1,2 out | sed "6,\$d" | cmp - first.want'
expect "--append" 0 'dls-predict -q --append m <odd.csv'
check "--append: byte for byte, with quotes and line ends" sh -c 'sed "s/,prediction,.*//;s/,No,[0-9.,e-]*\$//;s/,Yes,[0-9.,e-]*\$//" out | cmp - odd.csv'
check "the same row, the same score" test "$(sed 1d "$tmp/out" | grep -o '[01][.0-9e-]*,[01][.0-9e-]*$' | sort -u | wc -l)" = 1
sed 's/$/\r/' "$new" | dls-predict -q --append m | cut -d, -f1-6 | cmp -s - "$new"
check "--append of CRLF: lines end in LF" test $? -eq 0

# ---- drift ----

sed 's/DSL/cable/' "$new" >cable.csv
n=$(grep -c cable cable.csv)
expect "a level never seen" 0 'dls-predict m <cable.csv'
err_is "a level never seen is counted" "dls-predict: warning: column 'service': $n of 60 rows hold a level never seen in training, taken as missing"
sed 's/DSL//' "$new" | dls-predict -q m | cmp -s - out
check "a level never seen is taken as missing" test $? -eq 0
expect "--strict: a level never seen" 1 'dls-predict --strict m <cable.csv'
check "--strict: the predictions are there all the same" test "$(wc -l <"$tmp/out")" = 61
expect "--strict of known columns" 0 'dls-predict --strict m <plain.in'
expect "--strict of the training table" 0 "dls-predict --strict m <'$train'"
err_is "--strict: nothing to say" ""
sed 's/$/,0/;1s/0$/zip/' "$new" >zip.csv
expect "a column more" 0 'dls-predict m <zip.csv'
err_is "a column more: nothing to say" ""
expect "-v counts columns that are ignored" 0 'dls-predict -v m <zip.csv'
err_has "-v counts columns that are ignored: so" "2 columns are ignored: customer, zip"
expect "--strict: a column more" 1 'dls-predict --strict m <zip.csv'
err_has "--strict: a column more: said" "1 column was not in the training table: zip"
expect "a column less" 65 "cut -d, -f1-5 '$new' | dls-predict m"
err_is "a column less: said" "dls-predict: stdin: there is no column 'total' (the model reads it). The columns: customer, months, contract, service, charge"
expect "a column of another spelling" 65 "sed '1s/months/Months/' '$new' | dls-predict m"
err_has "a column of another spelling: said" "did you mean 'Months'?"
$fit --unseen error -o strict bayes <"$train"
expect "--unseen error" 65 'dls-predict -o none strict <cable.csv'
err_has "--unseen error: line, column and level" ": column 'service': 'cable' is a level that training did not see"
check "--unseen error: no output" test ! -e none
expect "a word for a number" 65 "sed '3s/,[0-9]*,/,long,/' '$new' | dls-predict m"
err_is "a word for a number: said" "dls-predict: stdin:3: column 'months': 'long' is not a number"
expect "infinity for a number" 65 "sed '3s/,[0-9]*,/,inf,/' '$new' | dls-predict m"
expect "NaN is missing" 0 "sed '3s/,[0-9]*,/,NaN,/' '$new' | dls-predict -q m"
sed '3s/,[0-9]*,/,,/' "$new" | dls-predict -q m | cmp -s - out
check "NaN is missing: as an empty cell" test $? -eq 0
expect "a header alone" 0 "head -n 1 '$new' | dls-predict m"
out_is "a header alone: a header" "prediction,p:No,p:Yes"
expect "JSON keys that are not there are missing" 0 'echo "{\"months\":1,\"contract\":\"One year\",\"service\":\"DSL\",\"charge\":1,\"total\":null}" | dls-predict -q m'

# ---- a stream ----

awk 'NR == 1 { print } NR > 1 { row[NR - 2] = $0; n = NR - 1 } END { for (i = 0; i < 20000; i++) print row[i % n] }' "$new" >20k.csv
{ cat 20k.csv; for i in 1 2 3 4 5 6 7 8 9; do sed 1d 20k.csv; done; } >200k.csv
score='dls-predict -q --threads 2 -o /dev/null m'
flat 'ten times the rows need no more memory' "$score <20k.csv" "$score <200k.csv"
expect "a row comes out before the input ends" 0 '{ cat 20k.csv; sleep 0.1; cat 20k.csv | sed 1d; } | dls-predict -q m | tail -n 1'
dls-predict -q m <20k.csv >long.csv
check "in blocks as at once" sh -c 'head -n 61 long.csv | cmp - plain.csv'
check "the last of many as the first" test "$(tail -n 1 long.csv)" = "$(sed -n 21p plain.csv)"

# ---- contributions and importance ----

$fit -o b boost --trees 5 <"$train"
expect "--contrib" 0 'dls-predict -q --contrib b <plain.in'
check "--contrib: they sum to the log-odds" sh -c "awk -F, 'NR > 1 { s = 0; for (i = 4; i <= NF; i++) s += \$i; d = s - log(\$3 / \$2); if (d > 1e-9 || d < -1e-9) exit 1 }' out"
$fit -o k knn <"$train"
expect "--contrib of a family without" 64 'dls-predict --contrib k <plain.in'
expect "--importance gain" 0 'dls-predict --importance gain b'
check "--importance gain: a line a column" test "$(wc -l <"$tmp/out")" = 6
expect "--importance of a family without" 64 'dls-predict --importance gain m'
err_has "--importance of a family without: what else" "permutation works for all"
expect "--importance permutation" 0 "dls-predict --importance permutation m <'$train'"
mv out first
expect "--importance permutation: again" 0 "dls-predict --threads 3 --importance permutation m <'$train'"
check "--importance permutation: the same bytes" cmp out first
expect "--importance permutation without the target" 65 'dls-predict --importance permutation m <plain.in'
err_has "--importance permutation without the target: said" "there is no column 'churn'"
expect "--importance permutation with labels never seen" 0 "sed '5s/No\$/Maybe/;6s/No\$//' '$train' | dls-predict --importance permutation m"
err_has "--importance permutation with labels never seen: said" "2 of 240 rows have a label"
expect "--importance permutation of one class" 65 "grep -v 'Yes\$' '$train' | dls-predict --importance permutation m"
err_has "--importance permutation of one class: said" "auc is not defined on these rows"

# ---- keys that JSON rows leave out ----

echo '{"months":1,"contract":"One year","service":"DSL","charge":1}' >short.json
echo '{"months":1,"contract":"One year","service":"DSL","charge":1,"total":5}' >whole.json
expect 'a row that lacks a key is scored' 0 'dls-predict m <short.json'
err_has 'and the key is named' "the key 'total' is in no row"
sed -n 2p out >alone
{ cat short.json; awk 'BEGIN { for (i = 0; i < 20000; i++) print "{\"months\":1,\"contract\":\"One year\",\"service\":\"DSL\",\"charge\":1}" }'
	cat whole.json; } >late.json
expect 'it scores the same long before a row that has it' 0 'dls-predict m <late.json'
sed -n 2p out | cmp -s - alone
check 'the same bytes' test $? -eq 0
expect 'the last row has it' 0 'dls-predict -q m <whole.json'
sed -n 2p out >last
dls-predict -q m <late.json | tail -n 1 | cmp -s - last
check 'and counts with it' test $? -eq 0
expect 'with --strict it is drift' 1 'dls-predict -q --strict m <short.json'
expect 'a row without any of the keys is refused' 65 "echo '{\"a\":1}' | dls-predict -q m"
