#!/usr/bin/python3
"""Golden values of metrics, from scikit-learn 1.2 (the rest by the plainest code).

Writes metrics/CASE.csv, predictions as dls-predict writes them, and
metrics/expected.tsv: case, metric, value (17 digits) or n/a. A case named X+w
is the file X with the weights of its column w.
"""
import os
import warnings

import numpy as np
from sklearn import metrics as m
from sklearn.preprocessing import label_binarize

warnings.simplefilter("error")
here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "metrics")
rng = np.random.default_rng(5)
expected = []


def num(x):
    return repr(float(x))


def value(f):
    """A number, or None where scikit-learn raises, warns or yields NaN."""
    try:
        x = float(f())
    except (ValueError, ZeroDivisionError, Warning):
        return None
    return None if np.isnan(x) else x


def write(case, header, rows):
    with open(os.path.join(here, case + ".csv"), "w") as f:
        f.write(",".join(header) + "\n")
        for row in rows:
            f.write(",".join(x if isinstance(x, str) else num(x) for x in row) + "\n")


def expect(case, table):
    for name, f in table.items():
        x = value(f)
        expected.append(f"{case}\t{name}\t{'n/a' if x is None else num(x)}\n")


def quiet(f):
    """Averages: scikit-learn warns of a class that is 0/0 and counts it as 0, as we do."""
    def g():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return f()
    return g


def classes(y, pred, labels, w):
    t = {
        "accuracy": lambda: m.accuracy_score(y, pred, sample_weight=w),
        "balanced": quiet(lambda: m.balanced_accuracy_score(y, pred, sample_weight=w)),
        "mcc": lambda: m.matthews_corrcoef(y, pred, sample_weight=w),
        "kappa": lambda: m.cohen_kappa_score(y, pred, sample_weight=w),
    }
    for name, f in {"precision": m.precision_score, "recall": m.recall_score, "f1": m.f1_score}.items():
        for a in ["macro", "micro", "weighted"]:
            t[f"{name}:{a}"] = quiet(lambda f=f, a=a: f(y, pred, average=a, sample_weight=w))
        for c in labels:
            t[f"{name}:{c}"] = lambda f=f, c=c: f(y, pred, labels=[c], average=None, sample_weight=w)[0]
    t["fbeta:2:macro"] = quiet(lambda: m.fbeta_score(y, pred, beta=2, average="macro", sample_weight=w))
    t[f"fbeta:0.5:{labels[-1]}"] = lambda: m.fbeta_score(y, pred, beta=0.5, labels=[labels[-1]], average=None, sample_weight=w)[0]
    return t


def lift(y, s, w, share):
    """Walk single rows from the top; rows of equal score share their positives evenly."""
    order = np.argsort(-s, kind="stable")
    room, found = share * w.sum(), 0.0
    for v in np.unique(s)[::-1]:
        rows = order[s[order] == v]
        size = w[rows].sum()
        found += (w[rows] * y[rows]).sum() * min(1.0, room / size) if size else 0.0
        room -= size
        if room <= 0:
            break
    return found / (share * w.sum()) / ((w * y).sum() / w.sum())


def best(y, s, w, score):
    cuts = np.r_[np.unique(s), np.inf]
    return max(score(y, (s >= t).astype(int), sample_weight=w) for t in cuts)


