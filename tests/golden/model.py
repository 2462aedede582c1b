#!/usr/bin/env python3
"""Writes model.json beside this file: values and gradients of the density, the autoencoder and Adam by
PyTorch's automatic differentiation in double precision.

Parameters are not stored: entry k of a tensor at `offset` is base + scale * noise(offset + k), which the
test computes too. Of every gradient the inner products with two fixed noise vectors are kept.

Usage: /usr/bin/python3 tests/golden/model.py
"""
import json
import math
import pathlib

import numpy as np
import scipy.stats
import torch

BUMPS, MIXTURE, BASIS, PAD = 4, 4, 8, 16
LOW, HIGH, BETA = -0.1, 1.1, 2 / 3
HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)
ROWS = 128
KEY = 4711


def mix(x):
    x = np.asarray(x, dtype=np.uint32).copy()
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return x


def noise(first, count, salt=0):
    """Uniform on [-1, 1), exact in single precision."""
    index = (np.arange(first, first + count, dtype=np.uint64) + (salt << 24)).astype(np.uint32)
    return (mix(index) >> np.uint32(8)).astype(np.float64) / 2.0 ** 23 - 1.0


def padded(width):
    return (width + PAD - 1) // PAD * PAD


class Parameters:
    """Tensors one after another in a flat vector, rows padded to `stride`."""

    def __init__(self):
        self.at = 0
        self.tensors = []

    def add(self, name, rows, columns, stride=None, scale=0.3, base="zero", hole=-1, room=0):
        """`room`: rows that the tensor takes up, where that is more than it has."""
        stride = stride or columns
        value = scale * noise(self.at, rows * stride).reshape(rows, stride)[:, :columns]
        if base == "identity":
            value += np.eye(rows)
        if hole >= 0:
            value[hole] = 0  # the coordinate that a layer transforms is not seen by its network
        value = torch.tensor(np.float32(value).astype(np.float64), requires_grad=True)
        self.tensors.append({"name": name, "offset": self.at, "rows": rows, "columns": columns,
                             "stride": stride, "scale": scale, "base": base, "hole": hole,
                             "value": value})
        self.at += max(rows, room) * stride
        return value

    def pad(self):
        self.at = (self.at + PAD - 1) // PAD * PAD

    def mlp(self, name, inputs, hidden, outputs, hole=-1):
        width, out = padded(hidden), padded(outputs)
        return [self.add(name + ".w1", inputs, hidden, width, 0.6, hole=hole),
                self.add(name + ".b1", 1, hidden, width),
                self.add(name + ".w2", hidden, hidden, width, 0.4, room=width),
                self.add(name + ".b2", 1, hidden, width),
                self.add(name + ".w3", hidden, outputs, out, 0.2, room=width),
                self.add(name + ".b3", 1, outputs, out, 0.5)]

    def written(self):
        """The description of every tensor, and its gradient's projections."""
        result = []
        for t in self.tensors:
            entry = {k: v for k, v in t.items() if k != "value"}
            g = np.zeros((t["rows"], t["stride"]))
            if t["value"].grad is not None:
                g[:, :t["columns"]] = t["value"].grad.numpy()
            if t["hole"] >= 0:
                g[t["hole"]] = 0
            entry["gradient"] = [rounded(g.ravel() @ noise(t["offset"], g.size, salt)) for salt in (1, 2)]
            entry["norm"] = rounded(np.linalg.norm(g))
            result.append(entry)
        return result


def rounded(x):
    return float("%.9g" % float(x))


def forward(weights, x):
    w1, b1, w2, b2, w3, b3 = weights
    leaky = torch.nn.functional.leaky_relu
    return leaky(leaky(x @ w1 + b1, 0.2) @ w2 + b2, 0.2) @ w3 + b3


def layer(head, x):
    s = torch.exp(1.5 * torch.tanh(head[:, 0] / 1.5))
    a = torch.nn.functional.softplus(head[:, 2:2 + BUMPS])
    b = torch.exp(torch.clamp(head[:, 2 + BUMPS:2 + 2 * BUMPS], -2, 2))
    t = torch.tanh(b * (x[:, None] - head[:, 2 + 2 * BUMPS:2 + 3 * BUMPS]))
    return s * x + head[:, 1] + (a * t).sum(1), torch.log(s + (a * b * (1 - t * t)).sum(1))


