#!/bin/sh
# The grammar of the command line, the same for every command: help, version, options in any place, what is said
# of a bad one; and that help, completion and manual know the same options.
set -u
. tests/lib.sh
root=$PWD
train=$data/customers.csv
cd "$tmp" || exit 70

# lists WORDS HELP: every option of the first is in the second.
lists() {
	while read -r option; do
		grep -q -e "$option\b" "$2" || { echo "no $option"; return 1; }
	done <"$1"
}

# plain PAGE: a manual with its options as they are typed.
plain() {
	sed 's/\\-/-/g; s/Fl -/--/g' "$root/man/$1"
}

for c in dls-train dls-predict dls-ensemble dls-eval dls-split dls-tfidf; do
	expect "$c --help" 0 "$c --help"
	err_is "$c --help: nothing on stderr" ""
	out_has "$c --help: defaults are shown" "(default "
	check "$c --help: examples stand before options" sh -c "grep -n -e '^Examples:' -e '^Options:' out | head -n 1 | grep Examples"
	mv out help
	check "$c --help-as words" sh -c "$c --help-as words >words && test -s words"
	check "$c: help and completion know the same options" lists words help
	plain "$c.1" >page
	check "$c: the manual knows them too" lists words page
	expect "$c -qh: letters in one word" 0 "$c -qh"
	check "$c -qh prints the same" cmp out help
	expect "$c --version" 0 "$c --version"
	check "$c --version names it" grep -q "^$c (dls) [0-9]" out
	expect "$c: an option nearly right" 64 "$c --hepl"
	err_is "$c: did you mean" "$c: unknown option --hepl; did you mean --help?"
	expect "$c: an unknown letter" 64 "$c -qZ"
	err_has "$c: an unknown letter is named" "$c: unknown option -Z; see $c --help"
	expect "$c: a value is missing" 64 "$c --threads"
	err_is "$c: and named" "$c: --threads wants a value: --threads N"
	for bad in x 257 -1 1.5 99999999999999999999 "''" "' 1'" 0x1; do
		expect "$c --threads $bad" 64 "$c --threads=$bad"
		err_has "$c --threads $bad: what would be right" "is not a whole number in [0,256]"
	done
	expect "$c: a flag takes true or false" 64 "$c --verbose=maybe"
	err_is "$c: and says so" "$c: --verbose: 'maybe' is not true or false"
	expect "$c: --no- takes no value" 64 "$c --no-verbose=true"
	expect "$c --help to a full disk" 74 "$c --help >/dev/full"
	err_is "$c: a full disk is said" "$c: stdout: cannot write: No space left on device"
	expect "$c --help | head" 0 "$c --help | head -n 1"
	err_is "$c: a reader that goes away is no news" ""
done

# ---- families and methods ----

check "the manuals' lists are those of the commands" sh "$root/scripts/manuals" --check
plain dls-families.7 >page
for f in $(dls-train --help | sed -n '/^Families/,$s/^  \([a-z_-]*\)  .*/\1/p'); do
	expect "dls-train $f --help" 0 "dls-train $f --help"
	dls-train "$f" --help-as words >words
	check "$f: help lists its options" lists words out
	check "$f: the manual lists them" lists words page
	check "$f: no option hides one of dls-train" sh -c "! dls-train --help-as words | grep -x -F -f words"
done
plain dls-ensemble.1 >page
for m in $(dls-ensemble --help | sed -n '/^Methods/,$s/^  \([a-z_-]*\)  .*/\1/p'); do
	expect "dls-ensemble $m --help" 0 "dls-ensemble $m --help"
	dls-ensemble "$m" --help-as words >words
	check "$m: help lists its options" lists words out
	check "$m: the manual lists them" lists words page
	check "$m: no option hides one of dls-ensemble" sh -c "! dls-ensemble --help-as words | grep -x -F -f words"
done
expect "no family" 64 "dls-train --target churn <'$train'"
err_is "no family: where they are listed" "dls-train: which family? dls-train --help lists them"
expect "a family nearly right" 64 "dls-train --target churn bosot <'$train'"
err_is "a family nearly right: which" "dls-train: unknown family 'bosot'; did you mean 'boost'?"
expect "a method nearly right" 64 "dls-ensemble climp a b"
err_has "a method nearly right: which" "did you mean 'climb'?"
expect "an option of another family" 64 "dls-train --target churn bayes --trees 3 <'$train'"
expect "a family's option before it" 64 "dls-train --target churn --trees 3 boost <'$train'"
err_has "a family's option before it: where it belongs" "stands after its name"