def binary(case, y, p, weights):
    y, p = np.asarray(y), np.asarray(p, float)
    labels = ["no", "yes"]
    pred = (p > 0.5).astype(int)
    write(case, ["target", "prediction", "p:no", "p:yes", "w"],
          [(labels[a], labels[b], 1 - q, q, v) for a, b, q, v in zip(y, pred, p, weights)])
    text, guess = np.array(labels)[y], np.array(labels)[pred]
    for suffix, w in ("", None), ("+w", weights):
        one = np.ones(len(y)) if w is None else w
        both = len(np.unique(y)) == 2
        t = {
            "auc": lambda: m.roc_auc_score(y, p, sample_weight=w),
            "prauc": lambda: m.average_precision_score(y, p, sample_weight=w),
            "logloss": lambda: m.log_loss(y, p, sample_weight=w, labels=[0, 1]),
            "brier": lambda: m.brier_score_loss(y, p, sample_weight=w, pos_label=1),
            "ks": lambda: np.max(np.abs(np.subtract(*m.roc_curve(y, p, sample_weight=w)[:2]))),
            "lift": lambda: lift(y, p, one, 0.1) if y.any() else np.nan,
            "lift:0.33": lambda: lift(y, p, one, 0.33) if y.any() else np.nan,
            "topk:1": lambda: np.average((p >= 1 - p) == y, weights=w),
            "best:f1": lambda: best(y, p, w, m.f1_score) if both else np.nan,
            "best:mcc": lambda: best(y, p, w, m.matthews_corrcoef) if both else np.nan,
            "best:accuracy": lambda: best(y, p, w, m.accuracy_score) if both else np.nan,
            "best:balanced": lambda: best(y, p, w, m.balanced_accuracy_score) if both else np.nan,
            "best:youden": lambda: 2 * best(y, p, w, m.balanced_accuracy_score) - 1 if both else np.nan,
            "best:kappa": lambda: best(y, p, w, m.cohen_kappa_score) if both else np.nan,
            "precision": lambda: m.precision_score(text, guess, labels=["yes"], average=None, sample_weight=w)[0],
        }
        t.update(classes(text, guess, labels, w))
        expect(case + suffix, t)


def multi(case, y, p, weights, labels):
    y = np.asarray(y)
    pred = p.argmax(axis=1)
    write(case, ["target", "prediction"] + ["p:" + c for c in labels] + ["w"],
          [(labels[a], labels[b], *q, v) for a, b, q, v in zip(y, pred, p, weights)])
    text, guess = np.array(labels)[y], np.array(labels)[pred]
    ids = np.arange(len(labels))
    hot = label_binarize(y, classes=ids)
    for suffix, w in ("", None), ("+w", weights):
        t = {
            "auc": lambda: m.roc_auc_score(y, p, multi_class="ovr", labels=ids, sample_weight=w),
            "prauc": lambda: m.average_precision_score(hot, p, average="macro", sample_weight=w),
            "logloss": lambda: m.log_loss(y, p, labels=ids, sample_weight=w),
            "brier": lambda: np.average(((p - hot) ** 2).sum(axis=1), weights=w),
            "topk": lambda: m.top_k_accuracy_score(y, p, k=2, labels=ids, sample_weight=w),
            "topk:3": lambda: m.top_k_accuracy_score(y, p, k=3, labels=ids, sample_weight=w),
            "auc:" + labels[1]: lambda: m.roc_auc_score(y == 1, p[:, 1], sample_weight=w),
        }
        if w is None:
            t["auc:ovo"] = lambda: m.roc_auc_score(y, p, multi_class="ovo", labels=ids)
        t.update(classes(text, guess, labels, w))
        expect(case + suffix, t)


def regression(case, y, f, weights):
    y, f = np.asarray(y, float), np.asarray(f, float)
    write(case, ["target", "prediction", "w"], zip(y, f, weights))
    for suffix, w in ("", None), ("+w", weights):
        expect(case + suffix, {
            "rmse": lambda: m.mean_squared_error(y, f, squared=False, sample_weight=w),
            "mae": lambda: m.mean_absolute_error(y, f, sample_weight=w),
            "r2": lambda: m.r2_score(y, f, sample_weight=w),
            "mape": lambda: m.mean_absolute_percentage_error(y, f, sample_weight=w),
            "pinball": lambda: m.mean_pinball_loss(y, f, sample_weight=w),
            "pinball:0.9": lambda: m.mean_pinball_loss(y, f, alpha=0.9, sample_weight=w),
            "poisson": lambda: m.mean_poisson_deviance(y, f, sample_weight=w),
        })


