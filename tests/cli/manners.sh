#!/bin/sh
# The manners of a filter: streams that are full, closed or gone; outputs that are whole or not there; silence.
set -u
. tests/lib.sh
train=$data/customers.csv new=$data/new.csv
cd "$tmp" || exit 70

fit="dls-train -q --target churn --id customer"
$fit --cv 3 -o m bayes <"$train"
$fit --cv 3 -o m2 tree <"$train"
dls-predict -q m <"$train" >p.csv

# only PATTERN: the files of the folder that match are these and no others (what is left half-written shows here).
only() {
	pattern=$1
	shift
	[ "$(find . -maxdepth 1 -name "$pattern" | sort | tr '\n' ' ')" = "$(for f in "$@"; do printf './%s ' "$f"; done)" ]
}

# each STATUS REDIRECTION NAME: runs every command so, with its own good input.
each() {
	expect "dls-train $3" "$1" "$fit bayes $2 <'$train'"
	expect "dls-predict $3" "$1" "dls-predict -q m $2 <'$new'"
	expect "dls-predict --show $3" "$1" "dls-predict --show m $2"
	expect "dls-predict --oof $3" "$1" "dls-predict --oof m $2"
	expect "dls-ensemble $3" "$1" "dls-ensemble -q mean m m2 $2"
	expect "dls-eval $3" "$1" "dls-eval auc $2 <p.csv"
	expect "dls-split $3" "$1" "dls-split $2 <'$train'"
}

# ---- outputs ----

each 74 '>/dev/full' 'to a full disk'
err_is "a full disk is said" "dls-split: stdout: cannot write: No space left on device"
each 74 '-o /dev/full' 'with -o to a full disk'
err_is "a full disk is said with its name" "dls-split: /dev/full: cannot write: No space left on device"
each 74 '>&-' 'with stdout closed'
err_has "a closed stdout is said" "dls-split: stdout: cannot write: "
each 74 '-o no/such/folder/x' 'to a folder that is not there'
err_is "a folder that is not there is said" "dls-split: no/such/folder/x: cannot write: No such file or directory"
each 74 '-o .' 'to a folder'
each 0 '-o made' 'to a file'
each 0 '-o /dev/null' 'to /dev/null'
each 0 '2>&-' 'with stderr closed'
expect "--metrics to a full disk" 74 "$fit --metrics /dev/full -o x boost --trees 2 <'$train'"
check "--metrics to a full disk: no model" test ! -e x
expect "a file size limit" 74 "ulimit -f 1; $fit -o x bayes <'$train'"
err_is "a file size limit is said" "dls-train: x: cannot write: File too large"
check "a file size limit: no file" only 'x*'
check "no temporary file is left" only '*.tmp.*'

echo old >kept
expect "-o keeps what was there when the data are bad" 65 "echo a,b | dls-predict -o kept m"
check "-o keeps what was there: so it does" grep -qx old kept
expect "-o keeps what was there when training fails" 65 "head -n 1 '$train' | $fit -o kept bayes"
check "-o keeps what was there: so it does then" grep -qx old kept
check "nothing half-written is beside it" only 'kept*' kept
ln -s kept link
expect "-o to a link" 0 "dls-predict -q -o link m <'$new'"
check "-o to a link: it stays one" sh -c 'test -L link && head -n 1 kept | grep -q prediction'
expect "-o over the input" 0 "cp '$new' rows.csv && dls-predict -q --append -o rows.csv m <rows.csv"
check "-o over the input: all rows" test "$(wc -l <rows.csv)" = "$(wc -l <"$new")"
(umask 027 && dls-predict -q -o mode m <"$new")
check "-o follows the umask" test "$(stat -c %a mode)" = 640

# ---- signals and readers that go away ----

mkfifo pipe
# begin COMMAND...: one that has read some rows of a table, has its output on its way and waits for more.
begin() {
	"$@" -o cut <pipe 2>err &
	pid=$!
	exec 8>pipe
	cat "$train" >&8
	i=0
	until ls cut.tmp.* >/dev/null 2>&1 || [ $i -eq 200 ]; do sleep 0.01; i=$((i + 1)); done
}
# killed SIGNAL COMMAND...: the signal ends it and leaves nothing.
killed() {
	signal=$1
	shift
	begin "$@"
	check "$1, kill -$signal: the output is on its way under another name" sh -c 'ls cut.tmp.* && test ! -e cut'
	kill -s "$signal" $pid
	wait $pid 2>/dev/null
	got=$?
	exec 8>&-
	check "$1, kill -$signal: ends by the signal" test "$got" -gt 128
	check "$1, kill -$signal: leaves nothing" only 'cut*'
	check "$1, kill -$signal: and says nothing" test ! -s err
}
killed TERM dls-predict -q m
killed HUP dls-predict -q m
killed TERM dls-train -q --target churn boost
killed TERM dls-split
killed TERM dls-eval
begin dls-predict -q m	# a shell without job control starts a background command with SIGINT ignored
kill -s INT $pid
exec 8>&-
wait $pid
check "a signal that is ignored stays so" test $? -eq 0
check "a signal that is ignored: the output is whole" test "$(wc -l <"$tmp/cut")" = "$(wc -l <"$train")"
yes "$(sed -n 2p "$new")" | head -n 30000 | cat "$new" - >many.csv
for c in 'dls-predict -q m <many.csv' 'dls-predict --show m' "dls-predict -q --append m <many.csv" 'dls-split <many.csv' \
	'dls-eval <p.csv' 'dls-predict --oof m' 'dls-train --help'; do
	expect "$c | head" 0 "{ $c; echo \$? >status; } | head -n 1 >/dev/null"
	err_is "$c | head: nothing on stderr" ""
