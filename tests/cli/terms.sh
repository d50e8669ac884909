#!/bin/sh
# What linear models make of terms: weights of naive Bayes, one model a class, and the terms that speak for a class.
. tests/lib.sh
reviews=$(pwd)/tests/data/reviews.csv
cd "$tmp" || exit 70

# Columns of the predictions in the first file are those in the second, to 1e-6.
near() { # NAME FILE FILE
	check "$1" sh -c "paste -d, $2 $3 | awk -F, -v n=\$(head -n 1 $2 | tr , '\n' | wc -l) '
		NR > 1 { for (i = 1; i <= n; i++) { d = \$i - \$(n + i); if (d * d > 1e-12) { print NR, \$0; bad = 1 } } } END { exit bad || NR < 2 }'"
}

# ---- --nb-weights: columns times the log ratios of Wang and Manning, which awk takes as well ----

dls-tfidf --text text --target label --min-df 2 --idf none --norm none --binary -o v <"$reviews"
dls-tfidf --apply v <"$reviews" >rows.svm
awk '{ for (i = 2; i <= NF; i++) { split($i, c, ":"); n[$1, c[1]]++; seen[c[1]] } line[NR] = $0 }
	END {
		for (j in seen) { p += 1 + n[1, j]; q += 1 + n[0, j] }
		for (r = 1; r <= NR; r++) {
			k = split(line[r], f, " ")
			printf "%s", f[1]
			for (i = 2; i <= k; i++) {
				split(f[i], c, ":")
				printf " %s:%.17g", c[1], log((1 + n[1, c[1]]) / p) - log((1 + n[0, c[1]]) / q)
			}
			print ""
		}
	}' rows.svm >ratio.svm
for family in 'logistic --l2 1e-2' 'svm --l2 1e-2 --slope-folds 0'; do
	name=${family%% *}
	# shellcheck disable=SC2086
	dls-train -q $family --nb-weights <rows.svm >nb
	# shellcheck disable=SC2086
	dls-train -q $family <ratio.svm >plain
	columns='NR == 1 { for (i = 1; i <= NF; i++) if ($i == "p:1" || $i == "prediction") c = i } { print $c }'
	dls-predict -q nb <rows.svm | awk -F, "$columns" >a
	dls-predict -q plain <ratio.svm | awk -F, "$columns" >b
	near "$name --nb-weights" a b
done
expect '--nb-weights without terms' 64 "dls-train -q --target label --drop id,text logistic --nb-weights <$reviews"

# ---- --multiclass ovr: each class against all others, and their probabilities made to sum to 1 ----

dls-tfidf --text text --target stars --min-df 2 -o v <"$reviews"
dls-tfidf --apply v <"$reviews" >rows.svm
dls-train -q --task classify logistic --multiclass ovr --l2 1e-2 <rows.svm >ovr
dls-predict -q ovr <rows.svm | cut -d, -f 3- >ours
for c in $(head -n 1 ours | tr , ' '); do
	awk -v c="${c#p:}" '{ $1 = ($1 == c) "" } 1' rows.svm >one.svm
	dls-train -q --task classify logistic --l2 1e-2 <one.svm >one
	dls-predict -q one <one.svm | cut -d, -f 4 >"one.$c"
done
# shellcheck disable=SC2046
paste -d, $(head -n 1 ours | tr , '\n' | sed 's/^/one./') |
	awk -F, '{ s = 0; for (i = 1; i <= NF; i++) s += $i; for (i = 1; i <= NF; i++) printf "%s%.12g", (i > 1 ? "," : ""), (s ? $i / s : 0); print "" }' >each
near '--multiclass ovr' ours each

# ---- --importance terms ----

dls-train -q --target label --drop id,stars --text text logistic <"$reviews" >m
expect '--importance terms' 0 'dls-predict --importance terms m'
check 'a class, a term and its weight' test "$(head -n 1 "$tmp/out")" = class,column,weight
check 'both classes' test "$(sed 1d "$tmp/out" | cut -d, -f 1 | sort -u | tr '\n' ' ')" = 'bad good '
check 'the strongest first' sh -c "sed 1d '$tmp/out' | awk -F, '\$1 == c && \$NF > w { exit 1 } { c = \$1; w = \$NF }'"
expect '--show names them' 0 'dls-predict --show m'
strongest=$(dls-predict --importance terms m | sed -n 's/^bad,text=\([^,]*\),.*/\1/p' | head -n 1)
out_has '--show names them: the same' "$strongest"
dls-train -q --target label --drop id,text logistic <"$reviews" >m
expect '--importance terms without texts' 64 'dls-predict --importance terms m'
err_has 'says so' 'the model reads no texts'
