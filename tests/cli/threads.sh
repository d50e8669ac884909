#!/bin/sh
# Every command that takes --threads prints the same bytes for 1, 3 and 8 of them, from inputs that are long enough for the
# work to be divided. (Families and their options: tests/contract/threads.c.)
set -u
. tests/lib.sh
cd "$tmp" || exit 70

awk 'BEGIN {
	srand(4)
	print "id,size,age,city,note,w,y,price"
	for (i = 0; i < 9001; i++) {
		a = rand(); b = rand(); n = int(9 * rand()); s = ""
		while (n--) s = s " word" int(exp(7 * rand()))
		y = a + b + rand() > 1.5
		printf "%d,%.4f,%s,%s,%s,%d,%s,%.3f\n", i, a, rand() < 0.1 ? "" : int(90 * b), rand() < 0.1 ? "" : "city" int(20 * rand()),
			substr(s (y ? " good" : " bad"), 2), 3 * rand(), y ? "yes" : "no", 3 * a + b
	}
}' >rows.csv
awk -F, 'NR > 1 { printf "{\"id\":%s,\"size\":%s,\"age\":%s,\"city\":\"%s\",\"note\":\"%s\",\"y\":\"%s\"}\n", $1, $2, $3 == "" ? "null" : $3, $4, $5, $7 }' rows.csv >rows.json

# alike NAME INPUT COMMAND: the same bytes, which are out.1.
alike() {
	for t in 1 3 8; do sh -c "$3 --threads $t" <"$2" >out.$t 2>err.$t; done
	check "$1" sh -c 'cat err.1; test -s out.1 && cmp out.1 out.3 && cmp out.1 out.8'
}

alike "a part of the rows" rows.csv "dls-split --stratify y --frac 0.3"

# ---- dls-tfidf ----

alike "a vectoriser" rows.csv "dls-tfidf --text note --target y --ngrams 1-2"
mv out.1 tfidf
alike "a vectoriser from NDJSON, chosen by the target" rows.json "dls-tfidf --text note --target y --select chi2 --max-features 300"
alike "a vectoriser in little memory" rows.csv "dls-tfidf --text note --target y --ngrams 1-2 --memory 1M"
check "a vectoriser in little memory: as in much" cmp out.1 tfidf
alike "hashed texts" rows.csv "dls-tfidf --text note --target y --ngrams 1-2 --hash-bits 12"
mv out.1 hashed
for model in tfidf hashed; do
	for form in svmlight vw json; do
		alike "rows by $model as $form" rows.csv "dls-tfidf --apply $model --target y --as $form"
		mv out.1 $model.$form
	done
done

# ---- dls-train ----

fit="dls-train -q --target y --id id --drop price --weight w"
alike "held-out rows" rows.csv "$fit --drop note --valid-frac 0.3 knn"
alike "folds" rows.csv "$fit --text note --cv 2 logistic"
mv out.1 logistic
alike "derived columns" rows.csv "$fit --drop note --cv 2 --target-mean city --ratio size/age --cross city*age bayes"
mv out.1 bayes
alike "a quantity" rows.csv "dls-train -q --target price --id id --drop y,w --text note boost --trees 3"
alike "vectorisers inside" rows.csv "$fit --features tfidf,hashed boost --trees 3"
mv out.1 boost
alike "out-of-bag rows" rows.csv "$fit --drop note --oob forest --trees 4"
alike "NDJSON" rows.json "dls-train -q --target y --id id --text note svm --iterations 2"
alike "a stream" rows.csv "dls-train -q --stream --target y --id id --text note online --passes 2"
alike "a stream of NDJSON" rows.json "dls-train -q --stream --target y --id id --text note online"
for form in svmlight vw json; do
	target=$([ $form = json ] && echo '--target y')
	alike "rows as $form" tfidf.$form "dls-train -q $target logistic"
	mv out.1 $form
	alike "a stream of $form" tfidf.$form "dls-train -q --stream $target online"
done

# ---- dls-predict, dls-ensemble, dls-eval ----

for model in logistic bayes boost; do
	alike "predictions of $model" rows.csv "dls-predict -q --id id $model"
	mv out.1 $model.csv
	alike "predictions of $model, NDJSON" rows.json "dls-predict -q --id id $model"
	check "predictions of $model, NDJSON: as of CSV" cmp out.1 $model.csv
done
for form in svmlight vw json; do alike "predictions of $form" tfidf.$form "dls-predict -q $form"; done
alike "contributions" rows.csv "dls-predict -q --contrib logistic"
alike "importance" rows.csv "dls-predict -q --importance permutation --repeats 1 bayes"
alike "an ensemble" /dev/null "dls-ensemble -q climb --bags 5 logistic bayes"
alike "a blend of files" /dev/null "dls-ensemble -q --predictions rank logistic.csv bayes.csv"
alike "an interval" bayes.csv "dls-eval -q --bootstrap 20 auc"
