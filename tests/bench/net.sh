#!/bin/sh
# Nets in training and forward, in pictures a second on two threads, in turn with PyTorch (both layouts) where it is there:
# medians, ratios to the better of the two, and what each layer takes.
. "$(dirname "$0")/lib.sh"
SECONDS_EACH=${SECONDS_EACH:-3}
NETS=${NETS:-pair,64,28,1,10 resnet18,16,224,3,1000 mobilenet2,16,224,3,1000 squeezenet,16,224,3,1000}
net=$(dirname "$(command -v dls-train)")/bench/net
peer=$(dirname "$0")/peer_net.py

# rate WHAT: the pictures a second of a line "NAME train RATE pictures/s" on stdin.
rate() { awk -v what="$1" '$2 == what { print $3 }'; }

for n in $NETS; do
	words="$(echo "$n" | tr , ' ') 2 $SECONDS_EACH"
	name=${n%%,*}
	rm -f "$tmp"/rates.*
	i=0
	while [ $i -lt "$RUNS" ]; do
		i=$((i + 1))
		# shellcheck disable=SC2086
		"$net" $words >"$tmp/ours"
		if has_python torch; then
			# shellcheck disable=SC2086
			{ "$PYTHON" "$peer" $words; "$PYTHON" "$peer" $words channels-last; } >"$tmp/theirs" 2>"$tmp/err"
		fi
		for what in train forward; do
			rate $what <"$tmp/ours" >>"$tmp/rates.$what"
			[ -s "$tmp/theirs" ] && rate $what <"$tmp/theirs" | sort -n | tail -n 1 >>"$tmp/rates.$what.peer"
		done
	done
	for what in train forward; do
		printf '%-12s %-8s %9.1f pictures/s' "$name" $what "$(median <"$tmp/rates.$what")"
		[ -s "$tmp/rates.$what.peer" ] && paste "$tmp/rates.$what" "$tmp/rates.$what.peer" | awk '{ print $1 / $2 }' | sort -n |
			awk '{ r[NR] = $1 } END { printf "  %.2f times PyTorch (%.2f to %.2f)", r[int((NR + 1) / 2)], r[1], r[NR] }'
		echo
	done
done
# shellcheck disable=SC2086
"$net" resnet18 16 224 3 1000 1 "$SECONDS_EACH" layers
