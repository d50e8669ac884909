#!/bin/sh
# Pictures as input: manifests, class folders, idx and CIFAR; who takes them, what is bad, what is refused. Families that
# learn from pictures are tried where there is one; the rest needs none.
set -u
. tests/lib.sh
cd "$tmp" || exit 70

# ppm FILE GREY: a picture of 4 x 3 pixels.
ppm() {
	{
		echo "P2 4 3 255"
		for k in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $(($2 + k)); done
	} >"$1"
}

# ---- a class folder ----

mkdir -p d/cat/old d/dog d/.hidden d/empty flat bare
ppm d/cat/b.pgm 10
ppm d/cat/a.PGM 20
ppm d/cat/old/c.pnm 30
ppm d/dog/z.ppm 200
ppm "d/dog/a b,c.ppm" 210
ppm d/dog/.x.ppm 1
ppm d/.hidden/x.ppm 1
ppm d/stray.ppm 1
echo text >d/dog/notes.txt
ln -s nowhere d/dog/gone.png
ppm flat/2.pgm 2
ppm flat/1.pgm 1

expect "a class folder as rows" 0 "dls-split --image-folder d --add part --frac 0.5 | cut -d, -f1-2"
out_is "files in the order of their bytes, labels by folder" 'image,label
cat/a.PGM,cat
cat/b.pgm,cat
cat/old/c.pnm,cat
"dog/a b,c.ppm"
dog/z.ppm,dog'
err_is "what is passed over is said" "dls-split: warning: d/empty: no pictures in this class folder
dls-split: warning: d: pictures beside the class folders, which have no class and are left out: 1
dls-split: d: files left out because their names do not end as those of pictures do: 2"
expect "stdin is not read" 0 "dls-split -q --image-folder flat --frac 0.5 --add f | cut -d, -f1"
out_is "a flat folder has no labels" 'image
1.pgm
2.pgm'
expect "a folder without pictures" 65 "dls-split --image-folder bare"
err_is "... says what counts" "dls-split: bare: no pictures in this folder; their names end in .jpg, .jpeg, .png, .bmp, .pnm, .pgm, .ppm or .pbm"
expect "a folder that is not there" 66 "dls-split --image-folder nosuch"
err_is "... is named" "dls-split: nosuch: cannot read the folder: No such file or directory"
expect "a file as a folder" 66 "dls-split --image-folder d/stray.ppm"
err_is "... is named too" "dls-split: d/stray.ppm: cannot read the folder: Not a directory"
expect "a folder has no form" 64 "dls-split --format csv --image-folder d"
err_has "... is said" "--image-folder reads no stream; leave out --format"
mkdir -p loop/a
ln -s .. loop/a/back
expect "a link that leads back" 65 "dls-split --image-folder loop"
err_has "... ends" "more than 32 folders inside each other; does a link lead back?"

# ---- who takes pictures ----

printf 'path,kind,n\na.pgm,x,1\nb.pgm,y,2\n' >m.csv
no_pictures="dls-train: the family logistic does not take pictures"
expect "--image for a family without pictures" 64 "dls-train --image path --target kind logistic <m.csv"
err_has "... is refused" "$no_pictures"
expect "--image-folder for a family without pictures" 64 "dls-train --image-folder d logistic"
err_has "... is refused too" "$no_pictures"
expect "--stream with pictures" 64 "dls-train --stream --image path --target kind online <m.csv"
err_has "... is refused as well" "the family online does not take pictures"

# ---- idx and CIFAR ----

printf '\000\000\010\003\000\000\000\002\000\000\000\001\000\000\000\003abcdef' >two.idx
printf '\000\000\010\001\000\000\000\002\001\007' >two.labels
expect "idx for a family without pictures" 64 "dls-train --idx-labels two.labels logistic <two.idx"
err_has "... is refused by its first bytes" "$no_pictures"
expect "idx as CSV" 64 "dls-split <two.idx"
err_is "... cannot be" "dls-split: stdin: rows of idx and CIFAR are pictures, which CSV does not hold; dls-train --valid-frac holds a share of them out"
expect "labels for what is no idx" 64 "dls-train --idx-labels two.labels --target kind logistic <m.csv"
err_is "... is an error" "dls-train: --idx-labels: stdin is no idx file of pictures"

