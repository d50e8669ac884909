"""What a user of Python would run instead: reads a CSV with target y, fits one model. peer.py FILE MODEL

tfidf:1-2 fits a TfidfVectorizer to the column review and prints the seconds that this alone took.
"""
import sys
import time

import numpy as np
import pandas as pd

d = pd.read_csv(sys.argv[1])
kind = sys.argv[2]
if kind.startswith("tfidf:"):
    from sklearn.feature_extraction.text import TfidfVectorizer
    v = TfidfVectorizer(ngram_range=tuple(int(n) for n in kind[6:].split("-")), sublinear_tf=True)
    start = time.time()
    v.fit_transform(d["review"])
    print("%.3f" % (time.time() - start))
    sys.exit()
y, x = d.pop("y").to_numpy(), d.to_numpy(dtype=np.float64)
if kind == "read":
    pass
elif kind == "logistic":
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    x = StandardScaler().fit_transform(x)
    LogisticRegression(C=1 / (1e-4 * len(y)), tol=1e-6, max_iter=1000).fit(x, y)
elif kind == "forest":
    from sklearn.ensemble import RandomForestClassifier
    RandomForestClassifier(100, min_samples_leaf=5, n_jobs=2, random_state=1).fit(x, y)
elif kind == "hgb":
    from sklearn.ensemble import HistGradientBoostingClassifier
    HistGradientBoostingClassifier(max_iter=100, learning_rate=0.1, max_leaf_nodes=31, early_stopping=False).fit(x, y)
elif kind == "xgboost":
    import xgboost
    xgboost.train({"objective": "binary:logistic", "tree_method": "hist", "grow_policy": "lossguide", "max_depth": 0,
                   "max_leaves": 31, "eta": 0.1, "nthread": 2}, xgboost.DMatrix(x, label=y), 100)
else:
    sys.exit("unknown " + kind)
