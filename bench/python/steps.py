"""One training step as packages/gan/src/trainer.ts takes it: discriminator, lazy R1, generator, moving averages."""

import math

import torch
import torch.nn.functional as F

from augment import augment
from networks import discriminate, map_to_style, mix_styles, style_count, synthesize


def lazy(preset, interval):
    """Adam's settings for a network that takes interval + 1 updates where it would take interval."""
    ratio = 1.0 if interval is None else interval / (interval + 1)
    return {
        "lr": preset["learningRate"] * ratio,
        "betas": (preset["beta1"] ** ratio if preset["beta1"] > 0 else 0.0, preset["beta2"] ** ratio),
        "eps": preset["epsilon"],
    }


def draw_styles(preset, g, label):
    b, layers = label.shape[0], style_count(preset)
    w = map_to_style(preset, g, torch.randn(b, preset["latentDim"]), label)
    if preset["styleMixing"] == 0:
        return w, [w] * layers
    cut = torch.randint(1, layers, (b, 1))
    cut = torch.where(torch.rand(b, 1) < preset["styleMixing"], cut, torch.full_like(cut, layers))
    return w, mix_styles(preset, w, map_to_style(preset, g, torch.randn(b, preset["latentDim"]), label), cut)


def losses(preset, how):
    """The three losses, each with what else the step needs. Pure but for the random numbers."""
    settings = preset["augment"]

    def fake_batch(g, label):
        return synthesize(preset, g, draw_styles(preset, g, label)[1], how)

    def discriminator(d, fakes, images, label, p):
        b = label.shape[0]
        seen = augment(settings, torch.cat([fakes, images]), p)
        logits = discriminate(preset, d, seen, torch.cat([label, label]), how, 2)
        loss = F.softplus(logits[:b]).mean() + F.softplus(-logits[b:]).mean()
        return loss, logits[b:].detach().sign().mean()

    def generator(g, d, label, p):
        w, styles = draw_styles(preset, g, label)
        seen = augment(settings, synthesize(preset, g, styles, how), p)
        return F.softplus(-discriminate(preset, d, seen, label, how)).mean(), w.detach()

    def seen_reals(images, p):
        return augment(settings, images, p)

    def slope_penalty(slope):
        r1 = preset["r1"]
        return slope.square().sum((1, 2, 3)).mean() * (r1["gamma"] / 2 * r1["interval"])

    def total(d, seen, label):
        return discriminate(preset, d, seen, label, how).sum()

    return fake_batch, discriminator, generator, seen_reals, slope_penalty, total


def laid_out_as(parameter, gradient):
    """Fused Adam refuses a gradient whose memory layout differs, as second-order ones of a card's convolutions do."""
    return gradient if gradient.stride() == parameter.stride() else torch.empty_like(parameter).copy_(gradient)


class EagerSteps:
    """loss.backward() and fused Adam."""

    def __init__(self, preset, state, how):
        self.preset, self.state = preset, state
        self.fake_batch, self.d_loss, self.g_loss, self.seen, self.penalty, self.total = losses(preset, how)
        g, d = state["g"], state["d"]
        self.g_list, self.d_list = list(g.values()), list(d.values())
        path = preset["pathLength"]
        self.g_adam = torch.optim.Adam(self.g_list, fused=True, **lazy(preset, path and path["interval"]))
        self.d_adam = torch.optim.Adam(self.d_list, fused=True, **lazy(preset, preset["r1"]["interval"]))

    def apply(self, adam, parameters, loss):
        """Gradients of `parameters` alone: the generator's step leaves the discriminator's out."""
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True)):
            parameter.grad = gradient if gradient is None else laid_out_as(parameter, gradient)
        adam.step()

    def discriminator(self, images, label):
        with torch.no_grad():
            fakes = self.fake_batch(self.state["g"], label)
        loss, sign = self.d_loss(self.state["d"], fakes, images, label, self.state["p"])
        self.apply(self.d_adam, self.d_list, loss)
        return loss.detach(), sign

    def r1(self, images, label):
        seen = self.seen(images, self.state["p"]).detach().requires_grad_(True)
        slope = torch.autograd.grad(self.total(self.state["d"], seen, label), seen, create_graph=True)[0]
        loss = self.penalty(slope)
        self.apply(self.d_adam, self.d_list, loss)
        return loss.detach()

    def generator(self, label):
        frozen = {name: value.detach() for name, value in self.state["d"].items()}
        loss, w = self.g_loss(self.state["g"], frozen, label, self.state["p"])
        self.apply(self.g_adam, self.g_list, loss)
        return loss.detach(), w


