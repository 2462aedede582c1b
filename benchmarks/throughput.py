#!/usr/bin/env python3
"""Training throughput of the networks of pictures and series, beside the same networks in PyTorch.

    cmake --build build --target networks_benchmark polycause_networks_module
    taskset -c 0 benchmarks/throughput.py --driver build/bin/networks_benchmark

Two modalities alike, three latents each, random blocks, one thread: encoder, map of fixed features, decoder, critics, AdamW with clipped
gradients, and after every epoch the bound of one held-out batch, as `polycause fit` has it (src/networks/plugin). Both sides are timed in
processor seconds (shared machines) and in turn; medians over all epochs but the first of each round. Needs PyTorch for Python.
"""
import argparse
import math
import os
import statistics
import subprocess
import time

import torch
from torch import nn
from torch.nn import functional as f

CONFIGURATIONS = [  # name, kind, network, channels, height, width, rows, batch, epochs
    ("small 28x28x1", "image", "small", 1, 28, 28, 2560, 128, 5),
    ("small 40x40x3", "image", "small", 3, 40, 40, 1280, 128, 5),
    ("resnet18 28x28x1", "image", "resnet18", 1, 28, 28, 64, 32, 3),
    ("resnet18 40x40x3", "image", "resnet18", 3, 40, 40, 64, 32, 3),
    ("tcn 480x4", "series", "tcn", 4, 1, 480, 1280, 128, 5),
    ("lstm 480x4", "series", "lstm", 4, 1, 480, 256, 128, 3),
]
FEATURES, LATENTS, AXES = 64, 3, 48


def leaky(x):
    return f.leaky_relu(x, 0.1)


class SmallImage(nn.Module):
    def __init__(self, channels, height, width):
        super().__init__()
        self.convolutions, wide = nn.ModuleList(), 16
        while max(height, width) > 5:
            self.convolutions.append(nn.Conv2d(channels, wide, 3, stride=2, padding=1))
            channels, wide, height, width = wide, min(64, wide * 2), (height + 1) // 2, (width + 1) // 2
        self.dense = nn.Linear(channels * height * width, FEATURES)

    def forward(self, x):
        for convolution in self.convolutions:
            x = leaky(convolution(x))
        return leaky(self.dense(x.flatten(1)))


