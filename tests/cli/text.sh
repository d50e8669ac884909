#!/bin/sh
# Texts from end to end: vectorisers and their rows, models with texts, what is held out stays unseen, odd and bad texts.
set -u
. tests/lib.sh
reviews=$data/reviews.csv
cd "$tmp" || exit 70
tab=$(printf '\t')
fit="dls-train -q --target label --id id --drop stars"

# same NAME FILE FILE: passes when the bytes are the same.
same_bytes() { check "$1" cmp "$2" "$3"; }

# ---- vectorisers: the same bytes for any memory and form of the input (and any threads: threads.sh) ----

dls-tfidf --text text --ngrams 1-2 -o tf <"$reviews"
awk 'BEGIN { srand(1); print "t,y"; for (i = 0; i < 3000; i++) { s = ""; for (k = 0; k < 12; k++) s = s " w" int(exp(rand() * 10.3)); print s "," i % 3 } }' >large.csv
expect "no file is an argument" 64 'dls-tfidf --text t large.csv'
dls-tfidf --text t --target y --select chi2 --max-features 500 --memory 0 -o whole <large.csv
expect "counts that outgrow --memory" 0 'dls-tfidf -v --memory 1M --text t --target y --select chi2 --max-features 500 -o cut <large.csv'
err_has "counts that outgrow --memory: said" "counted with temporary files"
same_bytes "counts that outgrow --memory: the same vectoriser" whole cut
for m in 1x -1 '' 1e99T M; do expect "--memory '$m'" 64 "dls-tfidf --memory '$m' --text t <large.csv"; done
awk -F, 'NR > 1 { print "{\"t\":\"" $1 "\",\"y\":" $2 "}" }' large.csv >large.json
dls-tfidf --text t --target y --select chi2 --max-features 500 -o json <large.json
dls-tfidf --dump whole >a
dls-tfidf --dump json >b
same_bytes "terms of NDJSON as of CSV" a b

# ---- a disk that is full, or is not there ----

expect "TMPDIR that is not there" 74 'TMPDIR=/nosuch/dir dls-tfidf --memory 1M --text t -o none <large.csv'
err_is "TMPDIR that is not there: said" "dls-tfidf: /nosuch/dir: cannot make a temporary file: No such file or directory"
check "TMPDIR that is not there: no output" test ! -e none
expect "TMPDIR that is not there, but is not needed" 0 'TMPDIR=/nosuch/dir dls-tfidf --text t -o /dev/null <large.csv'
expect "a full disk" 74 'ulimit -f 8; dls-tfidf --memory 1M --text t -o none <large.csv'
err_is "a full disk: said" "dls-tfidf: a temporary file (TMPDIR says where): cannot write: File too large"
check "a full disk: no output" test ! -e none

# ---- rows ----

