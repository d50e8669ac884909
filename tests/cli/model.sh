#!/bin/sh
# The model file: the same bytes from the same input, readable by anyone who knows safetensors, refused with one line
# and status 65 when it is not what dls-train wrote.
set -u
. tests/lib.sh
train=$data/customers.csv new=$data/new.csv
cd "$tmp" || exit 70

# ---- the same bytes ----

fit="dls-train -q --target churn --id customer --cv 3"
for f in bayes logistic 'boost --trees 5 --rows 0.7' 'forest --trees 5'; do
	$fit $f <"$train" >m
	$fit $f <"$train" >again
	check "$f: the same from another run" cmp m again
	mkdir -p other && (cd other && $fit -o ../again $f <"$train")
	check "$f: the same from another folder and with -o" cmp m again
	for n in 1 2 3; do
		$fit --threads $n --metrics log $f <"$train" >again
		check "$f: the same with --threads $n" cmp m again
	done
	cat "$train" | $fit $f | cmp -s - m
	check "$f: the same from a pipe" test $? -eq 0
	gzip -nc "$train" | $fit $f >again
	check "$f: the same from gzip" cmp m again
	check "$f: no path, host or date inside" sh -c "! strings -n 4 m | grep -e '$tmp' -e '$(hostname)' -e \"\$(date +%Y-%m)\""
done
$fit --seed 2 boost --trees 5 --rows 0.7 <"$train" >other.model
$fit boost --trees 5 --rows 0.7 <"$train" >m
check "another seed makes another model" sh -c '! cmp -s m other.model'

# ---- anyone can read it ----

if command -v python3 >/dev/null; then
	cat >look.py <<'X'
import json, struct, sys
raw = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", raw[:8])
head, data = json.loads(raw[8:8 + n]), raw[8 + n:]
meta = head.pop("__metadata__")
width = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1}
assert n % 8 == 0, "the header is not padded"
at = 0
for name, t in sorted(head.items(), key=lambda x: x[1]["data_offsets"]):
    begin, end = t["data_offsets"]
    size = width[t["dtype"]]
    for d in t["shape"]:
        size *= d
    assert begin == at and end - begin == size, name
    assert begin % width[t["dtype"]] == 0, name + " is not aligned"
    at = end
assert at == len(data), "%d bytes of tensors in %d" % (at, len(data))
for key in "format family task options schema seed version metrics experiment hash".split():
    assert isinstance(meta["dls." + key], str), key
json.loads(meta["dls.options"]), json.loads(meta["dls.schema"]), json.loads(meta["dls.metrics"])
fold = head["oof.fold"]
rows = struct.unpack("<%di" % fold["shape"][0], data[slice(*fold["data_offsets"])])
print(meta["dls.family"], meta["dls.task"], sorted(set(rows)), len(rows))
X
	expect "Python's standard library reads it" 0 'python3 look.py m'
	out_is "Python's standard library reads it: rightly" "boost binary [1, 2, 3] 240"
	cp m b.model
	$fit -o c.model bayes <"$train"
	dls-ensemble -q climb b.model c.model >e.model 2>err
	cat >names.py <<'X'
import json, struct, sys
raw = open(sys.argv[1], "rb").read()
head = json.loads(raw[8:8 + struct.unpack("<Q", raw[:8])[0]])
print(sorted({k.split(".")[0] for k in head if k[0].isdigit()}))
X
	expect "an ensemble holds its members in scopes" 0 'python3 names.py e.model'
	out_is "an ensemble holds its members in scopes: 0. and 1." "['0', '1']"
else
	echo "skip reading a model by Python: python3 is not installed"
fi

# ---- --show ----

expect "--show prints JSON" 0 'dls-predict --show m | jq -c "[.family, .options.trees, .schema.labels, .metrics.cv.folds, .out_of_fold_rows, .experiment.cv]"'
out_is "--show prints JSON: what was asked for" '["boost",5,["No","Yes"],3,240,3]'
expect "--show of the columns" 0 'dls-predict --show m | jq -c "[.schema.columns[].name]"'
out_is "--show of the columns: the id is none" '["months","contract","service","charge","total"]'
expect "--show and --oof" 64 'dls-predict --show --oof m'

# ---- not a model ----

