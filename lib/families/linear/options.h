/* Rows of the option tables that linear and logistic share. L2 is the default of --l2. */
#ifndef DLS_FAMILIES_LINEAR_OPTIONS_H
#define DLS_FAMILIES_LINEAR_OPTIONS_H

#include "families/linear/lin.h"

#define LIN_OPTIONS(L2) \
	OPT(struct lin_opts, l1, "l1", "X", "0", "[0,", "penalty X |b| on each coefficient of a standardised column"), \
	OPT(struct lin_opts, l2, "l2", "X", L2, "[0,", "penalty X b^2 / 2, both beside the mean loss of a row"), \
	OPT(struct lin_opts, standardize, "standardize", NULL, "true", NULL, \
	    "penalise coefficients of standardised columns, not of original units"), \
	OPT(struct lin_opts, knots, "knots", "N", "0", "[0,100]", \
	    "let the effect of each number bend at N of its quantiles: N more columns max(0, x - knot)"), \
	OPT(struct lin_opts, solver, "solver", "HOW", "auto", "auto|newton|lbfgs|cd|gd|sgd", \
	    "auto takes newton or lbfgs, whichever needs fewer operations; gd and sgd are (stochastic) gradient descent"), \
	OPT(struct lin_opts, iterations, "iterations", "N", "0", "[0,1000000]", \
	    "at most N iterations (epochs of sgd); 0: by solver, 50 for sgd, 1000 for gd"), \
	OPT(struct lin_opts, tol, "tol", "X", "1e-08", "(0,1]", \
	    "stop when no entry of the gradient exceeds X times that of a row"), \
	OPT(struct lin_opts, rate, "rate", "X", "0", "[0,", "learning rate of gd and sgd; 0: found from the data"), \
	OPT(struct lin_opts, schedule, "schedule", "HOW", "constant", "constant|inv|sqrt|cosine", \
	    "rate over epochs t of T: X, X / (1 + t), X / sqrt(1 + t), X (1 + cos(pi t / T)) / 2"), \
	OPT(struct lin_opts, batch, "batch", "N", "32", "[1,256]", "rows of a step of sgd"), \
	OPT(struct lin_opts, path, "path", "N", "0", "[0,10000]", \
	    "choose among N penalties, from the least that leaves all at 0 down, by cross-validation; 0: --l1 and --l2 as given"), \
	OPT(struct lin_opts, mix, "mix", "X", "1", "[0,1]", "share of l1 in the penalties of --path, the rest is l2"), \
	OPT(struct lin_opts, path_folds, "path-folds", "K", "5", "[2,1000]", "folds of that cross-validation"), \
	OPT(struct lin_opts, path_rule, "path-rule", "HOW", "min", "min|1se", \
	    "take the least loss, or the largest penalty within one standard error of it")

#define NB_OPTIONS \
	OPT(struct lin_opts, nb_weights, "nb-weights", NULL, NULL, NULL, \
	    "multiply each term by what naive Bayes says of it (NB-SVM); several classes are then taken one against the others"), \
	OPT(struct lin_opts, nb_smooth, "nb-smooth", "A", "1", "(0,1e9]", "rows added to every count of --nb-weights")

#define LIN_DETAILS \
	"The objective is the weighted mean of the loss over rows, plus l1 times the sum of absolute coefficients, plus " \
	"l2 / 2 times the sum of their squares; the intercept is free. Columns are standardised inside, coefficients " \
	"are reported in original units. A missing number counts as the mean, with an indicator column where training " \
	"rows missed some. A category has a column for each level (and for missing where training had it); one of two " \
	"levels has a single column, and without a penalty the first level has none. A level that training never saw " \
	"counts as the average row. With --knots the effect of a number is piecewise linear, and the model additive. With " \
	"--path, --l1 and --l2 play no part. Terms of texts are neither centred nor standardised."

#endif