printf 'id,a,b,g,y\n1,cat dog,dog dog,q1,yes\n2,"cat, |:%%x",bird,q2,no\n"3 x",,cat,q1,yes\n4,zzz,cat cat dog,q2,\n' >small.csv
dls-tfidf --text a,b --joint --min-df 1 --ngrams 1-2 --target y --idf none --norm none --no-sublinear -o joint <small.csv
expect "--dump" 0 'dls-tfidf --dump joint | cut -f 1-3,5'
out_is "--dump: terms of both texts, none of a pair" "column${tab}number${tab}df${tab}term
a+b${tab}1${tab}1${tab}bird
a+b${tab}2${tab}4${tab}cat
a+b${tab}3${tab}1${tab}cat cat
a+b${tab}4${tab}2${tab}cat dog
a+b${tab}5${tab}1${tab}cat x
a+b${tab}6${tab}2${tab}dog
a+b${tab}7${tab}1${tab}dog dog
a+b${tab}8${tab}1${tab}x
a+b${tab}9${tab}1${tab}zzz"
expect "rows as svmlight" 0 'dls-tfidf --apply joint --id id --group g <small.csv'
out_is "rows as svmlight: labels by number, groups, names" "1 qid:1 2:1 4:1 6:3 7:1 # 1
0 qid:2 1:1 2:1 5:1 8:1 # 2
1 qid:1 2:1 # 3 x
0 qid:2 2:2 3:1 4:1 6:1 9:1 # 4"
expect "rows for VW" 0 'dls-tfidf --apply joint --as vw --id id <small.csv | head -n 3'
out_is "rows for VW: its signs are escaped" "1 '1 |a+b cat:1 cat%20dog:1 dog:3 dog%20dog:1
0 '2 |a+b bird:1 cat:1 cat%20x:1 x:1
1 '3%20x |a+b cat:1"
expect "rows as JSON" 0 'dls-tfidf --apply joint --as json --id id <small.csv | tail -n 2'
out_is "rows as JSON: terms by name" '{"id":"3 x","y":"yes","a+b":{"cat":1}}
{"id":"4","y":"","a+b":{"cat":2,"cat cat":1,"cat dog":1,"dog":1,"zzz":1}}'
expect "rows of a label that fitting did not see" 65 "sed 's/no\$/maybe/' small.csv | dls-tfidf --apply joint"
err_has "rows of a label that fitting did not see: said" "stdin:3: the target 'maybe' is no number, nor a label that the vectoriser knows"
expect "cosines" 0 'dls-tfidf --apply joint --cosine a,b --id id <small.csv'
check "cosines: of cat, dog, cat dog with dog twice, dog dog" awk -F, 'NR == 2 { d = $2 - 2 / sqrt(3 * 5); exit !(d < 1e-15 && d > -1e-15) }' out
check "cosines: of an empty text 0" test "$(sed -n 4p out)" = "3 x,0"
dls-tfidf --text a,b --min-df 1 -o two <small.csv
expect "cosines by two vectorisers" 64 'dls-tfidf --apply two --cosine a,b <small.csv'
err_has "cosines by two vectorisers: said" "fit with --joint"
dls-tfidf --text a,a --min-df 1 -o twice <small.csv
check "a text that is named twice is one" test "$(dls-tfidf --dump twice | cut -f 1 | sort -u | wc -l)" = 2
expect "rows to a full disk" 74 'dls-tfidf --apply joint <small.csv >/dev/full'

# ---- choosing by the target ----

expect "--select without --target" 64 "dls-tfidf --text text --select chi2 --max-features 9 <'$reviews'"
err_is "--select without --target: said" "dls-tfidf: --select chi2 wants --target: by which classes?"
expect "--select without --max-features" 64 "dls-tfidf --text text --target label --select mi <'$reviews'"
err_has "--select without --max-features: said" "--select mi wants --max-features: how many terms?"
expect "--select by a quantity" 65 "awk 'BEGIN { print \"t,y\"; for (i = 0; i < 1100; i++) print \"a,\" i }' | dls-tfidf --text t --target y --select chi2 --max-features 9"
err_has "--select by a quantity: said" "has more than 1000 values; --select chi2 wants classes"
expect "--select with a missing target" 65 'dls-tfidf --text a --target y --min-df 1 --select chi2 --max-features 9 <small.csv'
err_has "--select with a missing target: said" "stdin:5: the target 'y' is missing; remove this row"
dls-tfidf --text text --target label --select chi2 --max-features 20 -o chosen <"$reviews"
expect "terms chosen by the target of the rows that are held out" 0 "dls-train --features chosen --target label --id id --cv 3 -o none logistic <'$reviews'"
err_has "terms chosen by the target of the rows that are held out: warned of" "were chosen by the target of these same rows; scores of held-out rows will be too good"
expect "terms chosen by the target of other rows" 0 "head -n 200 '$reviews' | dls-train --features chosen --target label --id id --cv 3 -o none logistic"
check "terms chosen by the target of other rows: no warning" sh -c '! grep -q "too good" err'

# ---- hashed ----

