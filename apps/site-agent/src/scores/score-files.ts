/** Files of one scoring, in a folder of its own under `scores/`. */
export const WEIGHTS_FILE = 'weights.safetensors';
export const REPORT_FILE = 'report.json';
