#!/usr/bin/python3
"""Golden numbers for trees and boosting: python3 tree.py > tree.h

A case holds options of a family, training rows and what scikit-learn's
DecisionTree or xgboost's exact trees predict for others. Kept are data where
no two splits tie (scikit-learn gives the same tree for any seed).
"""
import sys
import numpy as np
import sklearn
import xgboost
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

rng = np.random.default_rng(1)
N, M, P = 80, 12, 3  # training and scored rows, columns


def array(a):
    return "(const double[]){ " + ", ".join("%.9g" % v for v in np.asarray(a, float).ravel()) + " }"


def emit(family, options, k, X, y, w, T, p):
    print('\t{ "%s", "%s", %d, %s, %s, %s, %s, %s },' % (
        family, options, k, array(X), array(y), array(w) if w is not None else "NULL", array(T), array(p)))


def data(k):
    X, T = rng.normal(size=(N, P)).round(3), rng.normal(size=(M, P)).round(3)
    s = X[:, 0] * X[:, 1] + X[:, 2] + rng.normal(size=N) * 0.5
    y = s.round(3) if k == 0 else np.digitize(s, np.quantile(s, np.arange(1, k) / k))
    return X, y, T, rng.integers(1, 4, size=N).astype(float)


def tree(options, k, weighted, **kw):
    make = DecisionTreeRegressor if k == 0 else DecisionTreeClassifier
    while True:
        X, y, T, w = data(k)
        w = w if weighted else None
        out = []
        for seed in range(20):
            m = make(random_state=seed, **kw).fit(X, y, sample_weight=w)
            out.append(m.predict(T) if k == 0 else m.predict_proba(T))
        if all(np.abs(o - out[0]).max() < 1e-12 for o in out):
            emit("tree", options, k, X, y, w, T, out[0])
            return


def boost(options, k, weighted, **kw):
    X, y, T, w = data(k)
    w = w if weighted else None
    start = float(np.average(y, weights=w))  # where ours starts
    m = xgboost.train(dict(tree_method="exact", nthread=1, base_score=start, **kw), xgboost.DMatrix(X, y, weight=w), num_boost_round=8)
    emit("boost", options, k, X, y, w, T, m.predict(xgboost.DMatrix(T)))


print("/* Made by tree.py with scikit-learn %s and xgboost %s. */" % (sklearn.__version__, xgboost.__version__))
print("#define GOLDEN_N %d\n#define GOLDEN_M %d\n#define GOLDEN_P %d" % (N, M, P))
print("static const struct golden {")
print("\tconst char *family, *options;\n\tint k;")
print("\tconst double *x, *y, *w, *test, *p;\t/* (N, P) (N) (N) or NULL (M, P), (M, k) or of boost (M): value or p of class 1 */")
print("} golden[] = {")
for k in (2, 4):
    tree("depth 4 min-leaf 5", k, False, max_depth=4, min_samples_leaf=5)
    tree("depth 3 min-leaf 4 criterion entropy", k, True, max_depth=3, min_samples_leaf=4, criterion="entropy")
    tree("leaves 6 min-leaf 3", k, True, max_leaf_nodes=6, min_samples_leaf=3)
    tree("min-leaf 6 min-gain 0.02", k, False, min_samples_leaf=6, min_impurity_decrease=0.02)
tree("depth 4 min-leaf 3", 0, False, max_depth=4, min_samples_leaf=3)
tree("min-leaf 2 leaves 12", 0, True, min_samples_leaf=2, max_leaf_nodes=12)
common = "trees 8 grow depth leaves 0 min-leaf 1 min-weight 1 "
boost(common + "depth 3 rate 0.3 l2 1", 0, False, objective="reg:squarederror", max_depth=3, eta=0.3)
boost(common + "depth 3 rate 0.3 l2 2 l1 0.5", 2, True, objective="binary:logistic", max_depth=3, eta=0.3,
      alpha=0.5, **{"lambda": 2})
print("};")
