"""The generator and the discriminator of packages/gan in PyTorch, as one would write them in PyTorch for speed: NCHW tensors (or
channels_last in memory), one layer per call, the non-fused modulated convolution. Parameters are dictionaries with the names of
our checkpoints; `from_ours` brings their layouts over."""

import math

import torch
import torch.nn.functional as F

from resample import downsample, filter_fir, upsample


def block_resolutions(preset):
    """[4, 8, …, resolution]"""
    return [4 << i for i in range(int(math.log2(preset["resolution"])) - 1)]


def channels_at(preset, resolution):
    return min(preset["channelBase"] // resolution, preset["channelMax"])


def conv_names(preset, resolution):
    return ["conv0"] if resolution == 4 or preset["convsPerBlock"] == 1 else ["conv0", "conv1"]


def style_count(preset):
    return sum(len(conv_names(preset, r)) for r in block_resolutions(preset)) + 1


def from_ours(name, tensor):
    """Our layout → PyTorch's: [k,k,i,o] → [o,i,k,k], [i,o] → [o,i], and the first dense layer's h·w·c inputs → c·h·w."""
    if name == "synthesis.const":
        return tensor.permute(0, 3, 1, 2).contiguous()
    if tensor.dim() == 4:
        return tensor.permute(3, 2, 0, 1).contiguous()
    if name == "4.dense.weight":
        inputs, outputs = tensor.shape
        return tensor.reshape(4, 4, inputs // 16, outputs).permute(3, 2, 0, 1).reshape(outputs, inputs).contiguous()
    return tensor.t().contiguous() if tensor.dim() == 2 else tensor.clone()


def lrelu(x):
    return F.leaky_relu(x, 0.2) * math.sqrt(2)


def equalize(weight, multiplier=1.0):
    """Equalised learning rate: × multiplier / √fan_in. Both [o,i] and [o,i,k,k] have their inputs behind the first axis."""
    return weight * (multiplier / math.sqrt(weight[0].numel()))


def dense(p, name, x, multiplier=1.0):
    bias = p[f"{name}.bias"]
    return F.linear(x, equalize(p[f"{name}.weight"], multiplier), bias if multiplier == 1.0 else bias * multiplier)


def normalize_moment(x):
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


def conv(p, name, x, bias=None):
    weight = equalize(p[f"{name}.weight"])
    return F.conv2d(x, weight, bias, padding=weight.shape[2] // 2)


def map_to_style(preset, p, z, label):
    """z [b,latentDim], one-hot label [b,classes] → w [b,styleDim]"""
    embedded = preset["labelInput"] == "embedded"
    condition = normalize_moment(dense(p, "mapping.label", label)) if embedded else label
    w = torch.cat([normalize_moment(z), condition], 1)
    for i in range(preset["mappingLayers"]):
        w = lrelu(dense(p, f"mapping.{i}", w, preset["mappingLearningRateMultiplier"]))
    return w


def conv_up(x, weight, how, resampling):
    """3×3 convolution of the image doubled by repetition (box) or by zero insertion and FIR. [b,i,h,w] → [b,o,2h,2w]"""
    if resampling == "box":
        return F.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"), weight, padding=1)
    return filter_fir(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), 1, 2, how)


def modulated_conv(p, name, x, style, resampling, how):
    weight = equalize(p[f"{name}.weight"])
    s = dense(p, f"{name}.affine", style)
    scaled = x * s[:, :, None, None]
    y = conv_up(scaled, weight, how, resampling) if resampling else F.conv2d(scaled, weight, padding=1)
    demodulation = (s.square() @ weight.square().sum((2, 3)).t() + 1e-8).rsqrt()  # [b,o]
    return lrelu(torch.addcmul(p[f"{name}.bias"][:, None, None], y, demodulation[:, :, None, None]))


def to_gray(p, name, x, style):
    s = dense(p, f"{name}.affine", style)
    return conv(p, name, x * s[:, :, None, None], p[f"{name}.bias"])


def synthesize(preset, p, styles, how):
    """`style_count` tensors [b,styleDim] → images [b,1,res,res]"""
    x = p["synthesis.const"].expand(styles[0].shape[0], -1, -1, -1)
    if how["channels_last"]:
        x = x.contiguous(memory_format=torch.channels_last)
    image, layer = None, 0
    for r in block_resolutions(preset):
        for i, name in enumerate(conv_names(preset, r)):
            up = preset["resampling"] if i == 0 and r > 4 else None
            x = modulated_conv(p, f"synthesis.{r}.{name}", x, styles[layer], up, how)
            layer += 1
        gray = to_gray(p, f"synthesis.{r}.gray", x, styles[layer])
        image = gray if image is None else upsample(image, "fir", how) + gray
    return image


def mix_styles(preset, first, second, cut):
    """Layers from `cut` [b,1] on take `second`."""
    difference = second - first
    return [first + difference * (cut <= layer).to(first.dtype) for layer in range(style_count(preset))]


def embed_label(preset, p, label):
    if preset["labelInput"] == "one-hot":
        return label @ p["label.weight"].t()
    embedding = normalize_moment(dense(p, "label", label))
    for i in range(preset["discriminatorLabelLayers"]):
        embedding = lrelu(dense(p, f"label.{i}", embedding, 0.01))
    return embedding


def activated_conv(p, name, x):
    return lrelu(conv(p, name, x, p[f"{name}.bias"]))


def conv_down(p, name, x, resampling, how):
    if resampling == "box":
        return conv(p, name, downsample(x, "box", how), p[f"{name}.bias"])
    return F.conv2d(filter_fir(x, 2, 1, how), equalize(p[f"{name}.weight"]), p[f"{name}.bias"], stride=2)


def residual_block(preset, p, r, x, how):
    resampling = preset["discriminatorResampling"]
    skip = conv(p, f"{r}.skip", downsample(x, resampling, how))
    inner = activated_conv(p, f"{r}.conv0", x)
    return (lrelu(conv_down(p, f"{r}.conv1", inner, resampling, how)) + skip) * math.sqrt(0.5)


def append_minibatch_std(x, group, parts):
    b, c, h, w = x.shape
    size = min(group, b // parts)
    grouped = x.reshape(parts, size, b // parts // size, c * h * w)
    std = (grouped.var(1, keepdim=True, correction=0) + 1e-8).sqrt()
    per_image = std.mean(3).expand(-1, size, -1).reshape(b, 1, 1, 1)
    return torch.cat([x, per_image.expand(-1, -1, h, w)], 1)


def discriminate(preset, p, images, label, how, parts=1):
    """Logits [b] of images [b,1,res,res]; `parts` equal batches that share no minibatch group."""
    if how["channels_last"]:
        images = images.contiguous(memory_format=torch.channels_last)
    x = activated_conv(p, "gray", images)
    for r in reversed(block_resolutions(preset)[1:]):
        x = residual_block(preset, p, r, x, how)
    x = activated_conv(p, "4.conv", append_minibatch_std(x, preset["minibatchStdGroup"], parts))
    features = dense(p, "out", lrelu(dense(p, "4.dense", x.flatten(1))))
    return (features * embed_label(preset, p, label)).sum(1) * (1 / math.sqrt(preset["styleDim"]))
