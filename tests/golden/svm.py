#!/usr/bin/python3
# Golden numbers of the family svm: scikit-learn's LinearSVC (liblinear) on sparse rows, with an intercept that is
# penalised. Writes svm.h: the rows, their classes, and for each loss the coefficients and the objective in our units.
import os

import numpy as np
from sklearn.svm import LinearSVC

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(5)
N, P, L2 = 40, 6, 0.05
X = np.where(rng.random((N, P)) < 0.4, np.round(rng.normal(size=(N, P)), 3), 0)
y2 = (X @ np.array([2, -1, 1, 0, 0.5, -1.5]) + rng.logistic(size=N) * 0.7 > 0).astype(int)
y3 = np.argmax(X[:, :3] + 0.4 * rng.gumbel(size=(N, 3)), 1)
C = 1 / (L2 * N)


def fit(y, loss):
    m = LinearSVC(C=C, loss={"squared": "squared_hinge", "hinge": "hinge"}[loss], intercept_scaling=1, dual=True,
                  tol=1e-10, max_iter=10_000_000, random_state=0).fit(X, y)
    objective = 0
    for c, (w, b) in enumerate(zip(m.coef_, m.intercept_)):
        s = np.where(y == (1 if len(m.coef_) == 1 else c), 1, -1)
        lack = np.maximum(0, 1 - s * (X @ w + b))
        objective += np.mean(lack**2 if loss == "squared" else lack) + L2 / 2 * (w @ w + b * b)
    return m.coef_, m.intercept_, objective


def row(v):
    return "{ " + ", ".join(repr(float(x)) for x in v) + " }"


out = ["/* Made by svm.py. */", f"#define SVM_ROWS {N}", f"#define SVM_COLS {P}", f"#define SVM_L2 {L2}",
       "static const double svm_x[SVM_ROWS][SVM_COLS] = {", *[f"\t{row(r)}," for r in X], "};",
       f"static const int32_t svm_two[SVM_ROWS] = {{ {', '.join(map(str, y2))} }};",
       f"static const int32_t svm_three[SVM_ROWS] = {{ {', '.join(map(str, y3))} }};",
       "/* scores, the intercept and the coefficients of each, the objective */",
       "static const struct svm_golden {", "\tconst char *loss;", "\tint32_t classes;",
       "\tdouble b[3][SVM_COLS + 1], objective;", "} svm_golden[] = {"]
for loss in ("squared", "hinge"):
    for k, y in ((2, y2), (3, y3)):
        w, b, f = fit(y, loss)
        rows = ", ".join(row([bb, *ww]) for ww, bb in zip(w, b))
        out.append(f'\t{{ "{loss}", {k}, {{ {rows} }}, {f!r} }},')
out.append("};")
with open(os.path.join(HERE, "svm.h"), "w") as f:
    f.write("\n".join(out) + "\n")
