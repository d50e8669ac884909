#include "nn/tile.h"

#include <string.h>

#include "nn/micro.h"

#define BLOCK 256	/* positions over which a tile is summed in registers, about */
#define FEW 6		/* channels: no more of them are joined over a row of the window */

/*
 * A block of the output is packed for each run of tiles: its gradient as panels
 * of 16 channels, and the input under it as panels of MICRO_ROWS channels, with
 * zeros where it is outside, so that each step of the window is an offset. Few
 * channels are not cut into panels: a row of the window is then one stretch of
 * kw * c inputs, and tiles are cut from that.
 */
struct plan {
	struct conv_shape s;
	bool few;
	size_t pictures, rows;		/* of the output, in a block */
	size_t in_rows, in_cols;	/* of the input under a block's picture */
	size_t slices, steps;		/* tiles of inputs, and steps of the window each is moved by */
	size_t panels;
	size_t x_panel, y_panel;	/* floats */
	struct micro_walk walk;		/* of the block at hand */
};

static size_t up(size_t n, size_t k)
{
	return (n + k - 1) / k;
}

static struct plan plan_of(const struct conv_shape *s)
{
	struct plan p = { .s = *s, .few = s->c <= FEW && s->dw == 1, .panels = up(s->oc, MICRO_COLS) };
	size_t all = s->oh * s->ow;
	p.pictures = all < BLOCK ? BLOCK / all : 1;
	p.pictures = p.pictures > s->n ? s->n : p.pictures;
	p.rows = all < BLOCK ? s->oh : up(s->oh, up(all, BLOCK));
	p.rows = p.rows < 2 && s->oh > 1 ? 2 : p.rows;
	p.in_rows = (p.rows - 1) * s->sh + (s->kh - 1) * s->dh + 1;
	p.in_cols = (s->ow - 1) * s->sw + (s->kw - 1) * s->dw + 1;
	size_t width = p.few ? s->c : MICRO_ROWS;
	p.slices = p.few ? up(s->kw * s->c, MICRO_ROWS) : up(s->c, MICRO_ROWS);
	p.steps = p.few ? s->kh : s->kh * s->kw;
	p.x_panel = p.pictures * p.in_rows * p.in_cols * width;
	p.y_panel = p.pictures * p.rows * s->ow * MICRO_COLS;
	p.walk = (struct micro_walk){
		p.pictures, p.rows, s->ow, p.in_rows * p.in_cols * width, s->sh * p.in_cols * width, s->sw * width,
		0, s->ow * MICRO_COLS
	};
	return p;
}

static size_t x_size(const struct plan *p)
{
	return up(p->x_panel * (p->few ? 1 : p->slices) + 16, 16) * 16;
}

static size_t y_size(const struct plan *p)
{
	return p->y_panel * p->panels;
}

static size_t acc_size(const struct plan *p)
{
	return p->panels * p->slices * p->steps * MICRO_ROWS * MICRO_COLS;
}

size_t tile_weights_scratch(const struct conv_shape *s)
{
	struct plan p = plan_of(s);
	return (x_size(&p) + y_size(&p) + acc_size(&p)) * sizeof(float);
}

/* The channels of one input, or zeros (x NULL), to its place in each panel. */
static void spread(const struct plan *p, const float *x, float *to)
{
	size_t c = p->s.c, i = 0;
	if (p->few) {
		for (; i < c; i++)
			to[i] = x != NULL ? x[i] : 0;
		return;
	}
	for (; x != NULL && i + MICRO_ROWS <= c; i += MICRO_ROWS, to += p->x_panel)
		memcpy(to, x + i, MICRO_ROWS * sizeof(*to));
	for (; i < c; i += MICRO_ROWS, to += p->x_panel)
		for (size_t j = 0; j < MICRO_ROWS; j++)
			to[j] = x != NULL && i + j < c ? x[i + j] : 0;
}

/* Pictures from `first` on, under rows of the output from `row` on. */
static void pack_x(const struct plan *p, const float *x, size_t first, size_t row, float *to)
{
	const struct conv_shape *s = &p->s;
	size_t width = p->few ? s->c : MICRO_ROWS;
	for (size_t n = first; n < first + p->walk.pictures; n++)
		for (size_t i = 0; i < p->in_rows; i++)
			for (size_t j = 0; j < p->in_cols; j++, to += width) {
				size_t r = row * s->sh + i - s->top, q = j - s->left;
				spread(p, r < s->h && q < s->w ? x + ((n * s->h + r) * s->w + q) * s->c : NULL, to);
			}
}

