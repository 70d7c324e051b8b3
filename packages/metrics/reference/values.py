"""Reference values for the tests of this package, from numpy and scipy in float64 (numpy 2.4, scipy 1.17).

Run: python values.py > values.json
The feature sets are made by the same integer generator as in src/reference-sets.ts, so no matrix needs to be stored.
"""
import json

import numpy as np
from scipy.linalg import svdvals
from scipy.optimize import brentq
from scipy.spatial.distance import cdist
from scipy.stats import norm, t


def uniforms(seed):
    state = seed & 0xFFFFFFFF
    while True:  # mulberry32
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        mixed = ((state ^ (state >> 15)) * (state | 1)) & 0xFFFFFFFF
        mixed ^= (mixed + (((mixed ^ (mixed >> 7)) * (mixed | 61)) & 0xFFFFFFFF)) & 0xFFFFFFFF
        yield ((mixed ^ (mixed >> 14)) & 0xFFFFFFFF) / 2**32


def feature_set(seed, rows, columns, shift):
    u = uniforms(seed)
    data = np.empty((rows, columns))
    for i in range(rows):
        for j in range(columns):
            data[i, j] = (next(u) + next(u) + next(u) - 1.5) * 4 / (1 + j / 8) + shift
    return data


def fid(x, y):
    s1, s2 = np.atleast_2d(np.cov(x, rowvar=False)), np.atleast_2d(np.cov(y, rowvar=False))
    gap = ((x.mean(0) - y.mean(0)) ** 2).sum()
    # Two ways: the eigenvalues of S1^1/2 S2 S1^1/2, good to 1e-7 only when S1 is singular, and singular values, good to 1e-14.
    w, v = np.linalg.eigh(s1)
    root = (v * np.sqrt(np.clip(w, 0, None))) @ v.T
    rough = np.sqrt(np.clip(np.linalg.eigvalsh(root @ s2 @ root), 0, None)).sum()
    inner = svdvals((x - x.mean(0)) @ (y - y.mean(0)).T).sum() / np.sqrt((len(x) - 1) * (len(y) - 1))
    assert abs(rough / inner - 1) < 1e-6
    return float(gap + np.trace(s1) + np.trace(s2) - 2 * inner)


def kid(x, y):
    d, n, m = x.shape[1], len(x), len(y)
    k = lambda a, b: (a @ b.T / d + 1) ** 3
    xx, yy = k(x, x), k(y, y)
    return float(
        (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1)) - 2 * k(x, y).mean()
    )


def manifold(x, y, k, inclusive):
    radius = lambda a: np.sort(cdist(a, a), axis=1)[:, k]
    rx, ry, d = radius(x), radius(y), cdist(x, y)
    inside = (lambda a, b: a <= b) if inclusive else (lambda a, b: a < b)
    in_real, in_fake = inside(d, rx[:, None]), inside(d, ry[None, :])
    return {
        "precision": float(in_real.any(0).mean()),
        "recall": float(in_fake.any(1).mean()),
        "density": float(in_real.sum() / (k * len(y))),
        "coverage": float(in_real.any(1).mean()),
    }


def delong(scores, labels, groups=None):
    pos, neg = [i for i, c in enumerate(labels) if c], [i for i, c in enumerate(labels) if not c]
    psi = np.array([[1.0 if scores[i] > scores[j] else 0.5 if scores[i] == scores[j] else 0.0 for j in neg] for i in pos])
    auc, v10, v01 = psi.mean(), psi.mean(1), psi.mean(0)
    if groups is None:
        variance = v10.var(ddof=1) / len(pos) + v01.var(ddof=1) / len(neg)
    else:
        names = sorted(set(groups))
        p = np.array([sum(v10[k] - auc for k, i in enumerate(pos) if groups[i] == g) for g in names])
        q = np.array([sum(v01[k] - auc for k, i in enumerate(neg) if groups[i] == g) for g in names])
        i10, i01, i = len({groups[r] for r in pos}), len({groups[r] for r in neg}), len(names)
        s10 = i10 / ((i10 - 1) * len(pos)) * (p**2).sum()
        s01 = i01 / ((i01 - 1) * len(neg)) * (q**2).sum()
        s11 = i / (i - 1) * (p * q).sum()
        variance = s10 / len(pos) + s01 / len(neg) + 2 * s11 / (len(pos) * len(neg))
    return {"auc": float(auc), "variance": float(variance)}


def newcombe5(auc, m, n, design_effect=1.0, z=norm.ppf(0.975)):
    """Newcombe 2006, part 2, method 5, by Brent's root finder."""
    star = (m + n) / 2 - 1
    v = lambda t: design_effect * t * (1 - t) * (1 + star * (1 - t) / (2 - t) + star * t / (1 + t)) / (m * n)
    gap = lambda t: (auc - t) ** 2 - z**2 * v(t)
    tiny = 1e-12
    return {
        "ciLow": brentq(gap, tiny, auc - tiny, xtol=1e-15) if auc > 0 else 0.0,
        "ciHigh": brentq(gap, auc + tiny, 1 - tiny, xtol=1e-15) if auc < 1 else 1.0,
    }


SETS = {"tall": (200, 180, 24), "wide": (60, 50, 256), "equal": (90, 90, 64), "single": (40, 30, 1)}


def main():
    out = {}
    for index, (name, (n, m, d)) in enumerate(SETS.items()):
        x, y = feature_set(100 + index, n, d, 0), feature_set(200 + index, m, d, 0.1)
        out[name] = {"real": n, "fake": m, "columns": d, "fid": fid(x, y), "kid": kid(x, y)}
        out[name]["inclusive3"], out[name]["strict5"] = manifold(x, y, 3, True), manifold(x, y, 5, False)
    x = feature_set(102, 90, 64, 0)
    y = np.concatenate([x[:30], feature_set(202, 60, 64, 0.1)])  # 30 exact copies: borders are met exactly
    out["copies"] = {"fid": fid(x, y), "inclusive3": manifold(x, y, 3, True), "strict5": manifold(x, y, 5, False)}
    u = uniforms(9)
    scores = [int(next(u) * 40) + (6 if i % 3 == 0 else 0) for i in range(120)]
    labels = [1 if i % 3 == 0 else 0 for i in range(120)]
    groups = [str(i // 4) for i in range(120)]
    out["delong"] = delong(scores, labels)
    out["delongClustered"] = delong(scores, labels, groups)
    cases = [(0.95, 30, 30, 1), (0.9, 11, 18, 1.7), (1.0, 12, 16, 1), (0.5, 4, 200, 2.5), (0.02, 9, 5, 1)]
    out["newcombe5"] = [{"auc": a, "m": m, "n": n, "designEffect": d, **newcombe5(a, m, n, d)} for a, m, n, d in cases]
    out["normal"] = {"q975": norm.ppf(0.975), "q999": norm.ppf(0.999), "c1": norm.cdf(1), "cm3": norm.cdf(-3)}
    out["student"] = {"q975df19": t.ppf(0.975, 19), "q975df5": t.ppf(0.975, 5)}
    out["student"] |= {"q975df13": t.ppf(0.975, 1.3), "q975df500": t.ppf(0.975, 500)}
    print(json.dumps(out, indent=1))


main()
