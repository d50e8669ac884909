#!/bin/sh
# Sparse rows: svmlight, VW and JSON with an object in each row are read by every command, and a row gets the same
# prediction, to the byte, in whatever form it comes.
set -u
. tests/lib.sh
reviews=$data/reviews.csv
cd "$tmp" || exit 70

# ---- rows of a vectoriser ----

dls-tfidf --text text --min-df 3 --target label -o tfidf <"$reviews"
dls-train -q --features tfidf --target label --id id --drop stars -o text.model logistic <"$reviews"
only="dls-predict -q --columns prediction,p:bad,p:good"
$only text.model <"$reviews" >text.want
for form in svmlight json vw; do
	dls-tfidf --apply tfidf --as $form --id id --target label <"$reviews" >text.$form
	expect "a text as $form" 0 "$only text.model <text.$form"
	check "a text as $form: the same bytes" cmp out text.want
	expect "a text as $form: nothing is odd" 0 "dls-predict --strict -o out text.model <text.$form"
	err_is "a text as $form: nothing is said" ""
	sed -n 7p text.$form | $only text.model | sed 1d >alone
	sed -n 8p text.want | cmp -s - alone
	check "a text as $form: alone as among others" test $? -eq 0
	gzip -c text.$form | $only --threads 3 text.model | cmp -s - text.want
	check "a text as $form: compressed" test $? -eq 0
done
expect "the id comes along as a comment" 0 'dls-predict -q --columns comment text.model <text.svmlight | head -n 2 | tail -n 1'
out_is "the id comes along as a comment: whole" R1000
expect "the id comes along as a tag" 0 'dls-predict -q --columns tag text.model <text.vw | head -n 2 | tail -n 1'
out_is "the id comes along as a tag: whole" R1000

printf 'id,label,text=great,text=the\n1,good,0.5,\n2,bad,,NA\n' >terms.csv
printf '{"text":{"great":0.5,"none":true,"the":false}}\n{"text":{"great":null}}\n' >terms.json
$only text.model <terms.json >terms.want
expect "columns that are called as terms are them" 0 "$only text.model <terms.csv"
check "columns that are called as terms are them: so" cmp out terms.want
expect "a column that is a term holds a number" 65 "sed s/0.5/half/ terms.csv | $only text.model"
err_is "a column that is a term holds a number: said" "dls-predict: stdin:2: column 'text=great': 'half' is not a number up to 1e300"
printf '{"text":"great, but the price","stars":1}\n{"text":{"great":0.5}}\n{"text":null}\n{"text":{}}\n' >mixed.json
expect "texts and terms in one stream" 0 "$only text.model <mixed.json"
check "texts and terms in one stream: each row by itself" sh -c "while read -r row; do echo \"\$row\" | $only text.model | sed 1d; done <mixed.json >each; sed 1d out | cmp - each"
expect "a model of more than texts" 0 "dls-train -q --features tfidf --target label --id id -o stars.model logistic <'$reviews'"
expect "svmlight cannot name a number that it reads" 65 "dls-predict stars.model <text.svmlight"
err_is "svmlight cannot name a number that it reads: said" "dls-predict: stdin: there is no column 'stars' (the model reads it). The columns: label, comment"
expect "VW names it" 0 "sed 's/|text/| stars:5 |text/' text.vw | $only stars.model"
mv out vw.got
sed '1s/stars/s/; 1s/$/,stars/; 2,$s/$/,5/' "$reviews" | $only stars.model | cmp -s - vw.got
check "VW names it: the same bytes" test $? -eq 0
expect "where no row has it that is said" 0 "dls-predict stars.model <text.json"
err_is "where no row has it that is said: so" "dls-predict: warning: the key 'stars' is in no row and counts as 0"

