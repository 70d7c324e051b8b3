"""The low-pass filter [1,3,3,1]/8 in the forms that PyTorch users write. `how["fir"]` names one: which is fastest depends on the
memory layout, on the batch and on whether inductor compiles it, so the benchmark tries them."""

import torch
import torch.nn.functional as F

TAPS = [1 / 8, 3 / 8, 3 / 8, 1 / 8]


def depthwise(x, pad, gain, stride):
    """One 4×4 convolution per channel, as upfirdn2d does it without its CUDA kernel."""
    taps = torch.tensor(TAPS, dtype=x.dtype) * gain
    kernel = torch.outer(taps, taps).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(x, kernel, padding=pad, stride=stride, groups=x.shape[1])


def along(x, axis, gain, stride):
    n = (x.shape[axis] - 4) // stride + 1
    terms = [x.narrow(axis, i, (n - 1) * stride + 1) for i in range(4)]
    if stride > 1:
        index = [slice(None)] * 4
        index[axis] = slice(None, None, stride)
        terms = [t[tuple(index)] for t in terms]
    return (terms[0] + terms[3]) * (TAPS[0] * gain) + (terms[1] + terms[2]) * (TAPS[1] * gain)


def slices(x, pad, gain, stride):
    """Rows, then columns: four shifted views added."""
    return along(along(F.pad(x, (pad, pad, pad, pad)), 2, gain, stride), 3, gain, stride)


def boxes(x, pad, gain, stride):
    """[1,3,3,1] is [1,1] three times over: three average pools, the last with the stride."""
    x = F.avg_pool2d(F.pad(x, (pad, pad, pad, pad)), 2, 1)
    return F.avg_pool2d(F.avg_pool2d(x, 2, 1), 2, stride) * gain**2 if gain != 1 else F.avg_pool2d(F.avg_pool2d(x, 2, 1), 2, stride)


FILTERS = {"depthwise": depthwise, "slices": slices, "boxes": boxes}


def filter_fir(x, pad, gain, how):
    """[b,c,h,w] → [b,c,h+2·pad−3,w+2·pad−3], times gain²"""
    return FILTERS[how["fir"]](x, pad, gain, 1)


def downsample(x, resampling, how):
    return F.avg_pool2d(x, 2) if resampling == "box" else FILTERS[how["fir"]](x, 1, 1, 2)


def upsample(x, resampling, how):
    """Doubles. `fir` is bilinear with zeros beyond the border."""
    if resampling == "box":
        return F.interpolate(x, scale_factor=2, mode="nearest")
    padded = F.interpolate(F.pad(x, (1, 1, 1, 1)), scale_factor=2, mode="bilinear", align_corners=False)
    return padded[:, :, 2:-2, 2:-2]