static void pack_y(const struct plan *p, const float *gy, size_t first, size_t row, float *to)
{
	const struct conv_shape *s = &p->s;
	for (size_t n = first; n < first + p->walk.pictures; n++)
		for (size_t i = 0; i < p->walk.rows * s->ow; i++, to += MICRO_COLS) {
			const float *y = gy + ((n * s->oh + row) * s->ow + i) * s->oc;
			for (size_t k = 0, o = 0; k < p->panels; k++, o += MICRO_COLS) {
				size_t cols = s->oc - o < MICRO_COLS ? s->oc - o : MICRO_COLS;
				float *t = to + k * p->y_panel;
				if (cols < MICRO_COLS)
					memset(t, 0, MICRO_COLS * sizeof(*t));
				memcpy(t, y + o, cols * sizeof(*t));
			}
		}
}

/* The same walk in longer stretches, where positions follow each other in both arrays. */
static struct micro_walk straight(struct micro_walk w)
{
	if (w.x_row == w.cols * w.x_col) {
		w.cols *= w.rows, w.rows = 1;
		w.x_row = w.x_picture, w.y_row = w.y_picture;
	}
	if (w.rows == 1 && w.x_picture == w.cols * w.x_col)
		w.cols *= w.pictures, w.pictures = 1;
	return w;
}

static void multiply(const struct plan *p, const float *x, const float *y, float *acc, bool first)
{
	const struct conv_shape *s = &p->s;
	struct micro_walk walk = straight(p->walk);
	size_t row = s->dh * p->in_cols * (p->few ? s->c : MICRO_ROWS);
	for (size_t k = 0; k < p->panels; k++)
		for (size_t c = 0; c < p->slices; c++)
			for (size_t t = 0; t < p->steps; t++, acc += MICRO_ROWS * MICRO_COLS) {
				size_t at = p->few ? t * row + c * MICRO_ROWS
						   : c * p->x_panel + t / s->kw * row + t % s->kw * s->dw * MICRO_ROWS;
				micro_outer(&walk, x + at, y + k * p->y_panel, acc, first);
			}
}

/* From the tiles of 16 output and up to MICRO_ROWS input channels to (oc, c, kh, kw). */
static void unpack_tiles(const struct plan *p, const float *acc, size_t o, size_t c, float *gw, bool add)
{
	const struct conv_shape *s = &p->s;
	size_t k = s->kh * s->kw, n = s->oc - o < MICRO_COLS ? s->oc - o : MICRO_COLS;
	size_t m = s->c - c < MICRO_ROWS ? s->c - c : MICRO_ROWS;
	const float *from = acc + (o / MICRO_COLS * p->slices + c / MICRO_ROWS) * k * MICRO_ROWS * MICRO_COLS;
	for (size_t l = 0; l < n; l++) {
		float *to = gw + ((o + l) * s->c + c) * k;
		for (size_t i = 0; i < m; i++)
			for (size_t t = 0; t < k; t++, to++) {
				float g = from[(t * MICRO_ROWS + i) * MICRO_COLS + l];
				*to = add ? *to + g : g;
			}
	}
}

/* The same where tiles are cut from rows of the window. */
static void unpack_few(const struct plan *p, const float *acc, size_t o, float *gw, bool add)
{
	const struct conv_shape *s = &p->s;
	float *to = gw + o * s->c * s->kh * s->kw;
	for (size_t c = 0; c < s->c; c++)
		for (size_t t = 0; t < s->kh * s->kw; t++, to++) {
			size_t in = t % s->kw * s->c + c;
			size_t tile = (o / MICRO_COLS * p->slices + in / MICRO_ROWS) * p->steps + t / s->kw;
			float g = acc[(tile * MICRO_ROWS + in % MICRO_ROWS) * MICRO_COLS + o % MICRO_COLS];
			*to = add ? *to + g : g;
		}
}

static void unpack(const struct plan *p, const float *acc, float *gw, bool add)
{
	for (size_t o = 0; p->few && o < p->s.oc; o++)
		unpack_few(p, acc, o, gw, add);
	for (size_t o = 0; !p->few && o < p->s.oc; o += MICRO_COLS)
		for (size_t c = 0; c < p->s.c; c += MICRO_ROWS)
			unpack_tiles(p, acc, o, c, gw, add);
}

void tile_weights(const struct conv_shape *s, const float *x, const float *gy, float *gw, bool add, void *scratch)
{
	struct plan p = plan_of(s);
	float *px = scratch, *acc = px + x_size(&p), *py = acc + acc_size(&p);
	bool start = true;
	size_t most = p.pictures;
	for (size_t n = 0; n < s->n; n += most) {
		p.walk.pictures = s->n - n < most ? s->n - n : most;
		for (size_t row = 0; row < s->oh; row += p.rows, start = false) {
			p.walk.rows = s->oh - row < p.rows ? s->oh - row : p.rows;
			p.walk.y_picture = p.walk.rows * s->ow * MICRO_COLS;
			pack_x(&p, x, n, row, px);
			pack_y(&p, gy, n, row, py);
			multiply(&p, px, py, acc, start);
		}
	}
	unpack(&p, acc, gw, add);
}