# Two columns of texts of all that forms escape, with a vocabulary each, and one for both.
awk 'BEGIN {
	srand(3)
	n = split("a|b|c|%|:|=|#|\"\"|\\|{|,|;|\t|\n|\r|\303\251|%41|qid:|\047| |  ", sign, "|")
	sign[++n] = "|"
	print "y,a,b"
	for (i = 0; i < 150; i++) {
		printf "%d", i % 2
		for (j = 0; j < 2; j++) {
			text = ""
			for (k = int(rand() * 9); k > 0; k--) text = text sign[1 + int(rand() * (rand() < 0.3 ? n : n / 2 + i % 2 * n / 2))]
			printf ",\"%s\"", text
		}
		print ""
	}
}' >odd.csv
for how in --no-joint --joint; do
	dls-tfidf --text a,b $how --tokens char --case keep --no-nfkc --ngrams 1-2 --min-df 1 -o odd.tfidf <odd.csv
	dls-train -q --features odd.tfidf --target y -o odd.model logistic <odd.csv
	dls-predict -q --columns prediction,p:0,p:1 odd.model <odd.csv >want
	for form in svmlight json vw; do
		dls-tfidf --apply odd.tfidf --as $form <odd.csv >odd.$form
		expect "odd texts, $how, as $form" 0 "dls-predict --strict --columns prediction,p:0,p:1 odd.model <odd.$form"
		check "odd texts, $how, as $form: the same bytes" cmp out want
	done
done

# ---- numbers ----

# numbers SEED ROWS: a table with columns 1 to 13 and a label, with many zeros and a few cells written in odd ways.
numbers() {
	awk -v seed="$1" -v n="$2" 'BEGIN {
		srand(seed)
		printf "label"
		for (j = 1; j <= 13; j++) printf ",%d", j
		print ""
		for (i = 0; i < n; i++) {
			z = 0; line = ""
			for (j = 1; j <= 13; j++) {
				x = rand() < 0.5 ? 0 : sprintf("%.*f", j % 9 + 1, rand() * 2 - 1)
				if (j % 5 == 0 && x) x = sprintf("%e", x)
				z += x * (j % 3 - 1)
				line = line "," x
			}
			print (z + 2 * rand() > 1 ? "+1" : "-1") line
		}
	}'
}
# forms FILE.csv: the same rows as FILE.svmlight, .vw, .flat and .nested.
forms() {
	awk -F, 'NR > 1 { printf "%s", $1; for (j = 2; j <= NF; j++) if ($j + 0) printf " %d:%s", j - 1, $j; print "" }' "$1.csv" >"$1.svmlight"
	awk -F, 'NR > 1 { printf "%s |", $1; for (j = NF; j > 1; j--) if ($j + 0) printf " %d:%s", j - 1, $j; print "" }' "$1.csv" >"$1.vw"
	awk -F, 'NR > 1 { printf "{\"label\":\"%s\"", $1; for (j = 2; j <= NF; j++) printf ",\"%d\":%s", j - 1, $j; print "}" }' "$1.csv" >"$1.flat"
	awk -F, 'NR > 1 { printf "{\"label\":\"%s\",\"x\":{", $1; s = ""; for (j = 2; j <= NF; j++) if ($j + 0) { printf "%s\"%d\":%s", s, j - 1, $j; s = "," } print "}}" }' "$1.csv" >"$1.nested"
}
numbers 1 240 >a.csv
numbers 2 300 >b.csv
forms a
forms b
for f in logistic bayes knn 'boost --trees 10' 'forest --trees 5'; do
	family=${f%% *}
	dls-train -q --target label -o dense.model $f <a.csv
	dls-predict -q dense.model <b.csv >want
	for form in svmlight vw flat nested; do
		expect "$family of a table scores $form" 0 "dls-predict --strict dense.model <b.$form"
		check "$family of a table scores $form: the same bytes" cmp out want
	done
done
for form in svmlight vw nested; do
	expect "trained on $form" 0 "dls-train -q --target label --cv 3 -o $form.model logistic --tol 1e-12 <a.$form"
	dls-predict -q $form.model <b.$form >$form.want
	for other in svmlight vw nested flat csv; do
		[ $form = nested ] && [ $other != nested ] && continue	# these have other names
		expect "trained on $form it scores $other" 0 "dls-predict -q $form.model <b.$other"
		check "trained on $form it scores $other: the same bytes" cmp out $form.want
	done
