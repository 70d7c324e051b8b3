"""Weights and images by formula, so that a fixture needs to hold results only. src/formula.fixture.ts has the same formulas."""
import numpy as np
import torch


def uniform(count: int, tensor: int) -> np.ndarray:
    """count numbers in [0, 1) that depend on (position, tensor's number): an integer hash, the same in every language."""
    u = (np.arange(1, count + 1, dtype=np.uint32) + np.uint32(7919 * tensor)) * np.uint32(2654435761)
    u ^= u >> np.uint32(15)
    u = u * np.uint32(2246822519)
    u ^= u >> np.uint32(13)
    return u.astype(np.float64) / 2**32


def fill(model: torch.nn.Module) -> None:
    """Fills every tensor in the order of the state dictionary, counters left out."""
    named = [(n, t) for n, t in model.state_dict().items() if "num_batches" not in n]
    for number, (name, tensor) in enumerate(named):
        u = uniform(tensor.numel(), number)
        if name.endswith("running_var"):
            values = 0.5 + u
        elif name.endswith("running_mean"):
            values = 0.4 * (u - 0.5)
        elif tensor.dim() > 1:  # He's deviation, uniform
            values = (u - 0.5) * np.sqrt(24 / tensor[0].numel())
        elif name.endswith("weight"):
            values = 0.75 + 0.5 * u
        else:
            values = 0.2 * (u - 0.5)
        tensor.copy_(torch.from_numpy(values.astype(np.float32)).reshape(tensor.shape))


def images(count: int, side: int) -> torch.Tensor:
    """Gray in [-1, 1], [count, 1, side, side]."""
    i, y, x = np.meshgrid(*(np.arange(n, dtype=np.float64) for n in (count, side, side)), indexing="ij")
    return torch.from_numpy((np.sin(0.13 * x + i) * np.cos(0.09 * y - i)).astype(np.float32))[:, None]


def prepare(gray: torch.Tensor, mean: list[float], deviation: list[float]) -> torch.Tensor:
    """[-1, 1] → [0, 1] → 224 with antialiasing → three channels → normalised."""
    resized = torch.nn.functional.interpolate((gray + 1) / 2, 224, mode="bilinear", antialias=True, align_corners=False)
    return (resized.expand(-1, 3, -1, -1) - torch.tensor(mean)[:, None, None]) / torch.tensor(deviation)[:, None, None]
