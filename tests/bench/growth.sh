#!/bin/sh
# How time and memory grow with rows (from 10,000 to MOST_ROWS, a million), columns, classes and trees: seconds, MiB, and the
# power of the growth since the line before. OUT gets growth.csv and growth.png.
. "$(dirname "$0")/lib.sh"
OUT=${OUT:-$(dirname "$(command -v dls-train)")/bench/out}
MOST_ROWS=${MOST_ROWS:-1000000}
mkdir -p "$OUT" || exit 74
echo 'along,family,n,seconds,mib' >"$OUT/growth.csv"

# grow ALONG N FAMILY OPTIONS...: one training on $tmp/t; the model stays in $tmp/FAMILY.
grow() {
	along=$1 n=$2 name=$3
	shift 2
	from=$(date +%s%N)
	/usr/bin/time -f %M -o "$tmp/peak" dls-train -q --target y --task "$task" -o "$tmp/$name" "$@" <"$tmp/t" 2>"$tmp/err" ||
		{ echo "failed: $*: $(cat "$tmp/err")" >&2; return; }
	echo "$from $(date +%s%N) $(tail -n 1 "$tmp/peak")" |
		awk -v along="$along" -v name="$name" -v n="$n" '{ printf "%s,%s,%d,%.3f,%.1f\n", along, name, n, ($2 - $1) / 1e9, $3 / 1024 }' >>"$OUT/growth.csv"
}

task=classify
rows=10000
while [ $rows -le "$MOST_ROWS" ]; do
	table $rows 20 >"$tmp/t"
	for f in logistic tree bayes 'boost --trees 50' 'forest --trees 20'; do
		# shellcheck disable=SC2086
		grow rows $rows $f
	done
	rows=$((rows * 10))
done
for cols in 10 100 1000 10000; do
	table 2000 $cols >"$tmp/t"
	for f in logistic tree bayes 'boost --trees 20' 'forest --trees 20' knn; do
		# shellcheck disable=SC2086
		grow columns $cols $f
	done
done
for classes in 2 10 100; do
	table 20000 10 $classes >"$tmp/t"
	for f in 'logistic --tol 1e-4' tree bayes 'boost --trees 10' 'forest --trees 20'; do
		# shellcheck disable=SC2086
		grow classes $classes $f
	done
done
table 5000 10 >"$tmp/t"
for trees in 10 100 1000 10000; do
	grow trees $trees boost --trees $trees --leaves 8
	grow trees $trees forest --trees $trees --leaves 8
done

sort -t, -k 1,2 -k 3,3n "$OUT/growth.csv" | awk -F, '
	$1 == "along" { next }
	$1 != along { printf "%s\n", along = $1 }
	{
		printf "    %-10s %9d  %9.3f s  %8.1f MiB", $2, $3, $4, $5
		if ($2 == name) printf "  time grows as n^%.2f, memory as n^%.2f", log($4 / s) / log($3 / n), log($5 / m) / log($3 / n)
		print ""
		name = $2; n = $3; s = $4; m = $5
	}'
gnuplot -e "in='$OUT/growth.csv'; out='$OUT/growth.png'" "$(dirname "$0")/growth.gp" 2>&1 | grep -v 'no valid points'
echo "$OUT/growth.csv, $OUT/growth.png"
