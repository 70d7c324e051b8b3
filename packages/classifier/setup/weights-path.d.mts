/** EfficientNet-Lite0's ImageNet weights as safetensors, where set-up puts them. */
export function efficientnetPath(cacheDir: string): string;
