"""What a user of Python would run instead.

peer.py fit KIND TABLE MODEL    reads a CSV with target y, fits one model and keeps it; tells the seconds of fitting alone;
                                boosting has LEAVES (63) and RATE (0.1)
peer.py predict MODEL TABLE     prints predictions as dls-predict does
peer.py tfidf TABLE N-M         fits a TfidfVectorizer to the column review and prints the seconds that this alone took
"""
import os
import pickle
import sys
import time

import numpy as np
import pandas as pd


leaves, rate = int(os.environ.get("LEAVES", 63)), float(os.environ.get("RATE", 0.1))


def table(path):
    d = pd.read_csv(path)
    return d, d.pop("y").to_numpy()


def xgboost_fit(x, y, classes):
    import xgboost
    return xgboost.train({"objective": "binary:logistic" if classes else "reg:squarederror", "tree_method": "hist",
                          "grow_policy": "lossguide", "max_depth": 0, "max_leaves": leaves, "max_bin": 255, "eta": rate,
                          "min_child_weight": 1e-3, "nthread": 2}, xgboost.DMatrix(x, label=y), 100)


def lightgbm_fit(x, y, classes):
    import lightgbm
    return lightgbm.train({"objective": "binary" if classes else "l2", "num_leaves": leaves, "max_bin": 255, "learning_rate": rate,
                           "num_threads": 2, "verbose": -1}, lightgbm.Dataset(x, label=y), 100)


def hist_fit(x, y, classes):
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    return kind(max_iter=100, learning_rate=rate, max_leaf_nodes=leaves, early_stopping=False).fit(x, y)


def forest_fit(x, y, classes):
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    kind = RandomForestClassifier if classes else RandomForestRegressor
    return kind(100, n_jobs=2, random_state=1).fit(np.nan_to_num(x.astype(np.float32), nan=-999), y)


def logistic_fit(**options):
    def fit(x, y, classes):
        from sklearn.linear_model import LogisticRegression
        mean, sd = np.nanmean(x, axis=0), np.nanstd(x, axis=0)
        z = np.nan_to_num((x - mean) / sd)
        m = LogisticRegression(C=1 / (strength * len(y)), max_iter=1000, **options)
        return {"mean": mean, "sd": sd, "model": m.fit(z, y)}
    strength = options.pop("strength")
    return fit


kinds = {
    "xgboost": xgboost_fit,
    "lightgbm": lightgbm_fit,
    "hist": hist_fit,
    "forest": forest_fit,
    "newton": logistic_fit(strength=1e-4, solver="newton-cholesky", tol=1e-6),
    "lbfgs": logistic_fit(strength=1e-4, solver="lbfgs", tol=1e-6),
    "l1": logistic_fit(strength=1e-3, penalty="l1", solver="liblinear", tol=1e-4),
}


def fit(kind, path, to):
    d, y = table(path)
    x = d.to_numpy(dtype=np.float64)
    start = time.time()
    model = kinds[kind](x, y, y.dtype.kind == "i")
    print("seconds of fitting: %.3f" % (time.time() - start), file=sys.stderr)
    with open(to, "wb") as f:
        pickle.dump((kind, y.dtype.kind == "i", model), f)


def predict(path, rows):
    with open(path, "rb") as f:
        kind, classes, model = pickle.load(f)
    d, y = table(rows)
    x = d.to_numpy(dtype=np.float64)
    if kind == "forest":
        x = np.nan_to_num(x.astype(np.float32), nan=-999)
    if isinstance(model, dict):
        x = np.nan_to_num((x - model["mean"]) / model["sd"])
        model = model["model"]
    if kind == "xgboost":
        import xgboost
        x = xgboost.DMatrix(x)
    p = model.predict_proba(x)[:, 1] if hasattr(model, "predict_proba") else model.predict(x)
    if classes:
        print("target,prediction,p:0,p:1")
        for i in range(len(y)):
            print("%d,%d,%.9g,%.9g" % (y[i], p[i] > 0.5, 1 - p[i], p[i]))
    else:
        print("target,prediction")
        for i in range(len(y)):
            print("%.9g,%.9g" % (y[i], p[i]))


def tfidf(path, n):
    from sklearn.feature_extraction.text import TfidfVectorizer
    texts = pd.read_csv(path)["review"]
    v = TfidfVectorizer(ngram_range=tuple(int(k) for k in n.split("-")), sublinear_tf=True)
    start = time.time()
    v.fit_transform(texts)
    print("%.3f" % (time.time() - start))


{"fit": fit, "predict": predict, "tfidf": tfidf}[sys.argv[1]](*sys.argv[2:])
