#!/usr/bin/env python3
"""Time and memory of `pima` in the number of joint outcomes K, beside the same bound in eager PyTorch.

    cmake -S . -B build -DPOLYCAUSE_BUILD_BENCHMARKS=ON; cmake --build build --target pima_benchmark
    taskset -c 0 python3 benchmarks/pima_scaling.py --driver build/benchmarks/pima_benchmark

A study of two tables, fixed numbers of participants, columns and latents, one thread. Apart: the gradient epoch (encoders, decoders, bound
with all K clusters, Adam), the block update (two rounds of responsibilities, means and variances), and the network's block of one epoch
(40 steps of Adam on six node orders), which has a cost in the number of nodes beside K. Both sides are timed in processor seconds
(shared machines) and in turn, each part in a process of its own, whose peak memory is given; medians over all repeats but the first of
each round. The exponent is the slope of log time over log K, by least squares, over the largest three K. Needs PyTorch for Python.
"""
import argparse
import math
import os
import resource
import statistics
import subprocess
import sys
import time

DESIGNS = ["2x2x2", "2x2x2x2x2x2", "2x2x2x2x2x2x2x2x2", "2x2x2x2x2x2x2x2x2x2x2x2", "4x4x4", "8x8x8", "16x16x16"]
FEATURES, WIDTH, TABLES, DROPOUT, CHUNK = 64, 64, 2, 0.3, 1 << 22
ORDERS, STEPS, FIRST_STEPS = 6, 40, 300  # node orders that go on after the first steps, and steps of an epoch


def joint(design):
    return math.prod(map(int, design.split("x")))


