#!/bin/sh
# Naive Bayes of texts: what it learns, shows and refuses.
. tests/lib.sh
reviews=$data/reviews.csv
cd "$tmp" || exit 74
fit="dls-train -q --target label --id id --drop stars"

for kind in mixed multinomial complement bernoulli; do
	$fit --text text --cv 5 -o "$kind" bayes --kind "$kind" <"$reviews"
	expect "$kind learns texts" 0 "dls-predict --oof $kind | dls-eval -q --min accuracy=0.9 accuracy"
done
expect 'the strongest terms' 0 'dls-predict --show multinomial | jq -c ".model | .terms, (.strongest | map_values(length)), (.strongest.bad | keys_unsorted[0], ([.[]] == ([.[]] | sort | reverse)))"'
out_is 'twenty of each class, the greatest first' '"multinomial"
{"bad":20,"good":20}
"text=a week"
true'
expect 'contributions' 0 "dls-predict --contrib mixed <$reviews | head -n 1"
out_is 'one of the text' 'target,prediction,p:bad,p:good,contrib:text,contrib:(bias)'
expect 'importance' 0 'dls-predict --importance coef multinomial | head -n 2 | cut -d, -f1'
out_is 'of each term' 'column
text=a week'

expect 'gaussian terms' 64 "$fit --text text bayes --kind gaussian <$reviews >none"
err_has 'are refused' '--kind gaussian does not take the terms of texts; use --kind mixed, multinomial, complement or bernoulli'
dls-tfidf -q --text text --hash-bits 8 <"$reviews" >signs
dls-tfidf -q --text text --hash-bits 8 --no-signs <"$reviews" >hashed
expect 'hashed terms with signs' 64 "$fit --features signs bayes <$reviews >none"
err_has 'are refused too' 'hash texts with --no-signs, or use --kind bernoulli'
expect 'hashed terms without' 0 "$fit --features hashed bayes <$reviews >model && dls-predict model <$reviews | dls-eval --min accuracy=0.95 accuracy"
