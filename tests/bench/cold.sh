#!/bin/sh
# Cold start: help, and one row through an ensemble of seven models.
. "$(dirname "$0")/lib.sh"
data=$(dirname "$0")/../data/customers.csv
RUNS=25
train="dls-train -q --target churn --id customer --cv 5"
$train -o "$tmp/logit" logistic <"$data"
for i in 1 2; do $train -o "$tmp/rf$i" --seed $i forest --trees 500 --min-leaf 5 <"$data"; done
for i in 1 2 3 4; do $train -o "$tmp/gb$i" --seed $i boost --trees 400 --depth 3 --rows 0.7 <"$data"; done
dls-ensemble -q -o "$tmp/blend" stack "$tmp/logit" "$tmp"/rf? "$tmp"/gb?
head -n 2 "$data" >"$tmp/row.csv"
ls -l "$tmp/blend" | awk '{ printf "the ensemble of 7 takes %.1f MB\n", $5 / 1e6 }'
bench 'dls-train --help' 'dls-train --help' 'an empty shell' 'true'
set -- 'dls-predict, one row' "dls-predict $tmp/blend < $tmp/row.csv"
if has_python sklearn; then set -- "$@" 'import sklearn.ensemble' "$PYTHON -c 'import sklearn.ensemble'"; fi
bench "$@"