def mixture(x, p):
    """log density of x (n,) under p (n or 1, 12): logits, means, log sds."""
    log_sd = torch.clamp(p[:, 2 * MIXTURE:], -4, 3)
    e = (x[:, None] - p[:, MIXTURE:2 * MIXTURE]) * torch.exp(-log_sd)
    return torch.logsumexp(torch.log_softmax(p[:, :MIXTURE], 1) - 0.5 * e * e - log_sd - HALF_LOG_TWO_PI, 1)


def basis(z):
    return torch.stack([0.5 * z] + [torch.tanh(1.25 * (z - 0.7 * (k - 4))) for k in range(1, BASIS)], 1)


def sampled_gates(log_odds):
    """Hard-concrete gates (rows, pairs) with the noise of a counter."""
    gates = []
    for e in range(log_odds.shape[1]):
        index = np.arange(ROWS, dtype=np.uint32) + np.uint32(e << 16)
        bits = mix(mix(index ^ np.uint32(KEY)) + np.uint32(KEY))
        r = torch.tensor(((bits >> np.uint32(8)).astype(np.float64) + 0.5) / 2 ** 24)
        y = torch.sigmoid((torch.log(r) - torch.log1p(-r) + log_odds[0, e]) / BETA)
        gates.append(torch.clamp(y * (HIGH - LOW) + LOW, 0, 1))
    return torch.stack(gates, 1)


