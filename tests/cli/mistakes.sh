#!/bin/sh
# dls-predict --mistakes: the sheet of what is predicted worst, from paths, folders and idx; the same for any threads; what has none.
. tests/lib.sh
cd "$tmp" || exit 70

# pgm FILE GREY SEED: a picture of 8 x 8 pixels.
pgm() { awk -v b="$2" -v i="$3" 'BEGIN { print "P2 8 8 255"; for (k = 0; k < 64; k++) print b + (k * i * 7) % 50 }' >"$1"; }
mkdir -p p/dark p/light flat
for i in $(seq 150); do
	pgm "p/dark/$i.pgm" 20 "$i"
	pgm "p/light/$i.pgm" 150 "$i"
	printf 'dark/%s.pgm,light\nlight/%s.pgm,dark\n' "$i" "$i"
done | { echo "image,label"; cat; } >swapped.csv
cp p/dark/1.pgm flat
sed 's/,light$/,X/; s/,dark$/,light/; s/,X$/,dark/' swapped.csv >right.csv
dls-train -q --image-folder p -o model cnn --net lenet --size 28 --epochs 3 --batch 16
size() { od -An -t u1 -j 16 -N 8 "$1" | awk '{ print $3 * 256 + $4, $7 * 256 + $8 }'; } # width and height of a PNG

expect 'worst mistakes' 0 'dls-predict --root p --mistakes sheet.png model <swapped.csv >scores.csv'
check '... a PNG of 8 across and 6 down' test "$(size sheet.png)" = "888 788"
dls-predict --root p model <swapped.csv >plain.csv
check '... leave the predictions alone' cmp scores.csv plain.csv
for t in 1 3; do
	dls-predict --threads $t --root p --mistakes $t.png model <swapped.csv >none
	check "... the same with $t threads" cmp $t.png sheet.png
done
expect 'how many' 0 'dls-predict -v --root p --mistakes three.png --mistakes-count 3 model <swapped.csv'
check '... are drawn' test "$(size three.png)" = "338 138"
err_has '... is told' 'three.png: the worst 3 of 300 mistakes in 300 labelled rows'
expect 'other columns of the output' 0 'dls-predict --columns prediction --root p --mistakes other.png model <swapped.csv | head -n 1'
check '... change nothing' cmp other.png sheet.png
expect 'no mistake' 0 'dls-predict -v --root p --mistakes right.png model <right.csv'
check '... is a sheet that says so' test "$(size right.png)" = "118 138"
err_has '... and is told' 'right.png: the worst 0 of 0 mistakes in 300 labelled rows'
expect 'a folder' 0 'dls-predict -q --image-folder p --mistakes folder.png model'
check '... has its labels' cmp folder.png right.png
expect 'on stdout' 0 'dls-predict -o scores --root p --mistakes - model <swapped.csv'
check '... where nothing else goes' cmp out sheet.png

for k in 1 2 3 4 5 6 7 8 9 10; do sed 1d swapped.csv; done | { head -n 1 swapped.csv; cat; } >ten.csv
flat 'memory is that of what is drawn' 'dls-predict --root p --mistakes ten.png model <swapped.csv >none' 'dls-predict --root p --mistakes ten.png model <ten.csv >none'

{ cat swapped.csv; printf 'gone.pgm,dark\ndark/2.pgm,\ndark/3.pgm,owl\n'; } >bad.csv
expect 'a bad picture' 65 'dls-predict --root p --mistakes bad.png model <bad.csv'
check '... leaves no sheet' sh -c '! ls bad.png* 2>/dev/null'
expect '--skip-bad' 0 'dls-predict -v --skip-bad --root p --mistakes bad.png model <bad.csv'
err_has '... leaves it out; a label that is not known is wrong, an empty one none' 'bad.png: the worst 48 of 301 mistakes in 301 labelled rows'

{
	printf '\000\000\010\003\000\000\000\002\000\000\000\010\000\000\000\010'
	head -c 64 /dev/zero
	head -c 64 /dev/zero | tr '\000' '\377'
} >two.idx
printf '\000\000\010\001\000\000\000\002\000\001' >two.labels
printf '\000\000\010\001\000\000\000\002\001\000' >not.labels
dls-train -q --idx-labels two.labels -o idx cnn --net lenet --size 28 --epochs 30 --batch 2 <two.idx
expect 'idx' 0 'dls-predict -q --idx-labels not.labels --mistakes idx.png idx <two.idx | cut -d, -f1-2'
out_is '... is labelled by another file' 'target,prediction
1,0
0,1'
check '... and drawn from its bytes' test "$(size idx.png)" = "228 138"

expect 'rows without the target' 65 'cut -d, -f1 swapped.csv | dls-predict --root p --mistakes none.png model'
err_is '... are told' "dls-predict: stdin: there is no column 'label' (--mistakes). The columns: image"
expect 'idx without labels' 65 'dls-predict --mistakes none.png idx <two.idx'
err_is '... says how to give them' 'dls-predict: stdin: --mistakes: the pictures have no labels; --idx-labels FILE gives them'
expect 'a folder without classes' 65 'dls-predict --image-folder flat --mistakes none.png model'
err_is '... too' 'dls-predict: flat: --mistakes: the pictures have no labels; sub-folders are classes, but there are none'
expect 'rows all without label' 65 "printf 'image,label\ndark/1.pgm,\n' | dls-predict --root p --mistakes none.png model"
err_is '... are told' "dls-predict: --mistakes: no row with a picture has a label in the column 'label'"
dls-train -q --target churn --id customer -o churn logistic <"$data/customers.csv"
expect 'a model without pictures' 64 "dls-predict --mistakes none.png churn <$data/customers.csv"
err_is '... cannot draw any' 'dls-predict: --mistakes draws pictures, but the model (family logistic) has no column of these'
dls-train -q --target months --id customer -o months linear <"$data/customers.csv"
expect 'a quantity' 64 "dls-predict --mistakes none.png months <$data/customers.csv"
err_is '... has no mistakes' 'dls-predict: --mistakes is for classes, but the model predicts a quantity'
expect '--features' 64 'dls-predict --features --root p --mistakes none.png model <swapped.csv'
err_is '... are no predictions' 'dls-predict: --mistakes needs predictions, and --features makes none'
expect '--show' 64 'dls-predict --show --mistakes none.png model'
err_is '... makes no predictions' 'dls-predict: --mistakes looks at predictions, which --show, --oof and --importance do not make'
expect 'both on stdout' 64 'dls-predict --root p --mistakes - model <swapped.csv'
err_is '... is refused' 'dls-predict: --mistakes -: predictions go to stdout; give -o FILE'
expect 'a place that cannot be written' 74 'dls-predict --root p --mistakes nosuch/sheet.png model <swapped.csv'
expect 'a full disk' 74 'dls-predict --root p --mistakes /dev/full model <swapped.csv'
check 'nothing is left' sh -c '! ls none.png* *.tmp.* 2>/dev/null'
