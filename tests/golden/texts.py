#!/usr/bin/python3
"""Golden values for texts from Python and scikit-learn: python3 texts.py, which writes the files of texts/."""
import json
import os
import random
import re
import unicodedata

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "texts")


def write(name, rows, ascii=True):
    """A JSON array, an element a line."""
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as f:
        f.write("[\n" + ",\n".join(json.dumps(r, ensure_ascii=ascii, separators=(",", ":")) for r in rows) + "\n]\n")


# ---- utf8.json: bytes in hex, and how many parts of them are not UTF-8 ----

def utf8():
    rng = random.Random(1)
    border = [0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
              0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF]
    found = [b"", b"\xed\xa0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xe2\x82\xff",
             b"\xf0\x9f\x98", b"\xf0\x9f\x98A", b"\xf0\x9fA\x98", b"\xc3", b"a\xc3", b"\xc3\xc3\xa9", b"\x80\x80\x80", b"\xfe\xff",
             b"\xff\xfeh\x00i\x00", "зачем".encode("cp1251"), "зачем".encode("koi8-r"), "зачем".encode("utf-8")[:-1],
             "naïve café".encode("latin-1"), b"12345678\xff", b"1234567\xff8", b"\xef\xbf\xbd", b"\xc0\x80", b"\xe0\x80\xaf"]
    while len(found) < 300:
        found.append(bytes(rng.choice(border) for _ in range(rng.randrange(1, 13))))
    write("utf8.json", [[b.hex(), b.decode("utf-8", "replace").count("\ufffd") - b.count(b"\xef\xbf\xbd")] for b in found])


# ---- lower.json: texts and str.lower(); classes.json: where each class of characters begins, for str.isspace() and \w ----

def lower():
    words = ["ΟΔΥΣΣΕΥΣ", "ΟΔΟΣ ΣΟΦΙΑΣ", "Σ", "ΣΣ", "ΑΣ", "ΣΑ", "ΑΣΑ", "ΑΣ'", "ΑΣ'Α", "Α'Σ", "ΑΣ.", "ΑΣ.Α", "ΑΣ:Α", "ΑΣ,Α", "ΑΣ-Α", "ΑΣ1",
             "1Σ", "ΑΣ中", "中Σ", "ΑΣ\u0301", "ΑΣ\u0301Α", "Α\u0301Σ", "\u0301Σ", "ΑΣ\u00adΑ", "ΑΣ\u200dΑ", "ΑΣ\u2019Α", "ΑΣ_Α", "ΑΣ·Α", "ªΣ", "ΑΣª",
             "ⅣΣ", "ΑΣⅣ", "ʰΣ", "ΑʰΣ", "ΑΣʰΑ", "ΣΑΣ ΣΑΣ", "ΑΣ\nΑ", "ΑΣ👍", "👍Σ", "ⒶΣ", "🅐Σ", "🄰Σ", "ΑΣ🄰", "ǅΣ", "ΑΣ^Α", "ΑΣ`Α", "ΑΣ\uff07Α",
             "ΑΣ״Α", "ΑΣΣ", "ΑΣ'''Σ", "Α'''Σ", "ΚΑΪΣ ΚΑΪ́Σ", "İ", "İSTANBUL", "I İ ı i", "IĞDIR", "ẞ", "STRAßE", "ǅ ǆ Ǆ", "ΆΈΉ", "ᾈ ᾘ", "Ⴀ Ა Ꭰ",
             "Ω K Å", "Ⓐ Ⅷ", "Ａ Ｂ", "𐐀 𞤀", "ПРИВЕТ ЁЛКА", "İ\u0307", "\u0345Σ", "ΑΣ\u0345Α", "Α\u0345Σ"]
    rows = [[w, w.lower()] for w in words]
    every = [chr(c) for c in range(0x110000) if chr(c).lower() != chr(c)]
    assert all(len(c.lower()) == 1 or c == "İ" for c in every)
    rows.append(["\n".join(every), "\n".join(c.lower() for c in every)])
    write("lower.json", rows, ascii=False)


def classes():
    word = re.compile(r"\w")
    rows, last = [], -1
    for c in range(0x110000):
        kind = 3 if unicodedata.category(chr(c)) in ("Cn", "Cs") else 2 if word.match(chr(c)) else 1 if chr(c).isspace() else 0
        if kind != last:
            rows.append([c, kind])
            last = kind
    write("classes.json", rows)


for make in (utf8, lower, classes):
    make()
