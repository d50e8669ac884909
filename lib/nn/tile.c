#include "nn/tile.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/micro.h"

#define BLOCK 24			/* tiles of positions that pass over a panel of weights while it is in the cache */
#define POSITIONS (BLOCK * MICRO_ROWS)
#define CHUNK 384			/* of a panel of weights: what stays in the first cache */
#define FEW 16				/* channels, fewer of which are joined over a row of the window */

/*
 * A part of the output that all of the window's same steps reach: all of it
 * forward; backward through a stride, the positions of one remainder.
 */
struct phase {
	size_t row, col, rows, cols;	/* first position, and how many, out_step apart */
	size_t steps, *at;		/* (steps) u * kw + v of the window's steps, in the order of the packed weights */
	size_t taps;			/* runs of `run` weights: steps, or rows of steps whose input lies side by side */
	ptrdiff_t *dr, *dq;		/* (taps) where the run begins in the input, from the position's place */
	ptrdiff_t least_dr, most_dr, least_dq, most_dq;
	float *w;			/* (out.c / 16, steps, in.c, 16) */
};

struct picture {
	size_t h, w, c;
};

struct tile {
	struct conv_shape s;
	struct picture in, out;
	bool back, relu;
	size_t in_sh, in_sw, out_sh, out_sw;	/* steps of a position */
	size_t left, right;			/* columns of zeros that a copy of the input gets */
	size_t run;				/* inputs of a tap, side by side */
	size_t nphases;
	struct phase *phase;			/* (nphases) */
	float *zeros;				/* (run) stands for what is outside */
};

static size_t panels(size_t c)
{
	return (c + MICRO_COLS - 1) / MICRO_COLS;
}

/* ---- making ---- */

/* The steps of the window that reach positions row, row + sh, ... and col, col + sw, ... of the gradient of the input. */
static void phase_back(const struct conv_shape *s, struct phase *p, size_t row, size_t col)
{
	size_t steps = s->kh * s->kw;
	*p = (struct phase){ .row = row, .col = col };
	p->rows = s->h > row ? (s->h - row + s->sh - 1) / s->sh : 0;
	p->cols = s->w > col ? (s->w - col + s->sw - 1) / s->sw : 0;
	p->at = NEW(size_t, steps), p->dr = NEW(ptrdiff_t, steps), p->dq = NEW(ptrdiff_t, steps);
	for (size_t u = 0; u < s->kh; u++)
		for (size_t v = 0; v < s->kw; v++) {
			ptrdiff_t r = (ptrdiff_t)(row + s->top) - (ptrdiff_t)(u * s->dh);
			ptrdiff_t q = (ptrdiff_t)(col + s->left) - (ptrdiff_t)(v * s->dw);
			if (r % (ptrdiff_t)s->sh != 0 || q % (ptrdiff_t)s->sw != 0)
				continue;
			p->at[p->steps] = u * s->kw + v;
			p->dr[p->steps] = r / (ptrdiff_t)s->sh;
			p->dq[p->steps++] = q / (ptrdiff_t)s->sw;
		}
	p->taps = p->steps;
}

/* Forward; steps whose inputs lie side by side at every position are one tap. */
static void phase_forward(struct tile *t, struct phase *p)
{
	const struct conv_shape *s = &t->s;
	bool few = s->c < FEW && s->kw > 1, outside = s->left + s->right > 0;
	bool rows = s->dw == 1 && (few || !outside);
	bool all = rows && !outside && s->top + s->bottom == 0 && s->kw == s->w && s->dh == 1;
	size_t down = all ? s->kh : 1, across = rows ? s->kw : 1;
	if (rows)
		t->left = s->left, t->right = s->right;
	*p = (struct phase){ .rows = s->oh, .cols = s->ow, .steps = s->kh * s->kw };
	p->at = NEW(size_t, p->steps), p->dr = NEW(ptrdiff_t, p->steps), p->dq = NEW(ptrdiff_t, p->steps);
	for (size_t i = 0; i < p->steps; i++)
		p->at[i] = i;
	for (size_t u = 0; u < s->kh; u += down)
		for (size_t v = 0; v < s->kw; v += across) {
			p->dr[p->taps] = (ptrdiff_t)(u * s->dh) - (ptrdiff_t)s->top;
			p->dq[p->taps++] = (ptrdiff_t)(v * s->dw + t->left) - (ptrdiff_t)s->left;
		}
	t->run = down * across * s->c;
}

static void phase_bounds(struct phase *p)
{
	for (size_t a = 0; a < p->taps; a++) {
		p->least_dr = a == 0 || p->dr[a] < p->least_dr ? p->dr[a] : p->least_dr;
		p->most_dr = a == 0 || p->dr[a] > p->most_dr ? p->dr[a] : p->most_dr;
		p->least_dq = a == 0 || p->dq[a] < p->least_dq ? p->dq[a] : p->least_dq;
		p->most_dq = a == 0 || p->dq[a] > p->most_dq ? p->dq[a] : p->most_dq;
	}
}