# ---- options in any place mean the same ----

dls-train -q --target churn --id customer --seed 7 boost --trees 3 --leaves 4 <"$train" >want.model
for words in 'boost --target churn --trees 3 --id customer --seed 7 --leaves 4' \
	'--seed=7 boost --trees=3 --leaves=4 --target=churn --id=customer' \
	'--id customer boost --leaves 9 --leaves 4 --target churn --trees 3 --seed 7' \
	'--target churn --id customer --seed 7 --no-verbose -- boost --trees 3 --leaves 4' \
	'--target churn --id customer --seed 7 --stratify=true boost --trees 3 --leaves 4 --'; do
	expect "dls-train $words" 0 "dls-train -q $words <'$train'"
	check "dls-train $words: the same model" cmp out want.model
done
expect "-oFILE" 0 "dls-train -qogot.model --target churn --id customer --seed 7 boost --trees 3 --leaves 4 <'$train'"
check "-oFILE: the same model" cmp got.model want.model
expect "-qo FILE" 0 "dls-predict -qo got want.model <'$train'"
check "-qo FILE: is there" test -s got
expect "-q -v: quiet wins" 0 "dls-predict -qv want.model <'$train'"
err_is "-q -v: nothing on stderr" ""
expect "-v explains" 0 "dls-predict -v want.model <'$train'"
err_has "-v: how many rows" "240 rows scored"
expect "a list in parts" 0 "dls-predict -q --id customer --id months,total want.model <'$train'"
check "a list in parts: all of it" sh -c "head -n 1 out | grep -q '^customer,months,total,target,'"
cp want.model ./-m
expect "-- ends the options" 0 "dls-predict -q -- -m <'$train'"
check "-- ends the options: the same" cmp out got

expect "a stray word after the family" 64 "dls-train --target churn bayes data.csv <'$train'"
err_is "a stray word: data come on stdin" "dls-train: unexpected argument 'data.csv'; data come on stdin (< data.csv)"
expect "a stray word after --" 64 "dls-train --target churn bayes -- data.csv <'$train'"
expect "a stray word for dls-split" 64 "dls-split data.csv <'$train'"
expect "no model" 64 "dls-predict <'$train'"
expect "two models" 64 "dls-predict want.model want.model <'$train'"
expect "no target" 64 "dls-train bayes <'$train'"
err_is "no target: said" "dls-train: --target is not given: which column is to be predicted?"

# ---- ranges ----

expect "a number below its range" 64 "dls-train --target churn boost --rate 0 <'$train'"
err_is "a number below its range: said" "dls-train: --rate: '0' is not a number in (0, inf)"
for bad in inf nan 1e999 0.1x '' 1,5; do
	expect "--rate '$bad'" 64 "dls-train --target churn boost --rate '$bad' <'$train'"
done
expect "a seed below 0" 64 "dls-train --target churn --seed -1 bayes <'$train'"
expect "a seed over 2^64" 64 "dls-train --target churn --seed 18446744073709551616 bayes <'$train'"
expect "the greatest seed" 0 "dls-train -q --target churn --seed 18446744073709551615 -o seed.model boost --trees 1 <'$train'"
expect "a word that is none of the choice" 64 "dls-train --target churn --unseen ignore bayes <'$train'"
err_is "a word that is none of the choice: said" "dls-train: --unseen: 'ignore' is not one of missing|error"

# ---- completion ----

cat >complete.bash <<'X'
. "$1/scripts/completion.bash"
COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
_dls
printf '%s\n' "${COMPREPLY[@]}"
X
expect "completion of an option" 0 "bash complete.bash '$root' dls-train --targ"
out_is "completion of an option: which" "--target
--target-mean
--target-smooth"
expect "completion of a family's option" 0 "bash complete.bash '$root' dls-train boost --lea"
out_is "completion of a family's option: which" "--leaves"
expect "completion of a family" 0 "bash complete.bash '$root' dls-train log"
out_is "completion of a family: which" "logistic"
expect "completion of a method" 0 "bash complete.bash '$root' dls-ensemble cli"
out_is "completion of a method: which" "climb"
expect "completion of a metric" 0 "bash complete.bash '$root' dls-eval balanced"
out_has "completion of a metric: which" "balanced"