# ---- a family that takes them, if there is one ----

family=$(dls-train --image path --target kind logistic <m.csv 2>&1 | sed -n 's/.*these do: \([a-z0-9]*\).*/\1/p')
if [ -z "$family" ]; then
	echo "skip pictures in models: no family takes them"
	exit 0
fi
case $family in
cnn) fast="cnn --size 12 --epochs 3 --channels 1" ;;
*) fast=$family ;;
esac

mkdir -p p/dark p/light
for i in 1 2 3 4 5 6 7 8 9 10; do
	ppm p/dark/$i.pgm $((i * 4))
	ppm p/light/$i.pgm $((150 + i * 4))
	printf 'dark/%s.pgm,no,%s\nlight/%s.pgm,yes,%s\n' $i $i $i $i
done | { echo "path,bright,n"; cat; } >good.csv
{ cat good.csv; printf 'dark/11.pgm,no,11\n,yes,12\ngood.csv,yes,13\n'; } >bad.csv
cp good.csv p/good.csv
: >p/empty.csv
head -c 20 p/dark/1.pgm >p/cut.pgm
echo "cut.pgm,no,14" >>bad.csv

expect "a folder becomes a model" 0 "dls-train -q -o folder.model --image-folder p $fast"
expect "--image, --root" 0 "dls-train -q -o paths.model --image path --root p --target bright --drop n $fast <good.csv"
expect "by number" 0 "dls-train -q --image '#1' --root p --target bright --drop n $fast <good.csv >number.model"
for m in paths number; do dls-predict --root p $m.model <good.csv >$m.csv; done
check "... is the same model" cmp paths.csv number.csv
expect "the schema says it" 0 "dls-predict --show paths.model | jq -c .schema.columns"
out_is "an image is a kind" '[{"name":"path","kind":"image"}]'
check "no path of this machine is in the model" sh -c '! grep -q -e "$PWD" -e "\"p\"" folder.model paths.model'
expect "scores of a folder begin with its paths" 0 "dls-predict -q --image-folder p folder.model | head -n 2 | cut -d, -f1-2"
out_is "... and labels" 'image,target
dark/1.pgm,dark'
expect "scores of paths" 0 "dls-predict --root p --id n,path paths.model <good.csv | head -n 2 | cut -d, -f1-4"
out_is "... with what is asked for" 'n,path,target,prediction
1,dark/1.pgm,no,no'
expect "--columns alone" 0 "dls-predict --root p --columns n paths.model <good.csv | tail -n 1"
out_is "rows keep their order" 10

expect "bad pictures in training" 65 "dls-train --image path --root p --target bright --drop n -o none $fast <bad.csv"
err_has "... are listed with their lines" "dls-train: warning: stdin:22: column 'path': 'dark/11.pgm': No such file or directory"
err_has "... missing ones too" "dls-train: warning: stdin:23: column 'path': the picture is missing"
err_has "... and other files" "dls-train: warning: stdin:24: column 'path': 'good.csv': "
err_has "... and what is cut off" "dls-train: warning: stdin:25: column 'path': 'cut.pgm': "
err_has "... and counted" "dls-train: stdin: rows whose picture cannot be read: 4 of 24, the first in line 22; --skip-bad leaves them out"
check "no model is left" test ! -e none
expect "--skip-bad in training" 0 "dls-train --skip-bad --image path --root p --target bright --drop n -o skipped.model $fast <bad.csv"
err_has "... counts" "dls-train: warning: stdin: rows left out because their picture cannot be read: 4 of 24"
for m in paths skipped; do dls-predict --root p $m.model <good.csv >$m.csv; done
check "... learns what the good rows teach" cmp paths.csv skipped.csv
{ cat good.csv; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "no$i,no,0"; done; } >many.csv
expect "many bad pictures" 65 "dls-train --image path --root p --target bright --drop n $fast <many.csv >none"
check "... ten are listed" test "$(grep -c 'No such file' err)" -eq 10
expect "no good picture" 65 "printf 'path,y\na,1\nb,2\n' | dls-train -q --skip-bad --image path --target y $fast >none"
err_is "... is an error" "dls-train: stdin: none of 2 rows has a picture that can be read"

