#!/bin/sh
# The pipeline that README shows runs as it stands, but for the gate, on a small table in the competition's form.
. tests/lib.sh
awk '/^```sh/ { on = 1; next } /^```/ { on = 0 } on' README.md | sed 's/auc=0.84/auc=0.6/' >"$tmp/pipeline"
sed '1s/churn/Churn/; s/,Yes$/,1/; s/,No$/,0/' "$data/customers.csv" >"$tmp/train.csv"
cp "$data/new.csv" "$tmp/test.csv"
check 'README has a pipeline' grep -q dls-ensemble "$tmp/pipeline"
expect 'the pipeline runs' 0 "cd $tmp && sh -e ./pipeline"
check 'the submission has a row for each customer' sh -c "[ \$(wc -l < $tmp/submission.csv) = 61 ] && head -n 1 $tmp/submission.csv | grep -qx Id,Churn"