class CompiledSteps(EagerSteps):
    """Each whole step, gradients included, as one inductor graph; R1's second-order gradient too. Fused Adam stays outside: one kernel."""

    def __init__(self, preset, state, how):
        super().__init__(preset, state, how)
        grad = torch.func.grad_and_value

        def d_step(d, g, images, label, p):
            fakes = self.fake_batch(g, label)
            gradients, (loss, sign) = grad(lambda q: self.d_loss(q, fakes, images, label, p), has_aux=True)(d)
            return gradients, loss, sign

        def r1_step(d, images, label, p):
            seen = self.seen(images, p)

            def loss(q):
                return self.penalty(torch.func.grad(lambda x: self.total(q, x, label))(seen))

            return grad(loss)(d)

        def g_step(g, d, label, p):
            gradients, (loss, w) = grad(lambda q: self.g_loss(q, d, label, p), has_aux=True)(g)
            return gradients, loss, w

        options = dict(fullgraph=True, dynamic=False, options=how.get("inductor"))
        self.compiled = {
            "d": torch.compile(d_step, **options),
            "r1": torch.compile(r1_step, **options),
            "g": torch.compile(g_step, **options),
        }

    def take(self, adam, parameters, gradients):
        for name, parameter in parameters.items():
            parameter.grad = gradients[name]
        adam.step()

    def frozen(self, side):
        return {name: value.detach() for name, value in self.state[side].items()}

    def discriminator(self, images, label):
        gradients, loss, sign = self.compiled["d"](self.frozen("d"), self.frozen("g"), images, label, self.state["p"])
        self.take(self.d_adam, self.state["d"], gradients)
        return loss, sign

    def r1(self, images, label):
        gradients, loss = self.compiled["r1"](self.frozen("d"), images, label, self.state["p"])
        self.take(self.d_adam, self.state["d"], gradients)
        return loss

    def generator(self, label):
        gradients, loss, w = self.compiled["g"](self.frozen("g"), self.frozen("d"), label, self.state["p"])
        self.take(self.g_adam, self.state["g"], gradients)
        return loss, w


class Trainer:
    def __init__(self, preset, state, how, compiled):
        self.preset, self.state, self.count = preset, state, 0
        self.steps = (CompiledSteps if compiled else EagerSteps)(preset, state, how)
        self.average = {name: value.detach().clone() for name, value in state["g"].items()}
        self.style_average = torch.zeros(state["classes"], preset["styleDim"])
        self.signs = 0.0

    def average_weight(self):
        ema, batch = self.preset["ema"], self.preset["batch"]
        half = min(ema["halfLifeImages"], self.count * batch * ema["ramp"])
        return 0.5 ** (batch / half) if half > 0 else 0.0

    @torch.no_grad()
    def advance_averages(self, w, label):
        weight = self.average_weight()
        torch._foreach_lerp_(list(self.average.values()), [v.detach() for v in self.state["g"].values()], 1 - weight)
        count = label.sum(0)[:, None]
        mean = label.t() @ w / count.clamp(min=1)
        self.style_average += (mean - self.style_average) * (count > 0) * (1 - self.preset["styleAverageDecay"])

    @torch.no_grad()
    def advance_augment(self, sign):
        policy = self.preset["augment"]["policy"]
        if policy["mode"] == "fixed":
            return
        self.signs = self.signs + sign
        if (self.count + 1) % policy["intervalSteps"] == 0:
            stride = self.preset["batch"] * policy["intervalSteps"] / policy["imagesToFullStrength"]
            excess = self.signs / policy["intervalSteps"] - policy["target"]
            self.state["p"] = (self.state["p"] + torch.sign(excess) * stride).clamp(0, policy["pMax"])
            self.signs = 0.0

    def step(self, images, label):
        """`images` [b,1,res,res] in −1..1, one-hot `label` [b,classes]. The batch is the same for the three updates, as in ours."""
        d_loss, sign = self.steps.discriminator(images, label)
        self.advance_augment(sign)
        r1 = self.steps.r1(images, label) if self.count % self.preset["r1"]["interval"] == 0 else None
        g_loss, w = self.steps.generator(label)
        self.advance_averages(w, label)
        self.count += 1
        return d_loss, g_loss, r1