expect "a bad picture in scoring" 65 "dls-predict --root p paths.model <bad.csv"
err_is "... is named with its line" "dls-predict: stdin:22: column 'path': 'dark/11.pgm': No such file or directory; --skip-bad leaves such rows out"
expect "--skip-bad in scoring" 0 "dls-predict --skip-bad --root p paths.model <bad.csv"
check "... leaves their rows out" cmp "$tmp/out" paths.csv
err_has "... lists them" "dls-predict: warning: stdin:23: column 'path': the picture is missing"
err_has "... counts them" "dls-predict: warning: stdin: rows left out because their picture cannot be read: 4 of 24"
expect "without --root" 65 "dls-predict paths.model <good.csv"
expect "in the folder itself" 0 "cd p && dls-predict ../paths.model <good.csv"
check "... the same" cmp "$tmp/out" paths.csv
expect "an ensemble" 0 "dls-ensemble -q -o blend vote paths.model skipped.model && dls-predict --skip-bad --root p blend <bad.csv | wc -l"
out_is "... leaves the same rows out" 21
expect "permutation" 0 "dls-predict -q --skip-bad --importance permutation --root p paths.model <bad.csv | cut -d, -f1"
out_is "... knows the column" 'column
path'
expect "--valid: paths are relative to its file" 0 "cd p && mkdir -p sub && dls-train -q --image path --target bright --drop n --valid ../p/good.csv $fast <good.csv >none"
expect "--valid: a folder" 0 "dls-train -q --image-folder p --valid p $fast >none"
expect "--root with a folder" 64 "dls-predict -q --root p --image-folder p folder.model"
err_has "... is one too many" "--root p: the paths of --image-folder are relative to that folder; leave out --root"
expect "a picture that is a target" 64 "dls-train --image path --target path $fast <good.csv"
err_is "... is refused" "dls-train: the column 'path' cannot be both a picture and --target, --weight, --group or --time"
expect "a picture that is a text" 64 "dls-train --image path --text path --target bright $fast <good.csv"
err_is "... is refused too" "dls-train: the column 'path' is both a picture and a text"
expect "a picture in a cross" 64 "dls-train --image path --root p --cross 'path*n' --target bright $fast <good.csv"
err_has "... is refused as well" "'path' is a picture, not a number or a category"
expect "no picture at all" 64 "dls-train --target bright $fast <good.csv"

# Many rows, some of them bad, on any threads.
for i in $(seq 100); do sed 1d good.csv; [ $((i % 9)) -gt 0 ] || echo "no$i.pgm,no,0"; done | { echo "path,bright,n"; cat; } >long.csv
for t in 1 2 5; do dls-predict --skip-bad --threads $t --columns @row,prediction --root p paths.model <long.csv >long.$t 2>said.$t; done
check "the same rows for any threads" sh -c 'cmp long.1 long.2 && cmp long.1 long.5'
check "... and the same words" sh -c 'cmp said.1 said.2 && cmp said.1 said.5'
check "... for as many rows as are good" test "$(wc -l <long.1)" -eq 2001
for i in $(seq 10); do sed 1d long.csv; done | cat good.csv - >longer.csv
flat "memory does not grow with pictures" "dls-predict -q --skip-bad --root p paths.model <long.csv >$tmp/short" \
	"dls-predict -q --skip-bad --root p paths.model <longer.csv >$tmp/longer"

