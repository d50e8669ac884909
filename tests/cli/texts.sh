#!/bin/sh
# The experiment on texts on a small table: every model is made and scored, on folds and on the test rows; nothing is made
# twice; a changed vectoriser makes its model again and what depends on it, and nothing else.
. tests/lib.sh
sed '1s/.*/id,text,stars,label/' "$data/reviews.csv" >"$tmp/all.csv"
dls-split --stratify label --frac 0.3 <"$tmp/all.csv" >"$tmp/test.csv"
dls-split --stratify label --frac 0.3 --rest <"$tmp/all.csv" >"$tmp/train.csv"
run() {
	make -s -j2 -f scripts/texts.mk TRAIN="$tmp/train.csv" TEST="$tmp/test.csv" OUT="$tmp/texts" CV=3 "$@" >"$tmp/table" 2>"$tmp/err"
}
changed() { (cd "$tmp/texts" && find . -newer "$tmp/stamp" -type f | sort | tr '\n' ' '); }
stamp() { sleep 0.02; touch "$tmp/stamp"; sleep 0.02; }

check 'the experiment runs' run
check 'the table has seven models, on folds and on the test rows' [ "$(grep -c ' to ' "$tmp/table")" = 14 ]
check 'the blend is nearly always right' awk '$1 == "blend" { if ($2 < 0.9) exit 1 }' "$tmp/table"
check 'each class has its words' sh -c "grep -q '^good: ' $tmp/texts/words.txt && grep -q '^bad: ' $tmp/texts/words.txt"
check 'the picture is a picture' sh -c "head -c 4 $tmp/texts/scores.png | grep -q PNG"
stamp
check 'again' run
check 'nothing is made twice' [ -z "$(changed)" ]
stamp
check 'with another vectoriser' run chars.terms='--tokens char --ngrams 3'
for f in chars.tfidf chars.model blend.model scores.txt; do
	check "$f is made again" sh -c "echo '$(changed)' | grep -q $f"
done
for f in bow.tfidf tfidf.model svm.model train.csv; do
	check "$f is left alone" sh -c "! echo '$(changed)' | grep -q $f"
done
dls-split --frac 0.1 <"$tmp/all.csv" | sed '1s/label$/known/' >"$tmp/new.csv"
check 'rows without labels get a submission' run TEST="$tmp/new.csv"
check 'the submission has the form' sh -c "head -n 1 $tmp/texts/submission.csv | grep -qx id,label && [ \$(wc -l <$tmp/texts/submission.csv) = 25 ]"
