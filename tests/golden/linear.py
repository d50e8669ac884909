#!/usr/bin/python3
# Golden numbers of the families linear and logistic: scikit-learn, glmnet (by
# linear.R) and, for huber, Newton's method in numpy. Writes linear.txt:
#
#	data N P		then N rows: P columns, value, class of 2, class of 3, count, weight
#	case NAME LOSS L1 L2 PARAM STANDARDIZE WEIGHTED K OBJECTIVE
#				then K rows: intercept, P coefficients, in original units
import os
import subprocess
import tempfile

import numpy as np
from sklearn.linear_model import (ElasticNet, Lasso, LinearRegression, LogisticRegression, PoissonRegressor,
                                  QuantileRegressor, Ridge)

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(3)
N, P = 200, 5
X = rng.normal(size=(N, P))
X[:, 1] += 0.8 * X[:, 0]
X[:, 2] = X[:, 2] * 40 + 300
X[:, 3] = np.exp(X[:, 3]) * 1e-3
X[:, 4] = (X[:, 4] > 0.7)
X = np.round(X, 6)
S = (X - X.mean(0)) / X.std(0)
eta = S @ np.array([1.0, -0.7, 0.5, 0.0, 0.3])
y = np.round(7 + 2 * eta + rng.standard_t(3, N), 4)
c2 = (eta + rng.logistic(size=N) > 0.3).astype(float)
c3 = np.argmax(S[:, :3] * 1.2 + rng.gumbel(size=(N, 3)), 1).astype(float)
count = rng.poisson(np.exp(0.5 + 0.4 * eta)).astype(float)
w = np.round(rng.uniform(0.2, 3, N), 2)
w[:5] = 0
WM = np.average(X, weights=w, axis=0)
WS = np.sqrt(np.average((X - WM) ** 2, weights=w, axis=0))

out = [f"data {N} {P}"]
for i in range(N):
    out.append(" ".join(repr(float(v)) for v in [*X[i], y[i], c2[i], c3[i], count[i], w[i]]))


def mean_loss(loss, param, t, F, wt):
    F = np.asarray(F)
    f = F[0]
    if loss == "squared":
        v = (t - f) ** 2 / 2
    elif loss == "huber":
        r = abs(t - f)
        v = np.where(r <= param, r * r / 2, param * (r - param / 2))
    elif loss == "quantile":
        v = np.where(t >= f, param * (t - f), (param - 1) * (t - f))
    elif loss == "poisson":
        v = np.exp(f) - t * f
    elif loss == "logistic":
        v = np.logaddexp(0, f) - t * f
    else:
        v = np.logaddexp.reduce(F, 0) - F[t.astype(int), np.arange(N)]
    return np.average(v, weights=wt)


def case(name, loss, l1, l2, param, coef, intercept, std=True, weighted=False, scaled=True):
    """coef: of standardised columns when scaled, else of original ones."""
    coef, b = np.atleast_2d(coef).astype(float), np.atleast_1d(intercept).astype(float)
    m, sd = (WM, WS) if weighted else (X.mean(0), X.std(0))
    if scaled:
        b = b - (coef * (m / sd)).sum(1)
        coef = coef / sd
    if loss == "softmax":   # scores are free up to a constant: theirs sum to 0 for the average row
        b = b - (b + coef @ m).mean()
    t = {"poisson": count, "logistic": c2, "softmax": c3}.get(loss, y)
    pen = coef * sd if std else coef
    obj = (mean_loss(loss, param, t, [b[k] + X @ coef[k] for k in range(len(b))], w if weighted else None)
           + l1 * abs(pen).sum() + l2 / 2 * (pen ** 2).sum())
    out.append(f"case {name} {loss} {l1!r} {l2!r} {param!r} {int(std)} {int(weighted)} {len(b)} {float(obj)!r}")
    for k in range(len(b)):
        out.append(" ".join(repr(float(v)) for v in [b[k], *coef[k]]))


def fit(name, m, loss, l1, l2, param=0.0, **kw):
    t = {"poisson": count, "logistic": c2, "softmax": c3}.get(loss, y)
    A = X if kw.get("raw") else (X - WM) / WS if kw.get("weighted") else S
    args = {"sample_weight": w} if kw.get("weighted") else {}
    m.fit(A, t, **args)
    case(name, loss, l1, l2, param, m.coef_, m.intercept_, std=not kw.get("raw"), weighted=bool(kw.get("weighted")),
         scaled=not kw.get("raw"))


