#!/bin/sh
# What bad input is told: one line with line and column, and status 65.
# shellcheck disable=SC2016
. tests/lib.sh
cd "$tmp" || exit 74

# refused NAME TEXT MESSAGE: the text, as printf has it, is refused with the message.
refused() {
	expect "$1" 65 "printf '$2' | dls-split --add part"
	err_is "$1: message" "dls-split: stdin$3"
}

refused 'an empty input' '' ': the input is empty; it wants CSV with a header, or JSON'
refused 'blanks alone' ' \n\n' ': the input begins with nothing but blanks; it wants CSV with a header, or JSON'
refused 'UTF-16' '\377\376a\0' ': this is UTF-16; iconv -f UTF-16 -t UTF-8 makes it readable'
refused 'two columns of one name' 'a,b, a\n' ":1: the columns 1 and 3 are both named 'a'"
refused 'a cell too few' 'a,b,c\n1,2,3\n1,2\n' ":3: 2 cells, but the header has 3: none for column 'c'"
refused 'a cell too many' 'a,b\n\n1,2,3\n' ':3: 3 cells, but the header has 2: a separator too many, or a cell that wants quotes'
refused 'a cell too many, quoted' 'a,b\n"1\n",2,3\n' ':2: 3 cells, but the header has 2: a separator too many, or a cell that wants quotes'
refused 'a quote inside a cell' 'a,b\n1,5" disk\n' \
	":2: column 'b': a quote inside a cell that does not begin with one; put the cell in quotes and double it"
refused 'text after a quote' 'a,b\n"x\n"y,2\n' ":3: column 'a': text after the closing quote; inside a quoted cell a quote is doubled. The cell begins in line 2"
refused 'text after a quote, one line' 'a,b\n1,"x"y\n' ":2: column 'b': text after the closing quote; inside a quoted cell a quote is doubled"
refused 'a quote left open' 'a,b\n1,"x\n2,y\n3,z\n' ":2: column 'b': the quote that opens here is never closed"
refused 'a quote left open in the header' 'a,"b\n1,2\n' ':1: cell 2: the quote that opens here is never closed'
refused 'a NUL byte' 'a,b\n1,2\n\0,4\n' ":3: column 'a': a NUL byte; this is not text (of UTF-16, iconv makes UTF-8)"
refused 'a NUL byte in quotes' 'a,b\n1,"2\0"\n' ":2: column 'b': a NUL byte; this is not text (of UTF-16, iconv makes UTF-8)"

refused 'nested JSON' '{"a":1}\n{"a":[1]}' \
	":2: JSON: the value of 'a' is nested; only strings, numbers, true, false and null are read"
refused 'a key twice' '{"a":1,"a":2}' ":1: JSON: the key 'a' stands twice in an object"
refused 'half a surrogate' '{"a":"\\ud800"}' ":1: JSON: half of a surrogate pair at '\"}'"
refused 'JSON cut off' '{"a":1}\n{"a":' ":2: JSON: no value at ''"
refused 'an array cut off' '[{"a":1},' ':1: JSON: the array is not closed by the end of the input'
refused 'no JSON number' '{"a":01}' ":1: JSON: no value at '01}'"
refused 'more after the array' '[{"a":1}] x' ":1: JSON: more after the array at 'x'"

expect 'a line of 100 MB' 0 "{ printf 'a,b\n1,'; head -c 100000000 /dev/zero | tr '\0' x; echo; } | dls-split --add part | wc -c"
out_is 'comes back whole' '100000014'
