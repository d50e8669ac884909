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


# ---- tokens.json: options of dls-tfidf, then texts and the terms that scikit-learn's analyzers make of them ----

STOP = ["the", "and", "of", "don", "не", "и", "é", "straße"]


def nasty():
    texts = [
        "", " ", "a", "ab", "A_b __ _ x1 1x 12 3", "Hello, World! It's a test.", "don't can't O'Neill rock'n'roll", "naïve Café CAFÉ cafe\u0301 CAFE\u0301",
        "Straße STRASSE ẞ ﬁn", "e-mail@host.com http://a.b/c?d=e&f", "3.14 1,000 1e5 ½ x² H₂O Ⅷ ٣٤", "привет, МИР! Ёлка ёж", "не и the and of THE",
        "हिन्दी में पाठ", "한국어 텍스트", "日本語テキスト ｶﾞ", "العربية نَصّ", "İstanbul IĞDIR ıI", "ΟΔΥΣΣΕΥΣ ΑΣ'Α ὈΔΥΣΣΕΎΣ", "👍🏽 ❤️ 👨‍👩‍👧 a👍b",
        "a\u00adb\u200dc\u200bd e\u00a0f\u2003g\u3000h", "tab\tand\nline\r\nend\x0b\x0c\x1c\x1d\x1e\x1f\x85x", "  two   blanks  ", "a  b   c\u00a0\u00a0d",
        "a\u0323\u0301 \u0301b z\u0336a\u0335l\u0334g\u0337o", "ǅungla ǆ Ǆ", "_", "__init__", "a.b.c", "x" * 50, "\u2028para\u2029graph", "½½ ¼", "µ Å Ω K",
        "Привет\u0301, й и\u0306 ё е\u0308", "ªº º ª", "1_000 a_1", "ﷺ ﬃ", "०१२ ௧", "a\u200cb", "\ufeffbom", "\u202eabc", "q̈uark q\u0308", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚", "🇷🇺 🏳️‍🌈",
        "The cat and the hat of the don", "é straße Straße", "the-and-of", "cat the cat and cat"]
    rng = random.Random(3)
    pools = ["abcXYZ019_'-. ", "éÀñßÅç ", "абвГДЁй ", "αβΓΣς ", "אבג ", "कखि् ", "가나ᄀ", "\u0301\u0323\u0308", "  \t\u00a0\u3000", "👍❤\ufe0f\u200d", "①½²Ⅷ٣"]
    for _ in range(30):
        s = ""
        for _ in range(rng.randrange(1, 6)):
            pool = rng.choice(pools)
            s += "".join(rng.choice(pool) for _ in range(rng.randrange(1, 8)))
        texts.append(s)
    return texts


def tokens():
    from sklearn.feature_extraction.text import CountVectorizer
    with open(os.path.join(HERE, "stop.txt"), "w", encoding="utf-8") as f:
        f.write("\n".join(STOP) + "\n")
    stop = " --stop tests/golden/texts/stop.txt"
    kinds = [("", {}), (" --strip-accents", {"strip_accents": "unicode"}), (stop, {"stop_words": STOP}),
             (" --case keep", {"lowercase": False}), (" --ngrams 1-3", {"ngram_range": (1, 3)}), (" --ngrams 2" + stop, {"ngram_range": (2, 2), "stop_words": STOP})]
    rows = []
    for more, args in kinds:
        f = CountVectorizer(token_pattern=r"(?u)\b\w\w+\b", **args).build_analyzer()
        if not args:  # the same as it is written everywhere
            assert all(f(t) == re.findall(r"(?u)\b\w\w+\b", t.lower()) for t in nasty())
        rows += [["--tokens sklearn --no-nfkc --case lower --ngrams 1" + more]] + [[t, f(t)] for t in nasty()]
    for how, name in (("char", "char"), ("char_wb", "char-wb")):
        for ngrams in ((1, 1), (2, 3), (3, 5)):
            f = CountVectorizer(analyzer=how, ngram_range=ngrams).build_analyzer()
            rows += [["--tokens %s --no-nfkc --case lower --ngrams %d-%d" % (name, *ngrams)]]
            rows += [[t, f(t)] for t in nasty() if len(t) < 16]
    write("tokens.json", rows, ascii=False)


for make in (utf8, lower, classes, tokens):
    make()