# refused NAME [WHAT]: the file `bad` is refused with one line by all who read models.
refused() {
	why=
	for c in 'dls-predict bad' 'dls-predict --show bad' 'dls-ensemble mean bad m'; do
		$c <"$new" >out 2>err
		got=$? second=
		{ IFS= read -r first; IFS= read -r second; } <err
		case "$got$second$first" in
		65dls-*": bad: "*"${2-}"*) [ -s out ] && why="$c printed something" ;;
		*) why="$c: status $got: $first $second" ;;
		esac
	done
	if [ -z "$why" ]; then echo "ok $1"; else echo "not ok $1: $why"; fi
}
size=$(wc -c <m)
head=$(od -An -N4 -tu4 m | tr -d ' ')
: >bad; refused "an empty file" "it is empty"
printf 'hello\n' >bad; refused "a text" "does not begin like a safetensors file"
cp "$train" bad; refused "a table" "does not begin like a safetensors file"
printf '\377\330\377\340\000\020JFIF\000\001\001\000\000\001' >bad; refused "a JPEG" "does not begin like a safetensors file"
gzip -c m >bad; refused "a compressed model" "does not begin like a safetensors file"
head -c 4096 /dev/zero >bad; refused "zeros" "does not begin like a safetensors file"
{ printf '\377\377\377\377\377\377\377\177'; echo '{}'; } >bad; refused "a header of 2^63 bytes"
{ printf '\002\000\000\000\000\000\000\000{}'; } >bad; refused "a header without anything"
{ printf '\020\000\000\000\000\000\000\000'; printf '%16s' '[[[[[[[[[[[[[[['; } >bad; refused "a header that is not an object"
{ printf '\100\015\003\000\000\000\000\000'; printf '{"a":'; head -c 199994 /dev/zero | tr '\0' '['; } >bad; refused "a header of brackets"
for n in 7 8 9 100 $((head + 7)) $((head + 8)) $((head + 9)) $((size / 2)) $((size - 1)); do
	head -c "$n" m >bad
	refused "cut off at byte $n"
done
{ cat m; printf 'x'; } >bad; refused "a byte too many"
cat m m >bad; refused "two models in one"

# altered NAME FROM TO: one text of the header is another one of the same length.
altered() {
	LC_ALL=C sed "s/$2/$3/" m >bad
	check "altered: $1" sh -c '! cmp -s bad m'
	refused "altered: $1" "$4"
}
altered "a label" '\[\\"No\\",' '[\\"Na\\",' "its contents were altered"
altered "an offset" '"data_offsets":\[0,' '"data_offsets":[8,' "lies at bytes"
altered "a shape" '"shape":\[' '"shape":[-' "not"
altered "a dtype" '"dtype":"F64"' '"dtype":"F65"' "unknown dtype 'F65'"
altered "a name twice" '"oof.label"' '"oof.fold\\u0000"' ""
altered "the hash" '"dls.hash":"[0-9a-f]' '"dls.hash":"x' "its contents were altered"
altered "no hash" '"dls.hash"' '"dls.hush"' "it has no dls.hash"
{ head -c $((size - 9)) m; printf '\001\002\003\004\005\006\007\010\011'; } >bad; refused "altered: numbers" "its contents were altered"

if command -v python3 >/dev/null; then
	cat >foreign.py <<'X'
import json, struct, sys
def write(head, data):
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    sys.stdout.buffer.write(struct.pack("<Q", len(text)) + text + data)
t = lambda begin, end, shape, dtype="F32": {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
kind = sys.argv[1]
if kind == "foreign":
    write({"__metadata__": {"format": "pt"}, "w": t(0, 8, [2])}, bytes(8))
elif kind == "overlap":
    write({"a": t(0, 8, [2]), "b": t(4, 12, [2])}, bytes(12))
elif kind == "hole":
    write({"a": t(0, 8, [2]), "b": t(12, 20, [2])}, bytes(20))
elif kind == "huge":
    write({"a": t(0, 8, [2**40, 2**40, 2**40])}, bytes(8))
elif kind == "far":
    write({"a": t(2**60, 2**60 + 8, [2])}, bytes(8))
elif kind == "backward":
    write({"a": t(8, 0, [2])}, bytes(8))
elif kind == "fraction":
    write({"a": t(0, 8, [1.5])}, bytes(8))
elif kind == "deep":
    write({"a": t(0, 4, [1] * 50)}, bytes(4))
elif kind == "text":
    write({"a": {"dtype": "F32", "shape": "2", "data_offsets": [0, 8]}}, bytes(8))
elif kind == "array":
    write([1, 2, 3], b"")
elif kind == "meta":
    write({"__metadata__": {"dls.hash": 17}}, b"")
X
	for kind in foreign overlap hole huge far backward fraction deep text array meta; do
		python3 foreign.py $kind >bad
		refused "a safetensors file of another kind: $kind"
	done
fi

# Models of another format version or family, with their hash made right, are in tests/contract/file.c.
expect "an out-of-fold table where there is none" 65 "dls-train -q --target churn -o none.model bayes <'$train' && dls-predict --oof none.model"
err_has "an out-of-fold table where there is none: said" "train it with --cv"
