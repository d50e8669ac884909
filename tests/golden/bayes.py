#!/usr/bin/python3
"""Golden numbers for naive Bayes from scikit-learn: python3 bayes.py > bayes.h"""
import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB

rng = np.random.default_rng(1)
N, M = 30, 6  # training and scored rows


def array(a):
    return "(const double[]){ " + ", ".join(repr(float(v)) if v % 1 else "%d" % v for v in np.asarray(a, float).ravel()) + " }"


def numbers(k):
    y = np.arange(N) % k
    X = rng.normal(size=(N, 3)) * [1, 10, 0.1] + y[:, None] * [0.5, -3, 0.02] + [0, 100, 0]
    return X.round(2), y, (rng.normal(size=(M, 3)) * [2, 20, 0.2] + [0, 100, 0]).round(2)


def counts(k):
    y = np.arange(N) % k
    X = rng.poisson(1 + y[:, None] * [0.5, 0, 1, 0.2])
    return X, y, rng.poisson(1.5, size=(M, 4))


def levels(k):
    y = np.arange(N) % k
    X = (rng.integers(0, 4, size=(N, 3)) + y[:, None] * (rng.random((N, 3)) < 0.4)) % 4
    return np.minimum(X, [3, 2, 3]), y, np.minimum(rng.integers(0, 4, size=(M, 3)), [3, 2, 3])


def weights():
    return rng.integers(1, 4, size=N)


def case(kind, X, y, T, P, ncat=0, w=None, alpha=1, var=1e-9, priors="empirical"):
    print("\t{ \"%s\", \"%s\", %r, %r, %d, %d, %d, %s, %s, %s, %s, %s }," % (
        kind, priors, alpha, var, y.max() + 1, X.shape[1], ncat, array(X), array(y),
        array(w) if w is not None else "NULL", array(T), array(P)))


def fitted(model, X, y, T, w=None):
    return model.fit(X, y, sample_weight=w).predict_proba(T)


print("/* Made by bayes.py with scikit-learn 1.2.1. */")
print("static const struct golden {\n\tconst char *kind, *priors;\n\tdouble smoothing, var_smoothing;\n"
      "\tint k, ncols, ncat;\t/* the last ncat columns are categories */\n"
      "\tconst double *x, *y, *w, *test, *p;\t/* (%d, ncols) (%d) (%d) or NULL (%d, ncols) (%d, k) */\n"
      "} golden[] = {" % (N, N, N, M, M))
for k in (2, 3):
    X, y, T = numbers(k)
    case("gaussian", X, y, T, fitted(GaussianNB(), X, y, T))
    case("gaussian", X, y, T, fitted(GaussianNB(priors=[1 / k] * k, var_smoothing=0.01), X, y, T), var=0.01,
         priors="uniform")
    w = weights()  # a row of weight 2 is the row twice
    case("gaussian", X, y, T, fitted(GaussianNB(), np.repeat(X, w, 0), np.repeat(y, w), T), w=w)
    X, y, T = counts(k)
    w = rng.integers(1, 20, size=N) / 8
    for kind, model in (("multinomial", MultinomialNB), ("complement", ComplementNB), ("bernoulli", BernoulliNB)):
        case(kind, X, y, T, fitted(model(), X, y, T))
        case(kind, X, y, T, fitted(model(alpha=0.2), X, y, T, w), w=w, alpha=0.2)
    case("multinomial", X, y, T, fitted(MultinomialNB(fit_prior=False), X, y, T), priors="uniform")
    X, y, T = levels(k)
    case("categorical", X, y, T, fitted(CategoricalNB(), X, y, T), ncat=3)
    case("categorical", X, y, T, fitted(CategoricalNB(alpha=0.3), X, y, T, w), ncat=3, w=w, alpha=0.3)
    A, y, S = numbers(k)
    w = weights()
    g = GaussianNB().fit(np.repeat(A, w, 0), np.repeat(y, w))
    c = CategoricalNB().fit(X, y, sample_weight=w)
    s = g._joint_log_likelihood(S) + c._joint_log_likelihood(T) - np.log(g.class_prior_)
    p = np.exp(s - s.max(1, keepdims=True))
    case("mixed", np.hstack([A, X]), y, np.hstack([S, T]), p / p.sum(1, keepdims=True), ncat=3, w=w)
print("};")

# ---- sparse columns ----


def terms(k, n, y=None):
    """Numbers of few terms: counts times an inverse document frequency, some rows empty."""
    J = 14
    lean = np.zeros((n, J)) if y is None else np.where(np.arange(J) % k == y[:, None], 0.5, 0)
    X = rng.poisson(0.25 + lean) * np.linspace(1, 2.5, J).round(1)
    X[::9] = 0
    return csr_matrix(X.round(1))


def sparse_case(kind, S, D, y, T, E, P, ncat=0, w=None, alpha=1, priors="empirical"):
    print("\t{ \"%s\", \"%s\", %r, %d, %d, %d, %d, %s, %s, %s, %s, %s, %s, %s }," % (
        kind, priors, alpha, y.max() + 1, S.shape[1], D.shape[1], ncat, array(S.toarray()), array(D), array(y),
        array(w) if w is not None else "NULL", array(T.toarray()), array(E), array(P)))


print("\nstatic const struct sparse_golden {\n\tconst char *kind, *priors;\n\tdouble smoothing;\n"
      "\tint k, nsparse, ncols, ncat;\t/* the last ncat of the ncols others are categories */\n"
      "\tconst double *sx, *x, *y, *w, *stest, *test, *p;\t/* sx, stest: (rows, nsparse), else as above */\n"
      "} sparse_golden[] = {")
rng = np.random.default_rng(2)
none = np.zeros((N, 0)), np.zeros((M, 0))
for k in (2, 3):
    y = np.arange(N) % k
    S, T = terms(k, N, y), terms(k, M)
    w = rng.integers(1, 20, size=N) / 8
    D, _, E = counts(k)
    for kind, model in (("multinomial", MultinomialNB), ("complement", ComplementNB), ("bernoulli", BernoulliNB)):
        sparse_case(kind, S, none[0], y, T, none[1], fitted(model(), S, y, T))
        sparse_case(kind, S, none[0], y, T, none[1], fitted(model(alpha=0.2), S, y, T, w), w=w, alpha=0.2)
        both, test = hstack([csr_matrix(D), S]).tocsr(), hstack([csr_matrix(E), T]).tocsr()
        sparse_case(kind, S, D, y, T, E, fitted(model(alpha=0.5), both, y, test, w), w=w, alpha=0.5)
    sparse_case("bernoulli", S, none[0], y, T, none[1], fitted(BernoulliNB(fit_prior=False), S, y, T), priors="uniform")
    A, _, B = numbers(k)
    C, _, L = levels(k)
    w = weights()  # a row of weight 2 is the row twice
    g = GaussianNB().fit(np.repeat(A, w, 0), np.repeat(y, w))
    c = CategoricalNB(alpha=0.3).fit(C, y, sample_weight=w)
    m = MultinomialNB(alpha=0.3).fit(S, y, sample_weight=w)
    s = sum(a._joint_log_likelihood(x) for a, x in ((g, B), (c, L), (m, T))) - 2 * np.log(g.class_prior_)
    p = np.exp(s - s.max(1, keepdims=True))
    sparse_case("mixed", S, np.hstack([A, C]), y, T, np.hstack([B, L]), p / p.sum(1, keepdims=True), ncat=3, w=w, alpha=0.3)
print("};")
