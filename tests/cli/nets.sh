#!/bin/sh
# Nets of pictures as a user runs them: what they learn, checkpoints, numbers that go astray, pretrained weights, features.
set -u
. tests/lib.sh
cd "$tmp" || exit 70

# Pictures of 12 x 12 with a bright upper or left half, and noise; as a manifest, and as columns of pixels.
awk 'BEGIN {
	srand(7)
	print "image,label" >"train.csv"
	printf "label" >"pixels.csv"
	for (k = 1; k <= 144; k++) printf ",p%d", k >"pixels.csv"
	print "" >"pixels.csv"
	for (i = 1; i <= 60; i++) {
		label = i % 3 == 0 ? "up" : "left"
		file = "p" i ".pgm"
		print "P2 12 12 255" >file
		printf "%s", label >"pixels.csv"
		for (y = 0; y < 12; y++)
			for (x = 0; x < 12; x++) {
				v = int(60 + 60 * rand() + ((label == "up" ? y : x) < 6 ? 90 : 0))
				print v >file
				printf ",%d", v >"pixels.csv"
			}
		print "" >"pixels.csv"
		close(file)
		print file "," label >"train.csv"
	}
}'
train="dls-train -q --image image --target label"
small="cnn --net lenet --batch 16 --shard 8"

# ---- what is learned ----

expect "a net learns" 0 "$train -o m $small --epochs 8 < train.csv && dls-predict m < train.csv | dls-eval --min accuracy=0.95 accuracy"
expect "pixels in columns are the same pictures" 0 "dls-train -q --target label -o px $small --pixels 12x12 --epochs 8 < pixels.csv &&
	dls-predict --columns p=p:up px < pixels.csv > px.csv; dls-predict --columns p=p:up m < train.csv | cmp - px.csv"
expect "... and are counted" 64 "dls-train -q --target label cnn --pixels 12x13 < pixels.csv"
err_has "... with what is there" "--pixels 12x13 needs 156 columns, and there are 144"
expect "numbers are no pictures" 64 "dls-train -q --target label cnn < pixels.csv"
err_has "... and what to do is said" "it learns from pictures: name their column with --image"
for opts in '--balance --loss focal' '--oversample 60 --smooth 0.1' '--augment strong,mixup:0.4,cutmix:1' '--average 0.9 --clip 1' \
	'--optimizer sgd --schedule cosine --warmup 1' '--optimizer rmsprop --schedule plateau' '--optimizer adam --schedule step'; do
	expect "$opts: the same bytes for any threads" 0 "$train --threads 1 -o t1 $small --epochs 2 $opts < train.csv &&
		$train --threads 3 -o t3 $small --epochs 2 $opts < train.csv && cmp t1 t3"
done
expect "one class, one picture" 0 "head -n 4 train.csv | $train -o one $small --epochs 1 && dls-predict one < train.csv | wc -l | grep -qx 61"
expect "a plan, and no model" 0 "dls-train --image image --target label $small --dry-run < train.csv | wc -c | grep -qx 0"
err_has "... tells parameters and time" "lenet: pictures of 12x12x1, 14946 parameters"
expect "events" 0 "$train --valid-frac 0.3 --metric f1:macro --metrics - -o m2 $small --epochs 2 < train.csv | jq -es 'map(select(.event == \"round\")) | length == 2 and (.[0] | has(\"train_loss\") and has(\"f1:macro\"))'"

mkdir folder && cp p*.pgm folder
expect "a folder for a model of another column" 0 "sed '1s/image/path/' train.csv | dls-train -q --image path --target label -o path $small --epochs 8 &&
	dls-predict --image-folder folder path | sort > a; dls-predict --id image m < train.csv | cut -d, -f1,3- | sort | cmp - a"

expect "class folders for a model of another target" 0 "mkdir -p classes/up classes/left && cp p3.pgm p6.pgm classes/up && cp p1.pgm classes/left &&
	sed '1s/.*/path,kind/' train.csv | dls-train -q --image path --target kind -o path $small --epochs 8 &&
	dls-predict --image-folder classes path | cut -d, -f1-3"
out_is "... have their labels" 'image,target,prediction
left/p1.pgm,left,left
up/p3.pgm,up,up
up/p6.pgm,up,up'

# ---- checkpoints ----

