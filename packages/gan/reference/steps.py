"""One update of each phase of the training, in float64 by PyTorch's autograd: what steps.test.ts holds ours against.

Run with any PyTorch: `python packages/gan/reference/steps.py > packages/gan/reference/steps.json`, then biome's formatter. The networks are the benchmark's
(bench/python), written apart from ours; losses, penalties, Adam, random numbers and averages are written here, from the papers.
"""

import base64
import json
import math
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).parents[3] / "bench" / "python"))
from networks import block_resolutions, channels_at, conv_names, discriminate, from_ours, map_to_style  # noqa: E402
from networks import mix_styles, style_count, synthesize  # noqa: E402

torch.set_default_dtype(torch.float64)
HOW = {"channels_last": False, "fir": "depthwise"}
CLASSES = 8
PRESET = {
    "name": "reference-8", "resolution": 8, "latentDim": 4, "styleDim": 4, "mappingLayers": 2,
    "mappingLearningRateMultiplier": 0.01, "labelInput": "embedded", "discriminatorLabelLayers": 1, "channelBase": 32,
    "channelMax": 4, "convsPerBlock": 2, "resampling": "fir", "discriminatorResampling": "fir", "minibatchStdGroup": 4,
    "styleMixing": 0.5, "batch": 8, "learningRate": 0.02, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-8,
    "r1": {"gamma": 20000, "interval": 4}, "pathLength": {"weight": 2, "interval": 4, "decay": 0.01}, "styleAverageDecay": 0.9,
}
AVERAGE_WEIGHT, LAMBDA, PATH_MEAN, SEED = 0.75, 0.3, 0.2, (123456789, -987654321)


# Random numbers: packages/compute/src/random.ts, in whole numbers.

def lowbias32(x):
    x &= 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x846CA68B) & 0xFFFFFFFF
    return x ^ (x >> 16)


def fold(seed, index):
    return lowbias32(seed[0] + (index + 1) * 0x9E3779B9), lowbias32(seed[1] + 0x5BD1E995)


def uniform(shape, seed):
    mixed = lowbias32(seed[0] + 0x243F6A88), lowbias32(seed[1] - 0x7A5CF72D)
    first, second = lowbias32(sum(mixed)), lowbias32(sum(mixed))
    values = [lowbias32(lowbias32(i + first) + second + mixed[0]) >> 8 for i in range(math.prod(shape))]
    return torch.tensor(values).double().reshape(shape) / 2**24


