#!/bin/sh
# The scoring contract for every family that dls-train lists: the same model for any number of threads; the same
# scores from a file, a pipe, NDJSON, row by row, with columns in another order and extra ones; a missing column is
# named; a model ends up nowhere when training fails.
set -u
. tests/lib.sh

families=$(dls-train --help | sed -n '/^Families/,$s/^  \([a-z]*\)  .*/\1/p')
train=$data/customers.csv
head -n 13 "$data/new.csv" >"$tmp/new.csv"
cd "$tmp" || exit 70

awk -F, -v OFS=, '{ print $6, NR == 1 ? "extra" : "x" NR, $4, $3, $1, $5, $2 }' new.csv >mixed.csv
cut -d, -f1,3- new.csv >lacking.csv
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; next }
	{ for (i = 1; i <= NF; i++) printf("%s\"%s\":%s", i > 1 ? "," : "{", name[i],
		$i == "" ? "null" : $i ~ /^[0-9.]+$/ ? $i : "\"" $i "\""); print "}" }' new.csv >new.ndjson

for f in $families; do
	target=churn spare=total
	dls-train -q --target churn "$f" <"$train" >first.model 2>err || { target=charge spare=churn; }	# quantities only
	fit() { dls-train -q --target "$target" --drop "$spare" --id customer --cv 3 "$@" "$f" <"$train"; }
	fit --threads 1 >one.model 2>err || { echo "not ok $f: training failed: $(head -c 300 err)"; continue; }
	fit --threads 3 >three.model
	check "$f: 1 and 3 threads write the same model" cmp one.model three.model
	dls-predict -q --id customer one.model <new.csv >want.csv
	check "$f: a line for each row" test "$(wc -l <want.csv)" = "$(wc -l <new.csv)"
	dls-predict -q --id customer --threads 3 -o got.csv one.model <new.csv
	check "$f: 3 threads, to a file" cmp want.csv got.csv
	{ head -n 4 new.csv; sleep 0.05; sed 1,4d new.csv; } | dls-predict -q --id customer one.model >got.csv
	check "$f: from a slow pipe" cmp want.csv got.csv
	dls-predict -q --id customer one.model <mixed.csv >got.csv
	check "$f: columns in another order and one more" cmp want.csv got.csv
	dls-predict -q --id customer one.model <new.ndjson >got.csv
	check "$f: NDJSON" cmp want.csv got.csv
	{ head -n 1 want.csv
		sed 1d new.csv | while IFS= read -r row; do
			{ head -n 1 new.csv; echo "$row"; } | dls-predict -q --id customer one.model | sed 1d
		done; } >got.csv
	check "$f: row by row" cmp want.csv got.csv
	expect "$f: a missing column ends it" 65 'dls-predict one.model <lacking.csv'
	err_has "$f: the missing column is named" "'months'"
	expect "$f: a header alone" 0 'head -n 1 new.csv | dls-predict -q --id customer one.model'
	out_is "$f: a header alone gives a header" "$(head -n 1 want.csv)"
	expect "$f: an unknown option" 64 "dls-train --target $target $f --nosuch 1 <'$train'"
	expect "$f: no rows to learn from" 65 "head -n 1 '$train' | dls-train --target $target -o no.model $f"
	check "$f: no model is left" test ! -e no.model
done

expect "derived columns are checked too" 64 \
	"dls-train --target churn --drop contract,service,customer --ratio charge/total,charge/months bayes --kind categorical <'$train'"
expect "derived columns are learned from" 0 \
	"dls-train --target churn --drop contract,service,customer --ratio charge/total bayes --kind multinomial <'$train'"
