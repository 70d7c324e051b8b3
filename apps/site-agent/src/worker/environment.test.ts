import { expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { environmentFor } from './environment.ts';

it('hides every GPU from the workers of a run that is to train without, and from no others', () => {
  const config = readConfig({ CUDA_VISIBLE_DEVICES: '1' });
  expect(environmentFor(config, { gpu: 'none' }).CUDA_VISIBLE_DEVICES).toBe('');
  expect(environmentFor(config, { gpu: 'required' }).CUDA_VISIBLE_DEVICES).toBe('1');
  expect(environmentFor(config, {}).CUDA_VISIBLE_DEVICES).toBe('1');
});