expect "--hash-bits" 0 "dls-tfidf --text text --hash-bits 12 -o hashed <'$reviews'"
err_has "--hash-bits: how many columns are used" "of 4096 columns are used, by about"
expect "--hash-bits that are too few" 0 "dls-tfidf --text text --hash-bits 5 -o none <'$reviews'"
err_is "--hash-bits that are too few: said" "dls-tfidf: text: all 32 columns are used, by more terms than can be told; more --hash-bits would part them"
expect "--dump of hashed terms" 0 'dls-tfidf --dump hashed | head -n 2 | cut -f 1,2,5'
out_is "--dump of hashed terms: by number" "column${tab}number${tab}term
text${tab}1${tab}#1"
expect "--hash-bits and --max-features" 64 "dls-tfidf --text text --hash-bits 9 --max-features 9 <'$reviews'"

# ---- models ----

$fit --features tf -o m logistic <"$reviews"
expect "a model with texts" 0 "dls-predict m <'$reviews'"
mv out want
awk 'NR % 7 == 1 && NR > 1 { close(f); f = "" } NR == 1 { head = $0; next } { if (!f) { f = "part" NR; print head >f } print >f }' "$reviews"
for f in $(ls part* | sort -t t -k 2n); do dls-predict -q m <"$f" | sed 1d; done >cuts
sed 1d want | cmp -s - cuts
check "scored in any cut" test $? -eq 0
tail -n 1 want >last
{ head -n 1 "$reviews"; tail -n 1 "$reviews"; } | dls-predict -q m | tail -n 1 >alone
same_bytes "scored alone" last alone
sed 1d "$reviews" | sed 's/""/\\"/g;s/^\([^,]*\),"\(.*\)",\([0-9]*\),\(.*\)$/{"id":"\1","text":"\2","label":"\4"}/;s/^\([^{,][^,]*\),\(.*\),\([0-9]*\),\(.*\)$/{"id":"\1","text":"\2","label":"\4"}/' >reviews.json
dls-predict -q m <reviews.json >json.out
same_bytes "scored as NDJSON" want json.out
awk -F, 'NR == 1 { print $0 ",kind,word,price" } NR > 1 { print $0 ",k" NR % 3 ",w" NR % 5 "," NR % 11 }' "$reviews" >mixed.csv
$fit --features tf --text word --categorical kind -o mixed logistic <mixed.csv
expect "numbers, categories and two texts in one model: contributions" 0 'dls-predict --contrib mixed <mixed.csv'
check "contributions: a column for each input, and one for each text" test "$(head -n 1 out)" = "target,prediction,p:bad,p:good,contrib:kind,contrib:price,contrib:text,contrib:word,contrib:(bias)"
check "contributions: they sum to the log-odds" awk -F, 'NR > 1 { s = 0; for (i = 5; i <= NF; i++) s += $i; d = s - log($4 / $3); if (d > 1e-9 || d < -1e-9) exit 1; n++ } END { exit n != 240 }' out
expect "importance of terms" 0 'dls-predict --importance coef mixed'
check "importance of terms: by name" grep -q '^text=works,' out
dls-tfidf --text text --tokens char-wb --ngrams 3 -o chars <"$reviews"
$fit --features tf,chars -o both logistic <"$reviews"
expect "two vectorisers of one text: contributions" 0 "dls-predict --contrib both <'$reviews'"
check "two vectorisers of one text: a column each" test "$(head -n 1 out)" = "target,prediction,p:bad,p:good,contrib:text,contrib:text:2,contrib:(bias)"
expect "a text that the input lacks" 65 "cut -d, -f 1 '$reviews' | dls-predict m"
err_is "a text that the input lacks: said" "dls-predict: stdin: there is no column 'text' (the model reads it). The columns: id"
expect "a text that is dropped" 64 "dls-train --target label --text text --drop text logistic <'$reviews'"
expect "a text that is the target" 64 "dls-train --target label --text label logistic <'$reviews'"
expect "a family that takes no texts" 64 "dls-train --target label --text text knn <'$reviews'"

# ---- what is held out stays unseen ----

