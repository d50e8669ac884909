#!/usr/bin/python3
# Golden numbers of losses, optimisers and schedules: PyTorch and torchvision in double. Writes nn_loss.h.
import os

import torch
import torch.nn.functional as F
from torch.optim import lr_scheduler as lrs
from torchvision.ops import sigmoid_focal_loss

HERE = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(3)
torch.set_default_dtype(torch.float64)
N, K = 6, 4
x = torch.round(torch.randn(N, K) * 2000) / 1000
label = torch.tensor([0, 3, 1, 1, 2, 3])
soft = torch.softmax(torch.randn(N, K), 1)
bits = (torch.rand(N, K) < 0.4).double()
real = x + torch.round(torch.randn(N, K) * 1500) / 1000
cw = torch.tensor([0.5, 2, 1, 3])


def arr(v):
    return "{ " + ", ".join(repr(float(a)) for a in v.detach().flatten()) + " }"


def multi_focal(z, gamma):
    logp = F.log_softmax(z, 1).gather(1, label[:, None])[:, 0]
    return (cw[label] * (1 - logp.exp()) ** gamma * -logp).sum() / cw[label].sum()


def fb(alpha, gamma):
    return lambda z: sigmoid_focal_loss(z, bits, alpha, gamma, "mean")


# name: (class weights, smooth, gamma, alpha, delta, ignore, function)
NAN = "NAN"
losses = {
    "ce": (0, 0, 2, -1, 1, NAN, lambda z: F.cross_entropy(z, label)),
    "ce weights": (1, 0, 2, -1, 1, NAN, lambda z: F.cross_entropy(z, label, cw)),
    "ce smooth": (0, 0.1, 2, -1, 1, NAN, lambda z: F.cross_entropy(z, label, label_smoothing=0.1)),
    "ce weights smooth": (1, 0.2, 2, -1, 1, NAN, lambda z: F.cross_entropy(z, label, cw, label_smoothing=0.2)),
    "ce ignore": (1, 0, 2, -1, 1, 1, lambda z: F.cross_entropy(z, label, cw, ignore_index=1)),
    "soft": (0, 0, 2, -1, 1, NAN, lambda z: F.cross_entropy(z, soft)),
    "soft weights smooth": (1, 0.1, 2, -1, 1, NAN, lambda z: F.cross_entropy(z, soft, cw, label_smoothing=0.1)),
    "focal": (1, 0, 2, -1, 1, NAN, lambda z: multi_focal(z, 2)),
    "focal half": (1, 0, 0.5, -1, 1, NAN, lambda z: multi_focal(z, 0.5)),
    "bce": (0, 0, 2, -1, 1, NAN, lambda z: F.binary_cross_entropy_with_logits(z, bits)),
    "bce soft": (1, 0, 2, -1, 1, NAN, lambda z: F.binary_cross_entropy_with_logits(z, soft, cw.expand(N, K))),
    "binary focal": (0, 0, 2, 0.25, 1, NAN, fb(0.25, 2)),
    "binary focal plain": (0, 0, 1.5, -1, 1, NAN, fb(-1, 1.5)),
    "l1": (0, 0, 2, -1, 1, NAN, lambda z: F.l1_loss(z, real)),
    "l2": (0, 0, 2, -1, 1, NAN, lambda z: F.mse_loss(z, real)),
    "huber": (0, 0, 2, -1, 0.7, NAN, lambda z: F.huber_loss(z, real, delta=0.7)),
    "smooth l1": (0, 0, 2, -1, 1, NAN, lambda z: F.smooth_l1_loss(z, real)),
}

P, STEPS = 7, 5
start = torch.round(torch.randn(P) * 1000) / 1000
grads = torch.round(torch.randn(STEPS, P) * 1000) / 1000
# kind, momentum, nesterov, decay, clip_norm, clip_value, our b1, b2, and PyTorch's optimiser; rate 0.1 / (step + 1)
optims = [
    ("OPTIM_SGD", 0, 0, 0, 0, 0, lambda p: torch.optim.SGD(p, 1)),
    ("OPTIM_SGD", 0, 0, 0.1, 0, 0, lambda p: torch.optim.SGD(p, 1, weight_decay=0.1)),
    ("OPTIM_SGD", 0.9, 0, 0.1, 0, 0, lambda p: torch.optim.SGD(p, 1, 0.9, weight_decay=0.1)),
    ("OPTIM_SGD", 0.9, 1, 0.1, 0, 0, lambda p: torch.optim.SGD(p, 1, 0.9, weight_decay=0.1, nesterov=True)),
    ("OPTIM_SGD", 0.9, 0, 0, 1.5, 0, lambda p: torch.optim.SGD(p, 1, 0.9)),
    ("OPTIM_SGD", 0, 0, 0, 0, 0.4, lambda p: torch.optim.SGD(p, 1)),
    ("OPTIM_ADAM", 0, 0, 0, 0, 0, lambda p: torch.optim.Adam(p, 1)),
    ("OPTIM_ADAM", 0, 0, 0.1, 0, 0, lambda p: torch.optim.Adam(p, 1, weight_decay=0.1)),
    ("OPTIM_ADAMW", 0, 0, 0.1, 0, 0, lambda p: torch.optim.AdamW(p, 1, weight_decay=0.1)),
    ("OPTIM_RMSPROP", 0, 0, 0.1, 0, 0, lambda p: torch.optim.RMSprop(p, 1, weight_decay=0.1)),
    ("OPTIM_RMSPROP", 0.9, 0, 0, 0, 0, lambda p: torch.optim.RMSprop(p, 1, momentum=0.9)),
]