struct tile *tile_new(const struct conv_shape *s, bool back, bool relu)
{
	struct tile *t = NEW(struct tile, 1);
	*t = (struct tile){ .s = *s, .back = back, .relu = relu, .in_sh = 1, .in_sw = 1, .out_sh = 1, .out_sw = 1 };
	struct picture x = { s->h, s->w, s->c }, y = { s->oh, s->ow, s->oc };
	t->in = back ? y : x;
	t->out = back ? x : y;
	t->nphases = back ? s->sh * s->sw : 1;
	t->phase = NEW(struct phase, t->nphases);
	if (back) {
		t->out_sh = s->sh, t->out_sw = s->sw, t->run = s->oc;
		for (size_t i = 0; i < t->nphases; i++)
			phase_back(s, &t->phase[i], i / s->sw, i % s->sw);
	} else {
		t->in_sh = s->sh, t->in_sw = s->sw;
		phase_forward(t, &t->phase[0]);
	}
	t->in.w += t->left + t->right;
	t->zeros = NEW0(float, t->run);
	for (size_t i = 0; i < t->nphases; i++) {
		phase_bounds(&t->phase[i]);
		t->phase[i].w = mem_aligned(panels(t->out.c) * MICRO_COLS * t->phase[i].steps * t->in.c, sizeof(float));
	}
	return t;
}

void tile_free(struct tile *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->nphases; i++) {
		free(t->phase[i].at);
		free(t->phase[i].dr);
		free(t->phase[i].dq);
		free(t->phase[i].w);
	}
	free(t->phase);
	free(t->zeros);
	free(t);
}

/* A panel: of the n output channels from o on, and zeros up to 16. */
static void pack_panel(const struct tile *t, const struct phase *p, const float *w, size_t o, size_t n, float *to)
{
	size_t k = t->s.kh * t->s.kw, in_step = t->back ? t->s.c * k : k, out_step = t->back ? k : t->s.c * k;
	for (size_t c = 0; c < t->in.c; c++, to += MICRO_COLS)
		for (size_t j = 0; j < p->steps; j++) {
			const float *from = w + o * out_step + c * in_step + p->at[j];
			float *at = to + j * t->in.c * MICRO_COLS;
			for (size_t l = 0; l < n; l++, from += out_step)
				at[l] = *from;
			for (size_t l = n; l < MICRO_COLS; l++)
				at[l] = 0;
		}
}

void tile_pack(struct tile *t, const float *w)
{
	for (size_t i = 0; i < t->nphases; i++) {
		const struct phase *p = &t->phase[i];
		for (size_t o = 0; o < t->out.c; o += MICRO_COLS) {
			size_t n = t->out.c - o < MICRO_COLS ? t->out.c - o : MICRO_COLS;
			pack_panel(t, p, w, o, n, p->w + o * p->steps * t->in.c);
		}
	}
}

/* ---- running ---- */

/* What a run has in its scratch memory. */
struct scratch {
	const float **x;	/* (BLOCK, taps, MICRO_ROWS) where inputs of a tile's positions begin */
	size_t *y;		/* (POSITIONS) where outputs lie */
	float *acc;		/* (POSITIONS, 16) */
	float *copy;		/* the input with columns of zeros */
};

static size_t copy_bytes(const struct tile *t)
{
	return t->left + t->right > 0 ? t->s.n * t->in.h * t->in.w * t->in.c * sizeof(float) : 0;
}

static size_t most_taps(const struct tile *t)
{
	size_t most = 0;
	for (size_t i = 0; i < t->nphases; i++)
		most = t->phase[i].taps > most ? t->phase[i].taps : most;
	return most;
}

size_t tile_scratch(const struct tile *t)
{
	return mem_up(POSITIONS * most_taps(t) * sizeof(float *)) + mem_up(POSITIONS * sizeof(size_t)) +
	       POSITIONS * MICRO_COLS * sizeof(float) + copy_bytes(t);
}

static struct scratch scratch_of(const struct tile *t, void *p)
{
	char *at = p;
	struct scratch s = { .x = p };
	at += mem_up(POSITIONS * most_taps(t) * sizeof(float *));
	s.y = (size_t *)(void *)at;
	at += mem_up(POSITIONS * sizeof(size_t));
	s.acc = (float *)(void *)at;
	s.copy = s.acc + POSITIONS * MICRO_COLS;
	return s;
}

/* The input with columns of zeros at both sides. */
static const float *widen(const struct tile *t, const float *from, float *to)
{
	size_t inner = t->s.w * t->in.c, left = t->left * t->in.c, right = t->right * t->in.c;
	float *row = to;
	for (size_t i = 0; i < t->s.n * t->in.h; i++, from += inner, row += left + inner + right) {
		memset(row, 0, left * sizeof(*row));
		memcpy(row + left, from, inner * sizeof(*row));
		memset(row + left + inner, 0, right * sizeof(*row));
	}
	return to;
}

