"""Alters films in known ways, for the proof that the audit's search finds them. Pillow and SciPy; none of the search's own code.

usage: plant_copies.py REQUEST.json
REQUEST: { films, patients, others, size, count, seed, kinds?, out }: raw gray bytes of the films to copy and of strangers, the films'
patients, and where to put OUT.u8 (all images, `count` of each strength in turn) and OUT.json: { limit, planted: [{ kind, strength,
sources: [row], correlations: [with the source, the alteration undone] }] }. `limit` is the correlation that one pair of films of
different patients in a thousand exceeds. Without `out`, prints the kinds.
"""

import io
import json
import math
import sys

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage

MODES = ("nearest", "constant", "reflect")  # what comes in from beyond the border


def grid(size):
    middle = (size - 1) / 2
    y, x = np.mgrid[0:size, 0:size].astype(float)
    return y - middle, x - middle, middle


def affine(film, rng, dx=0.0, dy=0.0, scale=1.0, degrees=0.0, mode=None):
    """Moves by dx, dy (shares of the side), enlarges by scale, turns. Returns the image and a function that undoes it."""
    size = film.shape[0]
    y, x, middle = grid(size)
    angle = math.radians(degrees)
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    u, v = x - dx * size, y - dy * size
    places = np.stack([cos * v - sin * u + middle, cos * u + sin * v + middle])
    mode = mode or MODES[rng.integers(len(MODES))]
    image = ndimage.map_coordinates(film, places, order=1, mode=mode)

    def undo(altered):
        back_x = scale * (math.cos(angle) * x - math.sin(angle) * y) + dx * size + middle
        back_y = scale * (math.sin(angle) * x + math.cos(angle) * y) + dy * size + middle
        inside = (back_x >= 0) & (back_x <= size - 1) & (back_y >= 0) & (back_y <= size - 1)
        return ndimage.map_coordinates(altered, np.stack([back_y, back_x]), order=1, mode="nearest"), inside

    return image, undo


def elastic(film, rng, amplitude):
    size = film.shape[0]
    y, x, middle = grid(size)
    field = rng.standard_normal((2, size, size))
    field = np.stack([ndimage.gaussian_filter(part, size / 8, mode="wrap") for part in field])
    field *= amplitude * size / np.abs(field).max()
    places = np.stack([y + middle, x + middle]) + field
    image = ndimage.map_coordinates(film, places, order=1, mode="nearest")

    def undo(altered):
        back = np.stack([y + middle, x + middle])
        for _ in range(8):  # the inverse by fixed point: p = q − field(p)
            moved = np.stack([ndimage.map_coordinates(part, back, order=1, mode="nearest") for part in field])
            back = np.stack([y + middle, x + middle]) - moved
        inside = ((back >= 0) & (back <= size - 1)).all(axis=0)
        return ndimage.map_coordinates(altered, back, order=1, mode="nearest"), inside

    return image, undo


def to_bytes(image):
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def jpeg(film, quality):
    kept = io.BytesIO()
    Image.fromarray(to_bytes(film)).save(kept, "JPEG", quality=quality)
    return np.asarray(Image.open(kept)).astype(float)


def half(film, other, side):
    size = film.shape[0]
    kept = np.zeros((size, size), bool)
    middle = size // 2
    kept[{"left": np.s_[:, :middle], "right": np.s_[:, middle:], "top": np.s_[:middle], "bottom": np.s_[middle:]}[side]] = True
    return np.where(kept, film, other), lambda altered: (altered, kept)


def same(altered):
    return altered, np.ones(altered.shape, bool)


def whole_pixels(size, share):
    return math.floor(share * size) / size


def by_training(film, rng, shift, spread, scale, brightness, contrast, degrees=0.0):
    """What augmentation does in training: everything at once. `spread` draws −amount to amount, or normal."""
    draw = (lambda amount: amount * rng.standard_normal()) if spread == "normal" else (lambda amount: rng.uniform(-amount, amount))
    image, undo = affine(
        film,
        rng,
        dx=rng.uniform(-shift, shift),
        dy=rng.uniform(-shift, shift),
        scale=2 ** np.clip(draw(scale), -0.32, 0.32),
        degrees=rng.uniform(-degrees, degrees),
        mode="nearest",
    )
    level = image / 127.5 - 1 + np.clip(draw(brightness), -0.5, 0.5)
    return to_bytes((level * 2 ** np.clip(draw(contrast), -1, 1) + 1) * 127.5).astype(float), undo


