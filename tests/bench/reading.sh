#!/bin/sh
# Reading MB (200) megabytes of CSV, and of svmlight, into a table on one thread and on two: the best MB/s of RUNS runs,
# peak memory over the size of the columns as doubles and the features as pairs, and pandas and scikit-learn on the same
# file where they are installed.
. "$(dirname "$0")/lib.sh"
read=$(dirname "$(command -v dls-train)")/bench/read
peer='import sys, time, os
if sys.argv[3] == "sklearn":
    from sklearn.datasets import load_svmlight_file as load
else:
    from pandas import read_csv as load
best = 1e9
for _ in range(int(sys.argv[2])):
    t = time.time(); load(sys.argv[1]); best = min(best, time.time() - t)
print("%.0f" % (os.path.getsize(sys.argv[1]) / best / 1e6))'

best() {
	for _ in $(seq "$RUNS"); do "$read" "$1" "$2"; done | sort -n | tail -n 1
}

for kind in short long words svmlight; do
	rival=pandas
	[ $kind = svmlight ] && rival=sklearn
	"$read" --make "${MB:-200}" $kind >"$tmp/$kind"
	one=$(best "$tmp/$kind" 1) two=$(best "$tmp/$kind" 2)
	printf '%-8s one thread %s MB/s, two %s MB/s; memory %s of the data\n' "$kind" "${one% *}" "${two% *}" "${two#* }"
	if has_python $rival; then
		theirs=$("$PYTHON" -c "$peer" "$tmp/$kind" "$RUNS" $rival)
		echo "$theirs ${one% *} ${two% *} $rival" | awk '{ printf "    %s %d MB/s: we are %.1f and %.1f times as fast\n", $4, $1, $2 / $1, $3 / $1 }'
	fi
	rm "$tmp/$kind"
done
