#!/bin/sh
# The homework on linear models on a small table: its table and pictures, and that the good solvers agree.
. tests/lib.sh
check 'the homework runs' make -s -j2 -f scripts/linear.mk TRAIN=tests/data/customers.csv TARGET=churn OUT="$tmp/linear"
for f in descent path-l1 path-l2; do
	check "$f.png is a picture" sh -c "head -c 4 $tmp/linear/$f.png | grep -q PNG"
done
check 'all solvers are in the table' [ "$(awk 'NR > 1 && $3 > 0' "$tmp/linear/solvers.txt" | wc -l)" = 8 ]
check 'newton, lbfgs and cd reach the same objective' \
	[ "$(awk '$1 ~ /^(newton|lbfgs|cd)$/ { printf "%.6f\n", $2 }' "$tmp/linear/solvers.txt" | sort -u | wc -l)" = 1 ]
check 'with a large L1 penalty no column is left' sh -c "awk -F, 'NR == 2 { for (i = 4; i <= NF; i++) if (\$i != 0) exit 1 }' $tmp/linear/l1.path"
check 'with a small one some are' sh -c "! tail -n 1 $tmp/linear/l1.path | awk -F, '{ for (i = 4; i <= NF; i++) if (\$i != 0) exit 1 }'"
