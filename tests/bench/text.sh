#!/bin/sh
# Texts: vectorising against scikit-learn, logistic regression against liblinear, learning from a stream against fastText,
# naive Bayes against reading alone, and counting in bounded memory. The texts are IMDB's under DLS_DATA (25,000 reviews,
# 33 MB), or MB (33) megabytes of made-up ones.
. "$(dirname "$0")/lib.sh"
RUNS=${RUNS_TEXT:-3}
folder=$(dirname "$0")
tfidf=$(dirname "$(command -v dls-train)")/bench/tfidf
if [ -n "${DLS_DATA:-}" ]; then
	gzip -dc "$DLS_DATA/imdb/train.csv.gz" >"$tmp/t.csv"
	gzip -dc "$DLS_DATA/imdb/test.csv.gz" >"$tmp/test.csv"
else
	"$tfidf" --make "${MB:-33}" >"$tmp/t.csv"
	"$tfidf" --make 10 >"$tmp/test.csv"
fi

echo 'fitting and transforming, texts in memory: best seconds'
for n in 1-1 1-2; do
	for _ in $(seq "$RUNS"); do
		"$tfidf" "$tmp/t.csv" review 2 tokens=sklearn case=lower nfkc=false min-df=1 ngrams=$n sublinear=true
	done | awk '{ print $2 + $3 }' | sort -n | head -n 1 >"$tmp/ours"
	if has_python sklearn; then
		"$PYTHON" "$folder/peer.py" tfidf "$tmp/t.csv" "$n" >"$tmp/theirs"
	else
		echo >"$tmp/theirs"
	fi
	paste "$tmp/ours" "$tmp/theirs" | awk -v n=$n -v mb="$(wc -c <"$tmp/t.csv")" '{
		printf "    words %s: %.2f s, %.0f MB/s", n, $1, mb / 1e6 / $1
		if ($2) printf "; scikit-learn %.2f s, %.1f times ours", $2, $2 / $1
		print "" }'
done

dls-tfidf -q --text review --target sentiment -o "$tmp/v" <"$tmp/t.csv"
dls-tfidf -q --apply "$tmp/v" <"$tmp/t.csv" >"$tmp/t.svm"
rows=$(wc -l <"$tmp/t.svm")
l2=$(echo "$rows" | awk '{ print 1 / $1 }')
set -- logistic "dls-train -q -o $tmp/logistic logistic --l2 $l2 --tol 1e-4 < $tmp/t.svm" 'logistic to the last digit' "dls-train -q logistic --l2 $l2 < $tmp/t.svm"
if command -v liblinear-train >/dev/null; then
	set -- "$@" 'liblinear -s 0' "liblinear-train -q -s 0 -B 1 -c 1 $tmp/t.svm $tmp/liblinear"
fi
bench "$@"
dls-train -q -o "$tmp/svm" svm --l2 "$l2" <"$tmp/t.svm"
set -- svm "dls-train -q svm --l2 $l2 --slope-folds 0 < $tmp/t.svm"
if command -v liblinear-train >/dev/null; then
	set -- "$@" 'liblinear -s 1' "liblinear-train -q -s 1 -B 1 -c 1 -e 0.001 $tmp/t.svm $tmp/liblinear.1"
fi
bench "$@"

set -- bayes "dls-train -q bayes --kind multinomial < $tmp/t.svm" 'reading alone' "$(dirname "$tfidf")/read $tmp/t.svm 2"
bench "$@"

online="dls-train -q --stream --target sentiment --id id --text review -o $tmp/online online"
set -- online "$online < $tmp/t.csv"
if command -v fasttext >/dev/null; then
	for f in t test; do
		awk -F, 'NR > 1 {
			label = $NF
			sub(/^[^,]*,/, ""); sub(/,[^,]*$/, ""); gsub(/[^A-Za-z0-9 ]/, " ")
			print "__label__" label " " tolower($0)
		}' "$tmp/$f.csv" >"$tmp/$f.ft"
	done
	set -- "$@" 'fasttext, 5 passes' "fasttext supervised -input $tmp/t.ft -output $tmp/ft -thread 2 -verbose 0"
fi
bench "$@"
echo "    accuracy $(dls-predict "$tmp/online" <"$tmp/test.csv" | dls-eval --digits 4 accuracy | cut -f 2)" \
	"$(! command -v fasttext >/dev/null || fasttext test "$tmp/ft.bin" "$tmp/test.ft" | awk '/P@1/ { print "; fasttext " $2 }')"

echo 'counting words, pairs and triples'
for m in 0 256M 64M; do
	echo "    --memory $m: peak $(peak "dls-tfidf -q --text review --ngrams 1-3 --min-df 3 --memory $m -o $tmp/v.$m < $tmp/t.csv") MiB"
done
cmp "$tmp/v.0" "$tmp/v.64M" && echo '    the same bytes'
