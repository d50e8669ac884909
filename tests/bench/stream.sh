#!/bin/sh
# Scoring streams: peak memory for 10 thousand and for ROWS rows (a million; ROWS=10000000 takes minutes), and rows a second.
. "$(dirname "$0")/lib.sh"
ROWS=${ROWS:-1000000}
table 10000 20 >"$tmp/small.csv"
dls-train -q --target y -o "$tmp/boost" boost --trees 100 <"$tmp/small.csv"
dls-train -q --target y -o "$tmp/logit" logistic <"$tmp/small.csv"
{ head -n 1 "$tmp/small.csv"; i=0; while [ $((i * 10000)) -lt "$ROWS" ]; do tail -n +2 "$tmp/small.csv"; i=$((i + 1)); done; } >"$tmp/big.csv"
for m in boost logit; do
	small=$(peak "dls-predict $tmp/$m < $tmp/small.csv") big=$(peak "dls-predict $tmp/$m < $tmp/big.csv")
	echo "$m: $small MiB for 10000 rows, $big MiB for $ROWS rows"
	t=$(ms "dls-predict $tmp/$m < $tmp/big.csv")
	echo "$t $ROWS" | awk '{ printf "    %.0f thousand rows a second\n", $2 / $1 }'
done
