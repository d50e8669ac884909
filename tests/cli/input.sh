#!/bin/sh
# Bad input and odd input: each ends with one line that says where, what and what would be right, status 65, and no
# output; each form of the same table gives the same model and the same predictions.
set -u
. tests/lib.sh
train=$data/customers.csv new=$data/new.csv
cd "$tmp" || exit 70
dls-train -q --target churn --id customer -o m bayes <"$train"

# bad NAME PRINTF-TEXT WHAT: training on the text ends with 65 and one line that holds WHAT; no model is left.
bad() {
	# shellcheck disable=SC2059
	printf "$2" >in
	dls-train -q --target y -o none bayes <in >out 2>err
	got=$? second=
	{ IFS= read -r first; IFS= read -r second; } <err
	case "$got$second$first" in
	65"dls-train: "*"$3"*) [ ! -e none ] && [ ! -s out ] && echo "ok $1" || echo "not ok $1: there is an output" ;;
	*) echo "not ok $1: status $got: $first $second" ;;
	esac
	rm -f none
}

# good NAME PRINTF-TEXT: training on the text does what training on x,y 1,a 2,b 3,a does.
printf 'x,y\n1,a\n2,b\n3,a\n' | dls-train -q --target y bayes >plain.model
good() {
	# shellcheck disable=SC2059
	printf "$2" | dls-train -q --target y bayes >got 2>err
	if cmp -s plain.model got; then echo "ok $1"; else echo "not ok $1: $(head -n 2 err)"; fi
}

# ---- bad tables ----

bad "an empty input" '' "stdin: the input is empty"
bad "a line end" '\n' "stdin: the input begins with nothing but blanks"
bad "a header alone" 'x,y\n' "stdin: no rows after the header"
bad "a header without a line end" 'x,y' "stdin: no rows after the header"
bad "one row" 'x,y\n1,a\n' "the target 'y' has one class, 'a'"
bad "one class" 'x,y\n1,a\n2,a\n3,a\n' "the target 'y' has one class, 'a'"
bad "a class a row" "x,y\n$(seq 30 | sed 's/.*/&,a&\\n/' | tr -d '\n')" "the target 'y' has 30 different values in 30 rows"
bad "a missing target" 'x,y\n1,a\n2,\n3,NA\n4,b\n' "the target 'y' is missing in 2 of 4 rows, first in data row 2"
bad "a target of blanks" 'x,y\n1, \n2,\n3,?\n' "the target 'y' is missing in all 3 rows"
bad "no target column" 'x,yy,z\n1,a,2\n' "stdin: there is no column 'y' (--target); did you mean 'yy'? The columns: x, yy, z"
bad "nothing to learn from" 'y\na\nb\n' "no columns are left to learn from beside 'y'"
bad "a cell too many" 'x,y\n1,a\n2,b,3\n' "stdin:3: 3 cells, but the header has 2"
bad "a cell too few" 'x,z,y\n1,2,a\n2,b\n' "stdin:3: 2 cells, but the header has 3: none for column 'y'"
bad "a cell too few after a quoted line end" 'x,y\n"1\n2",a\n2\n' "stdin:4: "
bad "a quote left open" 'x,y\n1,a\n"2,b\n3,a\n' "stdin:3: column 'x': the quote that opens here is never closed"
bad "a quote left open in the header" 'x,"y\n1,a\n' "stdin:1: "
bad "text after a closing quote" 'x,y\n"1"2,b\n' "stdin:2: column 'x': text after the closing quote"
bad "a quote inside a cell" 'x,y\n1"2,b\n' "stdin:2: column 'x': a quote inside a cell"
bad "two columns of one name" 'x,x,y\n1,2,a\n' "stdin:1: the columns 1 and 2 are both named 'x'"
bad "a NUL byte" 'x,y\n1\0,a\n' "stdin:2: column 'x': a NUL byte"
bad "UTF-16" '\377\376x\0,\0y\0\n\0' "stdin: this is UTF-16"
bad "infinity as text" 'x,y\n1,a\ninf,b\n' "stdin:3: column 'x': 'inf' is not a finite number"
bad "a number too large" 'x,y\n1,a\n1e999,b\n' "stdin:3: column 'x': '1e999' is not a finite number"
bad "NDJSON cut off" '{"x":1,"y":"a"}\n{"x":2,"y":"b"' "stdin:2: JSON: "
bad "NDJSON with words" '{"x":1,"y":"a"}\nhello\n' "stdin:2: JSON: "
bad "a JSON array cut off" '[{"x":1,"y":"a"},{"x":2,"y":"b"}' "stdin:1: JSON: "
bad "JSON that is nested" '{"x":1,"y":"a"}\n{"x":[1,2],"y":"b"}\n' "stdin:2: JSON: the value of 'x' is nested"
bad "a key twice" '{"x":1,"x":2,"y":"b"}\n' "stdin:1: JSON: "
bad "gzip cut off" '\037\213\010\000abc' "stdin: the gzip archive is damaged"
bad "zstd cut off" '\050\265\057\375abc' "stdin: the zstd archive is damaged"
printf '\377\330\377\340\000\020JFIF\000\001' >jpeg
expect "a picture" 65 'dls-train --target y bayes <jpeg'
gzip -c "$train" >whole.gz
head -c 1000 whole.gz >cut.gz
expect "gzip cut off in the middle" 65 'dls-train --target churn -o none bayes <cut.gz'
err_is "gzip cut off in the middle: said" "dls-train: stdin: the gzip archive is damaged: it is cut off"
check "gzip cut off in the middle: no model" test ! -e none
expect "predictions of a table cut off" 65 "sed '\$s/,[^,]*\$//' '$new' | dls-predict -o none m"
check "predictions of a table cut off: none" test ! -e none