def eager_epochs(options):
    """The same layers, batches, bound and block updates as src/networks/plugin/pima."""
    import torch
    from torch import nn
    from torch.nn import functional as f

    torch.set_num_threads(1)
    torch.manual_seed(1)
    clusters, latents, rows, columns = joint(options.design), options.latents, options.rows, options.columns
    hidden = torch.randn(rows, 4)
    tables = []
    for _ in range(TABLES):
        sums = hidden.mm(torch.randn(4, columns))
        tables.append(torch.tanh(0.4 * sums) + 0.3 * sums + 0.1 * torch.randn(rows, columns))
    leaky = nn.LeakyReLU(0.1)
    encoders = [nn.Sequential(nn.Linear(2 * columns, WIDTH), leaky, nn.Linear(WIDTH, FEATURES), leaky, nn.Linear(FEATURES, 2 * latents))
                for _ in tables]
    decoders = [nn.Sequential(nn.Linear(latents, WIDTH), leaky, nn.Linear(WIDTH, WIDTH), leaky, nn.Linear(WIDTH, columns)) for _ in tables]
    spreads = [torch.zeros(columns, requires_grad=True) for _ in tables]
    weights = [p for net in encoders + decoders for p in net.parameters()]
    optimiser = torch.optim.Adam([{"params": weights, "lr": 2e-3}, {"params": spreads, "lr": 2e-2}])
    scales = [(x.mean(0), x.std(0)) for x in tables]
    mean, variance = torch.randn(clusters, latents), torch.full((clusters, latents), clusters ** (-2 / latents))
    log_joint = torch.full((clusters,), -math.log(clusters))

    def batch_of(which):
        seen = []
        for x, (centre, scale) in zip(tables, scales):
            raw = x[which]
            there = raw.isnan().logical_not().float()
            seen.append((torch.nan_to_num((raw - centre) / scale, 0.0), there, there.amax(1, keepdim=True)))
        return seen

    def posterior(batch, keep):
        out = [net(torch.cat([x, there], 1)) for net, (x, there, _) in zip(encoders, batch)]
        precision = torch.exp(-torch.stack([o[:, latents:].clamp(-12, 6) for o in out])) * keep
        total = precision.sum(0)
        return (torch.stack([o[:, :latents] for o in out]) * precision).sum(0) / total, total.reciprocal()

    def scores_of(mu, sigma2):
        """log A_c - KL(q || N_c), (B, K), without a tensor (B, K, l)."""
        centre = mean.mean(0, keepdim=True)
        x, m, precision = mu - centre, mean - centre, variance.reciprocal()
        distance = (x.square() + sigma2).mm(precision.t()) - 2 * x.mm((m * precision).t()) + (m.square() * precision).sum(1)
        return log_joint - 0.5 * (distance + variance.log().sum(1) - sigma2.log().sum(1, keepdim=True) - latents)

    def gradient_epoch():
        for which in torch.randperm(rows).split(options.batch):
            batch = batch_of(which)
            there = torch.stack([one[2] for one in batch])
            kept = there * (torch.rand(there.shape) >= DROPOUT)
            luck = torch.rand(there.shape) * there
            keep = torch.where(kept.sum(0, keepdim=True) > 0, kept, luck.eq(luck.amax(0, keepdim=True)) * there)
            mu, sigma2 = posterior(batch, keep)
            z = mu + sigma2.sqrt() * torch.randn(mu.shape)
            bound = scores_of(mu, sigma2).logsumexp(1)
            for net, spread, (x, seen, _) in zip(decoders, spreads, batch):
                limited = spread.clamp(-9, 4)
                bound = bound - 0.5 * (((net(z) - x).square() * torch.exp(-limited) + limited + math.log(2 * math.pi)) * seen).sum(1)
            loss = -bound.mean() / (TABLES * columns)
            assert math.isfinite(loss.item())
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()

    def design_matrix():
        outcomes, index, stride, parts = list(map(int, options.design.split("x"))), torch.arange(clusters), clusters, []
        for count in outcomes:
            stride //= count
            parts.append(f.one_hot(index.div(stride, rounding_mode="floor").remainder(count), count))
        return torch.cat([torch.ones(clusters, 1), *parts], 1).double()

    @torch.no_grad()
    def block_update():
        nonlocal mean, variance
        seen = [posterior(batch, torch.stack([one[2] for one in batch]))
                for batch in map(batch_of, torch.arange(rows).split(options.batch))]
        mu, sigma2 = torch.cat([s[0] for s in seen]), torch.cat([s[1] for s in seen])
        for _ in range(2):
            counts, sums, squares = 0.0, 0.0, 0.0
            for which in torch.arange(rows).split(max(16, CHUNK // clusters)):
                gamma = scores_of(mu[which], sigma2[which]).softmax(1).double().t()
                counts = counts + gamma.sum(1)
                sums = sums + gamma.mm(mu[which].double())
                squares = squares + gamma.mm(mu[which].double().square() + sigma2[which].double())
            n, few = counts.clamp_min(1e-12).unsqueeze(1), counts.lt(1).unsqueeze(1)
            new, known = sums / n, counts.unsqueeze(1) * ~few
            if few.any():  # means of nearly empty clusters from the sums over their outcomes
                design = design_matrix()
                weighted = design.t().unsqueeze(0) * (known / variance.double()).t().unsqueeze(1)
                gram = weighted.matmul(design)
                gram = gram + 1e-8 * gram.diagonal(0, 1, 2).mean(1).clamp_min(1e-30).view(-1, 1, 1) * torch.eye(design.size(1)).double()
                effects = torch.linalg.solve(gram, weighted.matmul(new.t().unsqueeze(2))).squeeze(2).t()
                new = torch.where(few, design.mm(effects), new)
            spread = squares / n - 2 * new * (sums / n) + new.square()
            spread = torch.where(few, (spread * known).sum(0, keepdim=True) / known.sum().clamp_min(1e-12), spread)
            lowest = 1e-4 * (mu.var(0, False) + sigma2.mean(0)).double()
            mean, variance = new.float(), torch.maximum(spread, lowest).float()

    for _ in range(5):  # away from the random start
        block_update()
    for _ in range(options.repeats):
        yield "gradient", gradient_epoch
        yield "blocks", block_update


def eager_network(options):
    """40 steps on the tables, potentials and weights of six node orders."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(1)
    outcomes, size = list(map(int, options.design.split("x"))), joint(options.design)
    nodes = len(outcomes)
    shares = -torch.rand(size).double().log()
    shares = shares / shares.sum()
    price = 0.5 * math.log(options.rows) / options.rows
    grid = (shares * options.rows + 0.5).view(outcomes)
    tables = torch.stack([(grid / grid.sum(j, keepdim=True)).log().reshape(-1) for j in range(nodes)])
    logits = tables.unsqueeze(0).repeat(ORDERS, 1, 1).requires_grad_()
    potential = torch.stack([torch.randperm(nodes).double() / max(1, nodes - 1) for _ in range(ORDERS)]).requires_grad_()
    weight = torch.ones(ORDERS, nodes, nodes).double().requires_grad_()
    one_less, apart = torch.tensor(outcomes).double() - 1, 1 - torch.eye(nodes).double()
    optimiser = torch.optim.Adam([logits, potential, weight], lr=0.05)

    def step():
        edges = torch.tanh(weight * torch.relu(potential.unsqueeze(1) - potential.unsqueeze(2)) / 0.5)
        log_joint = 0
        for j in range(nodes):
            table = torch.softmax(logits[:, j].view(ORDERS, *outcomes), j + 1)
            for i in range(nodes):
                if i != j:
                    e = edges[:, i, j].view(ORDERS, *[1] * nodes)
                    table = e * table + (1 - e) * table.mean(i + 1, keepdim=True)
            log_joint = log_joint + table.expand(ORDERS, *outcomes).reshape(ORDERS, size).clamp_min(1e-30).log()
        free = ((1 + edges * apart * one_less.view(1, -1, 1)).prod(1) * one_less).sum(1)
        loss = -((log_joint * shares).sum(1) - price * free).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            weight.clamp_min_(0)

    def steps():
        for _ in range(STEPS):
            step()

    for _ in range(options.repeats):
        yield "network", steps


def eager(options):
    for what, work in (eager_epochs if options.eager == "epoch" else eager_network)(options):
        since = time.process_time()
        work()
        print(what, time.process_time() - since, flush=True)
    print("memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def parsed(command):
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    values = {}
    for line in done.stdout.splitlines():
        what, value = line.split()
        values.setdefault(what, []).append(float(value))
    return values


def exponent(points):
    """Slope of log seconds over log K."""
    x, y = [math.log(k) for k, _ in points], [math.log(s) for _, s in points]
    centre = statistics.mean(x)
    return sum((a - centre) * b for a, b in zip(x, y)) / sum((a - centre) ** 2 for a in x)


def measured(options, design, part):
    """Medians of both sides: {what: (ours, theirs)}."""
    ours, theirs = {}, {}
    repeats = options.repeats if part == "epoch" or joint(design) < 4096 else 2
    for _ in range(options.rounds):
        sizes = [str(v) for v in (options.latents, options.rows, options.columns, options.batch, repeats)]
        own = parsed([options.driver, part, design, *sizes])
        other = parsed([sys.executable, __file__, "--eager", part, "--design", design, "--repeats", str(repeats), "--rows", str(options.rows),
                        "--columns", str(options.columns), "--latents", str(options.latents), "--batch", str(options.batch)])
        for values, to in ((own, ours), (other, theirs)):
            for what, some in values.items():
                to.setdefault(what, []).extend(some[1:] if len(some) > 1 else some)
    return {what: (statistics.median(some), statistics.median(theirs[what]) if what in theirs else math.nan) for what, some in ours.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--driver", help="the program pima_benchmark")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=4, help="epochs of a round; the first is not counted")
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--columns", type=int, default=16)
    parser.add_argument("--latents", type=int, default=6)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--designs", nargs="+", default=DESIGNS)
    parser.add_argument("--eager", choices=["epoch", "network"], help=argparse.SUPPRESS)
    parser.add_argument("--design", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.eager:
        eager(options)
        return
    if not options.driver:
        parser.error("--driver is needed")
    print(f"{options.rows} participants, {TABLES} tables of {options.columns} columns, {options.latents} latents, batches of {options.batch};"
          " processor seconds and MiB, ours / PyTorch")
    heads = ["gradient", "blocks", "ratio", "memory", "network", "ratio", "memory", "first"]
    print(f"{'nodes':8} {'K':>5}" + "".join(f" {head:>15}" for head in heads), flush=True)
    curves = {}
    for design in options.designs:
        epoch, network = measured(options, design, "epoch"), measured(options, design, "network")
        outcomes = design.split("x")
        cells = []

        def pair(values, scale=1.0, form=".3f"):
            return " / ".join(format(v * scale, form) for v in values)

        def ratio(*pairs):
            return f"{sum(p[1] for p in pairs) / sum(p[0] for p in pairs):.2f}"

        cells += [pair(epoch["gradient"]), pair(epoch["blocks"]), ratio(epoch["gradient"], epoch["blocks"]), pair(epoch["memory"], 1 / 1024, ".0f")]
        cells += [pair(network["network"]), ratio(network["network"]), pair(network["memory"], 1 / 1024, ".0f"), f"{network['first'][0]:.2f}"]
        print(f"{f'{len(outcomes)} x {outcomes[0]}':8} {joint(design):5}" + "".join(f" {cell:>15}" for cell in cells), flush=True)
        family = "two outcomes" if outcomes[0] == "2" else "three nodes"
        families = ["two outcomes", "three nodes"] if design == "2x2x2" else [family]
        for name in families:
            for what, pair_of in (("gradient", epoch["gradient"]), ("blocks", epoch["blocks"]), ("network", network["network"])):
                for side, seconds in zip(("ours", "PyTorch"), pair_of):
                    curves.setdefault((name, what), {}).setdefault(side, []).append((joint(design), seconds))
    for (name, what), sides in curves.items():
        if len(next(iter(sides.values()))) >= 3:
            slopes = ", ".join(f"{side} {exponent(points[-3:]):.2f}" for side, points in sides.items())
            print(f"exponent of K, {name}, {what}: {slopes}")


if __name__ == "__main__":
    main()
