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


# ---- corpus.json: texts and their class; vectors.json: options, and what scikit-learn makes of the corpus by them ----

FITTED = 200  # the first texts of the corpus; the others are only transformed
SHOWN = 6  # rows of each matrix that are written, beside sums of all

NOUNS = ("kettle lamp router backpack mug manual battery cable screen speaker pillow blender", "чайник лампа рюкзак кружка инструкция "
         "батарея кабель экран колонка подушка утюг ёршик")
GOOD = ("great works perfectly love charming naïve-proof sturdy", "отлично работает прекрасно люблю удобный крепкий надёжный")
BAD = ("broke terrible refund leaks noisy awful cracked", "сломался ужасно вернул течёт шумит трещина кошмар")
PLAIN = ("the and of it is a with for my this very not box day Café crème two 2 x86 don't", "и в на не это с для мой очень коробка день кафе два 2 из-за")


def corpus():
    rng = random.Random(7)
    rows = []
    for i in range(240):
        lang, label = rng.randrange(2), rng.randrange(3)
        words = []
        for _ in range(rng.randrange(2, 9)):
            list_ = rng.choice((PLAIN, NOUNS, PLAIN, (GOOD, BAD, NOUNS)[label]))[lang].split()
            words.append(list_[min(int(rng.expovariate(0.35)), len(list_) - 1)])  # some words are far more frequent
        s = " ".join(words)
        s = {0: s.capitalize() + ".", 1: s.upper(), 2: s.replace(" ", ", ", 1)}.get(rng.randrange(6), s)
        rows.append([s, label])
    for i, s in ((3, ""), (20, "  "), (41, "!!!"), (63, rows[62][0]), (FITTED + 1, ""), (FITTED + 2, "never-seen words only"),
                 (FITTED + 3, "lamp lamp lamp lamp lamp kettle"), (FITTED + 4, least_hash() + " lamp")):
        rows[i][0] = s
    return rows


def least_hash():
    """A word of eight letters whose MurmurHash3 is the least integer: the last block is solved for."""
    from sklearn.utils import murmurhash3_32
    mask = 0xFFFFFFFF

    def turn(x, by):
        return (x << by | x >> (32 - by)) & mask

    def unshift(h, by):
        x = h
        for _ in range(32 // by + 1):
            x = h ^ x >> by
        return x

    h = unshift(0x80000000, 16) * pow(0xC2B2AE35, -1, 1 << 32) & mask
    h = unshift(h, 13) * pow(0x85EBCA6B, -1, 1 << 32) & mask
    h = (turn((unshift(h, 16) ^ 8) - 0xE6546B64 & mask, 32) * pow(5, -1, 1 << 32)) & mask
    h = turn(h, 32 - 13)  # after both blocks: h1 ^ mixed(k2)
    rng = random.Random(1)
    while True:
        first = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(4))
        k = turn(int.from_bytes(first.encode(), "little") * 0xCC9E2D51 & mask, 15) * 0x1B873593 & mask
        h1 = (turn(k, 13) * 5 + 0xE6546B64) & mask
        k2 = (h ^ h1) * pow(0x1B873593, -1, 1 << 32) & mask
        word = first.encode() + (turn(k2, 17) * pow(0xCC9E2D51, -1, 1 << 32) & mask).to_bytes(4, "little")
        if word.isalpha() and word.islower():
            assert murmurhash3_32(word, seed=0) == -(1 << 31)
            return word.decode()


def weight(i, j):
    return (i * 7 + j * 13) % 101 / 101