good "CRLF" 'x,y\r\n1,a\r\n2,b\r\n3,a\r\n'
good "a byte-order mark" '\357\273\277x,y\n1,a\n2,b\n3,a\n'
good "no line end at the end" 'x,y\n1,a\n2,b\n3,a'
good "quotes" '"x","y"\n"1",a\n2,"b"\n"3","a"\n'
good "blanks around names and values" ' x , y \n 1, a\n2 ,b \n\t3,a\t\n'
good "empty lines" 'x,y\n\n1,a\n2,b\n\n3,a\n\n'
good "TSV" 'x\ty\n1\ta\n2\tb\n3\ta\n'
good "NDJSON" '{"x":1,"y":"a"}\n{"y":"b","x":2}\n{"x":"3","y":"a"}\n'
good "a JSON array" '[{"x":1,"y":"a"},\n{"x":2,"y":"b"},{"x":3.0,"y":"a"}]\n'
check "quoted line ends, commas and quotes are one cell" sh -c '
	printf "a,b\n\"1\n2\",\"x, \"\"y\"\"\"\n3,4\n" >q.csv
	dls-split --frac 0.9 --add s <q.csv | sed "s/,[01]\$//;s/,s\$//" | cmp - q.csv'

# A table in Latin-1, with a label, a level and a name that are no UTF-8.
printf 'pr\351nom,y\ncaf\351,o\371i\nth\351,non\ncaf\351,o\371i\nth\351,non\n' >latin.csv
expect "a table that is not UTF-8" 0 'dls-train -q --target y -o latin.model tree --min-leaf 1 <latin.csv && dls-predict latin.model <latin.csv'
err_is "a table that is not UTF-8: its levels are known again" ""
check "a table that is not UTF-8: its labels come out as they were" sh -c 'sed 1d out | cut -d, -f2 >got; sed 1d latin.csv | cut -d, -f2 | cmp - got'
check "a table that is not UTF-8: --show is" sh -c 'dls-predict --show latin.model | iconv -f UTF-8 -t UTF-8 >got'

# ---- long lines ----

{ head -n 1 "$new" | sed 's/$/,text/'; sed -n 2p "$new" | tr -d '\n'; printf ,; head -c 100000000 /dev/zero | tr '\0' a
	echo; sed -n 3p "$new" | sed 's/$/,b/'; } >long.csv
head -n 3 "$new" | dls-predict -q m >want.csv
expect "a line of 100 MB" 0 'dls-predict -q m <long.csv'
check "a line of 100 MB: it is read like any" cmp out want.csv
expect "a line of 100 MB that is no CSV" 65 '{ echo a; sed 1d long.csv; } | dls-predict m'
check "a line of 100 MB that is no CSV: a short message" sh -c 'test "$(wc -c <err)" -lt 5000 && test "$(wc -l <err)" -eq 1'
rm -f long.csv

# ---- missing and odd values ----

