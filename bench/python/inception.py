"""onnxruntime's Inception features, driven like ours. Usage: inception.py JOB.json: threads, weights, images (a raw file of gray
bytes), count and side."""

import time

import numpy as np
import onnxruntime
from safetensors.numpy import load_file

from inception_graph import build
from serve import peak_mib, serve


class Contender:
    def __init__(self, job):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = job["threads"]
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        model = build(load_file(job["weights"]), job["side"])
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        shape = (job["count"], 1, job["side"], job["side"])
        self.images = np.fromfile(job["images"], np.uint8).reshape(shape)
        self.batch = 16

    def run(self):
        batches = range(0, len(self.images), self.batch)
        return np.concatenate([self.session.run(None, {"images": self.images[i : i + self.batch]})[0] for i in batches])

    def features(self, _):
        begin = time.perf_counter()
        self.run()
        return {"seconds": time.perf_counter() - begin}

    def write(self, request):
        self.run().tofile(request["path"])
        return {}

    def tune(self, _):
        """The batch that is fastest here."""
        seconds = {}
        for batch in (1, 4, 8, 16):
            self.batch = batch
            self.run()
            seconds[batch] = self.features(None)["seconds"]
        self.batch = min(seconds, key=seconds.get)
        return {"batch": self.batch}

    def figures(self, _):
        return {"peakMiB": peak_mib(), "versions": {"onnxruntime": onnxruntime.__version__}}


if __name__ == "__main__":
    serve(Contender)