done
near() { paste -d, "$1" "$2" | awk -F, 'NR > 1 && ($1 != $5 || $2 != $6 || $3 - $7 > 1e-9 || $7 - $3 > 1e-9) { exit 1 }'; }
check "the forms of the training rows give one model" near svmlight.want vw.want
check "the forms of the training rows give one model, by name" near svmlight.want nested.want
sed 's/,0,/,,/g; s/,0,/,,/g; s/,0$/,/' b.csv >blank.csv
expect "an empty cell of a feature is 0" 0 'dls-predict -q svmlight.model <blank.csv'
check "an empty cell of a feature is 0: so" cmp out svmlight.want
expect "columns that are no features" 65 'printf "a,b\n1,2\n" | dls-predict svmlight.model'
err_is "columns that are no features: said" "dls-predict: stdin: none of its columns is one of the features that the model was trained on"
sort a.svmlight >sorted.svmlight
dls-predict --show svmlight.model | jq -c .vectorisers >one
dls-train -q logistic <sorted.svmlight | dls-predict --show - | jq -c .vectorisers | cmp -s - one
check "columns do not depend on the order of rows" test $? -eq 0
for n in 1 2 3; do
	expect "training on $n threads" 0 "dls-train -q --target label --cv 3 --threads $n -o again logistic --tol 1e-12 <a.vw"
	check "training on $n threads: the same model" cmp again vw.model
done

# ---- drift ----

expect "features that training did not see" 0 'printf "1 1:2 99:1 100:0.5\n-1 2:1\n" | dls-predict svmlight.model'
err_is "features that training did not see: counted" "dls-predict: warning: 2 features not seen in training are ignored, the first in line 1: '99'"
mv out odd.got
printf '1 1:2\n-1 2:1\n' | dls-predict svmlight.model | cmp -s - odd.got
check "features that training did not see: ignored" test $? -eq 0
expect "features that training did not see, --strict" 1 'printf "1 | 1:2 x:1\n" | dls-predict --strict svmlight.model'
err_is "features that training did not see, --strict: said" "dls-predict: warning: 1 feature not seen in training is ignored, the first in line 1: 'x'"
expect "index 0 is a feature of its own" 0 'printf "1 0:5 1:1\n0 1:2\n1 0:4 2:1\n0 2:1\n" >zero; dls-train -q -o zero.model logistic <zero; dls-predict --importance coef zero.model'
out_has "index 0 is a feature of its own: named so" "0,"
expect "index 0 is none of a model without" 1 'dls-predict -q --strict svmlight.model <zero'

# ---- training ----

expect "knn takes no sparse rows" 64 "dls-train knn <a.svmlight"
err_has "knn takes no sparse rows: said" "dls-train: the family knn does not take sparse rows; these do: "
for f in svm online 'bayes --kind bernoulli'; do
	expect "${f%% *} of sparse rows" 0 "dls-train -q -o f.model $f <a.svmlight && dls-predict -q f.model <b.svmlight >one && dls-predict -q f.model <b.csv | cmp - one"
done
expect "a group by qid" 0 "awk '{ g = \"qid:\" int(NR / 10); \$1 = \$1 \" \" g; print }' a.svmlight >q.svmlight; dls-train -q --group qid --cv 3 -o q.model logistic <q.svmlight"
expect "qid is none of the columns that are learned from" 0 "dls-predict --show q.model | jq -c '[.schema.columns, .schema.others]'"
out_is "qid is none of the columns that are learned from: so" '[[],["qid"]]'
expect "weights of VW" 0 "awk '{ \$1 = \$1 \" \" NR % 3; print }' a.vw | sed '5s/ 2 / /' >w.vw; dls-train -q -o w.model logistic <w.vw; dls-predict -q w.model <b.vw"
mv out w.got
expect "weights of VW are those of --weight" 0 "dls-train -q --weight weight -o w2.model logistic <w.vw; dls-predict -q w2.model <b.vw"
check "weights of VW are those of --weight: so" cmp out w.got
check "weights of VW matter" sh -c '! cmp -s w.got vw.want'
expect "weights of VW, and none to validate on" 0 'dls-train -q --valid b.svmlight -o v.model logistic <w.vw'
err_is "weights of VW, and none to validate on: nothing is said" ""
expect "a file to validate on, in another form" 0 'dls-train --valid b.vw -o v.model logistic <a.svmlight'
err_has "a file to validate on, in another form: its score" "on 300 validation rows"
jq -R -c 'split(",") | {label: .[-1], note: .[1], n: (.[1] | length), f: {len: (.[1] | length), word: true, (.[0][4:5]): 1}}' <"$reviews" |
	sed 1d >both.json