/* Where the inputs of a position lie, of which h and w are the place in the input: x (taps, MICRO_ROWS) of one row. */
static void locate_inputs(const struct tile *t, const struct phase *p, const float *from, ptrdiff_t h, ptrdiff_t w,
			  const float **x)
{
	ptrdiff_t rows = (ptrdiff_t)t->in.h, cols = (ptrdiff_t)t->in.w, c = (ptrdiff_t)t->in.c;
	bool inside = h + p->least_dr >= 0 && h + p->most_dr < rows && w + p->least_dq >= 0 && w + p->most_dq < cols;
	if (inside)
		for (size_t a = 0; a < p->taps; a++)
			x[a * MICRO_ROWS] = from + ((h + p->dr[a]) * cols + w + p->dq[a]) * c;
	else
		for (size_t a = 0; a < p->taps; a++) {
			ptrdiff_t r = h + p->dr[a], q = w + p->dq[a];
			x[a * MICRO_ROWS] = r >= 0 && r < rows && q >= 0 && q < cols ? from + (r * cols + q) * c : t->zeros;
		}
}

/* Positions first..first+n-1 of a phase: the tables of where their inputs and outputs are. */
static void locate(const struct tile *t, const struct phase *p, const float *from, size_t first, size_t n,
		   struct scratch *sc)
{
	size_t j = first % p->cols, i = first / p->cols % p->rows, picture = first / p->cols / p->rows;
	size_t full = (n + MICRO_ROWS - 1) / MICRO_ROWS * MICRO_ROWS;
	for (size_t k = 0; k < full; k++) {
		const float **x = sc->x + k / MICRO_ROWS * MICRO_ROWS * p->taps + k % MICRO_ROWS;
		if (k >= n) {
			for (size_t a = 0; a < p->taps; a++)
				x[a * MICRO_ROWS] = t->zeros;
			continue;
		}
		locate_inputs(t, p, from + picture * t->in.h * t->in.w * t->in.c, (ptrdiff_t)(i * t->in_sh),
			      (ptrdiff_t)(j * t->in_sw), x);
		sc->y[k] = ((picture * t->out.h + p->row + i * t->out_sh) * t->out.w + p->col + j * t->out_sw) * t->out.c;
		if (++j == p->cols) {
			j = 0;
			if (++i == p->rows)
				i = 0, picture++;
		}
	}
}

/* n weights that come soon are brought nearer; past the end of all, which does no harm. */
static void fetch(const float *w, size_t n)
{
	for (size_t i = 0; i < n; i += 16)
		__builtin_prefetch(w + i, 0, 2);
}

/* acc = the sums of `tiles` tiles over a panel of weights, chunk by chunk. */
static void multiply(const struct tile *t, const struct phase *p, size_t tiles, const float *w, const struct scratch *sc)
{
	size_t pieces = (t->run + CHUNK - 1) / CHUNK, piece = (t->run + pieces - 1) / pieces;
	size_t group = piece < t->run || piece >= CHUNK ? 1 : CHUNK / piece;
	for (size_t a = 0; a < p->taps; a += group) {
		size_t taps = p->taps - a < group ? p->taps - a : group;
		for (size_t from = 0; from < t->run; from += piece) {
			size_t n = t->run - from < piece ? t->run - from : piece, size = taps * n * MICRO_COLS;
			const float *now = w + (a * t->run + from) * MICRO_COLS;
			for (size_t k = 0; k < tiles; k++) {
				fetch(now + size + k * (size / tiles), size / tiles);
				micro_gather(sc->x + (k * p->taps + a) * MICRO_ROWS, taps, from, n, now,
					     sc->acc + k * MICRO_ROWS * MICRO_COLS, a + from == 0);
			}
		}
	}
	if (p->taps == 0)
		memset(sc->acc, 0, tiles * MICRO_ROWS * MICRO_COLS * sizeof(float));
}

static void run_phase(const struct tile *t, const struct phase *p, const float *from, const float *bias, float *to, bool add,
		      struct scratch *sc)
{
	size_t positions = t->s.n * p->rows * p->cols;
	for (size_t first = 0; first < positions; first += POSITIONS) {
		size_t n = positions - first < POSITIONS ? positions - first : POSITIONS;
		locate(t, p, from, first, n, sc);
		for (size_t o = 0; o < t->out.c; o += MICRO_COLS) {
			size_t cols = t->out.c - o < MICRO_COLS ? t->out.c - o : MICRO_COLS;
			float b[MICRO_COLS] = { 0 };
			if (bias != NULL)
				memcpy(b, bias + o, cols * sizeof(*b));
			multiply(t, p, (n + MICRO_ROWS - 1) / MICRO_ROWS, p->w + o * p->steps * t->in.c, sc);
			for (size_t k = 0; k < n; k++)
				micro_finish(sc->acc + k * MICRO_COLS, b, to + sc->y[k] + o, cols, add, t->relu);
		}
	}
}

void tile_run(const struct tile *t, const float *from, const float *bias, float *to, bool add, void *scratch)
{
	struct scratch sc = scratch_of(t, scratch);
	if (t->left + t->right > 0)
		from = widen(t, from, sc.copy);
	for (size_t i = 0; i < t->nphases; i++)
		run_phase(t, &t->phase[i], from, bias, to, add, &sc);
}
