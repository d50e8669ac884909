#!/bin/sh
# The batch job scripts/score.cron: overlap, half-written files, bad tables, a bad model, a full disk.
set -u
. tests/lib.sh
cron="sh $PWD/scripts/score.cron"
mkdir "$tmp/job" && cd "$tmp/job" || exit 70
export TMPDIR="$tmp"
dls-train -q --target churn --id customer -o model bayes <"$data/customers.csv"
dls-predict -q --id customer model <"$data/new.csv" >good.csv
job="SETTLE=0 $cron model in out --id customer"

# fresh: empty folders.
fresh() {
	rm -rf in out
	mkdir in out
}
# holds FOLDER FILES...: these files and no others are in the folder.
holds() {
	folder=$1
	shift
	[ "$(find "$folder" -maxdepth 1 -type f ! -name .lock -printf '%f ' | tr ' ' '\n' | sort | tr '\n' ' ')" = "$(printf '%s\n' "$@" | sort | tr '\n' ' ')" ]
}

fresh
cp "$data/new.csv" in/a.csv
gzip -c "$data/new.csv" >in/b.csv.gz
dls-split --frac 0.001 --rest <"$data/new.csv" | zstd -q >in/c.csv.zst
echo '{"customer":"C1","months":3,"contract":"One year","service":"DSL","charge":1,"total":3}' >in/d.json
echo hello >in/readme.txt
expect "tables of all forms" 0 "$job"
err_is "tables of all forms: silence" ""
check "tables of all forms: the predictions" holds out a.csv b.csv c.csv d.json.csv
for f in a b c; do check "tables of all forms: those of $f" cmp out/$f.csv good.csv; done
check "tables of all forms: what is done" holds in/done a.csv b.csv.gz c.csv.zst d.json
check "other files stay" holds in readme.txt
expect "nothing to do" 0 "$job"
cp "$data/new.csv" in/a.csv
expect "a name that came before" 0 "$job"
check "a name that came before: both are kept" holds in/done a.csv a.csv.~1~ b.csv.gz c.csv.zst d.json

fresh
cp "$data/new.csv" in/a.csv
expect "a file that has just changed" 0 "$cron model in out"
check "a file that has just changed waits" holds in a.csv
touch -d '10 minutes ago' in/a.csv
expect "a file that has settled" 0 "$cron model in out --id customer"
check "a file that has settled is scored" cmp out/a.csv good.csv

fresh
cp "$data/new.csv" in/a.csv
expect "overlap" 0 "flock in/.lock sh -c '$job'"
err_is "overlap: silence" ""
check "overlap: the second run touches nothing" holds in a.csv
expect "after overlap" 0 "$job"
check "after overlap: it is scored" holds out a.csv

fresh
cp "$data/new.csv" in/z.csv
cut -d, -f1,3- "$data/new.csv" >in/a.csv
gzip -c "$data/new.csv" | head -c 300 >in/b.csv.gz
sed '$s/,[^,]*$//' "$data/new.csv" >in/c.csv
head -c 1001 "$data/new.csv" | head -c -1 >in/d.csv
expect "bad tables among good ones" 65 "$job"
err_has "a missing column is named" "a.csv: dls-predict: stdin: there is no column 'months'"
err_has "a cut archive is said" "b.csv.gz: dls-predict: stdin: the gzip archive is damaged"
err_has "a cut record is said" "c.csv: dls-predict: stdin:61: "
err_has "a cut line is said" "d.csv: score.cron: the last line has no end"
check "bad tables: only the good one is scored" holds out z.csv
check "bad tables: and is right" cmp out/z.csv good.csv
check "bad tables: they are kept with a reason" holds in/failed a.csv a.csv.log b.csv.gz b.csv.gz.log c.csv c.csv.log d.csv d.csv.log
expect "bad tables: not again" 0 "$job"

fresh
cp "$data/new.csv" in/a.csv
echo old >out/a.csv
expect "a full disk" 74 "ulimit -f 1; $job"
err_is "a full disk is said" "a.csv: dls-predict: out/a.csv: cannot write: File too large"
check "a full disk: the table waits" holds in a.csv
check "a full disk: nothing half-written" holds out a.csv
check "a full disk: what was there stays" grep -qx old out/a.csv
expect "a disk with room again" 0 "$job"
check "a disk with room again: it is scored" cmp out/a.csv good.csv

fresh
cp "$data/new.csv" in/a.csv
head -c 1000 model >cut.model
expect "a bad model" 65 "SETTLE=0 $cron cut.model in out"
err_has "a bad model is said" "cut.model: not a valid model"
check "a bad model: the tables wait" holds in a.csv
expect "no model" 66 "SETTLE=0 $cron nosuch in out"
expect "a bad option" 64 "SETTLE=0 $cron model in out --nosuch"
check "a bad option: the tables wait" holds in a.csv
expect "no folder" 66 "$cron model in nosuch"
expect "no words" 64 "$cron model"
sed 's/DSL/cable/' "$data/new.csv" >in/a.csv
expect "drift" 0 "$job"
err_is "drift without --strict: silence" ""
mv in/done/a.csv in/a.csv
expect "drift with --strict" 1 "$job --strict"
err_has "drift with --strict is said" "a.csv: dls-predict: warning: column 'service': "
check "drift with --strict: it is scored" holds out a.csv