E = dict(tol=1e-14, max_iter=10 ** 7)
fit("ols", LinearRegression(), "squared", 0.0, 0.0)
fit("ridge", Ridge(alpha=N * 0.1, tol=1e-14), "squared", 0.0, 0.1)
fit("lasso", Lasso(alpha=0.2, **E), "squared", 0.2, 0.0)
fit("enet", ElasticNet(alpha=0.3, l1_ratio=0.5, **E), "squared", 0.15, 0.15)
fit("enet_raw", ElasticNet(alpha=0.01, l1_ratio=0.5, **E), "squared", 0.005, 0.005, raw=True)
fit("enet_weighted", ElasticNet(alpha=0.01, l1_ratio=0.5, **E), "squared", 0.005, 0.005, weighted=True)
fit("poisson", PoissonRegressor(alpha=0.05, tol=1e-12, max_iter=10 ** 5), "poisson", 0.0, 0.05)
for q in (0.5, 0.9):
    fit(f"quantile{q}", QuantileRegressor(quantile=q, alpha=0.0, solver="highs"), "quantile", 0.0, 0.0, q)
fit("quantile_l1", QuantileRegressor(quantile=0.3, alpha=0.05, solver="highs"), "quantile", 0.05, 0.0, 0.3)
L = dict(tol=1e-10, max_iter=10 ** 6)
fit("logit", LogisticRegression(penalty=None, solver="newton-cg", **L), "logistic", 0.0, 0.0)
fit("logit_l2", LogisticRegression(C=1 / (N * 0.02), solver="newton-cg", **L), "logistic", 0.0, 0.02)
fit("logit_l1", LogisticRegression(C=1 / (N * 0.03), penalty="l1", solver="saga", **L), "logistic", 0.03, 0.0)
fit("logit_enet", LogisticRegression(C=1 / (N * 0.04), penalty="elasticnet", l1_ratio=0.25, solver="saga", **L),
    "logistic", 0.01, 0.03)
fit("logit_weighted", LogisticRegression(C=1 / (w.sum() * 0.02), solver="newton-cg", **L), "logistic", 0.0, 0.02,
    weighted=True)
fit("softmax_l2", LogisticRegression(C=1 / (N * 0.02), solver="newton-cg", multi_class="multinomial", **L),
    "softmax", 0.0, 0.02)
fit("softmax_enet", LogisticRegression(C=1 / (N * 0.04), penalty="elasticnet", l1_ratio=0.5, solver="saga",
                                       multi_class="multinomial", **L), "softmax", 0.02, 0.02)


def huber(delta, l2):
    A, b = np.c_[np.ones(N), S], np.zeros(P + 1)
    D = np.diag([0.0] + [l2] * P)
    for _ in range(500):
        r = A @ b - y
        g = A.T @ np.clip(r, -delta, delta) / N + D @ b
        H = A.T @ (A * (np.minimum(1, delta / np.maximum(abs(r), 1e-300)) / N)[:, None]) + D
        b = b - np.linalg.solve(H, g)
    assert abs(g).max() < 1e-13, abs(g).max()
    return b


for delta, l2 in ((1.0, 0.0), (0.5, 0.1)):
    b = huber(delta, l2)
    case(f"huber{delta}", "huber", 0.0, l2, delta, b[1:], b[0])

with tempfile.TemporaryDirectory() as d:
    np.savetxt(d + "/x", np.c_[X, y, c2, c3, count], fmt="%.17g")
    text = subprocess.run(["Rscript", HERE + "/linear.R", d + "/x"], check=True, capture_output=True, text=True).stdout
lines = text.split("\n")
while lines and lines[0]:
    name, loss, l1, l2, k = lines.pop(0).split()
    B = np.array([[float(v) for v in lines.pop(0).split()] for _ in range(int(k))])
    case(name, loss, float(l1), float(l2), 0.0, B[:, 1:], B[:, 0], scaled=False)

with open(HERE + "/linear.txt", "w") as f:
    f.write("\n".join(out) + "\n")
