#!/bin/sh
# The pipelines that README shows run as they stand, but for the gate: churn on a small table in the competition's form,
# then texts of two classes, then pictures.
. tests/lib.sh
# pipeline N: the Nth block of shell in README.
pipeline() { awk -v n="$1" '/^```sh/ { on = ++k == n; next } /^```/ { on = 0 } on' README.md; }
mkdir "$tmp/churn" "$tmp/texts" "$tmp/pictures"

pipeline 1 | sed 's/auc=0.84/auc=0.6/' >"$tmp/churn/pipeline"
sed '1s/churn/Churn/; s/,Yes$/,1/; s/,No$/,0/' "$data/customers.csv" >"$tmp/churn/train.csv"
cp "$data/new.csv" "$tmp/churn/test.csv"
check 'README has a pipeline' grep -q dls-ensemble "$tmp/churn/pipeline"
expect 'the pipeline runs' 0 "cd $tmp/churn && sh -e ./pipeline"
check 'the submission has a row for each customer' sh -c "[ \$(wc -l < $tmp/churn/submission.csv) = 61 ] && head -n 1 $tmp/churn/submission.csv | grep -qx Id,Churn"

pipeline 2 >"$tmp/texts/pipeline"
sed '1s/.*/id,review,stars,sentiment/' "$data/reviews.csv" >"$tmp/texts/all.csv"
(cd "$tmp/texts" && dls-split --stratify sentiment --frac 0.2 <all.csv >test.csv && dls-split --stratify sentiment --frac 0.2 --rest <all.csv >train.csv && gzip all.csv)
check 'README has a pipeline of texts' grep -q dls-tfidf "$tmp/texts/pipeline"
expect 'the pipeline of texts runs' 0 "cd $tmp/texts && sh -e ./pipeline"
out_has 'it scores the test rows' accuracy
out_has 'it shows the terms of a class' bad,review=
check 'it makes two models' test -s "$tmp/texts/model" -a -s "$tmp/texts/quick"

pipeline 3 >"$tmp/pictures/pipeline"
shapes "$tmp/pictures/train" 1 24
shapes "$tmp/pictures/test" 25 40
check 'README has a pipeline of pictures' grep -q image-folder "$tmp/pictures/pipeline"
expect 'the pipeline of pictures runs' 0 "cd $tmp/pictures && sh -e ./pipeline"
check 'both ways are scored' test "$(grep -c '^accuracy' "$tmp/out")" -eq 2
check 'the sheet of mistakes is a picture' sh -c "head -c 4 $tmp/pictures/worst.png | grep -q PNG"