def density(prior, gated):
    latents, privates, hidden = [2, 1], [1, 1], 16
    pairs = [(0, 2), (1, 2)]
    p = Parameters()
    heads = []
    for m, k in enumerate(latents):
        width = k + privates[m]
        nets, linear = [], []
        for l in range(2 * width):
            if l % width == 0:
                linear.append(p.add(f"linear{m}.{l}", width, width, scale=0.3, base="identity"))
            nets.append(p.mlp(f"net{m}.{l}", width, hidden, 2 + 3 * BUMPS, hole=l % width))
        rotation = p.add(f"rotation{m}", k, k, scale=0.4, base="identity")
        shift = p.add(f"shift{m}", 1, k)
        heads.append((width, k, nets, linear, rotation, shift))
    p.pad()
    total = sum(latents)
    if prior == "additive":
        coefficients = p.add("coefficients", len(pairs), BASIS, scale=0.8)
        laws = [p.add(f"noise{i}", 1, 3 * MIXTURE, scale=0.8) for i in range(total)]
    else:
        laws = [p.mlp(f"conditioner{i}", max(1, sum(t == i for _, t in pairs)), hidden, 3 * MIXTURE)
                for i in range(total)]
    p.pad()
    log_odds = p.add("gates", 1, len(pairs), scale=1.5)
    p.pad()

    codes = [1.5 * noise(0, ROWS * h[0], 10 + m).reshape(ROWS, h[0]) for m, h in enumerate(heads)]

    def log_density(gates):
        log_p = torch.zeros(ROWS, dtype=torch.float64)
        z, eta, eps = [], [], []
        for m, (width, k, nets, linear, rotation, shift) in enumerate(heads):
            x = torch.tensor(codes[m])
            for l, net in enumerate(nets):
                if l % width == 0:
                    x = x @ linear[l // width]
                    log_p = log_p + torch.linalg.slogdet(linear[l // width])[1]
                y, log_slope = layer(forward(net, x), x[:, l % width])
                log_p = log_p + log_slope
                x = torch.cat([x[:, :l % width], y[:, None], x[:, l % width + 1:]], 1)
            log_p = log_p + torch.linalg.slogdet(rotation)[1]
            z.append((x[:, :k] - shift.detach()) @ rotation)
            eta.append(x[:, k:])
        z, eta = torch.cat(z, 1), torch.cat(eta, 1)
        log_p = log_p + (-0.5 * eta * eta - HALF_LOG_TWO_PI).sum(1)
        for i in range(total):
            into = [e for e, (_, target) in enumerate(pairs) if target == i]
            if prior == "additive":
                mean = sum((gates[:, e] * (basis(z[:, pairs[e][0]]) @ coefficients[e]) for e in into),
                           torch.zeros(ROWS, dtype=torch.float64))
                log_p = log_p + mixture(z[:, i] - mean, laws[i])
                eps.append(z[:, i] - mean)
            else:
                inputs = [gates[:, e] * z[:, pairs[e][0]] for e in into]
                inputs = inputs or [torch.zeros(ROWS, dtype=torch.float64)]
                head = forward(laws[i], torch.stack(inputs, 1))
                log_p = log_p + mixture(z[:, i], head)
                h = head.detach().numpy()
                weight = np.exp(h[:, :MIXTURE])
                weight /= weight.sum(1, keepdims=True)
                sd = np.exp(np.clip(h[:, 2 * MIXTURE:], -4, 3))
                below = (weight * scipy.stats.norm.cdf(
                    (z[:, i, None].detach().numpy() - h[:, MIXTURE:2 * MIXTURE]) / sd)).sum(1)
                eps.append(torch.tensor(scipy.stats.norm.ppf(np.clip(below, 1e-9, 1 - 1e-9))))
        return log_p, z, eta, torch.stack(eps, 1)

    open_gates = torch.ones(ROWS, len(pairs), dtype=torch.float64)
    loss = -log_density(sampled_gates(log_odds) if gated else open_gates)[0].mean()
    loss.backward()
    still = torch.clamp(torch.sigmoid(log_odds) * (HIGH - LOW) + LOW, 0, 1).expand(ROWS, -1)
    with torch.no_grad():
        log_p, z, eta, eps = log_density(still if gated else open_gates)
    some = lambda x: [rounded(v) for v in x[:3].detach().numpy().ravel()]
    return {"prior": prior, "gated": gated, "latents": latents, "privates": privates, "hidden": hidden,
            "layers_per_width": 2, "pairs": [list(pair) for pair in pairs], "rows": ROWS, "key": KEY,
            "size": p.at, "loss": rounded(loss), "tensors": p.written(),
            "z": some(z), "eta": some(eta), "eps": some(eps), "log_p": some(log_p),
            "mean_nll": rounded(-log_p.mean())}


def autoencoder(masked):
    width, code, hidden, rows = 5, 3, 20, 100  # neither sizes nor rows fill the padding
    inputs = 2 * width if masked else width
    p = Parameters()
    encoder = p.mlp("encoder", inputs, hidden, code)
    decoder = p.mlp("decoder", code, hidden, width)
    # The mask reaches the code through the network only.
    axes = p.add("axes", width, code, padded(code), 0.5, room=inputs)
    loadings = p.add("loadings", code, width, padded(width), 0.5)
    p.pad()
    x = noise(0, rows * width, 20).reshape(rows, width)
    present = noise(0, rows * width, 21).reshape(rows, width) > -0.6
    if not masked:
        present[:] = True
    x = torch.tensor(np.where(present, x, 0))
    seen = torch.tensor(present.astype(np.float64))
    whole = torch.cat([x, 1 - seen], 1) if masked else x
    raw = forward(encoder, whole) + x @ axes
    error = (forward(decoder, raw) + raw @ loadings - x) * seen
    (error.square().sum() / (rows * width)).backward()
    return {"masked": masked, "width": width, "code": code, "hidden": hidden, "rows": rows, "size": p.at,
            "loss": rounded(error.square().sum() / seen.sum()), "tensors": p.written()}


def adam():
    """Ten steps on 32 parameters under torch.optim.Adam; the gradient of step s is noise."""
    theta = torch.tensor(noise(0, 32, 30), requires_grad=True)
    optimiser = torch.optim.Adam([theta], lr=0.01, betas=(0.9, 0.999), eps=1e-8)
    for step in range(10):
        theta.grad = torch.tensor(noise(32 * step, 32, 31)) * 10.0 ** (step % 3 - 1)
        optimiser.step()
    return {"steps": 10, "rate": 0.01, "parameters": [rounded(v) for v in theta.detach().numpy()]}


def main():
    torch.set_default_dtype(torch.float64)
    values = {"made_with": f"torch {torch.__version__}",
              "densities": [density(prior, gated) for prior in ("additive", "general")
                            for gated in (False, True)],
              "autoencoders": [autoencoder(masked) for masked in (False, True)],
              "adam": adam()}
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(values, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n",
                    encoding="utf-8")


if __name__ == "__main__":
    main()