class Residual(nn.Module):
    def __init__(self, start, end, stride):
        super().__init__()
        self.first = nn.Conv2d(start, end, 3, stride=stride, padding=1, bias=False)
        self.second = nn.Conv2d(end, end, 3, padding=1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(end), nn.BatchNorm2d(end)
        self.skip = None
        if stride != 1 or start != end:
            self.skip = nn.Sequential(nn.Conv2d(start, end, 1, stride=stride, bias=False), nn.BatchNorm2d(end))

    def forward(self, x):
        h = self.norm2(self.second(torch.relu(self.norm1(self.first(x)))))
        return torch.relu(h + (x if self.skip is None else self.skip(x)))


class ResNet18(nn.Module):  # the stem of pictures under 64 pixels
    def __init__(self, channels, height, width):
        super().__init__()
        assert max(height, width) < 64
        self.stem, self.norm = nn.Conv2d(channels, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64)
        blocks, start = [], 64
        for stage in range(4):
            for block in range(2):
                blocks.append(Residual(start, 64 << stage, 2 if stage > 0 and block == 0 else 1))
                start = 64 << stage
        self.blocks, self.dense = nn.Sequential(*blocks), nn.Linear(512, FEATURES)

    def forward(self, x):
        return leaky(self.dense(self.blocks(torch.relu(self.norm(self.stem(x)))).mean((2, 3))))


class TemporalConvolution(nn.Module):
    def __init__(self, channels, _, length):
        super().__init__()
        self.convolutions, wide = nn.ModuleList(), 32
        while len(self.convolutions) < 2 or length > 8:
            stride = 4 if length > 64 else 2 if length > 8 else 1
            self.convolutions.append(nn.Conv1d(channels, wide, 2 * stride + 1, stride=stride, padding=stride))
            length, channels, wide = (length - 1) // stride + 1, wide, 64
        self.dense = nn.Linear(channels * (length + 3), FEATURES)

    def forward(self, x):
        h = x.squeeze(2)
        for convolution in self.convolutions:
            h = leaky(convolution(h))
        return leaky(self.dense(torch.cat([h.flatten(1), h.mean(2), h.amax(2), h.amin(2)], 1)))


class LongShortTerm(nn.Module):
    def __init__(self, channels, *_):
        super().__init__()
        self.lstm, self.dense = nn.LSTM(channels, 64, batch_first=True), nn.Linear(128, FEATURES)

    def forward(self, x):
        outputs, (state, _) = self.lstm(x.squeeze(2).transpose(1, 2).contiguous())
        return leaky(self.dense(torch.cat([state[0], outputs.mean(1)], 1)))


class ImageDecoder(nn.Module):
    def __init__(self, channels, height, width, widest):
        super().__init__()
        doublings = 0
        while (max(height, width) >> doublings) > 5:
            doublings += 1
        scale = 1 << doublings
        self.size = (height, width)
        self.start = (widest, -(-height // scale), -(-width // scale))
        self.dense, self.spread = nn.Linear(FEATURES, 64), nn.Linear(64, math.prod(self.start))
        self.layers, start = nn.ModuleList(), widest
        for i in range(doublings):
            end = channels if i + 1 == doublings else max(16, start // 2)
            self.layers.append(nn.ConvTranspose2d(start, end, 4, stride=2, padding=1))
            start = end

    def forward(self, u):
        h = leaky(self.spread(leaky(self.dense(u)))).view(-1, *self.start)
        for i, layer in enumerate(self.layers):
            h = layer(h) if i + 1 == len(self.layers) else leaky(layer(h))
        return h[:, :, :self.size[0], :self.size[1]]


class SeriesDecoder(nn.Module):
    def __init__(self, channels, samples):
        super().__init__()
        quadruplings = 0
        while (samples >> (2 * quadruplings)) > 16:
            quadruplings += 1
        scale = 1 << (2 * quadruplings)
        self.samples, self.length = samples, -(-samples // scale)
        self.dense, self.spread = nn.Linear(FEATURES, 64), nn.Linear(64, 64 * self.length)
        self.layers, start = nn.ModuleList(), 64
        for _ in range(quadruplings):
            end = max(16, start // 2)
            self.layers.append(nn.ConvTranspose1d(start, end, 8, stride=4, padding=2))
            start = end
        self.last = nn.Conv1d(start, channels, 5, padding=2)

    def forward(self, u):
        h = leaky(self.spread(leaky(self.dense(u)))).view(-1, 64, self.length)
        for layer in self.layers:
            h = leaky(layer(h))
        return self.last(h)[:, :, :self.samples].unsqueeze(2)


class LstmDecoder(nn.Module):
    def __init__(self, channels, samples):
        super().__init__()
        self.samples = samples
        self.lstm, self.last = nn.LSTM(FEATURES + 1, 64, batch_first=True), nn.Linear(64, channels)

    def forward(self, u):
        time_of = torch.linspace(-1, 1, self.samples).view(1, -1, 1)
        inputs = torch.cat([u.unsqueeze(1).expand(-1, self.samples, -1), time_of.expand(u.size(0), -1, 1)], 2)
        return self.last(self.lstm(inputs)[0]).transpose(1, 2).unsqueeze(2)


def statistics_of(blocks):
    x = blocks.flatten(2)
    mean, length = x.mean(2), x.size(2)
    centred = x - mean.unsqueeze(2)

    def step(lag):
        return x[:, :, lag:] - x[:, :, :length - lag]

    ordered = x.sort(2)[0]
    parts = [mean, centred.square().mean(2).sqrt()]
    parts += [ordered[:, :, int(share * (length - 1))] for share in (0.05, 0.95, 0, 1)]
    parts += [step(1).abs().mean(2), step(1).square().mean(2).sqrt(), step(5).square().mean(2).sqrt(), centred.pow(3).mean(2)]
    for a in range(1, x.size(1)):
        parts += [(centred[:, a] * centred[:, b]).mean(1, keepdim=True) for b in range(a)]
    return torch.cat(parts, 1)


def perceptron(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, 64), nn.LeakyReLU(0.1), nn.Linear(64, 64), nn.LeakyReLU(0.1), nn.Linear(64, outputs))


class Modality(nn.Module):
    def __init__(self, kind, network, channels, height, width):
        super().__init__()
        encoder = {"small": SmallImage, "resnet18": ResNet18, "tcn": TemporalConvolution, "lstm": LongShortTerm}[network]
        self.encoder = encoder(channels, height, width)
        self.bottleneck = nn.Sequential(nn.BatchNorm1d(FEATURES, affine=False), nn.Linear(FEATURES, FEATURES), nn.LeakyReLU(0.1),
                                        nn.Linear(FEATURES, LATENTS))
        fixed = AXES + 10 * channels + channels * (channels - 1) // 2
        self.direct = nn.Linear(fixed, LATENTS)
        if kind == "image":
            self.decoder = ImageDecoder(channels, height, width, 256 if network == "resnet18" else 64)
        else:
            self.decoder = LstmDecoder(channels, width) if network == "lstm" else SeriesDecoder(channels, width)
        self.other, self.own = perceptron(LATENTS, LATENTS + 1), perceptron(LATENTS, 1)
        self.mean, self.sd = torch.full((channels, height, width), 0.5), torch.full((channels, 1, 1), 0.29)
        self.axes = torch.randn(channels * height * width, AXES)
        self.centre, self.scale = torch.zeros(fixed), torch.ones(fixed)

    def forward(self, raw):
        present = raw.isnan().logical_not().float()
        x = torch.nan_to_num((raw - self.mean) / self.sd, 0.0)
        features = self.encoder(x)
        fixed = torch.cat([x.flatten(1).mm(self.axes), statistics_of(x)], 1)
        u = self.bottleneck(features) + self.direct(((fixed - self.centre) * self.scale).clamp(-6, 6))
        return u, features, x, present

    def reconstruction(self, features, x, present):
        return ((self.decoder(features) - x).square() * present).sum() / present.sum().clamp_min(1)

    def contrast(self, u, rest):
        g = self.other(rest)
        scores = u.mm(g[:, :LATENTS].t()) + self.own(u) + g[:, LATENTS:].t()
        own = torch.arange(u.size(0))
        return 0.5 * (f.cross_entropy(scores, own) + f.cross_entropy(scores.t(), own))


def in_python(kind, network, channels, height, width, rows, batch, epochs):
    torch.manual_seed(1)
    blocks = torch.rand(rows + batch, channels, height, width)
    both = [Modality(kind, network, channels, height, width) for _ in range(2)]
    parameters = [p for m in both for p in m.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=6e-4, weight_decay=1e-4)
    ends = []
    for _ in range(epochs):
        for m in both:
            m.train()
        for rows_now in torch.randperm(rows).split(batch):
            if len(rows_now) < batch:
                break
            seen = [m(blocks[rows_now]) for m in both]
            loss = sum(m.contrast(seen[i][0], seen[1 - i][0]) + 0.3 * m.reconstruction(*seen[i][1:]) for i, m in enumerate(both))
            assert math.isfinite(loss.item())
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 5.0)
            optimiser.step()
        with torch.no_grad():
            for m in both:
                m.eval()
            seen = [m(blocks[rows:]) for m in both]
            for i, m in enumerate(both):
                m.contrast(seen[i][0], seen[1 - i][0]).item()
        ends.append(time.process_time())
    return [2 * (rows // batch) * batch / (b - a) for a, b in zip(ends, ends[1:])]


def in_cpp(arguments, kind, network, *numbers):
    done = subprocess.run([arguments.driver, kind, network, *map(str, numbers)], check=True, capture_output=True, text=True,
                          env={**os.environ, "OMP_NUM_THREADS": "1"})
    return [float(line) for line in done.stdout.split()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--driver", required=True)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", default="", help="configurations whose name holds this")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'network':18} {'polycause':>10} {'PyTorch':>10} {'ratio':>6}   blocks per processor second, PyTorch {torch.__version__}")
    for name, *numbers in CONFIGURATIONS:
        if arguments.only not in name:
            continue
        ours, theirs = [], []
        for _ in range(arguments.rounds):
            ours += in_cpp(arguments, *numbers)
            theirs += in_python(*numbers)
        a, b = statistics.median(ours), statistics.median(theirs)
        print(f"{name:18} {a:10.1f} {b:10.1f} {a / b:6.2f}", flush=True)


if __name__ == "__main__":
    main()