def rankings(case, y, f, group, weights, labels=None):
    """Rows of one group are a list; groups without a relevant row are left out. Of labels, the second is the positive one."""
    y, f, group = np.asarray(y, float), np.asarray(f, float), np.asarray(group)
    if labels:
        write(case, ["target", "prediction"] + ["p:" + c for c in labels] + ["w", "group"],
              [(labels[int(a)], labels[int(p > 0.5)], 1 - p, p, v, g) for a, p, v, g in zip(y, f, weights, group)])
    else:
        write(case, ["target", "prediction", "w", "group"], zip(y, f, weights, group))
    lists = [group == g for g in np.unique(group) if (y[group == g] > 0).any()]

    def mean(of, w):
        return lambda: np.average([of(y[i], f[i]) for i in lists], weights=None if w is None else [w[i][0] for i in lists])

    for suffix, w in ("", None), ("+w", weights):
        t = {}
        for k in (None, 1, 3, 10):
            name = "" if k is None else f":{k}"
            t["dcg" + name] = mean(lambda a, b, k=k: m.dcg_score([a], [b], k=k), w)
            t["ndcg" + name] = mean(lambda a, b, k=k: m.ndcg_score([a], [b], k=k), w)
        if all(len(np.unique(f[i])) == i.sum() for i in lists):  # no ties, else see tests/unit/metrics/groups.c
            for k in (1, 3, 10):
                t[f"hits:{k}"] = mean(lambda a, b, k=k: (a[np.argsort(-b)][:k] > 0).any(), w)
            t["mrr"] = mean(lambda a, b: 1 / (1 + np.argmax(a[np.argsort(-b)] > 0)), w)
            t["map"] = mean(lambda a, b: m.label_ranking_average_precision_score([a > 0], [b]), w)
        expect(case + suffix, t)


def weights(n):
    return np.where(rng.random(n) < 0.1, 0.0, np.round(rng.gamma(2, 1, n), 3))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


n = 160
y = (rng.random(n) < 0.3).astype(int)
p = 1 / (1 + np.exp(-(2 * y - 1.5 + rng.normal(0, 1.5, n))))
binary("plain", y, p, weights(n))
binary("ties", y, np.round(p, 1), weights(n))
binary("rare", (np.arange(150) == 17).astype(int), rng.random(150) * 0.4, np.ones(150) * 0.5)
binary("constant", y[:40], np.full(40, 0.25), weights(40))
binary("perfect", y[:40], 0.1 + 0.8 * y[:40], weights(40))
binary("reversed", y[:40], 0.9 - 0.8 * y[:40], weights(40))
binary("certain", y[:60], np.round(p[:60]), weights(60))
binary("allyes", np.ones(12, int), p[:12], np.ones(12) * 2)
binary("allno", np.zeros(12, int), p[:12] / 2, np.ones(12) * 2)
binary("onerow", [1], [0.75], np.ones(1))

k, n = 4, 160
y = rng.choice(k, n, p=[0.1, 0.2, 0.3, 0.4])
z = rng.normal(0, 1, (n, k)) + 1.5 * np.eye(k)[y]
names = ["ant", "bee", "cat", "dog"]
multi("four", y, softmax(z), weights(n), names)
coarse = np.round(softmax(z) * 8) / 8
coarse[:, 0] += 1 - coarse.sum(axis=1)
multi("coarse", y, np.abs(coarse) / np.abs(coarse).sum(axis=1, keepdims=True), weights(n), names)
z[:, 0] = -9
multi("absent", np.where(y == 3, 2, y), softmax(z), weights(n), names)

n = 100
f = rng.gamma(2, 2, n)
y = rng.poisson(f).astype(float)
regression("counts", y, f, weights(n))
regression("real", rng.normal(0, 100, n) + 1000, rng.normal(0, 100, n) + 1000, weights(n))
regression("constanty", np.full(10, 0.1), f[:10], np.ones(10))
regression("exact", np.full(10, 0.1), np.full(10, 0.1), np.ones(10))
regression("negative", y[:20] - 3, f[:20], np.ones(20))
regression("zerofit", y[:20], np.r_[0, f[1:20]], np.ones(20))
regression("single", [2.0], [3.0], np.ones(1))

n = 120
group = rng.choice(14, n)
weight = np.round(rng.gamma(2, 1, 14), 3)[group]
gain = np.where(group % 5 == 3, 0, rng.choice(4, n, p=[0.6, 0.2, 0.1, 0.1]))
f = gain + rng.normal(0, 2, n)
rankings("gains", gain, f, group, weight)
rankings("gainties", gain, np.round(f), group, weight)
p = 1 / (1 + np.exp(-f))
rankings("lists", (gain > 1).astype(int), p, group, weight, ["no", "yes"])
rankings("listties", (gain > 1).astype(int), np.round(p, 1), group, weight, ["no", "yes"])

with open(os.path.join(here, "expected.tsv"), "w") as out:
    out.writelines(expected)
