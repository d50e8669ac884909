#!/usr/bin/python3
"""Golden numbers for the named nets: python3 nets.py > nets.h

torchvision's nets (and the CIFAR resnets, written out here) run in double on
weights and pictures that a formula gives from names, so that C can make the
same: u(name, i) in [-1, 1). Kept are the logits in prediction; the loss and
logits in training; what all gradients and all batch statistics give when they
are multiplied with u("to." + name); and names and shapes, as a sum of hashes.
"""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision
import torchvision.models as models

U64 = (1 << 64) - 1


def fnv(text):
    h = 0xcbf29ce484222325
    for b in text.encode():
        h = ((h ^ b) * 0x100000001b3) & U64
    return h


def u(name, n):
    with np.errstate(over="ignore"):
        z = np.uint64(fnv(name)) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9e3779b97f4a7c15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0 ** -52 - 1


def value(name, shape):
    x = u(name, int(np.prod(shape)))
    if len(shape) > 1:  # variance 2 / fan in
        x = x * np.sqrt(6.0 / (np.prod(shape) / shape[0]))
    elif name.endswith("running_var"):
        x = 1 + 0.5 * x
    elif name.endswith("weight"):
        x = 0.6 + 0.2 * x
    elif name.endswith("conv.0.1.bias"):  # of mobilenet2: about half of the values are above 6, where relu6 ends
        x = 6 + x
    else:
        x = 0.1 * x
    return torch.from_numpy(x.reshape(shape))


class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout)
        self.conv2, self.bn2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout)
        self.stride, self.more = stride, cout - cin

    def forward(self, x):
        around = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.more // 2, self.more - self.more // 2))
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + around)


class Cifar(nn.Module):
    def __init__(self, n, classes):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        for s in range(3):
            blocks = [Block(max(16, 8 << s) if i == 0 else 16 << s, 16 << s, 2 if s and i == 0 else 1) for i in range(n)]
            setattr(self, "layer%d" % (s + 1), nn.Sequential(*blocks))
        self.linear = nn.Linear(64, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.linear(x.mean((2, 3)))


def small_vgg(make, classes):
    """From pictures below 64 x 64: the mean of all positions, and dense layers of 512."""
    net = make(num_classes=classes, init_weights=False)
    net.avgpool = nn.AdaptiveAvgPool2d(1)
    net.classifier[0], net.classifier[3] = nn.Linear(512, 512), nn.Linear(512, 512)
    net.classifier[6] = nn.Linear(512, classes)
    return net


def array(a):
    return "{ " + ", ".join("%.17g" % v for v in np.asarray(a).ravel()) + " }"


def parameters(net):
    return {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}


def projected(values):
    """The product with u("to." + name), and the norm."""
    p = sum(float(np.dot(u("to." + k, v.numel()), v.numpy().ravel())) for k, v in values.items())
    return p, float(np.sqrt(sum((v ** 2).sum() for v in values.values())))


ROWS, CLASSES = 2, 5


def run(name, net, h, w):
    net = net.double()
    for m in net.modules():
        if isinstance(m, nn.Dropout):
            m.p = 0
    old = {}
    with torch.no_grad():
        for k, v in parameters(net).items():
            v.copy_(value(k, tuple(v.shape)))
            old[k] = v.clone()
    x = torch.from_numpy(u("picture", ROWS * h * w * 3).reshape(ROWS, h, w, 3)).permute(0, 3, 1, 2).contiguous()
    x.requires_grad_()
    label = torch.arange(ROWS) * 3 % CLASSES
    predicted = net.eval()(x).detach()
    logits = net.train()(x)
    loss = F.cross_entropy(logits, label)
    loss.backward()
    grads = {k: p.grad for k, p in net.named_parameters()}
    stats = {k: (v - 0.9 * old[k]) / 0.1 for k, v in parameters(net).items() if "running" in k}
    g, s, d = projected(grads), projected(stats) if stats else (0, 1), projected({"picture": x.grad.permute(0, 2, 3, 1).contiguous()})
    print('\t{ "%s", %d, %d, %s, %s, %.17g,\n\t  { %.17g, %.17g }, { %.17g, %.17g }, { %.17g, %.17g } },' % (
        name, h, w, array(predicted), array(logits.detach()), float(loss), *g, *s, *d))


def names(name, net):
    shapes = {k: "x".join(map(str, v.shape)) for k, v in parameters(net).items()}
    total = sum(v.numel() for v in parameters(net).values())
    print('\t{ "%s", %d, %d, 0x%016xu },' % (name, len(shapes), total, sum(fnv(k + " " + v) for k, v in shapes.items()) & U64))


print("/* Made by nets.py with torch %s, torchvision %s. */" % (torch.__version__, torchvision.__version__))
print("#define GOLD_ROWS %d\n#define GOLD_CLASSES %d\n" % (ROWS, CLASSES))
print("/* predicted, trained (rows, classes); grad, stat, input: the product and the norm. */")
print("static const struct gold_net {\n\tconst char *name;\n\tsize_t h, w;\n\tdouble predicted[GOLD_ROWS * GOLD_CLASSES], "
      "trained[GOLD_ROWS * GOLD_CLASSES], loss;\n\tdouble grad[2], stat[2], input[2];\n} gold_nets[] = {")
run("resnet20", Cifar(3, CLASSES), 17, 12)
run("resnet18", models.resnet18(num_classes=CLASSES), 17, 33)
run("resnet34", models.resnet34(num_classes=CLASSES), 33, 48)
run("resnet50", models.resnet50(num_classes=CLASSES), 33, 48)
run("mobilenet2", models.mobilenet_v2(num_classes=CLASSES), 33, 48)
run("squeezenet", models.squeezenet1_1(num_classes=CLASSES), 33, 48)
run("vgg11", small_vgg(models.vgg11, CLASSES), 32, 35)
run("vgg11bn", small_vgg(models.vgg11_bn, CLASSES), 35, 32)
print("};\n\n/* Of 1,000 classes (the CIFAR ones: 10): tensors, elements, sum of the hashes of names and shapes. */")
print("static const struct gold_names {\n\tconst char *name;\n\tsize_t tensors, elements;\n\tuint64_t hash;\n} gold_names[] = {")
for n, blocks in (("resnet20", 3), ("resnet32", 5), ("resnet56", 9)):
    names(n, Cifar(blocks, 10))
for n in ("vgg11", "vgg16", "vgg19"):
    names(n, getattr(models, n)(init_weights=False))
    names(n + "bn", getattr(models, n + "_bn")(init_weights=False))
for n in ("resnet18", "resnet34", "resnet50"):
    names(n, getattr(models, n)())
names("mobilenet2", models.mobilenet_v2())
names("squeezenet", models.squeezenet1_1())
print("};\n\n/* u(\"picture\") (1, 5, 9, 2) averaged to (1, 7, 4, 2). */")
x = torch.from_numpy(u("picture", 90).reshape(1, 5, 9, 2)).permute(0, 3, 1, 2)
print("static const double gold_adaptive[] = %s;" % array(F.adaptive_avg_pool2d(x, (7, 4)).permute(0, 2, 3, 1)))