# Each word is in two texts of one class, so that a vocabulary of all texts has it and one without the held-out text has not.
awk 'BEGIN { print "id,t,y"; for (i = 0; i < 400; i++) print i ",w" i % 200 "x common" i % 3 "," (i % 2 ? "a" : "b") }' >pairs.csv
auc() { sed -n 's/^dls-train: auc \([0-9.]*\).*/\1/p' err; }
expect "--text is fitted in each fold" 0 'dls-train --text t --target y --id id --cv 4 -o none logistic <pairs.csv'
check "--text is fitted in each fold: what is held out does not leak ($(auc))" awk "BEGIN { exit !($(auc) < 0.6) }"
expect "--text is fitted to the rows that train" 0 'dls-train --text t --target y --id id --valid-frac 0.3 -o none logistic <pairs.csv'
check "--text is fitted to the rows that train: what is held out does not leak ($(auc))" awk "BEGIN { exit !($(auc) < 0.6) }"
dls-tfidf --text t -o pairs <pairs.csv
expect "--features is what it is in each fold" 0 'dls-train --features pairs --target y --id id --cv 4 -o none logistic <pairs.csv'
check "--features is what it is in each fold: it knew the words ($(auc))" awk "BEGIN { exit !($(auc) > 0.75) }"

# ---- odd texts ----

printf 'text\n\n""\n   \n...\nzzzz\n' >empty.csv
expect "texts without a known word" 0 'dls-predict m <empty.csv'
check "texts without a known word: all alike" test "$(sed 1d out | sort -u | wc -l)" = 1
{ echo text; awk 'BEGIN { for (i = 0; i < 1500000; i++) printf "w%d ", i % 50000; print "works" }'; echo works; } >huge.csv
expect "a text of 10 MB" 0 'dls-predict m <huge.csv'
check "a text of 10 MB: two rows" test "$(wc -l <out)" = 3
expect "a word of 5 MB" 0 '{ echo text; head -c 5000000 /dev/zero | tr "\0" x; echo; } | dls-tfidf --min-df 1 --text text --stem english -o /dev/null'
expect "no rows to fit" 65 'echo text | dls-tfidf --text text'
err_is "no rows to fit: said" "dls-tfidf: stdin: no rows after the header"
expect "no rows to write" 0 'echo text | dls-tfidf --apply tf'
out_is "no rows to write: nothing" ""
expect "one row to fit" 0 'printf "text\na b\n" | dls-tfidf --text text --min-df 1 -o /dev/null'
expect "all stop words" 65 'printf "text\nthe and\nof\n" | dls-tfidf --text text --stop english --min-df 1'
err_has "all stop words: said" "column 'text': no term is left of 0 in 2 texts"
expect "no term for --text" 65 'printf "t,y\na,1\nb,0\nc,1\n" | dls-train --text t --target y -o none logistic'
err_has "no term for --text: said" "the texts of 't': no term is left of 3 in 3 texts; lower --min-df (2), raise --max-df (1.0): options of dls-tfidf"
expect "a stop list that is not there" 66 "dls-tfidf --text text --stop nosuch <'$reviews'"

# ---- texts that are not UTF-8 ----

printf 'id,text,label\n1,works well,good\n2,"caf\351 bad",bad\n3,bad,bad\n4,\377 works,good\n' >bad.csv
expect "not UTF-8" 0 'dls-tfidf --text text --min-df 1 -o b1 <bad.csv'
err_is "not UTF-8: warned of" "dls-tfidf: warning: stdin: 2 texts are not UTF-8, the first in line 3; their bytes count as U+FFFD"
expect "not UTF-8: rows" 0 'dls-tfidf --apply b1 <bad.csv'
err_has "not UTF-8: rows: warned of" "2 texts are not UTF-8, the first in line 3"
expect "not UTF-8: trained" 0 'dls-train --target label --id id --text text -o b2 logistic <bad.csv'
err_is "not UTF-8: trained: warned of" "dls-train: warning: stdin: column 'text': 2 of 4 texts are not UTF-8, the first in line 3; their bytes count as U+FFFD"
expect "not UTF-8: scored" 0 'dls-predict b2 <bad.csv'
err_is "not UTF-8: scored: warned of" "dls-predict: warning: column 'text': 2 of 4 texts are not UTF-8, the first in line 3; their bytes count as U+FFFD"
expect "not UTF-8: with --strict it is drift" 1 'dls-predict -q --strict b2 <bad.csv'
for c in "dls-tfidf --text text --min-df 1" "dls-tfidf --apply b1" "dls-train --target label --text text -o none"; do
	expect "--invalid error: ${c%% --*}" 65 "$c --invalid error $(case $c in dls-train*) echo logistic ;; esac) <bad.csv"
	err_is "--invalid error: ${c%% --*}: said" "${c%% *}: stdin:3: column 'text': the text is not UTF-8"
