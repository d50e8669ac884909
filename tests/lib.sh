# For cli tests (sh): each check prints one line, "ok NAME", "not ok NAME: why" or "skip NAME: why".
# A test works in a folder of its own, $tmp, with the commands of the build first on PATH.
tmp=$(mktemp -d) || exit 74
trap 'rm -rf "$tmp"' EXIT INT TERM
data=$PWD/tests/data

# expect NAME STATUS COMMAND: runs the command line; $tmp/out and $tmp/err keep what it printed. It passes when the status is STATUS.
expect() {
	name=$1 want=$2
	shift 2
	sh -c "$*" >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	if [ "$got" -eq "$want" ]; then
		echo "ok $name"
	else
		echo "not ok $name: status $got, not $want; $(head -c 300 "$tmp/err" | tr '\n' ' ')"
	fi
}

# The last command's stdout or stderr is exactly / holds the text.
out_is() { same "$1" "$2" "$tmp/out"; }
err_is() { same "$1" "$2" "$tmp/err"; }
out_has() { has "$1" "$2" "$tmp/out"; }
err_has() { has "$1" "$2" "$tmp/err"; }

same() {
	printf '%s' "$2" >"$tmp/want"
	[ -z "$2" ] || echo >>"$tmp/want"
	if cmp -s "$tmp/want" "$3"; then echo "ok $1"; else echo "not ok $1: $(diff "$tmp/want" "$3" | head -6 | tr '\n' '~')"; fi
}

has() {
	if grep -q -F -e "$2" "$3"; then echo "ok $1"; else echo "not ok $1: no '$2' in '$(head -c 300 "$3" | tr '\n' '~')'"; fi
}

# check NAME COMMAND...: passes when the command does.
check() {
	name=$1
	shift
	if "$@" >"$tmp/check" 2>&1; then echo "ok $name"; else echo "not ok $name: $(head -c 300 "$tmp/check" | tr '\n' '~')"; fi
}

peak() { # COMMAND: its peak memory in KiB
	ASAN_OPTIONS=quarantine_size_mb=1 /usr/bin/time -f %M -o "$tmp/peak" sh -c "exec $1" && tail -n 1 "$tmp/peak"
}

# The second command, over ten times the data, needs no more memory than the first.
flat() { # NAME COMMAND COMMAND
	small=$(peak "$2") large=$(peak "$3")
	check "$1 ($small KiB, $large KiB)" test "${large:-0}" -gt 0 -a "${large:-0}" -le $((${small:-0} * 5 / 4 + 2000))
}

# shapes DIR FIRST LAST: class folders ring and cross of pictures of 16 x 16 pixels with these numbers, each a little different.
shapes() {
	mkdir -p "$1/ring" "$1/cross"
	awk -v dir="$1" -v first="$2" -v last="$3" 'BEGIN {
		for (i = first; i <= last; i++)
			for (ring = 0; ring < 2; ring++) {
				file = dir (ring ? "/ring/" : "/cross/") i ".pgm"
				print "P2 16 16 255" >file
				for (k = 0; k < 256; k++) {
					x = k % 16 - 6 - i % 4
					y = int(k / 16) - 6 - int(i / 4) % 4
					on = ring ? x * x + y * y > 10 && x * x + y * y < 26 : x * x < 2 || y * y < 2
					print (on ? 180 : 40) + (k * k * (2 * i + ring + 1)) % 53 >file
				}
				close(file)
			}
	}'
}
