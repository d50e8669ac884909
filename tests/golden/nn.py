#!/usr/bin/python3
"""Golden numbers for ops of nets: python3 nn.py > nn.h

Each entry is a part of what the case of that name in tests/unit/nn/cases.c
gives: its value, a gradient, a running statistic. Inputs, parameters and the
factors of the projected loss are number(name), as in cases_check.c. Arrays are
(rows, h, w, c) there, (rows, c, h, w) here.
"""
import re
import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def number(name, n):
    h = 2166136261
    for b in name.encode():
        h = (h ^ b) * 16777619 % 2**32
    h = (h + np.arange(n, dtype=np.uint64) * 2654435761) % 2**32
    h = (h ^ h >> np.uint64(15)) * np.uint64(2246822519) % 2**32
    h = (h ^ h >> np.uint64(13)) * np.uint64(3266489917) % 2**32
    h ^= h >> np.uint64(16)
    return (h >> np.uint64(8)).astype(float) / 2**23 - 1


def first(x):
    """Channels first, from last."""
    return x.movedim(-1, 1) if x.ndim > 2 else x


def last(x):
    return x.movedim(1, -1) if x.ndim > 2 else x


class Case:
    def __init__(self, d):
        self.d, self.leaves, self.parts = [n for n in d if n], {}, {}

    def leaf(self, name, shape, scale):
        if name not in self.leaves:
            n = int(np.prod(shape))
            self.leaves[name] = torch.tensor(scale * number(name, n)).reshape(shape).requires_grad_()
        return self.leaves[name]

    def x(self, k=0, shape=None):
        return first(self.leaf("input %d" % k, shape or self.d, 4)).contiguous()

    def p(self, name, *shape):
        return self.leaf(name, shape, 1)

    def labels(self, k, shape, classes):
        n = int(np.prod(shape))
        return torch.tensor(np.floor((number("input %d" % k, n) + 1) / 2 * classes)).long().reshape(shape)

    def norm(self, x, name, predict, eps=1e-3):
        """Batch norm; the statistics of this run become parts."""
        c = x.shape[1]
        mean, var = torch.tensor(number(name + ".running_mean", c)), torch.tensor(np.abs(number(name + ".running_var", c)) + 0.5)
        y = F.batch_norm(x, mean, var, self.p(name + ".weight", c), self.p(name + ".bias", c), not predict, 1.0, eps)
        self.parts[name + ".running_mean"], self.parts[name + ".running_var"] = mean, var
        return y

    def conv(self, x, name, out, k, stride):
        return F.conv2d(x, self.p(name + ".weight", out, x.shape[1], k, k), None, stride, k // 2)


def emit(name, part, predict, v):
    v = v.detach().numpy().ravel()
    print('\t{ "%s", "%s", %d, %d, (const double[]){ %s } },' % (name, part, predict, v.size, ", ".join("%.11g" % a for a in v)))


def golden(name, d, f, predict=False):
    c = Case(d)
    y = f(c, predict) if f.__code__.co_argcount == 2 else f(c)
    emit(name, "value", predict, last(y))
    if predict:
        return
    # Contiguous: PyTorch 1.13's instance_norm without weights gives wrong gradients to one row when these lie channels last.
    (y * first(torch.tensor(number("factor", y.numel())).reshape(last(y).shape)).contiguous()).sum().backward()
    for k, v in c.leaves.items():
        emit(name, k, False, v.grad)
    for k, v in c.parts.items():
        emit(name, k, False, v)


def batchnorm(residual, relu):
    def f(c, predict):
        y = c.norm(c.x(), "bn", predict)
        y = y + c.x(1) if residual else y
        return F.relu(y) if relu else y
    return f


def pool(f, k, s, p, **kw):
    return lambda c: f(c.x(), k, s, p, **kw)


def resize(h, w, **kw):
    return lambda c: F.interpolate(c.x(), (h, w), **kw)


def resnet(c, predict):
    def block(x, name, out, k, stride, residual=None, relu=True):
        y = c.norm(c.conv(x, name + ".conv", out, k, stride), name + ".bn", predict, 1e-5)
        y = y if residual is None else y + residual
        return F.relu(y) if relu else y
    x = block(c.x(), "stem", 4, 3, 1)
    x = block(block(x, "a1", 4, 3, 1), "a2", 4, 3, 1, x)
    down = block(x, "down", 6, 1, 2, relu=False)
    x = block(block(x, "b1", 6, 3, 2), "b2", 6, 3, 1, down)
    return F.linear(x.mean((2, 3)), c.p("fc.weight", 5, 6), c.p("fc.bias", 5))


def shuffle(c):
    x = c.x()
    n, ch, h, w = x.shape
    return x.view(n, 2, ch // 2, h, w).transpose(1, 2).reshape(x.shape)


def transposed(out, k, **kw):
    return lambda c: F.conv_transpose2d(c.x(), c.p("up.weight", c.d[3], out, k, k), c.p("up.bias", out), **kw)


def unpool(c):
    p, at = F.max_pool2d(c.x(), 2, 2, ceil_mode=True, return_indices=True)
    return F.max_unpool2d(p * p, at, 2, 2, output_size=c.x().shape[2:])


print("/* Made by nn.py with PyTorch %s. */" % re.sub(r"\+.*", "", torch.__version__))
print("static const struct golden_nn {\n\tconst char *name, *part;\n\tbool predict;\n\tsize_t n;\n\tconst double *v;\t/* (n) */\n} golden_nn[] = {")
for name, f in (("relu6", lambda x: F.relu6(2.5 * x)), ("leaky", F.leaky_relu), ("gelu", F.gelu), ("silu", F.silu)):
    golden(name, [2, 3, 4, 5], lambda c: f(c.x()))
golden("elu", [1, 2, 5, 8], lambda c: F.elu(c.x()))
golden("hardswish", [1, 3, 4, 5], lambda c: F.hardswish(c.x()))
golden("softmax", [3, 0, 0, 5], lambda c: F.softmax(c.x(), 1))
for predict in (False, True):
    golden("batchnorm", [3, 2, 4, 5], batchnorm(False, False), predict)
    golden("batchnorm relu", [2, 3, 2, 8], batchnorm(False, True), predict)
    golden("batchnorm residual relu", [2, 3, 1, 17], batchnorm(True, True), predict)
    golden("batchnorm of features", [5, 0, 0, 3], batchnorm(False, True), predict)
golden("instancenorm", [2, 3, 4, 5], lambda c: F.instance_norm(c.x(), None, None, c.p("in.weight", 5), c.p("in.bias", 5), eps=1e-3))
golden("instancenorm bare", [1, 3, 4, 3], lambda c: F.instance_norm(c.x(), eps=1e-3))
golden("layernorm", [2, 0, 3, 8], lambda c: first(F.layer_norm(last(c.x()), (8,), c.p("ln.weight", 8), c.p("ln.bias", 8), 1e-3)))
golden("maxpool 2 odd", [1, 5, 7, 3], pool(F.max_pool2d, 2, 2, 0))
golden("maxpool 2 ceil", [2, 5, 7, 3], pool(F.max_pool2d, 2, 2, 0, ceil_mode=True))
golden("maxpool 3", [1, 7, 5, 5], pool(F.max_pool2d, 3, 2, 1))
golden("maxpool 3 ceil", [1, 6, 8, 5], pool(F.max_pool2d, 3, 2, 1, ceil_mode=True))
golden("maxpool of series", [2, 0, 9, 3], pool(F.max_pool1d, 3, 2, 0))
golden("avgpool 3", [1, 7, 5, 3], pool(F.avg_pool2d, 3, 2, 1, count_include_pad=False))
golden("avgpool 3 count", [1, 7, 5, 3], pool(F.avg_pool2d, 3, 2, 1, count_include_pad=True))
golden("avgpool 3 ceil", [1, 6, 8, 1], pool(F.avg_pool2d, 3, 2, 1, ceil_mode=True, count_include_pad=False))
golden("avgpool 3 ceil count", [1, 6, 8, 1], pool(F.avg_pool2d, 3, 2, 1, ceil_mode=True, count_include_pad=True))
golden("adaptive avgpool", [2, 7, 5, 3], lambda c: F.adaptive_avg_pool2d(c.x(), (3, 2)))
golden("adaptive avgpool up", [1, 2, 5, 8], lambda c: F.adaptive_avg_pool2d(c.x(), (3, 7)))
golden("unpool of squares", [2, 5, 3, 3], unpool)
golden("flatten", [2, 3, 4, 5], lambda c: c.x().flatten(1))
golden("resize nearest", [2, 3, 4, 3], resize(6, 8))
golden("resize nearest down", [1, 7, 5, 3], resize(4, 3))
golden("resize bilinear", [2, 3, 4, 3], resize(7, 5, mode="bilinear", align_corners=False))
golden("resize bilinear down", [1, 7, 5, 5], resize(4, 2, mode="bilinear", align_corners=False))
golden("resize corners", [2, 3, 4, 3], resize(5, 7, mode="bilinear", align_corners=True))
golden("resize corners to one", [1, 3, 4, 3], resize(1, 3, mode="bilinear", align_corners=True))
golden("pad reflected", [1, 3, 4, 3], lambda c: F.pad(c.x(), (2, 3, 1, 2), "reflect"))
golden("shuffle", [2, 2, 3, 6], shuffle)
golden("dense relu", [2, 3, 2, 3], lambda c: F.relu(F.linear(c.x().flatten(1), c.p("fc.weight", 7, 18), c.p("fc.bias", 7))))
golden("transposed 2", [2, 2, 3, 4], transposed(5, 2, stride=2))
golden("transposed 3 relu", [1, 3, 2, 3], lambda c: F.relu(transposed(4, 3, stride=2, padding=1, output_padding=1)(c)))
golden("embedding padded", [2, 0, 0, 6], lambda c: first(F.embedding(c.labels(0, (2, 6), 5), c.p("words.weight", 5, 3), 2)))
golden("resnet", [2, 12, 12, 3], resnet, True)
golden("resnet loss", [2, 12, 12, 3], lambda c, predict: F.cross_entropy(resnet(c, predict), c.labels(1, (2,), 5)))
print("};")