def normal(shape, seed):
    count = math.prod(shape)
    pairs = -(-count // 2)
    u = uniform([2 * pairs], seed)
    radius, angle = (-2 * torch.log(1 - u[:pairs])).sqrt(), 2 * math.pi * u[pairs:]
    return torch.cat([radius * angle.cos(), radius * angle.sin()])[:count].reshape(shape)


# Numbers by formula, rounded to float32 as ours are.

def formula(count, phase):
    i = torch.arange(count).double()
    return (math.sqrt(2) * torch.sin(phase + 0.37 * i + 0.011 * i * i)).float().double()


def dense(name, inputs, outputs):
    return [(f"{name}.weight", (inputs, outputs)), (f"{name}.bias", (outputs,))]


def generator_shapes():
    p = PRESET
    shapes = dense("mapping.label", CLASSES, p["latentDim"])
    for i in range(p["mappingLayers"]):
        shapes += dense(f"mapping.{i}", 2 * p["latentDim"] if i == 0 else p["styleDim"], p["styleDim"])
    shapes.append(("synthesis.const", (1, 4, 4, channels_at(p, 4))))
    for r in block_resolutions(p):
        out = channels_at(p, r)
        layers = [(n, 3, channels_at(p, r // 2) if i == 0 and r > 4 else out, out) for i, n in enumerate(conv_names(p, r))]
        for layer, k, inputs, outputs in [*layers, ("gray", 1, out, 1)]:
            name = f"synthesis.{r}.{layer}"
            shapes += [(f"{name}.weight", (k, k, inputs, outputs)), (f"{name}.bias", (outputs,))]
            shapes += dense(f"{name}.affine", p["styleDim"], inputs)
    return shapes


def discriminator_shapes():
    p, deep = PRESET, channels_at(PRESET, 4)
    biased = lambda name, k, i, o: [(f"{name}.weight", (k, k, i, o)), (f"{name}.bias", (o,))]
    shapes = biased("gray", 1, 1, channels_at(p, p["resolution"]))
    for r in reversed(block_resolutions(p)[1:]):
        i, o = channels_at(p, r), channels_at(p, r // 2)
        shapes += [*biased(f"{r}.conv0", 3, i, i), *biased(f"{r}.conv1", 3, i, o), (f"{r}.skip.weight", (1, 1, i, o))]
    shapes += [*biased("4.conv", 3, deep + 1, deep), *dense("4.dense", 16 * deep, deep), *dense("out", deep, p["styleDim"])]
    shapes += dense("label", CLASSES, p["styleDim"])
    for i in range(p["discriminatorLabelLayers"]):
        shapes += dense(f"label.{i}", p["styleDim"], p["styleDim"])
    return shapes


def split(shapes, vector):
    """Our vector → PyTorch's tensors by name."""
    parts = torch.split(vector, [math.prod(shape) for _, shape in shapes])
    named = {name: part.reshape(shape) for (name, shape), part in zip(shapes, parts)}
    turned = {name: from_ours(name, part) for name, part in named.items()}
    return turned | ({"label.weight": named["label.weight"].t()} if "label.weight" in named else {})  # a dense layer here


def start(shapes, phase):
    """Weights [n] and Adam's moments after some updates: small ones, so that the new gradient counts."""
    weights = formula(sum(math.prod(shape) for _, shape in shapes), phase)
    slow, offset = ("mapping.0", "mapping.1", "label.0"), 0  # layers with the multiplier .01 hold weights 100 times as large
    for name, shape in shapes:
        size = math.prod(shape)
        if name.endswith(".weight") and name.removesuffix(".weight") in slow:
            weights[offset : offset + size] = (weights[offset : offset + size] * 100).float().double()
        offset += size
    moments = {"first": (formula(offset, phase + 1) * 0.001).float().double()}
    moments["second"] = (1e-5 + 5e-6 * formula(offset, phase + 2).square()).float().double()
    return weights, moments


G_SHAPES, D_SHAPES = generator_shapes(), discriminator_shapes()
G, G_MOMENTS = start(G_SHAPES, 1)
D, D_MOMENTS = start(D_SHAPES, 2)
IMAGES = (formula(PRESET["batch"] * 64, 5) * 0.5).float().double().reshape(-1, 1, 8, 8)
LABEL = torch.eye(CLASSES)[torch.arange(PRESET["batch"]) * 3 % CLASSES]
JUDGE = (formula(64 * CLASSES, 6) * 0.1).float().double().reshape(64, CLASSES)


def draw_styles(g, label, seed):
    b, layers = label.shape[0], style_count(PRESET)
    z = lambda stream: normal([b, PRESET["latentDim"]], fold(seed, stream))
    w = map_to_style(PRESET, g, z(0), label)
    mixes = uniform([b, 1], fold(seed, 2)) < PRESET["styleMixing"]
    cut = 1 + (uniform([b, 1], fold(seed, 3)) * (layers - 1)).floor()
    cut = torch.where(mixes, cut, torch.full_like(cut, layers))
    return w, mix_styles(PRESET, w, map_to_style(PRESET, g, z(1), label), cut)


def adam(weights, moments, gradient, interval, updates):
    """Adam with lazy settings: k + 1 updates where k would be taken."""
    ratio = interval / (interval + 1)
    lr, beta1, beta2 = PRESET["learningRate"] * ratio, PRESET["beta1"] ** ratio, PRESET["beta2"] ** ratio
    first = beta1 * moments["first"] + (1 - beta1) * gradient
    second = beta2 * moments["second"] + (1 - beta2) * gradient.square()
    size = (second / (1 - beta2**updates)).sqrt() + PRESET["epsilon"]
    return weights - lr * first / (1 - beta1**updates) / size, first, second


def updated(loss, vector, weights, moments, interval, updates=5):
    (gradient,) = torch.autograd.grad(loss, vector, allow_unused=True)
    parameters, first, second = adam(weights, moments, gradient, interval, updates)
    return {"parameters": parameters, "first": first, "second": second}


def see(d, images, label=LABEL):
    return discriminate(PRESET, d, images, label, HOW)


def discriminator_phase(kind):
    with torch.no_grad():
        g = split(G_SHAPES, G)
        fakes = synthesize(PRESET, g, draw_styles(g, LABEL, fold(SEED, 0))[1], HOW)
    vector = D.clone().requires_grad_(True)
    d = split(D_SHAPES, vector)
    fake, real = see(d, fakes), see(d, IMAGES)
    if kind == "relativistic":
        loss, sign = torch.log1p((fake - real).exp()).mean(), (real - fake).sign().mean()
    else:
        loss, sign = torch.log1p(fake.exp()).mean() + torch.log1p((-real).exp()).mean(), real.sign().mean()
    return {**updated(loss, vector, D, D_MOMENTS, PRESET["r1"]["interval"]), "stats": torch.stack([loss, sign])}


def penalty_phase(kind):
    seen = [IMAGES]
    if kind == "relativistic":
        with torch.no_grad():
            g = split(G_SHAPES, G)
            seen.append(synthesize(PRESET, g, draw_styles(g, LABEL, fold(SEED, 2))[1], HOW))
    vector = D.clone().requires_grad_(True)
    d = split(D_SHAPES, vector)
    penalties = []
    for images in seen:
        x = images.clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(see(d, x).sum(), x, create_graph=True)
        penalties.append(PRESET["r1"]["gamma"] / 2 * slope.square().sum((1, 2, 3)).mean())
    penalties += [torch.zeros(())] * (2 - len(penalties))
    loss = PRESET["r1"]["interval"] * sum(penalties)
    return {**updated(loss, vector, D, D_MOMENTS, PRESET["r1"]["interval"]), "stats": torch.stack(penalties)}


def generator_phase(kind, judged):
    d = split(D_SHAPES, D)
    vector = G.clone().requires_grad_(True)
    g = split(G_SHAPES, vector)
    w, styles = draw_styles(g, LABEL, fold(SEED, 0))
    fakes = synthesize(PRESET, g, styles, HOW)
    lead = see(d, fakes) - (see(d, IMAGES) if kind == "relativistic" else 0)
    adversarial = torch.log1p((-lead).exp()).mean()
    cross, share = torch.zeros(()), torch.zeros(())
    if judged:
        logits = fakes.flatten(1) @ JUDGE
        cross = F.cross_entropy(logits, LABEL.argmax(1))
        share = (logits.argmax(1) == LABEL.argmax(1)).double().mean()
    loss = adversarial + LAMBDA * cross
    result = updated(loss, vector, G, G_MOMENTS, PRESET["pathLength"]["interval"])
    average = AVERAGE_WEIGHT * (G + 1) + (1 - AVERAGE_WEIGHT) * result["parameters"]
    old = formula(CLASSES * PRESET["styleDim"], 7).reshape(CLASSES, -1)
    mean = LABEL.t() @ w / LABEL.sum(0)[:, None].clamp(min=1)
    style = old + (1 - PRESET["styleAverageDecay"]) * (mean - old) * (LABEL.sum(0) > 0)[:, None]
    return {**result, "average": average, "styleAverage": style, "stats": torch.stack([adversarial, cross, share])}


def path_phase():
    half = LABEL[: PRESET["batch"] // 2]
    vector = G.clone().requires_grad_(True)
    g = split(G_SHAPES, vector)
    w = map_to_style(PRESET, g, normal([half.shape[0], PRESET["latentDim"]], fold(SEED, 0)), half)
    layers = torch.stack([w] * style_count(PRESET))
    direction = normal([half.shape[0], 1, 8, 8], fold(SEED, 2)) / 8
    (slope,) = torch.autograd.grad((synthesize(PRESET, g, list(layers), HOW) * direction).sum(), layers, create_graph=True)
    lengths = (slope.square().sum(2).mean(0) + 1e-8).sqrt()
    path = PRESET["pathLength"]
    mean = PATH_MEAN + path["decay"] * (lengths.mean() - PATH_MEAN)
    loss = (lengths - mean).square().mean() * path["weight"] * path["interval"]
    return {**updated(loss, vector, G, G_MOMENTS, path["interval"]), "stats": torch.stack([mean, loss])}


def encode(tensor):
    return base64.b64encode(tensor.detach().float().contiguous().numpy().tobytes()).decode()


phases = {
    "discriminator, logistic": discriminator_phase("logistic"),
    "discriminator, relativistic": discriminator_phase("relativistic"),
    "R1, logistic": penalty_phase("logistic"),
    "R1 and R2, relativistic": penalty_phase("relativistic"),
    "generator, logistic": generator_phase("logistic", False),
    "generator, relativistic": generator_phase("relativistic", False),
    "generator with judge, logistic": generator_phase("logistic", True),
    "generator with judge, relativistic": generator_phase("relativistic", True),
    "path length": path_phase(),
}
inputs = {
    "generator": G, "discriminator": D, "images": IMAGES, "label": LABEL, "judge": JUDGE,
    **{f"generator.{k}": v for k, v in G_MOMENTS.items()}, **{f"discriminator.{k}": v for k, v in D_MOMENTS.items()},
    "styleAverage": formula(CLASSES * PRESET["styleDim"], 7),
}
json.dump({
    "about": "Made by steps.py. Arrays are float32, little-endian, base64.",
    "torch": torch.__version__.split("+")[0],
    "classes": CLASSES, "preset": PRESET, "seed": SEED, "updates": 5,
    "averageWeight": AVERAGE_WEIGHT, "lambda": LAMBDA, "pathMean": PATH_MEAN,
    "inputs": {name: encode(t) for name, t in inputs.items()},
    "phases": {phase: {name: encode(t) for name, t in values.items()} for phase, values in phases.items()},
}, sys.stdout, indent=2)
print()
