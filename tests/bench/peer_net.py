"""Speed of PyTorch on the nets of net.c: peer_net.py NAME BATCH SIZE CHANNELS CLASSES THREADS SECONDS [channels-last]."""
import sys, time
import torch, torch.nn as nn
name, (batch, size, channels, classes, threads), seconds = sys.argv[1], map(int, sys.argv[2:7]), float(sys.argv[7])
torch.set_num_threads(threads)
torch.manual_seed(1)
if name == "pair":
    q = size // 4
    net = nn.Sequential(nn.Conv2d(channels, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1),
                        nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64 * q * q, 128), nn.ReLU(), nn.Linear(128, classes))
else:
    import torchvision.models as models
    net = getattr(models, {"mobilenet2": "mobilenet_v2", "squeezenet": "squeezenet1_1", "vgg11bn": "vgg11_bn"}.get(name, name))(num_classes=classes)
layout = torch.channels_last if len(sys.argv) > 8 else torch.contiguous_format
x = torch.rand(batch, channels, size, size).to(memory_format=layout)
net = net.to(memory_format=layout)
y = torch.arange(batch) % classes
opt = torch.optim.SGD(net.parameters(), lr=1e-4)
loss = nn.CrossEntropyLoss()


def step():
    opt.zero_grad()
    loss(net(x), y).backward()
    opt.step()


def rate(f):
    f()
    n, start = 0, time.time()
    while time.time() - start < seconds:
        f()
        n += 1
    return n * batch / (time.time() - start)


print(f"{name:12} train    {rate(step):9.1f} pictures/s (torch{' channels last' if len(sys.argv) > 8 else ''})")
net.eval()
with torch.no_grad():
    print(f"{name:12} forward  {rate(lambda: net(x)):9.1f} pictures/s (torch{' channels last' if len(sys.argv) > 8 else ''})")