expect "columns, features and a text" 0 'dls-train -q --target label --text note --numeric n -o both.model logistic <both.json && dls-predict -q --columns prediction,p:good,p:bad both.model <both.json'
mv out both.want
sed 's/"n":\([0-9]*\)/"f2":{"n":\1}/' both.json >moved.json
expect "a number may be among the features" 0 'dls-predict -q --columns prediction,p:good,p:bad both.model <moved.json'
check "a number may be among the features: the same bytes" cmp out both.want
sed 's/"n":\([0-9]*\),//' both.json >less.json
jq -c '.n = null' both.json | dls-predict -q --columns prediction,p:good,p:bad both.model >null.got
expect "a number that a sparse row lacks is missing to a model of sparse rows" 0 'dls-predict --columns prediction,p:good,p:bad both.model <less.json'
check "a number that a sparse row lacks is missing to a model of sparse rows: so" cmp out null.got
err_has "a number that a sparse row lacks: said" "the key 'n' is in no row and counts as missing"
expect "nothing at all to learn from" 65 'printf "1\n0\n" | dls-train --format svmlight logistic'
err_is "nothing at all to learn from: said" "dls-train: no columns are left to learn from beside 'label'"

# ---- what models of sparse rows are asked ----

expect "--contrib" 0 'dls-predict -q --contrib svmlight.model <b.svmlight | head -n 1'
out_is "--contrib: all features together" "target,prediction,p:-1,p:+1,contrib:(features),contrib:(bias)"
expect "--importance permutation" 0 'dls-predict --importance permutation svmlight.model <b.svmlight | cut -d, -f1'
out_is "--importance permutation: all features together" "column
(features)"
expect "--importance coef" 0 'dls-predict --importance coef svmlight.model | sed 1d | wc -l'
out_is "--importance coef: each feature" 13

# ---- ensembles ----

dls-train -q --features tfidf --target label --id id --drop stars --cv 3 -o t1 logistic <"$reviews"
dls-train -q --features tfidf --target label --id id --drop stars --cv 3 -o t2 logistic --l2 0.1 <"$reviews"
dls-train -q --text text --target label --id id --drop stars --cv 3 -o t3 logistic <"$reviews"
dls-ensemble -q -o same.model mean t1 t2
dls-ensemble -q -o other.model stack t1 t3
for e in same other; do
	$only $e.model <"$reviews" >want
	for form in json vw svmlight; do
		[ $e$form = othersvmlight ] && continue
		dls-tfidf --apply tfidf --as $form <"$reviews" >rows
		expect "an ensemble of members with the $e columns scores $form" 0 "$only $e.model <rows"
		[ $e = other ] || check "an ensemble of members with the same columns scores $form: the same bytes" cmp out want
	done
done
expect "numbers mean nothing where members differ" 65 'dls-predict other.model <text.svmlight'
err_has "numbers mean nothing where members differ: said" "the members of the ensemble have different sparse columns"
dls-train -q --cv 3 -o s1 logistic <a.svmlight
dls-train -q --cv 3 -o s2 logistic --l2 1 <a.svmlight
expect "an ensemble of models of sparse rows" 0 'dls-ensemble -q -o s.model stack s1 s2 && dls-predict -q s.model <b.svmlight'
mv out want
for form in vw nested csv flat; do
	expect "an ensemble of models of sparse rows scores $form" 0 "dls-predict -q s.model <b.$form"
	check "an ensemble of models of sparse rows scores $form: the same bytes" cmp out want