done
printf 'text,label\nworks well,good\nbad,bad\nbad,bad\nworks,good\n' | dls-train --invalid error --target label --text text -o b3 logistic
expect "--invalid error stays in the model" 65 'dls-predict -o none b3 <bad.csv'
err_is "--invalid error stays in the model: said" "dls-predict: stdin:3: column 'text': the text is not UTF-8"
for c in "dls-tfidf --text text" "dls-tfidf --apply tf" "dls-predict m"; do
	expect "a NUL byte: $c" 65 "printf 'text\na\000b\n' | $c"
	err_has "a NUL byte: $c: said" "stdin:2: column 'text': a NUL byte"
done

# ---- files of another kind, and broken ones ----

expect "a vectoriser as a model" 65 "dls-predict tf <'$reviews'"
err_is "a vectoriser as a model: said" \
	"dls-predict: tf: this is a vectoriser of dls-tfidf, not a model; dls-train --features makes it part of one, dls-tfidf --show prints it"
expect "a vectoriser in an ensemble" 65 'dls-ensemble mean m tf'
err_has "a vectoriser in an ensemble: said" "tf: this is a vectoriser of dls-tfidf, not a model"
expect "a model as --features" 65 "dls-train --features m --target label logistic <'$reviews'"
err_is "a model as --features: said" "dls-train: m: this is a model of family logistic, not a vectoriser of dls-tfidf"
expect "a model for --apply" 65 "dls-tfidf --apply m <'$reviews'"
expect "a vectoriser that is not there" 66 "dls-tfidf --apply nosuch <'$reviews'"
expect "a table as a vectoriser" 65 "dls-tfidf --apply '$reviews' <'$reviews'"
size=$(wc -c <tf)
for n in 0 7 8 100 2000 $((size / 2)) $((size - 1)); do
	head -c "$n" tf >broken
	expect "a vectoriser cut at byte $n" 65 "dls-tfidf --apply broken <'$reviews'"
done
for at in 3 20 300 1500 $((size / 2)) $((size - 2)); do
	{ head -c "$at" tf; printf '\001'; tail -c +$((at + 2)) tf; } >broken
	expect "a vectoriser with another byte at $at" 65 "dls-train --features broken --target label -o none logistic <'$reviews'"
done

# ---- ensembles ----

$fit --features tf --cv 3 -o e1 logistic <"$reviews"
$fit --features chars --cv 3 -o e2 logistic <"$reviews"
dls-train -q --target label --id id,text --cv 3 -o e3 bayes <"$reviews"
for how in mean climb stack; do
	dls-ensemble -q $how e1 e2 e3 >ens.$how
	expect "$how of two vectorisers and a member without texts" 0 "dls-predict -q ens.$how <'$reviews'"
	check "$how: a row each" test "$(wc -l <out)" = 241
done
for e in e1 e2 e3; do dls-predict -q $e <"$reviews" | sed 1d | cut -d, -f 4; done >p
dls-predict -q ens.mean <"$reviews" | sed 1d | cut -d, -f 4 >mean
check "the mean of members is theirs" awk 'NR == FNR { p[NR] = $1; next } { d = $1 - (p[FNR] + p[FNR + 240] + p[FNR + 480]) / 3; if (d > 1e-12 || d < -1e-12) exit 1 }' p mean