# The pictures of idx, and the same as files, are the same rows.
idx_header='\000\000\010\003\000\000\000\024\000\000\000\003\000\000\000\004'
# shellcheck disable=SC2059
printf "$idx_header" >all.idx
printf '\000\000\010\001\000\000\000\024' >all.labels
mkdir -p q/0 q/1
for i in $(seq 20); do
	grey=$((i * 10 - i % 2 * 4))
	bytes=$(for k in 1 2 3 4 5 6 7 8 9 10 11 12; do printf '\\%03o' $((grey + k)); done)
	# shellcheck disable=SC2059
	printf "$bytes" >>all.idx
	# shellcheck disable=SC2059
	printf "\\00$((i > 10))" >>all.labels
	ppm "q/$((i > 10))/$(printf %02d "$i").pgm" $grey
done
gzip -k all.idx all.labels
expect "idx becomes a model" 0 "dls-train -q --idx-labels all.labels.gz $fast <all.idx.gz >idx.model"
expect "... from files too" 0 "dls-train -q --image-folder q $fast >files.model"
expect "... scored" 0 "dls-predict idx.model <all.idx"
dls-predict -q --image-folder q files.model | cut -d, -f3- >files.csv
check "... the same as files" cmp "$tmp/out" files.csv
expect "labels are the target" 0 "dls-predict --idx-labels all.labels idx.model <all.idx | head -n 1 | cut -d, -f1-2"
out_is "... in the output" "target,prediction"
expect "numbers of rows" 0 "dls-predict --columns Id=@row,y=prediction idx.model <all.idx | head -n 2 | cut -d, -f1"
out_is "... are the ids" 'Id
1'
expect "--append of pictures" 64 "dls-predict --append idx.model <all.idx"
err_is "... is refused" "dls-predict: --append: rows of idx and CIFAR are pictures, which CSV does not hold"
expect "--id of pictures" 64 "dls-predict --id image idx.model <all.idx"
err_is "... is refused too" "dls-predict: --id image: it holds the pictures themselves, which CSV does not; @row and @index number the rows"
expect "idx that is cut off" 65 "head -c 100 all.idx | dls-predict idx.model >none"
err_is "... says where" "dls-predict: stdin: byte 100: the file ends after 7 of its 20 pictures"
expect "labels in the place of pictures" 65 "dls-train $fast <all.labels >none"
err_has "... are known" "these are labels (idx of one dimension): --idx-labels takes them, the pictures come here"
expect "pictures without labels" 65 "dls-train $fast <all.idx >none"
err_is "... cannot be learned from" "dls-train: stdin: the pictures have no labels; --idx-labels FILE gives them"
expect "a flat folder" 65 "dls-train --image-folder flat $fast >none"
err_is "... neither" "dls-train: flat: the pictures have no labels; sub-folders are classes, but there are none"
expect "labels of others" 65 "dls-train --idx-labels two.labels $fast <all.idx >none"
err_is "... are refused" "dls-train: two.labels: 2 labels, but stdin has 20 pictures"
expect "a folder of pictures for a model of idx" 0 "dls-predict -q --image-folder q idx.model | cut -d, -f2-"
expect "CIFAR that is something else" 65 "dls-train --format cifar10 $fast <all.idx >none"
err_is "... says where" "dls-train: stdin: byte 256: the file is cut off inside picture 1, of 3073 bytes"
awk 'BEGIN { for (i = 0; i < 3073 * 6; i++) printf "%c", i % 3073 ? 65 + i / 3073 * 9 : 1 + i / 3073 % 2 }' </dev/null >c10
expect "CIFAR becomes a model" 0 "dls-train -q --format cifar10 $fast <c10 >c10.model && dls-predict --format cifar10 --columns target=label c10.model <c10 | tail -n 1"
