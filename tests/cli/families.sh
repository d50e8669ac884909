#!/bin/sh
# The scoring contract for every family that dls-train lists, with texts where it takes them, and for an ensemble: the
# same model for any number of threads; the same scores from a file, a pipe of few bytes at a time, in ten pieces and
# row by row, as CSV and NDJSON, with columns in another order and extra ones; a missing column is named; a model ends
# up nowhere when training fails.
set -u
. tests/lib.sh

families=$(dls-train --help | sed -n '/^Families/,$s/^  \([a-z]*\)  .*/\1/p')
noted() { awk -F, -v OFS=, 'NR == 1 { print $0, "note" } NR > 1 { print $0, NR % 9 ? tolower($3) " w" NR % 5 " " $4 : "" }' "$1"; }
noted "$data/customers.csv" >"$tmp/train.csv"
noted "$data/new.csv" >"$tmp/new.csv"
cd "$tmp" || exit 70

awk -F, -v OFS=, '{ print $6, NR == 1 ? "extra" : "x" NR, $4, $3, $7, $1, $5, $2 }' new.csv >mixed.csv
cut -d, -f1,3- new.csv >lacking.csv
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; next }
	{ for (i = 1; i <= NF; i++) printf("%s\"%s\":%s", i > 1 ? "," : "{", name[i],
		$i == "" ? "null" : $i ~ /^[0-9.]+$/ ? $i : "\"" $i "\""); print "}" }' new.csv >new.ndjson

# pieces FORM FIRST: the rows of new.FORM from line FIRST in ten pieces of 1, 2, 3, 5 ... rows, and the first 12 one by one.
pieces() {
	awk -v from="$2" -v form="$1" 'NR == 1 && from == 2 { head = $0 "\n" } NR < from { next }
		{ piece = "piece" int(sqrt((NR - from) * 100 / 60)) "." form; if (!(piece in begun)) printf "%s", head >piece
			begun[piece]; print >piece }
		NR < from + 12 { printf "%s%s\n", head, $0 >("row" NR - from + 10 "." form) }' "new.$1"
}
pieces csv 2
pieces ndjson 1

# scored_alike NAME MODEL: want.csv are its predictions of new.csv; it prints them in every way.
scored_alike() {
	score="dls-predict -q --id customer $2"
	$score <new.csv >want.csv
	check "$1: a line for each row" test "$(wc -l <want.csv)" = "$(wc -l <new.csv)"
	$score --threads 3 -o got.csv <new.csv
	check "$1: 3 threads, to a file" cmp want.csv got.csv
	$score <mixed.csv >got.csv
	check "$1: columns in another order and one more" cmp want.csv got.csv
	for form in csv ndjson; do
		$score <new.$form >got.csv
		check "$1: $form" cmp want.csv got.csv
		{ sleep 0.02; dd bs=7 if=new.$form 2>err; } | $score >got.csv	# by then it waits for them
		check "$1: $form from a pipe, few bytes at a time" cmp want.csv got.csv
		{ head -n 1 want.csv; for piece in piece*.$form; do $score <"$piece" | sed 1d; done; } >got.csv
		check "$1: $form in ten pieces" cmp want.csv got.csv
		{ head -n 1 want.csv; for row in row*.$form; do $score <"$row" | sed 1d; done; } >got.csv
		head -n 13 want.csv | cmp -s - got.csv
		check "$1: $form row by row" test $? -eq 0
	done
}

for f in $families; do
	target=churn spare=total text='--text note'
	dls-train -q --target churn "$f" <train.csv >first.model 2>err
	grep -q 'pictures' err && continue	# see pictures.sh
	dls-train -q --target churn "$f" <train.csv >first.model 2>err || { target=charge spare=churn; }	# quantities only
	dls-train -q --target $target $text "$f" <train.csv >first.model 2>err || { grep -q 'not take texts' err && text='--drop note'; }
	fit() { dls-train -q --target "$target" --drop "$spare" $text --id customer --cv 3 "$@" "$f" <train.csv; }
	fit --threads 1 >$f.model 2>err || { echo "not ok $f: training failed: $(head -c 300 err)"; continue; }
	fit --threads 3 >three.model
	check "$f: 1 and 3 threads write the same model" cmp $f.model three.model
	scored_alike "$f" $f.model
	expect "$f: a missing column ends it" 65 "dls-predict $f.model <lacking.csv"
	err_has "$f: the missing column is named" "'months'"
	expect "$f: a header alone" 0 "head -n 1 new.csv | dls-predict -q --id customer $f.model"
	out_is "$f: a header alone gives a header" "$(head -n 1 want.csv)"
	expect "$f: an unknown option" 64 "dls-train --target $target $f --nosuch 1 <train.csv"
	expect "$f: no rows to learn from" 65 "head -n 1 train.csv | dls-train --target $target -o no.model $f"
	check "$f: no model is left" test ! -e no.model
done
dls-ensemble -q -o ensemble.model mean logistic.model bayes.model knn.model boost.model
scored_alike "an ensemble" ensemble.model

expect "derived columns are checked too" 64 \
	"dls-train --target churn --drop contract,service,customer --ratio charge/total,charge/months bayes --kind categorical <'$data/customers.csv'"
expect "derived columns are learned from" 0 \
	"dls-train --target churn --drop contract,service,customer --ratio charge/total bayes --kind multinomial <'$data/customers.csv'"