done
sed 's/ [1-4]:[^ ]*//g' a.svmlight >some.svmlight
dls-train -q --cv 3 -o s3 logistic <some.svmlight
dls-ensemble -q -o parts.model mean s3 s1
for m in s3 s1; do dls-predict -q --columns p:+1 $m <b.svmlight 2>err >$m.p; done
for form in svmlight vw csv; do
	expect "members of other features score $form" 0 "dls-predict --strict --columns p:+1 parts.model <b.$form"
	check "members of other features score $form: each gets its own" sh -c "paste -d, out s3.p s1.p | awk -F, 'NR > 1 { d = \$1 - (\$2 + \$3) / 2; if (d > 1e-15 || d < -1e-15) exit 1 }'"
done
expect "an ensemble tells the importance of features" 0 'dls-predict --importance coef s.model | sed 1d | wc -l'
out_is "an ensemble tells the importance of features: each" 13

# ---- other commands ----

expect "dls-split copies lines" 0 'dls-split --frac 0.999 --stratify label <a.vw'
check "dls-split copies lines: as they are" sh -c 'grep -vxFf a.vw out | wc -l | grep -qx 0 && test "$(wc -l <out)" -ge 238'
expect "dls-split --group qid" 0 'dls-split --cv 3 --group qid <q.svmlight >part; dls-split --cv 3 --group qid --rest <q.svmlight >rest; cat part rest | sort >whole; sort q.svmlight | cmp - whole; cut -d" " -f2 part | sort -u >p; cut -d" " -f2 rest | sort -u | grep -qxFf p && exit 1 || exit 0'
expect "dls-split --add" 64 'dls-split --add fold <a.svmlight'
err_is "dls-split --add: no place for it" "dls-split: --add fold: rows of svmlight and VW have no place for a column"
expect "dls-split of nested JSON" 65 'dls-split <a.nested'
err_is "dls-split of nested JSON: said" "dls-split: stdin:1: an object inside a row, which CSV cannot hold; only rows of svmlight and VW are copied as they are"
expect "dls-eval --truth svmlight" 0 'dls-predict -q --columns prediction,p:-1,p:+1 svmlight.model <b.svmlight | dls-eval --truth b.svmlight --target label --digits 3 accuracy >one; dls-predict -q svmlight.model <b.csv | dls-eval --digits 3 accuracy | cmp - one'

# ---- what is refused ----

