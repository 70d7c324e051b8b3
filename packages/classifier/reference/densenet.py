"""densenet.py > densenet-121.json: torchvision's DenseNet-121 with weights by formula (torch 2.15.0, torchvision 0.29.2)."""
import json

import torch
import torchvision
from formula import fill, images, prepare, uniform

CLASSES = 5
IMAGENET = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
PROBED = [
    "features.conv0.weight",
    "features.norm0.bias",
    "features.denseblock2.denselayer7.conv2.weight",
    "features.denseblock3.denselayer1.norm1.weight",
    "features.transition3.conv.weight",
    "classifier.weight",
]

torch.set_num_threads(2)
model = torchvision.models.densenet121(weights=None, num_classes=CLASSES)
with torch.no_grad():
    fill(model)
gray = images(2, 64).requires_grad_()


def probe(tensor: torch.Tensor) -> float:
    """One number that depends on every value and its place."""
    weights = torch.from_numpy(uniform(tensor.numel(), 1) - 0.5)
    return float((tensor.detach().double().flatten() * weights).sum())


model.eval()
judged = model(prepare(gray, *IMAGENET))
into_images = torch.autograd.grad(judged.square().sum(), gray)[0]

model.train()
for layer in model.modules():
    if isinstance(layer, torch.nn.BatchNorm2d):
        layer.momentum = 1.0  # the batch's own statistics
trained = model(prepare(gray, *IMAGENET))
loss = torch.nn.functional.cross_entropy(trained, torch.tensor([1, 3]))
loss.backward()
parameters = dict(model.named_parameters())
state = model.state_dict()
resized = prepare(images(1, 256), [0.0] * 3, [1.0] * 3)[0, 0]
print(json.dumps({
    "logits": judged.tolist(),
    "gradientIntoImages": into_images.flatten()[::97].tolist(),
    "trainingLogits": trained.tolist(),
    "loss": loss.item(),
    "gradients": {name: probe(parameters[name].grad) for name in PROBED},
    "gradientNorms": {name: float(parameters[name].grad.double().norm()) for name in PROBED},
    "mean": state["features.norm0.running_mean"][:8].tolist(),
    "lastMean": state["features.norm5.running_mean"][:8].tolist(),
    "shrunk": resized.flatten()[::997].tolist(),
}, indent=1))
