#!/usr/bin/python3
"""Golden numbers for nearest neighbours from scikit-learn: python3 knn.py > knn.h"""
import numpy as np
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(2)
N, M = 70, 10  # training and scored rows


def array(a):
    return "(const double[]){ " + ", ".join(
        repr(float(v)) if v % 1 else "%d" % v for v in np.asarray(a, float).ravel()) + " }"


def case(metric, weights, k, scale, classes, ncat):
    X = (rng.normal(size=(N, 3)) * [1, 10, 0.1] + [1, 100, 0]).round(3)
    T = (rng.normal(size=(M, 3)) * [1, 10, 0.1] + [1, 100, 0]).round(3)
    T[0] = X[7]
    C, D = rng.integers(0, 3, size=(N, ncat)), rng.integers(0, 3, size=(M, ncat))
    D[0] = C[7]
    s = X[:, 0] + C.sum(1) - 1 + rng.normal(size=N) * 0.3
    y = np.searchsorted(np.quantile(s, np.arange(1, classes) / classes), s) if classes else s.round(3)
    scaler = StandardScaler(with_mean=scale, with_std=scale).fit(X)
    # categories that differ count 1: a squared distance of two axes of sqrt(1/2), a sum of two of 1/2
    one = 0.5 if metric == "manhattan" else np.sqrt(0.5)
    A = np.hstack([scaler.transform(X)] + [np.eye(3)[C[:, j]] * one for j in range(ncat)])
    B = np.hstack([scaler.transform(T)] + [np.eye(3)[D[:, j]] * one for j in range(ncat)])
    model = (KNeighborsClassifier if classes else KNeighborsRegressor)(
        n_neighbors=k, weights=weights, metric=metric, algorithm="brute").fit(A, y)
    p = model.predict_proba(B) if classes else model.predict(B)
    print("\t{ \"%s\", \"%s\", %d, %d, %d, %d, %d, %s, %s, %s, %s }," % (
        metric, weights, k, scale, classes, 3 + ncat, ncat, array(np.hstack([X, C])), array(y),
        array(np.hstack([T, D])), array(p)))


print("/* Made by knn.py with scikit-learn 1.2.1. */")
print("static const struct golden {\n\tconst char *metric, *weights;\n\tint k, scale, classes, ncols, ncat;"
      "\t/* the last ncat columns are categories */\n"
      "\tconst double *x, *y, *test, *p;\t/* (%d, ncols) (%d) (%d, ncols) (%d, classes or 1) */\n"
      "} golden[] = {" % (N, N, M, M))
for i, metric in enumerate(("euclidean", "manhattan", "cosine")):
    for weights in ("uniform", "distance"):
        for classes in (0, 2, 3):
            case(metric, weights, 1 + i + classes * 2, i != 1 or classes > 0, classes,
                 2 if metric != "cosine" and classes else 0)
print("};")