# refused NAME FORM TEXT MESSAGE: the text, as printf has it, is refused with the message.
refused() {
	expect "$1" 65 "printf '$3' | dls-split --format $2"
	err_is "$1: message" "dls-split: stdin$4"
}
svm="a row is LABEL INDEX:VALUE ..., with numbers"
pair="is not INDEX:VALUE, a whole number from 0 to 2147483647 and a number up to 1e300"
refused "no label" svmlight '1 1:1\nx 1:2\n' ":2: svmlight: 'x' is no label; $svm"
refused "no label but a pair" svmlight '1:1 2:1\n' ":1: svmlight: '1:1' is no label; $svm"
refused "no pair" svmlight '1 1:1\n\n# note\n1 2\n' ":4: svmlight: '2' $pair"
refused "no value" svmlight '1 1:\n' ":1: svmlight: '1:' $pair"
refused "a value that is a word" svmlight '1 1:x\n' ":1: svmlight: '1:x' $pair"
refused "a value that is not finite" svmlight '1 1:nan\n' ":1: svmlight: '1:nan' $pair"
refused "a value that is too large" svmlight '1 1:1e301\n' ":1: svmlight: '1:1e301' $pair"
refused "an index below 0" svmlight '1 -1:1\n' ":1: svmlight: '-1:1' $pair"
refused "an index too large" svmlight '1 2147483648:1\n' ":1: svmlight: '2147483648:1' $pair"
refused "an index twice" svmlight '1 3:1 3:1\n' ":1: svmlight: '3:1' follows an index that is not less; the indices of a row ascend, each once"
refused "an index that goes back" svmlight '1 3:1 2:1 # x\n' ":1: svmlight: '2:1' follows an index that is not less; the indices of a row ascend, each once"
refused "a qid that is no number" svmlight '1 qid:x 3:1\n' ":1: svmlight: 'qid:x' is not qid:N with a whole number"
refused "a qid that comes late" svmlight '1 3:1\n1 qid:2 3:1\n' ":2: svmlight: 'qid:2' stands here, but the first row has no qid"
refused "a NUL byte in svmlight" svmlight '1 3:1\n1 3:\0\n' ":1: svmlight: a NUL byte; this is not text"
refused "no bar" vw '1 a\n' ":1: VW: '1 a' has no | before its features"
refused "a label that is a word" vw 'spam | a\n' ":1: VW: 'spam' stands before the |; there goes [LABEL [WEIGHT]] ['TAG], with numbers"
refused "a base" vw '1 1 1 | a\n' ":1: VW: '1' stands before the |; there goes [LABEL [WEIGHT]] ['TAG], with numbers"
refused "a weight below 0" vw '1 -1 | a\n' ":1: VW: '-1' stands before the |; there goes [LABEL [WEIGHT]] ['TAG], with numbers"
refused "a label that comes late" vw '| a\n1 | a\n' ":2: VW: '1' is a label, but the first row has none"
refused "a weight that comes late" vw '1 | a\n1 2 | a\n' ":2: VW: '2' is a weight, but the first row has none"
refused "a tag that comes late" vw '1 | a\n1 x| a\n' ":2: VW: 'x' is a tag, but the first row has none"
refused "a value that is no number" vw '1 | a:b\n' ":1: VW: 'a:b' is not NAME:NUMBER, with a number up to 1e300"
refused "no name" vw '1 | :1\n' ":1: VW: ':1' is not NAME:NUMBER, with a number up to 1e300"
refused "a scale that is no number" vw '1 |a:x b\n' ":1: VW: 'a:x' is not NAME:NUMBER, with a number up to 1e300"
refused "a scale that makes it too large" vw '1 |a:1e200 b:1e200\n' ":1: VW: 'b:1e200' is over 1e300 with the scale of its namespace"
more="inside an object only numbers, true, false and null are read"
refused "a word inside an object" json '{"a":{"b":"c"}}' ":1: JSON: 'c' for 'b' is no number up to 1e300; $more"
refused "a number inside an object that is too large" json '{"a":{"b":1e999}}' ":1: JSON: '1e999' for 'b' is no number up to 1e300; $more"
refused "an object inside an object inside" json '{"a":{"b":{}}}' ":1: JSON: the value of 'b' is nested; only strings, numbers, true, false and null are read"
refused "a feature twice" json '{"a":{"b":1}}\n{"a":{"b":1,"c":1,"b":2}}' ":2: JSON: the key 'a=b' stands twice in an object"
refused "a key for a cell and an object" json '{"a":1,"a":{"b":1}}' ":1: JSON: the key 'a' stands twice in an object"
refused "an object inside that is cut off" json '{"a":{"b":1' ":1: JSON: neither comma nor brace after a value at ''"

# ---- what is recognised ----

# is NAME FORM TEXT: the text, as printf has it, is recognised as the form: dls-split prints the same as if it were told.
is() {
	printf "$3" >in
	dls-split --frac 0.9 <in >a.out 2>&1
	dls-split --frac 0.9 --format "$2" <in >b.out 2>&1
	check "$1" cmp a.out b.out
}
is "svmlight" svmlight '1 1:1 2:2\n0 2:1\n1\n'
is "svmlight with comments" svmlight '# made by hand\n+1 qid:3 1:1e-3 # first\n-1 qid:4\n'
is "svmlight whose first rows are empty" svmlight '0\n0\n1 2:1\n'
is "a column of numbers" csv '0\n0\n1\n'
is "a column of numbers and words" csv '5\n7 a:1\n'
is "a row that is nearly svmlight" csv '1 1:1,2\n2 2:1,3\n'
is "VW" vw '1 |a b\n-1 |a c\n'
is "VW without a label" vw ' |a b\n|a c\n'
is "VW with weight and tag" vw "1 2.5 'x|a b\n1 1 'y|a c\n"
is "a header with bars" csv 'id|name\n1|2\n'
is "a header with bars and blanks" csv 'id | name\n1 | 2\n'
is "a header with commas and a bar" csv 'a,b |c\n1,2\n'
