#!/bin/sh
# The experiment on pictures, quickly, on a few made ones: from class folders, from a manifest and with a folder to submit;
# all that it leaves is there and right, nothing is made twice; then the table of tools against imbalance.
. tests/lib.sh

# Pictures of one class have stripes of one width; row ends stand for noise. pgm FILE CLASS SEED
pgm() { awk -v c="$2" -v i="$3" 'BEGIN { srand(i * 9 + c); print "P2 12 12 255"; for (k = 0; k < 144; k++) print int((k % 12 / (c + 1) % 2 < 1 ? 150 : 30) + rand() * 60) }' >"$1"; }
mkdir -p "$tmp/train" "$tmp/test/testset" "$tmp/labelled"
for c in 1 2 3; do
	mkdir -p "$tmp/train/stripes_$c" "$tmp/labelled/stripes_$c"
	for i in $(seq $((44 - c * 10))); do pgm "$tmp/train/stripes_$c/pic_$i.pgm" $c "$i"; done
	for i in 101 102 103 104 105 106; do
		pgm "$tmp/labelled/stripes_$c/pic_$i.pgm" $c $i
		cp "$tmp/labelled/stripes_$c/pic_$i.pgm" "$tmp/test/testset/img_$c$i.pgm"
	done
done
for part in train labelled; do
	(cd "$tmp" && echo 'image,label' && find $part -name '*.pgm' | sort | sed 's|\(.*/\)\(.*\)\(/.*\)|\1\2\3,\2|') >"$tmp/$part.csv"
done
run() { # TARGET OUT ...
	kind=$1 out=$2
	shift 2
	make -s -j2 -f scripts/simpsons.mk "$kind" KIND="$kind" OUT="$tmp/$out" QUICK=1 FLOOR=30 "$@" >"$tmp/table" 2>"$tmp/err"
}
png() { head -c 4 "$1" | grep -q PNG; }

check 'class folders and a folder to submit' run simpsons a TRAIN="$tmp/train" TEST="$tmp/test" VALID=0.3 EPOCHS=8
check 'the submission has a row for each picture' test "$(wc -l <"$tmp/a/submission.csv")" -eq 19
check '... under the names of their files' sh -c "sed -n '1p;2p' $tmp/a/submission.csv | tr '\n' ' ' | grep -q '^Id,Expected img_1101.pgm,stripes_[123] $'"
check 'scores are of the rows held out' grep -q '^On the rows held out of training' "$tmp/table"
check '... with intervals' grep -q '^f1:macro  *[0-9.]*  [0-9.]* to [0-9.]*$' "$tmp/table"
check '... and of each class' test "$(grep -c ' stripes_[123]$' "$tmp/table")" -eq 3
for f in classes confusion learning mistakes; do check "$f.png is a picture" png "$tmp/a/$f.png"; done
check 'the confusion counts all rows' awk -F, 'NR > 1 { for (i = 3; i <= NF; i++) n += $i } END { exit n != '"$(($(wc -l <"$tmp/a/valid.csv") - 1))"' }' "$tmp/a/confusion.csv"
check 'the learning curve has loss and metric' sh -c "cut -d, -f1 $tmp/a/learning.csv | sort -u | tr '\n' ' ' | grep -q 'f1:macro .*train_loss'"
check 'the rows held out are those that the best epoch was chosen on' \
	test "$(dls-predict --show "$tmp/a/best.model" | jq -r .metrics.valid.score)" = "$(dls-eval f1:macro <"$tmp/a/predictions.csv" | cut -f 2)"
sleep 0.02
touch "$tmp/stamp"
check 'again' run simpsons a TRAIN="$tmp/train" TEST="$tmp/test" VALID=0.3 EPOCHS=8
check 'nothing is made twice' test -z "$(find "$tmp/a" -newer "$tmp/stamp" -type f)"

check 'manifests, labels to test by' run simpsons b TRAIN="$tmp/train.csv" TEST="$tmp/labelled.csv"
check 'scores are of the test rows' grep -q '^On the test rows' "$tmp/table"
check 'its confusion counts them' awk -F, 'NR > 1 { for (i = 3; i <= NF; i++) n += $i } END { exit n != 18 }' "$tmp/b/confusion.csv"
check 'its submission too has names without folders' grep -q '^pic_101.pgm,stripes_' "$tmp/b/submission.csv"

check 'tools against imbalance' run simpsons-imbalance c TRAIN="$tmp/train.csv" TEST="$tmp/labelled"
check 'the table has a line for each' test "$(grep -c ' to .* to .*[+-][0-9.]*$' "$tmp/table")" -eq 7
check '... none gains nothing over itself' grep -q '^none .*+0.0000$' "$tmp/table"
check '... and a picture' png "$tmp/c/imbalance.png"
check 'balanced pictures gain nothing' sh -c "! make -s -f scripts/simpsons.mk simpsons-imbalance KIND=simpsons-imbalance OUT=$tmp/d 2>$tmp/err && grep -q 'needs TRAIN=' $tmp/err"
