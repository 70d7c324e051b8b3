import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configSchema, readConfig } from './config.ts';

describe('readConfig', () => {
  it('takes an empty setting as not set', () => {
    expect(readConfig({ QUEUE_URL: '' }).queueUrl).toBeUndefined();
  });

  it('names the bad setting in one line and never quotes its value', () => {
    const read = () => readConfig({ QUEUE_URL: 'http://user:secret@host' });
    expect(read).toThrow(/CONFIG_INVALID: .*QUEUE_URL/);
    expect(read).not.toThrow(/secret|\n/);
  });

  it('shows workers what their libraries read, and no secret', () => {
    const { workerEnvironment } = readConfig({
      PATH: '/bin',
      CUDA_VISIBLE_DEVICES: '0',
      QUEUE_URL: 'redis://u:secret@h',
    });
    expect(Object.keys(workerEnvironment).sort()).toEqual([
      'CUDA_VISIBLE_DEVICES',
      'PATH',
      'TF_CPP_MIN_LOG_LEVEL',
    ]);
  });

  it('is documented by .env.example, setting by setting', () => {
    const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
    const named = [...text.matchAll(/^([A-Z_]+)=/gm)].map((match) => match[1]);
    expect(named.sort()).toEqual(Object.keys(configSchema.shape).sort());
  });
});