def vectors():
    import numpy as np
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
    from sklearn.feature_selection import chi2, mutual_info_classif
    rows = corpus()
    write("corpus.json", rows, ascii=False)
    texts, y = [r[0] for r in rows], np.array([r[1] for r in rows[:FITTED]])
    out = []

    def case(options, X, vocabulary=None, idf=None):
        X = X.tocsr().astype(float)
        X.sum_duplicates()
        X.eliminate_zeros()
        X.sort_indices()
        shown = list(range(SHOWN)) + list(range(FITTED, FITTED + 5))
        full = X.tocoo()
        out.append({"options": options, "columns": X.shape[1], "vocabulary": vocabulary, "idf": idf, "entries": X.nnz,
                    "sum": float(sum(v * weight(int(i), int(j)) for i, j, v in zip(full.row, full.col, full.data))),
                    "rows": [[i, X[i].indices.tolist(), X[i].data.tolist()] for i in shown]})

    def fitted(options, v):
        v.fit(texts[:FITTED])
        idf = [float(x) for x in v.idf_] if getattr(v, "use_idf", False) else None
        case("--tokens sklearn --no-nfkc --case lower --ngrams 1 --min-df 1 --no-sublinear " + options, v.transform(texts),
             v.get_feature_names_out().tolist(), idf)

    def no_tie(scores, k):
        """k, or a few more: so many that the next best is worse."""
        s = np.sort(scores)[::-1]
        while s[k - 1] - s[k] < 1e-9:
            k += 1
        return k

    plain = "--idf none --norm none"
    fitted(plain, CountVectorizer())
    fitted(plain + " --ngrams 1-2 --min-df 2 --max-df 0.25", CountVectorizer(ngram_range=(1, 2), min_df=2, max_df=0.25))
    fitted(plain + " --min-df 0.02 --max-df 30", CountVectorizer(min_df=0.02, max_df=30))
    fitted(plain + " --min-df 3 --max-df 3 --ngrams 2-3", CountVectorizer(min_df=3, max_df=3, ngram_range=(2, 3)))
    fitted(plain + " --binary", CountVectorizer(binary=True))
    fitted(plain + " --strip-accents", CountVectorizer(strip_accents="unicode"))
    fitted(plain + " --stop tests/golden/texts/stop.txt --ngrams 1-2 --min-df 2", CountVectorizer(stop_words=STOP, ngram_range=(1, 2), min_df=2))
    counts = CountVectorizer(ngram_range=(1, 2)).fit_transform(texts[:FITTED])
    k = no_tie(np.asarray(counts.sum(0)).ravel(), 40)
    fitted(plain + " --ngrams 1-2 --max-features %d" % k, CountVectorizer(ngram_range=(1, 2), max_features=k))
    fitted("", TfidfVectorizer())
    fitted("--sublinear --ngrams 1-3 --min-df 3", TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 3), min_df=3))
    fitted("--idf plain --norm l1", TfidfVectorizer(smooth_idf=False, norm="l1"))
    fitted("--idf none", TfidfVectorizer(use_idf=False))
    fitted("--norm none --binary", TfidfVectorizer(norm=None, binary=True))
    fitted("--idf plain --binary --sublinear --norm l1", TfidfVectorizer(smooth_idf=False, binary=True, sublinear_tf=True, norm="l1"))
    fitted("--tokens char --ngrams 2-4 --min-df 20", TfidfVectorizer(analyzer="char", ngram_range=(2, 4), min_df=20))
    fitted("--tokens char-wb --ngrams 2-5 --min-df 20", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=20))
    fitted("--tokens char-wb --ngrams 6 --min-df 5 --sublinear", TfidfVectorizer(analyzer="char_wb", ngram_range=(6, 6), min_df=5, sublinear_tf=True))

    def chosen(how, scores, names, by):
        k = no_tie(scores, 25)
        names = sorted(names[np.argsort(-scores)[:k]])
        fitted("--ngrams 1-2 --min-df 2 --select %s --max-features %d%s" % (how, k, by), TfidfVectorizer(
            ngram_range=(1, 2), vocabulary=names, binary="binary" in by))

    v = CountVectorizer(ngram_range=(1, 2), min_df=2)
    counts = v.fit_transform(texts[:FITTED])
    names = v.get_feature_names_out()
    chosen("chi2", chi2(counts, y)[0], names, "")
    chosen("chi2", chi2(counts > 0, y)[0], names, " --binary")
    chosen("mi", mutual_info_classif(counts > 0, y, discrete_features=True), names, "")

    hashed = "--tokens sklearn --no-nfkc --case lower --ngrams 1 --no-sublinear --hash-bits "
    for bits, more, args in ((10, "--idf none", {}), (4, "--idf none", {}), (8, "--idf none --no-signs --norm l1 --ngrams 1-2", {
            "alternate_sign": False, "norm": "l1", "ngram_range": (1, 2)}), (18, "--idf none --norm none", {"norm": None}), (
            1, "--idf none --norm none", {"norm": None}), (12, "--idf none --tokens char-wb --ngrams 3-4", {"analyzer": "char_wb", "ngram_range": (3, 4)})):
        h = HashingVectorizer(n_features=1 << bits, **args)
        case(hashed + "%d %s" % (bits, more), h.transform(texts))
    for more, signs, args in (("", True, {}), (" --no-signs --idf plain --norm l1", False, {"smooth_idf": False, "norm": "l1"})):
        h = HashingVectorizer(n_features=1 << 10, alternate_sign=signs, norm=None)
        with np.errstate(divide="ignore"):
            t = TfidfTransformer(**args).fit(h.transform(texts[:FITTED]))
        seen = np.asarray((h.transform(texts[:FITTED]) != 0).sum(0)).ravel() > 0
        if not args.get("smooth_idf", True):  # a column that no text has weighs what one text would make of it
            t._idf_diag.data[~seen] = np.log(FITTED) + 1
        case(hashed + "10" + more, t.transform(h.transform(texts)))
    write("vectors.json", out, ascii=False)


# ---- murmur.json: texts and their hashes ----

def murmur():
    from sklearn.utils import murmurhash3_32
    rng = random.Random(5)
    texts = ["", "a", "ab", "abc", "abcd", "abcde", "foo bar", "привет", "👍", least_hash()]
    texts += ["".join(rng.choice("abcXYZ019 é中") for _ in range(rng.randrange(1, 40))) for _ in range(60)]
    write("murmur.json", [[t, murmurhash3_32(t.encode(), seed=0)] for t in texts], ascii=False)


for make in (utf8, lower, classes, tokens, vectors, murmur):
    make()
