const KINDS: Record<string, string> = {
  weight: 'weight',
  gain: 'weight',
  bias: 'bias',
  mean: 'running_mean',
  variance: 'running_var',
};

/** torchvision's name of one of DenseNet's tensors. */
export function torchName(name: string): string {
  const dot = name.lastIndexOf('.');
  const [layer, kind] = [name.slice(0, dot), KINDS[name.slice(dot + 1)]!];
  return layer === 'head' ? `classifier.${kind}` : `features.${layer}.${kind}`;
}

/** [h, w, in, out] → [out, in, h, w], [in, out] → [out, in], [channels] stays. */
export function torchShape(shape: readonly number[]): number[] {
  if (shape.length === 4) return [shape[3]!, shape[2]!, shape[0]!, shape[1]!];
  return [...shape].reverse();
}

/** Values of PyTorch's order of axes in TensorFlow's; `shape` is TensorFlow's. */
export function toTensorflowOrder(data: Float32Array, shape: readonly number[]): Float32Array {
  if (shape.length === 1) return data;
  const [inputs, outputs] = shape.slice(-2) as [number, number];
  const pixels = data.length / (inputs * outputs);
  const out = new Float32Array(data.length);
  let from = 0;
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let p = 0; p < pixels; p++) out[(p * inputs + i) * outputs + o] = data[from++]!;
  return out;
}