def steps(clip_norm, clip_value, make):
    p = start.clone().requires_grad_()
    o = make([p])
    norms, places = [], []
    for t in range(STEPS):
        p.grad = grads[t].clone()
        norms.append(float(p.grad.norm()))
        if clip_norm:
            torch.nn.utils.clip_grad_norm_([p], clip_norm)
        if clip_value:
            torch.nn.utils.clip_grad_value_([p], clip_value)
        o.param_groups[0]["lr"] = 0.1 / (t + 1)
        o.step()
        places.append(p.detach().clone())
    return torch.tensor(norms), torch.stack(places)


T = 20


def rates(make, key="lr"):
    p = torch.zeros(1, requires_grad=True)
    o = torch.optim.SGD([p], 0.5, 0.9)
    s = make(o)
    out = []
    for _ in range(T):
        out.append(o.param_groups[0]["betas"][0] if key == "b1" else o.param_groups[0][key])
        o.step()
        s.step()
    return torch.tensor(out)


def warm(o):
    return lrs.SequentialLR(o, [lrs.LinearLR(o, 1 / 5, 1, 4), lrs.CosineAnnealingLR(o, T - 4, 0.01)], [4])


schedules = {
    "step": rates(lambda o: lrs.StepLR(o, 6, 0.3)),
    "milestones": rates(lambda o: lrs.MultiStepLR(o, [3, 11, 12], 0.3)),
    "linear": rates(lambda o: lrs.LinearLR(o, 1, 0.1, T)),
    "cosine": rates(lambda o: lrs.CosineAnnealingLR(o, T, 0.01)),
    "warm_cosine": rates(warm),
    "onecycle": rates(lambda o: lrs.OneCycleLR(o, 0.5, T + 1)),
    "onecycle_momentum": rates(lambda o: lrs.OneCycleLR(o, 0.5, T + 1), "momentum"),
}


def plateau(mode, metrics, **kw):
    o = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.5)
    s = lrs.ReduceLROnPlateau(o, mode, **kw)
    out = []
    for m in metrics:
        s.step(float(m))
        out.append(o.param_groups[0]["lr"])
    return torch.tensor(out)


falling = torch.round((1 / torch.arange(1, T + 1) + torch.rand(T) * 0.3) * 1000) / 1000
rising = 1 - falling

out = ["/* Made by nn_loss.py. */", f"enum {{ GOLD_N = {N}, GOLD_K = {K}, GOLD_P = {P}, GOLD_STEPS = {STEPS}, GOLD_T = {T} }};"]
for name, v in (("x", x), ("label", label), ("soft", soft), ("bits", bits), ("real", real), ("class_weight", cw), ("start", start),
                ("grads", grads), ("falling", falling), ("rising", rising)):
    out.append(f"static const double gold_{name}[] = {arr(v)};")
out += ["static const struct gold_loss {", "\tconst char *name;", "\tint weights;", "\tdouble smooth, gamma, alpha, delta, ignore;",
        "\tdouble loss, grad[GOLD_N * GOLD_K];", "} gold_losses[] = {"]
for name, (w, smooth, gamma, alpha, delta, ignore, fn) in losses.items():
    z = x.clone().requires_grad_()
    v = fn(z)
    v.backward()
    out.append(f'\t{{ "{name}", {w}, {smooth}, {gamma}, {alpha}, {delta}, {ignore}, {float(v)!r},\n\t  {arr(z.grad)} }},')
out += ["};", "/* norms of the gradients; places after each step of rate 0.1 / (step + 1) */", "static const struct gold_optim {",
        "\tenum optim_kind kind;", "\tdouble momentum;", "\tint nesterov;", "\tdouble decay, clip_norm, clip_value;",
        "\tdouble norm[GOLD_STEPS], x[GOLD_STEPS][GOLD_P];", "} gold_optims[] = {"]
for kind, momentum, nesterov, decay, clip_norm, clip_value, make in optims:
    norms, places = steps(clip_norm, clip_value, make)
    out.append(f"\t{{ {kind}, {momentum}, {nesterov}, {decay}, {clip_norm}, {clip_value}, {arr(norms)},\n\t  {{ "
               + ",\n\t    ".join(arr(p) for p in places) + " } },")
out.append("};")
for name, v in schedules.items():
    out.append(f"static const double gold_{name}[] = {arr(v)};")
out.append(f"static const double gold_plateau_low[] = {arr(plateau('min', falling, factor=0.5, patience=2))};")
out.append("static const double gold_plateau_high[] = "
           f"{arr(plateau('max', rising, factor=0.5, patience=1, cooldown=2, min_lr=0.1, threshold=0.01))};")
with open(os.path.join(HERE, "nn_loss.h"), "w") as f:
    f.write("\n".join(out) + "\n")