done
expect "a reader that is gone" 0 "{ dls-predict -q m <many.csv; echo \$? >status; } | true"
check "a reader that is gone: the status is SIGPIPE's" grep -qx 141 status
err_is "a reader that is gone: nothing on stderr" ""

# ---- inputs ----

for c in "$fit bayes" 'dls-predict m' dls-split 'dls-eval auc'; do
	expect "$c with stdin closed" 66 "$c <&-"
	err_has "$c with stdin closed: said" "stdin: is closed"
	expect "$c -o with stdin closed" 66 "$c -o x <&-"
	expect "$c of a folder" 66 "$c <."
	err_has "$c of a folder: said" "stdin: is a directory"
	expect "$c of nothing" 65 "$c </dev/null"
	err_has "$c of nothing: said" "stdin: "
done
check "no output of a closed input" test ! -e x
for c in 'dls-predict nosuch' 'dls-predict --show nosuch' 'dls-ensemble mean m nosuch' 'dls-ensemble mean nosuch m' \
	'dls-eval --truth nosuch auc <p.csv' "$fit --valid nosuch bayes <'$train'"; do
	expect "$c" 66 "$c"
	err_has "$c: said" "nosuch: cannot open: No such file or directory"
done
expect "a model that is a folder" 66 "dls-predict . <'$new'"
expect "a model from stdin" 0 'dls-predict --show - <m'
expect "--show of a model" 0 'dls-predict --show m'
expect "model and rows from stdin" 64 'dls-predict - <m'
expect "training and validation rows from stdin" 64 "$fit --valid - bayes <'$train'"

# ---- terminals, silence, locales ----

if script -qec true /dev/null >/dev/null 2>&1; then
	expect "a model is not written to a terminal" 64 "script -qec \"$fit bayes <'$train'\" /dev/null"
	out_has "a model is not written to a terminal: said" "a model is not written to a terminal"
	expect "an ensemble is not written to a terminal" 64 "script -qec 'dls-ensemble mean m m2' /dev/null"
	expect "predictions are" 0 "script -qec \"dls-predict -q m <'$new'\" /dev/null"
	out_has "predictions are: all" "prediction,p:No,p:Yes"
	expect "progress on a terminal is taken away again" 0 "script -qec \"dls-train --target churn --id customer -o x boost --trees 40 <'$train'\" /dev/null"
	check "progress: no line stays" sh -c "! sed 's/.*\\x1b\\[K//' out | grep round"
else
	echo "skip terminals: script(1) is not installed, or finds none"
fi
sed 's/DSL/cable/; s/,One year,/,,/' "$new" >odd.csv
expect "what is odd is said" 0 'dls-predict m <odd.csv'
err_has "what is odd is said: how often" "column 'service': "
expect "-q is silent" 0 'dls-predict -q m <odd.csv'
err_is "-q is silent: no line" ""
expect "-q is silent in training" 0 "dls-train -q --target churn --cv 3 -o x boost --trees 3 <'$train'"
err_is "-q is silent in training: no line" ""
expect "no progress where there is no terminal" 0 "dls-train --target churn --id customer -o x boost --trees 30 <'$train'"
err_is "no progress where there is no terminal: no line" ""
expect "--progress draws all the same" 0 "dls-train --progress --target churn --id customer -o x boost --trees 200 <'$train'"
err_has "--progress draws all the same: rounds" "round "
expect "an error is said even with -q" 65 'echo a | dls-predict -q m'
err_has "an error is said even with -q: so" "dls-predict: stdin: "

for setting in NO_COLOR=1 LC_ALL=de_DE.UTF-8 LC_ALL=tr_TR.UTF-8 LANG=C.UTF-8 TERM=xterm TZ=Asia/Tokyo; do
	env "$setting" dls-train -q --target churn --id customer --cv 3 bayes <"$train" | cmp -s - m &&
		env "$setting" dls-predict -q m <"$train" | cmp -s - p.csv
	check "$setting changes no byte" test $? -eq 0
done

expect "control characters in a message are masked" 65 "printf 'a\033]0;b\007,c\n1,2\n' | dls-train --target x bayes"
check "control characters in a message are masked: all of them" sh -c "! LC_ALL=C grep -q '[[:cntrl:]]' err"
