#!/bin/sh
# Runs the examples of the manuals and of README: in a literal block a line "$ command" is typed in a folder that
# holds copies of tests/data and the class folders of pictures shapes/, and what follows up to the next "$ " is what it must print. A command may go on over
# several lines while a quote is open. Examples of one page run in order in one folder.
set -u
. tests/lib.sh

# blocks FILE: the literal blocks of a page, one after another.
blocks() {
	case $1 in
	*.md) awk '/^```/ { on = !on && /console/; next } on' "$1" ;;
	*) awk '/^\.Bd -literal/ { on = 1; next } /^\.Ed/ { on = 0 } on' "$1" | sed 's/\\e/\\/g; s/\\-/-/g; s/\\&//g' ;;
	esac
}

# cut_session FOLDER: the session on stdin as files 1.cmd, 1.want, 2.cmd, ...
cut_session() {
	awk -v dir="$1" '
		function quotes(s) { return gsub(/\047/, "", s) }
		open { print > (dir "/" n ".cmd"); open = (open + quotes($0)) % 2; next }
		/^\$ / {
			n++
			s = substr($0, 3)
			print s > (dir "/" n ".cmd")
			printf "" > (dir "/" n ".want")
			open = quotes(s) % 2
			next
		}
		n { print > (dir "/" n ".want") }
	'
}

for page in man/*.[157] README.md; do
	dir=$tmp/$(basename "$page")
	mkdir -p "$dir/run" "$dir/steps"
	cp "$data"/*.csv "$dir/run"
	shapes "$dir/run/shapes" 1 24
	blocks "$page" | cut_session "$dir/steps"
	n=1
	while [ -f "$dir/steps/$n.cmd" ]; do
		step=$dir/steps/$n
		(cd "$dir/run" && sh "$step.cmd") >"$step.got" 2>"$step.err" </dev/null
		if cmp -s "$step.want" "$step.got"; then
			echo "ok $page example $n"
		else
			echo "not ok $page example $n: $(head -n 1 "$step.cmd"): $(diff "$step.want" "$step.got" | head -n 6 | tr '\n' '~') $(head -c 300 "$step.err" | tr '\n' '~')"
		fi
		n=$((n + 1))
	done
done