def alterations(size):
    """kind → strength → alteration(film, other, rng) → image or (image, undo)."""
    sign = lambda rng: 1 if rng.random() < 0.5 else -1
    turned = lambda rng: rng.uniform(0, 2 * math.pi)

    def shift(share):
        def alter(film, _, rng):
            angle = turned(rng)
            return affine(film, rng, dx=share * math.cos(angle), dy=share * math.sin(angle))

        return alter

    def whole_shift(share):
        step = whole_pixels(size, share)
        return lambda film, _, rng: affine(film, rng, dx=sign(rng) * step, dy=sign(rng) * step * (rng.random() < 0.5))

    def gamma(exponent):
        return lambda film, _, rng: (255 * (film / 255) ** exponent, lambda a: same(255 * (a / 255) ** (1 / exponent)))

    def blur(share):
        sigma = share * size
        return lambda film, _, rng: np.asarray(
            Image.fromarray(film.astype(np.float32), "F").convert("L").filter(ImageFilter.GaussianBlur(sigma))
        ).astype(float)

    def halves(fill):
        def alter(film, other, rng):
            side = ("left", "right", "top", "bottom")[rng.integers(4)]
            return half(film, other if fill == "stranger" else np.full_like(film, film.mean()), side)

        return alter

    return {
        "exact": {"": lambda film, _, rng: film},
        "shift, whole pixels": {f"{whole_pixels(size, s) * size:.0f} px": whole_shift(s) for s in (1.01 / 32, 2.01 / 32, 0.12)},
        "shift, any": {f"{100 * share:.0f} % of the side": shift(share) for share in (0.03, 0.06, 0.09, 0.12)},
        "shrunk": {f"to {scale}": (lambda s: lambda film, _, rng: affine(film, rng, scale=s))(scale) for scale in (0.9, 0.8)},
        "crop": {f"of {share}": (lambda s: lambda film, _, rng: affine(film, rng, scale=1 / s))(share) for share in (0.9, 0.8)},
        "turn": {f"{d}°": (lambda d: lambda film, _, rng: affine(film, rng, degrees=sign(rng) * d))(d) for d in (3, 6, 9, 12)},
        "flip": {"": lambda film, _, rng: (film[:, ::-1], lambda a: same(a[:, ::-1]))},
        "inversion": {"": lambda film, _, rng: (255 - film, lambda a: same(255 - a))},
        "gamma": {str(g): gamma(g) for g in (0.5, 0.75, 1.33, 2)},
        "brightness": {f"{b:+d} levels": (lambda b: lambda film, _, rng: film + b)(b) for b in (-50, -20, 20, 50)},
        "contrast": {f"× {c}": (lambda c: lambda film, _, rng: 128 + c * (film - 128))(c) for c in (0.5, 1.6)},
        "JPEG": {f"quality {q}": (lambda q: lambda film, _, rng: jpeg(film, q))(q) for q in (90, 60, 30)},
        "blur": {f"σ {s * 100:.3g} % of the side": blur(s) for s in (0.01, 0.02, 0.04)},
        "noise": {f"σ {n} levels": (lambda n: lambda film, _, rng: film + n * rng.standard_normal(film.shape))(n) for n in (5, 10, 20)},
        "blend with a stranger": {
            f"{round(100 * a)} %": (lambda a: lambda film, other, rng: a * film + (1 - a) * other)(a) for a in (0.7, 0.5, 0.35)
        },
        "elastic": {f"up to {a}/256": (lambda a: lambda film, _, rng: elastic(film, rng, a / 256))(a) for a in (3, 8, 12)},
        "half": {"beside a stranger": halves("stranger"), "beside gray": halves("gray")},
        "as demo and small presets augment": {
            "all at once": lambda film, _, rng: by_training(film, rng, 0.1, "uniform", 0.2, 0.2, 0.3),
        },
        "as clinic and small-128 presets augment": {
            "all at once": lambda film, _, rng: by_training(film, rng, 0.125, "normal", 0.2, 0.2, 0.5, 12),
        },
    }


def correlation(film, altered, undo):
    restored, inside = undo(altered.astype(float))
    if inside.sum() < 16:
        return 0.0
    a, b = film[inside], restored[inside]
    if a.std() < 1e-6 or b.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def read(path, size):
    return np.fromfile(path, np.uint8).reshape(-1, size, size).astype(float)


def likeness_of_strangers(films, patients):
    correlations = np.corrcoef(films.reshape(len(films), -1))
    patients = np.array(patients)
    return float(np.percentile(correlations[patients[:, None] != patients[None, :]], 99.9))


def main():
    with open(sys.argv[1], encoding="utf8") as file:
        request = json.load(file)
    size, count = request["size"], request["count"]
    chosen = {kind: of for kind, of in alterations(size).items() if kind in request.get("kinds", [kind])}
    if "out" not in request:
        print(json.dumps(list(chosen)))
        return
    films, others = read(request["films"], size), read(request["others"], size)
    rng = np.random.default_rng(request["seed"])
    images, planted = [], []
    for kind, strengths in chosen.items():
        for strength, alter in strengths.items():
            sources = [int(row) for row in np.resize(rng.permutation(len(films)), count)]
            correlations = []
            for row in sources:
                made = alter(films[row], others[rng.integers(len(others))], rng)
                image, undo = made if isinstance(made, tuple) else (made, same)
                altered = to_bytes(image)
                images.append(altered)
                correlations.append(correlation(films[row], altered, undo))
            planted.append({"kind": kind, "strength": strength, "sources": sources, "correlations": correlations})
    np.stack(images).tofile(request["out"] + ".u8")
    with open(request["out"] + ".json", "w", encoding="utf8") as file:
        json.dump({"limit": likeness_of_strangers(films, request["patients"]), "planted": planted}, file)


main()
