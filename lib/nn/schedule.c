#include "nn/schedule.h"

#include <math.h>

#define PI 3.14159265358979323846

struct schedule schedule_usual(enum schedule_kind kind, double rate, size_t steps)
{
	return (struct schedule){ .kind = kind, .rate = rate, .steps = steps, .gamma = 0.1, .every = steps ? steps : 1, .rise = 0.3,
				  .div = 25, .final_div = 1e4, .momentum_low = 0.85, .momentum_high = 0.95 };
}

/* From a at 0 to b at 1 along half a cosine. */
static double anneal(double a, double b, double part)
{
	return b + (a - b) / 2 * (1 + cos(PI * part));
}

static double part_of(double at, double n)
{
	return n > 0 ? fmin(at / n, 1) : 1;
}

/* Along the first phase from start to top, along the second to end. */
static double cycle(const struct schedule *s, size_t step, double start, double top, double end)
{
	double peak = s->rise * (double)s->steps - 1, t = (double)step;
	if (t <= peak)
		return anneal(start, top, part_of(t, peak));
	return anneal(top, end, part_of(t - peak, (double)s->steps - 1 - peak));
}

double schedule_rate(const struct schedule *s, size_t step)
{
	if (s->kind == SCHEDULE_ONECYCLE)
		return cycle(s, step, s->rate / s->div, s->rate, s->rate / s->div / s->final_div);
	if (step < s->warmup)
		return s->rate * (double)(step + 1) / (double)(s->warmup + 1);
	size_t t = step - s->warmup, past = 0;
	double part = part_of((double)t, (double)s->steps - (double)s->warmup);
	switch (s->kind) {
	case SCHEDULE_STEP: return s->rate * pow(s->gamma, (double)(t / s->every));
	case SCHEDULE_MILESTONES:
		while (past < s->milestones && s->milestone[past] <= step)
			past++;
		return s->rate * pow(s->gamma, (double)past);
	case SCHEDULE_LINEAR: return s->rate + (s->low - s->rate) * part;
	case SCHEDULE_COSINE: return anneal(s->rate, s->low, part);
	default: return s->rate;
	}
}

double schedule_momentum(const struct schedule *s, size_t step)
{
	return cycle(s, step, s->momentum_high, s->momentum_low, s->momentum_high);
}

struct plateau plateau_usual(bool higher)
{
	return (struct plateau){ .higher = higher, .factor = 0.1, .patience = 10, .threshold = 1e-4,
				 .best = higher ? -INFINITY : INFINITY };
}

double plateau_rate(struct plateau *p, double rate, double metric)
{
	double lead = p->higher ? metric - p->best * (1 + p->threshold) : p->best * (1 - p->threshold) - metric;
	if (lead > 0 || (isinf(p->best) && !isnan(metric))) {
		p->best = metric;
		p->bad = 0;
	} else {
		p->bad++;
	}
	if (p->cooling > 0) {
		p->cooling--;
		p->bad = 0;
	}
	if (p->bad <= p->patience)
		return rate;
	p->cooling = p->cooldown;
	p->bad = 0;
	return fmax(rate * p->factor, p->least);
}
