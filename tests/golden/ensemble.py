#!/usr/bin/python3
"""Golden numbers for stacking and calibration from scikit-learn and scipy: python3 ensemble.py > ensemble.h"""
import numpy as np
from scipy.optimize import minimize, nnls
from sklearn.calibration import _sigmoid_calibration
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(5)
N, M = 60, 3  # rows, members


def array(a):
    return "{ " + ", ".join(repr(float(v)) if v % 1 else "%d" % v for v in np.asarray(a, float).ravel()) + " }"


def put(name, a):
    print("static const double %s[] = %s;" % (name, array(a)))


print("/* Made by ensemble.py. */")
y = rng.integers(0, 2, N)
P = 1 / (1 + np.exp(-(rng.normal(size=(N, M)) * [1, 1.5, 2] + (2 * y[:, None] - 1) * [1, 0.7, -0.6])))
P = P.round(4)
w = rng.integers(1, 4, N)
L = np.log(P / (1 - P))
put("label2", y)
put("weight2", w)
put("prob2", P.T)  # (M, N) probabilities of class 1

free = LogisticRegression(penalty="none", solver="newton-cholesky", tol=1e-12).fit(L, y, sample_weight=w)
put("stack2", np.append(free.coef_, free.intercept_))

L2 = 0.3


def loss(x):
    f = L @ x[:M] + x[M]
    return (w * (np.logaddexp(0, f) - y * f)).sum() / w.sum() + L2 / 2 * ((x[:M] - 1 / M) ** 2).sum()


put("stack2_l2", minimize(loss, np.zeros(M + 1), method="BFGS", options={"gtol": 1e-9}).x)
L2 = 0
bound = minimize(loss, np.full(M + 1, 0.1), method="L-BFGS-B", bounds=[(0, None)] * M + [(None, None)],
                 options={"ftol": 1e-15, "gtol": 1e-10})
put("stack2_nonneg", bound.x)

a, b = _sigmoid_calibration(L[:, 2], y)  # 1 / (1 + exp(a f + b))
put("platt", [-a, -b])

x = P[:, 2].round(1)
iso = IsotonicRegression(out_of_bounds="clip").fit(x, y, sample_weight=w)
put("iso_x", x)
put("iso_at", np.linspace(0, 1, 21))
put("iso_y", iso.predict(np.linspace(0, 1, 21)))

v = rng.normal(size=N) * 3 + 10
V = (v[:, None] * [1, 0.5, -0.2] + rng.normal(size=(N, M)) * [1, 1, 3] + [0, 3, 8]).round(3)
v = v.round(3)
put("value", v)
put("value_p", V.T)
A = np.column_stack([V, np.ones(N)])
put("stack1", np.linalg.lstsq(A, v, rcond=None)[0])
C = V - V.mean(0)
coef = nnls(C, v - v.mean())[0]
put("stack1_nonneg", np.append(coef, v.mean() - coef @ V.mean(0)))
