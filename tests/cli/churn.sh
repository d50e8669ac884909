#!/bin/sh
# The churn experiment on a small table: everything is made, nothing is made twice, a changed option makes its model
# again and what depends on it, and nothing else.
. tests/lib.sh
run() {
	make -s -j2 -f scripts/churn.mk TRAIN=tests/data/customers.csv TEST=tests/data/new.csv TARGET=churn POSITIVE=Yes \
		OUT="$tmp/churn" CV=3 rf1.opts='forest --trees 9' rf2.opts='forest --trees 9 --extra' \
		gb2.opts='boost --trees 9' gb3.opts='boost --trees 9 --grow symmetric' gb4.opts='boost --trees 9 --depth 2' \
		"$@" 2>"$tmp/err"
}
changed() { (cd "$tmp/churn" && find . -newer "$tmp/stamp" -type f | sort | tr '\n' ' '); }
stamp() { sleep 0.02; touch "$tmp/stamp"; sleep 0.02; }

check 'the experiment runs' run gb1.opts='boost --trees 9'
check 'the submission has the form' sh -c "head -n 1 $tmp/churn/submission.csv | grep -qx Id,Churn && [ \$(wc -l < $tmp/churn/submission.csv) = 61 ]"
check 'ids count from 0' sh -c "sed -n 2p $tmp/churn/submission.csv | grep -q '^0,0'"
check 'the table has eight models' sh -c "[ \$(grep -c ' to ' $tmp/churn/scores.txt) = 8 ]"
check 'pictures are pictures' sh -c "head -c 4 $tmp/churn/roc.png | grep -q PNG && head -c 4 $tmp/churn/importance.png | grep -q PNG"
stamp
check 'again' run gb1.opts='boost --trees 9'
check 'nothing is made twice' [ -z "$(changed)" ]
stamp
check 'with another option' run gb1.opts='boost --trees 8'
for f in gb1.model blend.model submission.csv scores.txt roc.png; do
	check "$f is made again" sh -c "echo '$(changed)' | grep -q $f"
done
for f in logit.model rf1.model gb2.model rf1.roc.csv train.csv; do
	check "$f is left alone" sh -c "! echo '$(changed)' | grep -q $f"
done
cp tests/data/new.csv "$tmp/other.csv"
touch -d '2020-01-01' "$tmp/other.csv"
stamp
check 'with another file to predict, an old one' run gb1.opts='boost --trees 8' TEST="$tmp/other.csv"
check 'the submission is made again' sh -c "echo '$(changed)' | grep -q submission.csv"
check 'no model is' sh -c "! echo '$(changed)' | grep -q '[.]model'"