run="$train --valid-frac 0.2 --metric accuracy --early-stop 9"
opts="$small --epochs 6 --augment light --average 0.9"
expect "a run" 0 "$run -o whole $opts < train.csv"
expect "a run that is killed again and again" 0 "for k in 1 2 3 4 5 6 7 8; do
	timeout -s KILL 0.2 $run -o parts $opts --checkpoint ck < train.csv; done 2>/dev/null
	$run -o parts $opts --checkpoint ck < train.csv; cmp whole parts"
expect "one that was done gives its model" 0 "$run -o parts $opts --checkpoint ck < train.csv; cmp whole parts"
expect "other options" 65 "$run -o parts $opts --smooth 0.1 --checkpoint ck < train.csv"
err_has "... are told apart" "--checkpoint ck: it is of other data, options or seed; remove it, or give another name"
expect "what is no checkpoint" 65 "$run -o parts $opts --checkpoint whole < train.csv"
err_has "... is left alone" "the file is there and is no checkpoint"
expect "layers that thaw go on too" 0 "$train -o whole $small --epochs 5 --init m --freeze backbone --unfreeze 1 < train.csv
	$train --progress -o /dev/null $small --epochs 5 --init m --freeze backbone --unfreeze 1 --checkpoint ck2 < train.csv 2>/dev/null &
	sleep 0.3; kill -9 \$! 2>/dev/null; wait
	$train -o parts $small --epochs 5 --init m --freeze backbone --unfreeze 1 --checkpoint ck2 < train.csv; cmp whole parts"

# ---- numbers that go astray ----

expect "a rate that is too large" 65 "dls-train --image image --target label $small --optimizer sgd --rate 1e30 < train.csv > astray"
err_has "... is halved, and given up" "it begins again at half the rate"
err_has "... with advice" "give a smaller --rate, or --clip"
expect "... and leaves no model" 0 "test ! -s astray"

# ---- pretrained weights ----

expect "weights as they are" 0 "$train -o same $small --normalise data --epochs 0 --init m < train.csv &&
	dls-predict m < train.csv > a && dls-predict same < train.csv > b && cmp a b"
expect "frozen layers stay" 0 "$train -o frozen $small --epochs 1 --init m --freeze backbone < train.csv &&
	dls-predict --features m < train.csv > a && dls-predict --features frozen < train.csv > b && cmp a b"

# tensor FILE NAME: its bytes, in a safetensors file.
tensor() {
	n=$(od -An -t u8 -N 8 "$1" | tr -d ' ')
	at=$(tail -c +9 "$1" | head -c "$n" | jq -r ".[\"$2\"].data_offsets | \"\\(.[0]) \\(.[1])\"")
	tail -c +$((9 + n + ${at% *})) "$1" | head -c $((${at#* } - ${at% *}))
}
expect "layers frozen in the middle" 0 "$train -o middle $small --epochs 1 --init m --freeze conv2 < train.csv"
for t in conv2.weight conv2.bias; do tensor m $t >a; tensor middle $t >b; check "... stay: $t" cmp a b; done
for t in conv1.weight fc1.weight; do tensor m $t >a; tensor middle $t >b; check "... alone: $t" test -s a -a -n "$(cmp a b 2>&1)"; done
expect "a pattern that fits nothing" 64 "$train $small --freeze 'conv9*' < train.csv"
expect "other nets do not fit" 65 "$train cnn --net simple --size 28 --init m < train.csv"
expect "the model has no path in it" 0 "dls-predict --show same | grep -c '\"init\"' | grep -qx 0"

# ---- features for other families ----

expect "features" 0 "dls-predict --features --id image m < train.csv > f.csv && head -n 1 f.csv | cut -d, -f1-4"
out_is "... are a table" 'image,label,f1,f2'
expect "... that others learn from" 0 "dls-train -q --target label --id image logistic < f.csv > lg && dls-predict lg < f.csv | dls-eval --min accuracy=0.95 accuracy"
expect "one view" 0 "dls-predict m < train.csv > a && dls-predict --views 1 m < train.csv | cmp - a"
expect "views are averaged" 0 "dls-predict --columns p=p:up --views 2 m < train.csv > v && dls-predict --columns p=p:up m < train.csv | cmp -s - v; test \$? = 1"
expect "a forest looks at no pictures" 64 "dls-train -q --target label --id image forest --trees 2 < f.csv > rf && dls-predict --views 2 rf < f.csv"
err_has "... is said" "--views: the family forest looks at no pictures"
expect "features of a forest" 64 "dls-train -q --target label --id image forest --trees 2 < f.csv > rf && dls-predict --features rf < f.csv"
err_has "... are refused" "--features: the family forest has no layers"
