#!/bin/sh
# Fuzzes each target: tests/fuzz/run.sh BUILD [TARGET]... for SECONDS_EACH (60) seconds, from its corpus. Wants clang.
set -eu
cd "$(dirname "$0")/../.."
B=$1
shift
targets=${*:-csv json svmlight vw pixels container text picture}
command -v "${CLANG:=clang}" >/dev/null || { echo "fuzz: clang is not installed (Debian: clang)" >&2; exit 66; }
set -- lib/opt/opt.c lib/model/given.c lib/model/vectors.c
for c in lib/base/*.c lib/io/*.c lib/data/*.c lib/data/text/*.c lib/data/image/*.c; do
	[ "$c" = lib/base/die.c ] || set -- "$@" "$c"	# world.c dies instead
done
for t in $targets; do
	mkdir -p "$B/new/$t"
	"$CLANG" -std=c11 -D_GNU_SOURCE -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-Ilib -Itests/fuzz "tests/fuzz/$t.c" tests/fuzz/world.c "$@" \
		-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=free \
		-lcsv -lcjson -lz -lzstd -lxxhash -lutf8proc -lstemmer -lturbojpeg -lpng16 -lpthread -lm -o "$B/$t"
	echo "== $t"
	ASAN_OPTIONS=detect_leaks=0 "$B/$t" -max_total_time="${SECONDS_EACH:-60}" -max_len=4096 -timeout=10 \
		-verbosity=0 -print_final_stats=1 -artifact_prefix="$B/$t-" "$B/new/$t" "tests/fuzz/corpus/$t" \
		>"$B/$t.log" 2>&1 || { tail -n 40 "$B/$t.log"; exit 1; }
	grep -E 'number_of_executed|average_exec|peak_rss' "$B/$t.log"
done
