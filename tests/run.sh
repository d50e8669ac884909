#!/bin/sh
# Runs the unit, cli and manual tests and counts. Usage: tests/run.sh BUILD [PATTERN]
# Prints what failed, how many were skipped, and "N passed, N failed", alone on a line.
set -u
cd "$(dirname "$0")/.." || exit 70

# One test: its lines to $out/NAME.tap ("ok ...", "not ok ...", "skip ..."), or a Check program's to NAME.unit.
if [ "$1" = --one ]; then
	name=$3/$(echo "$2" | tr '/' '_')
	case $2 in
	*.sh) sh "$2" >"$name.tap" 2>"$name.err" || echo "not ok $2 ended with status $?" >>"$name.tap" ;;
	*)
		"$2" >"$name.unit" 2>"$name.err"
		status=$?
		[ $status -le 1 ] || echo "not ok $2 ended with status $status" >"$name.tap"
		;;
	esac
	exit 0
fi

BUILD=$(cd "$1" && pwd) || exit 66
out=$(mktemp -d) || exit 74
trap 'rm -rf "$out"' EXIT INT TERM
export PATH="$BUILD:$PATH" LC_ALL=C BUILD
{
	find "$BUILD/tests/run" -type f -perm -u+x
	find tests/cli tests/manual -name '*.sh'
} | grep -e "${2:-.}" | sort | xargs -P "$(nproc)" -I{} sh "$0" --one {} "$out"
touch "$out/none.tap" "$out/none.unit"

cat "$out"/*.tap | grep '^not ok'
grep -h -E ':[FE]:' "$out"/*.unit
for e in "$out"/*.err; do
	[ ! -s "$e" ] || { echo "--- stderr of $(basename "$e" .err)"; tail -n 15 "$e"; }
done
units=$(cat "$out"/*.unit | sed -n 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\)/\1 \2 \3/p' |
	awk '{ n += $1; f += $2 + $3 } END { print n + 0, f + 0 }')
passed=$(($(cat "$out"/*.tap | grep -c '^ok') + ${units% *} - ${units#* }))
failed=$(($(cat "$out"/*.tap | grep -c '^not ok') + ${units#* }))
skipped=$(cat "$out"/*.tap "$out"/*.unit | grep -c '^skip')
[ "$skipped" -eq 0 ] || echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
