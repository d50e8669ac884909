#!/bin/sh
# Reading MB (200) megabytes of CSV into a table on one thread and on two: the best MB/s of RUNS runs, peak memory over
# the size of the columns as doubles, and pandas on the same file where it is installed.
. "$(dirname "$0")/lib.sh"
read=$(dirname "$(command -v dls-train)")/bench/read
pandas='import sys, time, os, pandas
best = 1e9
for _ in range(int(sys.argv[2])):
    t = time.time(); pandas.read_csv(sys.argv[1]); best = min(best, time.time() - t)
print("%.0f" % (os.path.getsize(sys.argv[1]) / best / 1e6))'

best() {
	for _ in $(seq "$RUNS"); do "$read" "$1" "$2"; done | sort -n | tail -n 1
}

for kind in short long words; do
	"$read" --make "${MB:-200}" $kind >"$tmp/$kind.csv"
	one=$(best "$tmp/$kind.csv" 1) two=$(best "$tmp/$kind.csv" 2)
	printf '%-8s one thread %s MB/s, two %s MB/s; memory %s of the columns\n' "$kind" "${one% *}" "${two% *}" "${two#* }"
	if has_python pandas; then
		peer=$("$PYTHON" -c "$pandas" "$tmp/$kind.csv" "$RUNS")
		echo "$peer ${one% *} ${two% *}" | awk '{ printf "    pandas %d MB/s: we are %.1f and %.1f times as fast\n", $1, $2 / $1, $3 / $1 }'
	fi
	rm "$tmp/$kind.csv"
done
