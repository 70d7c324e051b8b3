import { join } from 'node:path';

/** EfficientNet-Lite0's ImageNet weights as safetensors, where set-up puts them. @param {string} cacheDir */
export function efficientnetPath(cacheDir) {
  return join(cacheDir, 'efficientnet-lite0', 'efficientnet-lite0.safetensors');
}
