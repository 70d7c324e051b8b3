"""PyTorch's training step, driven like ours: one JSON request a line on standard input, one answer a line on standard output.
Usage: gan.py JOB.json. The job: preset, threads, weights (our safetensors file), how (channels_last, fir), compiled; on a card also
device 'cuda' and precision ('float32', which there means TF32, or 'bfloat16', which means autocast)."""

import json
import sys
import time
import warnings

import torch
from safetensors.torch import load_file

from networks import discriminate, from_ours, map_to_style, style_count, synthesize
from serve import peak_mib, seconds_since_start, serve
from steps import Trainer


imported = seconds_since_start()


def parameters(stored, side, channels_last):
    layout = torch.channels_last if channels_last else torch.contiguous_format
    named = {name[2:]: from_ours(name[2:], t) for name, t in stored.items() if name.startswith(f"{side}.")}
    placed = {n: t.contiguous(memory_format=layout) if t.dim() == 4 else t for n, t in named.items()}
    return {n: t.clone().requires_grad_(True) for n, t in placed.items()}  # the stored ones stay as they are


class Films:
    """As many films of noise as ours, and the batch drawn and converted at every step."""

    def __init__(self, preset, classes):
        side = preset["resolution"]
        self.batch, self.classes = preset["batch"], classes
        self.images = torch.randint(0, 256, (64, 1, side, side), dtype=torch.uint8)

    def draw(self):
        index = torch.randint(0, 32, (self.batch,)) * 2 + torch.arange(self.batch) % self.classes
        label = torch.nn.functional.one_hot(torch.arange(self.batch) % self.classes, self.classes).float()
        return self.images[index].float() / 127.5 - 1, label


class Contender:
    def __init__(self, job):
        torch.set_num_threads(job["threads"])
        torch.set_flush_denormal(True)  # as TensorFlow does
        torch.manual_seed(1)
        self.job, self.preset, self.how = job, job["preset"], job["how"]
        self.device = job.get("device", "cpu")
        torch.set_default_device(self.device)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True  # as XLA tries its convolutions
        self.stored = load_file(job["weights"], device=self.device)
        self.reset(self.how)
        self.ready = seconds_since_start()

    def reset(self, how):
        sides = {side: parameters(self.stored, side, how["channels_last"]) for side in "gd"}
        classes = self.stored["label"].shape[1]
        policy = self.preset["augment"]["policy"]
        state = {**sides, "p": torch.tensor(policy.get("p", 0.0)), "classes": classes}
        self.how, self.state = how, state
        self.films = Films(self.preset, classes)
        self.trainer = Trainer(self.preset, state, how, self.job["compiled"])

    def take(self, count):
        begin = time.perf_counter()
        with torch.autocast(self.device, torch.bfloat16, enabled=self.job.get("precision") == "bfloat16"):
            for _ in range(count):
                d_loss, g_loss, _ = self.trainer.step(*self.films.draw())
        losses = [float(d_loss), float(g_loss)]  # waits for the device
        return {"seconds": time.perf_counter() - begin, "losses": losses}

    def first(self, _):
        seconds = self.take(1)["seconds"]
        return {"importS": imported, "setUpS": self.ready - imported, "firstStepS": seconds, "totalS": self.ready + seconds}

    def intervals(self, request):
        """Seconds of whole R1 intervals, estimated from each one's first step (with R1) and the `plain` steps after it."""
        interval, plain, seconds = self.preset["r1"]["interval"], request["plain"], 0.0
        for _ in range(request["count"]):
            self.trainer.count = -(-self.trainer.count // interval) * interval
            seconds += self.take(1)["seconds"] + self.take(plain)["seconds"] / plain * (interval - 1)
        return {"seconds": seconds}

    def check(self, _):
        """The largest differences between our networks' results and these, from the same weights and inputs."""
        ours = {name: self.stored[name] for name in ("z", "label", "images", "logits", "slope")}
        images = ours["images"].permute(0, 3, 1, 2)
        with torch.no_grad():
            w = map_to_style(self.preset, self.state["g"], ours["z"], ours["label"])
            made = synthesize(self.preset, self.state["g"], [w] * style_count(self.preset), self.how)
        seen = images.clone().requires_grad_(True)
        logits = discriminate(self.preset, self.state["d"], seen, ours["label"], self.how)
        slope = torch.autograd.grad(logits.sum(), seen)[0]
        worst = lambda a, b: float((a - b).detach().abs().max() / max(1.0, float(b.abs().max())))
        return {
            "images": worst(made, images),
            "logits": worst(logits, ours["logits"]),
            "slope": worst(slope, ours["slope"].permute(0, 3, 1, 2)),
        }

    def tune(self, request):
        """Tries the layouts and filters that PyTorch users choose between, keeps the fastest."""
        seconds = {}
        for how in request["choices"]:
            self.reset(how)
            self.intervals({"count": 1, "plain": 1})
            seconds[json.dumps(how)] = min(self.intervals(request)["seconds"] for _ in range(request["repeats"]))
        fastest = json.loads(min(seconds, key=seconds.get))
        self.reset(fastest)
        return {"how": fastest, "seconds": seconds}

    def figures(self, _):
        peak = torch.cuda.max_memory_reserved() / 2**20 if self.device == "cuda" else peak_mib()
        return {"peakMiB": peak, "versions": {"torch": torch.__version__, "python": sys.version.split()[0]}}


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    serve(Contender)
