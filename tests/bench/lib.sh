# For benchmarks (sh): medians of whole commands, and ratios against a peer measured in turn with ours.
tmp=$(mktemp -d) || exit 74
trap 'rm -rf "$tmp"' EXIT INT TERM
RUNS=${RUNS:-5}
PYTHON=${PYTHON:-/usr/bin/python3}

# ms COMMAND: one run of a shell command, in milliseconds.
ms() {
	from=$(date +%s%N)
	sh -c "$1" >/dev/null 2>"$tmp/err" || { echo "failed: $1: $(tail -n 3 "$tmp/err")" >&2; return 1; }
	to=$(date +%s%N)
	echo $(((to - from) / 10000)) | awk '{ print $1 / 100 }'
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# bench NAME COMMAND [PEER COMMAND]...: RUNS runs of each in turn; a line each with its median and its ratio to ours.
bench() {
	name=$1
	shift
	i=0
	while [ $i -lt "$RUNS" ]; do
		i=$((i + 1))
		ms "$1" >>"$tmp/$name.0" || return
		k=2
		while [ $k -lt $# ]; do
			eval "command=\${$((k + 1))}"
			ms "$command" >>"$tmp/$name.$((k / 2))" || return
			k=$((k + 2))
		done
	done
	ours=$(median <"$tmp/$name.0")
	printf '%-28s %10.2f ms\n' "$name" "$ours"
	k=2
	while [ $k -lt $# ]; do
		eval "rival=\${$k}"
		theirs=$(median <"$tmp/$name.$((k / 2))")
		printf '    %-24s %10.2f ms  %6.2f times ours\n' "$rival" "$theirs" "$(echo "$theirs $ours" | awk '{ print $1 / $2 }')"
		k=$((k + 2))
	done
}

# peak COMMAND: peak resident memory of the whole command, in MiB.
peak() {
	/usr/bin/time -f %M -o "$tmp/peak" sh -c "exec $1" >/dev/null 2>"$tmp/err" || tail -n 3 "$tmp/err" >&2
	awk 'END { printf "%.1f", $1 / 1024 }' "$tmp/peak"
}

has_python() { "$PYTHON" -c "import $1" 2>/dev/null; }

# table ROWS COLS: a numeric CSV with a target y of two classes that depends on the columns.
table() {
	awk -v n="$1" -v p="$2" 'BEGIN {
		srand(7)
		printf "y"
		for (j = 1; j <= p; j++) printf ",x%d", j
		print ""
		for (i = 0; i < n; i++) {
			line = ""; z = 0
			for (j = 1; j <= p; j++) {
				x = rand() + rand() + rand() - 1.5
				if (j <= 5) z += x * (j - 2)
				if (j == 6) z += 2 * x * x
				line = line sprintf(",%.*f", 3 + j % 4, x)
			}
			print (rand() < 1 / (1 + exp(-z)) ? 1 : 0) line
		}
	}'
}