expect "a column of blanks" 0 "sed 's/\$/, /;1s/ \$/blank/' '$train' | dls-train --target churn --id customer bayes"
err_is "a column of blanks: said, and not used" "dls-train: warning: column 'blank' is empty and is not used"
cp out blank.model
expect "a column of blanks: scoring does without it" 0 "dls-predict -q blank.model <'$new'"
printf 'x,TotalSpent,y\n1, ,a\n2,5.5,b\n3,,a\n4,NA,b\n5,7,a\n6,?,b\n7,null,a\n8,NaN,b\n' >blank.csv
expect "blanks are missing numbers" 0 'dls-train -q --target y -o t bayes <blank.csv && dls-predict --show t'
check "blanks are missing numbers: the column is numeric" sh -c 'jq -e ".schema.columns[] | select(.name == \"TotalSpent\") | .kind == \"numeric\"" out'
expect "a word among numbers makes a category" 0 "sed '40s/,[^,]*,\([^,]*\)\$/,much,\1/' '$train' | dls-train --target churn -o t bayes"
err_has "a word among numbers: said, with its line" "the first in line"
expect "--numeric refuses the word" 65 'sed s/5,7,a/5,much,a/ blank.csv | dls-train --target y --numeric TotalSpent bayes'
err_has "--numeric refuses the word: line and column" "stdin:6: column 'TotalSpent': 'much' is not a"
expect "--missing takes it for missing" 0 'sed s/5,7,a/5,much,a/ blank.csv | dls-train -q --target y --missing much,none -o t bayes && dls-predict --show t'
check "--missing: the column is numeric" sh -c 'jq -e ".schema.columns[] | select(.name == \"TotalSpent\") | .kind == \"numeric\"" out'
printf 'x,TotalSpent\n1,\n1,much\n1,none\n1,NA\n' >scored.csv
expect "--missing holds at scoring" 0 'dls-predict -q t <scored.csv'
check "--missing holds at scoring: all the same row" test "$(sed 1d "$tmp/out" | sort -u | wc -l)" = 1
expect "--categorical" 0 "dls-train -q --target churn --id customer --categorical months -o t bayes <'$train' && dls-predict --show t"
check "--categorical: the levels are the input's texts" sh -c 'jq -e ".schema.columns[] | select(.name == \"months\") | .kind == \"category\" and (.levels | index(\"30\"))" out'
expect "an identifier" 0 "dls-train --target churn bayes <'$train' >t"
err_has "an identifier is said, and not used" "column 'customer' has 240 different texts in 240 rows and is not used"
expect "an identifier among --categorical" 0 "dls-train -q --target churn --categorical customer bayes <'$train' >t"

# ---- no header, columns by number ----

sed 1d "$train" >bare.csv
sed 1d "$new" >barenew.csv
expect "--no-header" 0 "dls-train -q --no-header --target '#7' --id '#1' -o bare bayes <bare.csv"
dls-predict -q m <"$new" >want.csv
expect "--no-header at scoring" 0 "dls-predict -q --no-header bare <barenew.csv"
check "--no-header at scoring: the same" cmp out want.csv
expect "a role by number where there is a header" 0 "dls-train -q --target '#7' --id '#1' -o t bayes <'$train'"
dls-predict -q t <"$new" | cmp -s - want.csv
check "a role by number: the same predictions" test $? -eq 0
expect "a number past the last column" 65 "dls-train --target '#8' bayes <'$train'"
expect "the number 0" 65 "dls-train --target '#0' bayes <'$train'"
expect "--id and --keep by number" 0 "head -n 2 '$new' | dls-predict -q --id '#1' --keep '#3' m"
out_has "--id and --keep by number: their names" "customer,contract,prediction"

# ---- the forms of one table ----

json() { jq -R -s -c 'split("\n") | map(select(. != "") | split(",")) | .[0] as $h | .[1:][] | [$h, .] | transpose | map({(.[0]): .[1]}) | add' "$1"; }
json "$new" >new.json
{ echo '['; sed '$!s/$/,/' new.json; echo ']'; } >array.json
tr , '\t' <"$new" >new.tsv
sed 's/$/\r/' "$new" >crlf.csv
gzip -c "$new" >new.csv.gz
zstd -q -c new.json >new.json.zst
{ head -n 20 "$new" | gzip -c; sed 1,20d "$new" | gzip -c; } >two.gz
dls-predict -q --id customer m <"$new" >want.csv
for form in new.json array.json new.tsv crlf.csv new.csv.gz new.json.zst two.gz; do
	expect "scoring $form" 0 "dls-predict -q --id customer m <$form"
	check "scoring $form: the same bytes" cmp out want.csv
done
expect "a form that is forced" 0 "dls-predict -q --format tsv --id customer m <new.tsv"
expect "a form that is wrong" 65 "dls-predict -q --format json m <'$new'"
expect "an unknown form" 64 "dls-predict -q --format xml m <'$new'"
for form in new.tsv new.json array.json; do
	expect "dls-split of $form" 0 "dls-split --frac 0.001 --rest <$form"
	check "dls-split of $form: as CSV" cmp out "$new"
done

awk 'BEGIN { for (i = 1; i <= 90000; i++) printf "{\"a\":%d,\"b\":\"x\"}\n", i; print "{\"a\":0,\"late\":1,\"b\":\"x\"}" }' >late.json
expect "dls-split of a key that comes late" 0 'dls-split --frac 0.00001 --rest <late.json'
check "a key that comes late: it is empty before" sh -c 'head -n 2 out | tr "\n" " " | grep -qx "a,b,late 1,x, " && tail -n 1 out | grep -qx 0,x,1'
check "a key that comes late: all rows are of one length" test "$(awk -F, '{ print NF }' "$tmp/out" | sort -u)" = 3
