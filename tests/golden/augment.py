#!/usr/bin/python3
"""Golden numbers for changes of colour from torchvision: python3 augment.py > augment.h"""
import math

import numpy as np
import torch
from torchvision.transforms import functional as F

H, W = 7, 8
TALL, WIDE = 20, 30  # enough pixels for a histogram
rng = np.random.default_rng(1)


def array(a, digits):
    return "{ " + ", ".join("%.*g" % (digits, v) for v in np.asarray(a, float).ravel()) + " }"


def picture(c, h=H, w=W):
    px = rng.integers(0, 256, size=(c, h, w))
    px[:, 0, :4] = [0, 255, 128, 77]  # greys
    px[0, 1] = px[1 % c, 1]  # channels that tie
    return torch.tensor(px, dtype=torch.uint8)


def blur(p, sd):
    return F.gaussian_blur(p, 2 * math.ceil(3 * sd) + 1, sd)


BYTES = ("POSTERIZE",)
CASES = [("BRIGHTNESS", F.adjust_brightness, x) for x in (0.6, 1.5)]
CASES += [("CONTRAST", F.adjust_contrast, x) for x in (0, 0.5, 1.7)]
CASES += [("SATURATION", F.adjust_saturation, x) for x in (0, 0.3, 1.8)]
CASES += [("HUE", F.adjust_hue, x) for x in (-0.5, -0.2, 0.1, 0.37, 0.5)]
CASES += [("SHARPNESS", F.adjust_sharpness, x) for x in (0.2, 1.9)]
CASES += [("POSTERIZE", F.posterize, x) for x in (4, 7)]
CASES += [("SOLARIZE", F.solarize, x) for x in (0.3, 0.7)]
CASES += [("AUTOCONTRAST", lambda p, x: F.autocontrast(p), 0)]
CASES += [("BLUR", blur, x) for x in (0.4, 1)]

print("/* Made by augment.py with torchvision 0.14.1. */")
print("#define GOLDEN_H %d\n#define GOLDEN_W %d" % (H, W))
grey, bright = picture(1), picture(3)
grey = (grey * 0.6 + 40).to(torch.uint8)
for name, p in (("grey", grey), ("bright", bright)):
    print("static const uint8_t golden_%s[] = %s;" % (name, array(p, 3)))
print("static const struct golden {\n\tenum colour_op op;\n\tdouble x;\n\tint32_t c;\n\tconst uint8_t *px;\t/* (c, H, W) */\n"
      "\tint32_t v[3 * GOLDEN_H * GOLDEN_W];\t/* millionths */\n} golden[] = {")
for op, f, x in CASES:
    for name, p in (("grey", grey), ("bright", bright)):
        out = f(p, x).double() / 255 if op in BYTES else f(p.double() / 255, x)
        print("\t{ COLOUR_%s, %r, %d, golden_%s, %s }," % (op, x, p.shape[0], name, array((out * 1e6).round(), 7)))
print("};")

p = (picture(1, TALL, WIDE).double() ** 2 / 300).to(torch.uint8)
print("#define EQUALIZE_H %d\n#define EQUALIZE_W %d" % (TALL, WIDE))
for name, q in (("from", p), ("to", F.equalize(p))):
    print("static const uint8_t equalize_%s[] = %s;" % (name, array(q, 3)))
