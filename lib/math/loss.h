/*
 * Losses of generalised linear models and of boosting, from the raw score f,
 * with first and second derivatives. w is a row's weight.
 *
 *	squared		(y - f)^2 / 2
 *	huber		r = y - f: r^2 / 2 within |r| <= d, else d |r| - d^2 / 2
 *	quantile	r = y - f: q r for r >= 0, (q - 1) r below (Koenker and Bassett 1978)
 *	poisson		exp(f) - y f
 *	logistic	log(1 + exp(f)) - y f, y 0 or 1
 *	margin		max(0, 1 - s f)^2, s 1 or -1 for y 1 or 0
 *	softmax		log(sum exp f_k) - f_y
 *	each		the logistic loss of each class against all others, summed; to predict by alone
 */
#ifndef DLS_MATH_LOSS_H
#define DLS_MATH_LOSS_H

#include <stddef.h>
#include <stdint.h>

enum loss { LOSS_SQUARED, LOSS_HUBER, LOSS_QUANTILE, LOSS_POISSON, LOSS_LOGISTIC, LOSS_SOFTMAX, LOSS_EACH, LOSS_MARGIN };

/*
 * Sum of w * loss over rows; r (n) = w * d loss / d f, h (n) = w * second
 * derivative (0 for quantile), each unless NULL. param: d or q. Not softmax.
 */
double loss_rows(enum loss loss, double param, size_t n, const double *y, const double *w,
		 const double *f, double *r, double *h);

/* The same for softmax: f, r (n, k); y the class as a number. h (n, k): the probabilities themselves. */
double loss_softmax(size_t n, size_t k, const double *y, const double *w, const double *f, double *r, double *h);

/* Whichever of both the loss asks for; k is 1 but for softmax. */
double loss_sum(enum loss loss, double param, size_t n, size_t k, const double *y, const double *w, const double *f, double *r,
		double *h);

/*
 * f (n, k) := what the scores predict: probabilities of k classes (each: in
 * proportion to 1 / (1 + exp(-f))); for logistic f (n) gives p (n, 2); exp or f
 * itself.
 */
void loss_predict(enum loss loss, size_t n, size_t k, const double *f, double *out);

#endif
