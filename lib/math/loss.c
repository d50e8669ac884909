#include "math/loss.h"

#include <math.h>

/* Beyond this exp() would leave the doubles; such a row's derivatives are huge but finite. */
#define EXP_MAX 700.0

static double squared(double y, double f, double *r, double *h)
{
	*r = f - y;
	*h = 1;
	return 0.5 * *r * *r;
}

static double huber(double d, double y, double f, double *r, double *h)
{
	double e = f - y, a = fabs(e);
	if (a <= d) {
		*r = e;
		*h = 1;
		return 0.5 * e * e;
	}
	*r = e > 0 ? d : -d;
	*h = 0;
	return d * (a - 0.5 * d);
}

static double quantile(double q, double y, double f, double *r, double *h)
{
	double e = y - f;
	*h = 0;
	*r = e >= 0 ? -q : 1 - q;
	return e >= 0 ? q * e : (q - 1) * e;
}

static double poisson(double y, double f, double *r, double *h)
{
	double mu = exp(f < EXP_MAX ? f : EXP_MAX);
	*r = mu - y;
	*h = mu;
	return (f < EXP_MAX ? mu : mu * (1 + f - EXP_MAX)) - y * f;
}

static double margin(double y, double f, double *r, double *h)
{
	double s = y > 0.5 ? 1 : -1, lack = 1 - s * f;
	if (lack <= 0) {
		*r = *h = 0;
		return 0;
	}
	*r = -2 * s * lack;
	*h = 2;
	return lack * lack;
}

static double logistic(double y, double f, double *r, double *h)
{
	double e = exp(-fabs(f)), s = 1 / (1 + e), p = f >= 0 ? s : e * s;
	*r = y > 0.5 ? -(f >= 0 ? e * s : s) : p;
	*h = e * s * s;
	return (f > 0 ? f : 0) - (y > 0.5 ? f : 0) + log1p(e);
}

/* Loss of one row and its derivatives. */
static double one(enum loss loss, double param, double y, double f, double *r, double *h)
{
	switch (loss) {
	case LOSS_SQUARED: return squared(y, f, r, h);
	case LOSS_HUBER: return huber(param, y, f, r, h);
	case LOSS_QUANTILE: return quantile(param, y, f, r, h);
	case LOSS_POISSON: return poisson(y, f, r, h);
	case LOSS_MARGIN: return margin(y, f, r, h);
	default: return logistic(y, f, r, h);
	}
}

double loss_rows(enum loss loss, double param, size_t n, const double *y, const double *w,
		 const double *f, double *r, double *h)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		double ri = 0, hi = 0;
		if (w[i] > 0)	/* without weight, a row's score may be anything */
			sum += w[i] * one(loss, param, y[i], f[i], &ri, &hi);
		if (r)
			r[i] = w[i] * ri;
		if (h)
			h[i] = w[i] * hi;
	}
	return sum;
}

/* p (k) = softmax of f (k); returns log(sum exp f). */
static double softmax(size_t k, const double *f, double *p)
{
	double most = f[0], sum = 0;
	for (size_t j = 1; j < k; j++)
		most = f[j] > most ? f[j] : most;
	for (size_t j = 0; j < k; j++)
		sum += p[j] = exp(f[j] - most);
	for (size_t j = 0; j < k; j++)
		p[j] /= sum;
	return most + log(sum);
}

double loss_softmax(size_t n, size_t k, const double *y, const double *w, const double *f, double *r, double *h)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		size_t c = (size_t)y[i];
		double *p = r + i * k, all = softmax(k, f + i * k, p);
		sum += w[i] > 0 ? w[i] * (all - f[i * k + c]) : 0;
		for (size_t j = 0; j < k; j++) {
			if (h)
				h[i * k + j] = p[j];
			p[j] = w[i] * (p[j] - (j == c ? 1 : 0));
		}
	}
	return sum;
}

double loss_sum(enum loss loss, double param, size_t n, size_t k, const double *y, const double *w, const double *f, double *r,
		double *h)
{
	return loss == LOSS_SOFTMAX ? loss_softmax(n, k, y, w, f, r, h) : loss_rows(loss, param, n, y, w, f, r, h);
}

static double log_sigmoid(double f)
{
	return (f < 0 ? f : 0) - log1p(exp(-fabs(f)));
}

void loss_predict(enum loss loss, size_t n, size_t k, const double *f, double *out)
{
	for (size_t i = 0; i < n; i++) {
		if (loss == LOSS_SOFTMAX) {
			softmax(k, f + i * k, out + i * k);
		} else if (loss == LOSS_EACH) {
			for (size_t j = 0; j < k; j++)
				out[i * k + j] = log_sigmoid(f[i * k + j]);
			softmax(k, out + i * k, out + i * k);
		} else if (loss == LOSS_LOGISTIC) {
			double e = exp(-fabs(f[i])), s = 1 / (1 + e);
			out[2 * i] = f[i] >= 0 ? e * s : s;
			out[2 * i + 1] = f[i] >= 0 ? s : e * s;
		} else {
			out[i] = loss == LOSS_POISSON ? exp(f[i] < EXP_MAX ? f[i] : EXP_MAX) : f[i];
		}
	}
}
