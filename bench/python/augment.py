"""packages/gan/src/augment.ts in PyTorch: one affine map and one recolouring per image, each transform with probability p."""

import math

import torch
import torch.nn.functional as F


class Draws:
    """Gated draws [n], from one block of uniform numbers."""

    def __init__(self, settings, n, p):
        self.normal = settings["distribution"] == "normal"
        self.p = p
        self.chance_of_turn = 1 - (1 - p).sqrt() if settings["anisotropyLog2"] > 0 else p
        self.block = torch.rand(32, n)
        self.at = 0

    def next(self):
        self.at += 1
        return self.block[self.at - 1]

    def gate(self, p):
        return (self.next() < p).to(self.block.dtype)

    def uniform(self, amount):
        return (self.next() - 0.5) * (2 * amount) * self.gate(self.p)

    def spread(self, amount):
        if not self.normal:
            return self.uniform(amount)
        return torch.randn(self.block.shape[1]) * amount * self.gate(self.p)

    def choice(self, count):
        return (self.next() * count).floor() * self.gate(self.p)

    def rotation(self, degrees):
        return (self.next() - 0.5) * (2 * math.radians(degrees)) * self.gate(self.chance_of_turn)


def scaled(m, x, y):
    a, b, c, d, tx, ty = m
    return a * x, b * y, c * x, d * y, tx, ty


def turned(m, angle):
    a, b, c, d, tx, ty = m
    cos, sin = angle.cos(), angle.sin()
    return a * cos + b * sin, b * cos - a * sin, c * cos + d * sin, d * cos - c * sin, tx, ty


def compose_affine(s, n, side, draws):
    one, zero = torch.ones(n), torch.zeros(n)
    m = (one, zero, zero, one, zero, zero)
    if s["flipX"]:
        m = scaled(m, 1 - 2 * draws.choice(2), one)
    if s["quarterTurns"]:
        m = turned(m, draws.choice(4) * (math.pi / 2))
    if s["scaleLog2"] > 0:
        reach = s.get("scaleLog2Max", math.inf)
        scale = torch.exp2(draws.spread(s["scaleLog2"]).clamp(-reach, reach))
        m = scaled(m, scale, scale)
    if s["rotationDegrees"] > 0:
        m = turned(m, draws.rotation(s["rotationDegrees"]))
    if s["anisotropyLog2"] > 0:
        scale = torch.exp2(draws.spread(s["anisotropyLog2"]))
        m = scaled(m, scale, 1 / scale)
        if s["rotationDegrees"] > 0:
            m = turned(m, draws.rotation(s["rotationDegrees"]))
    if s["shift"] > 0:
        a, b, c, d, tx, ty = m
        x, y = draws.uniform(s["shift"] * side), draws.uniform(s["shift"] * side)
        m = (a, b, c, d, tx + a * x + b * y, ty + c * x + d * y)
    return m


def recolor(s, images, draws):
    if s["brightness"] > 0:
        images = images + draws.spread(s["brightness"])[:, None, None, None]
    if s["contrastLog2"] > 0:
        images = images * torch.exp2(draws.spread(s["contrastLog2"]))[:, None, None, None]
    if s["lumaFlip"]:
        images = images * (1 - 2 * draws.choice(2))[:, None, None, None]
    return images


def warp(images, m, side):
    """grid_sample's coordinates are in halves of the side: ours from the centre, in pixels, divided by (side − 1)/2."""
    a, b, c, d, tx, ty = m
    half = (side - 1) / 2
    theta = torch.stack([a, b, tx / half, c, d, ty / half], 1).reshape(-1, 2, 3)
    grid = F.affine_grid(theta, list(images.shape), align_corners=True)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=True)


def augment(s, images, p):
    """`images` [n,1,side,side], `p` []"""
    n, side = images.shape[0], images.shape[2]
    draws = Draws(s, n, p)
    affine = compose_affine(s, n, side, draws)
    return recolor(s, warp(images, affine, side), draws)
