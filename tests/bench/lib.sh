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

# table ROWS COLS [CLASSES]: a CSV as tests/bench/table.c makes it, of two classes unless said.
table() { "$(dirname "$(command -v dls-train)")/bench/table" "$1" "$2" "${3:-2}"; }

# ---- contests: programs side by side, in time, memory and quality ----

# enter PROGRAM FIT [SCORE]: the shell command that is measured, and one that prints predictions of the test rows.
enter() {
	entries=$((${entries:-0} + 1))
	echo "$1" >"$tmp/$entries.name"
	echo "$2" >"$tmp/$entries.fit"
	echo "${3:-}" >"$tmp/$entries.score"
	: >"$tmp/$entries.runs"
}

# contest WORK [METRIC]: runs all that entered in turn, RUNS times; a line of CSV each to $results, and of a table to stdout.
contest() {
	for _ in $(seq "$RUNS"); do
		for e in $(seq "$entries"); do
			from=$(date +%s%N)
			/usr/bin/time -f '%U %S %M' -o "$tmp/time" sh -c "$(cat "$tmp/$e.fit")" >/dev/null 2>"$tmp/err" ||
				{ echo "failed: $(cat "$tmp/$e.fit"): $(tail -n 3 "$tmp/err")" >&2; continue; }
			echo "$from $(date +%s%N) $(tail -n 1 "$tmp/time") $(sed -n 's/^seconds of fitting: //p' "$tmp/err")" >>"$tmp/$e.runs"
		done
	done
	echo "$1"
	for e in $(seq "$entries"); do
		[ -s "$tmp/$e.runs" ] || continue
		quality=
		[ -z "${2:-}" ] || quality=$(sh -c "$(cat "$tmp/$e.score")" 2>"$tmp/err" | dls-eval -q "$2" | cut -f 2)
		awk '{ print ($2 - $1) / 1e9, $3 + $4, $5 / 1024, $6 }' "$tmp/$e.runs" | sort -n |
			awk -v work="$1" -v program="$(cat "$tmp/$e.name")" -v metric="${2:-}" -v quality="$quality" '
				{ wall[NR] = $1; cpu[NR] = $2; mb[NR] = $3; fit[NR] = $4 }
				END { m = int((NR + 1) / 2); printf "%s,%s,%d,%.3f,%.3f,%.3f,%s,%.2f,%.0f,%s,%s\n", work, program, NR, wall[m],
					wall[1], wall[NR], fit[m], cpu[m], mb[m], metric, quality }'
	done >"$tmp/contest"
	cat "$tmp/contest" >>"${results:-/dev/null}"
	awk -F, 'NR == 1 { ours = $4 }
		{ printf "    %-26s %8.3f s  (%.3f to %.3f)  %6.2f times ours  %7.2f s of CPU  %6d MB", $2, $4, $5, $6, $4 / ours, $8, $9
		  if ($7 != "") printf "  fit alone %.3f s", $7
		  if ($10 != "") printf "  %s %.5f", $10, $11
		  print "" }' "$tmp/contest"
	entries=0
}
