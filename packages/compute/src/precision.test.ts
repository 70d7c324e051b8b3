import { describe, expect, it } from 'vitest';
import { choosePrecision, cpuHasBfloat16 } from './precision.ts';

describe('bfloat16', () => {
  it('is found in the flags of a CPU that multiplies it, and in no other', () => {
    const cpuinfo = (flags: string) =>
      `processor\t: 0\nmodel name\t: CPU avx512_bf16 in a name\nflags\t\t: ${flags}\nbugs\t\t:\n`;
    expect(cpuHasBfloat16(cpuinfo('fpu avx512f avx512_bf16 sse4_2'))).toBe(true);
    expect(cpuHasBfloat16(cpuinfo('fpu amx_bf16 amx_tile'))).toBe(true);
    expect(cpuHasBfloat16(cpuinfo('fpu avx512f avx512_bf16x avx512_vnni avx2'))).toBe(false);
    expect(cpuHasBfloat16('')).toBe(false);
  });

  it('is float32 where nothing computes it, with one warning in all', async () => {
    const seen: Error[] = [];
    const note = (warning: Error) => void seen.push(warning);
    process.on('warning', note);
    const low = { name: 'first', precision: 'bfloat16' } as const;
    expect(choosePrecision(low, () => false)).toBe('float32');
    expect(choosePrecision({ ...low, name: 'second' }, () => false)).toBe('float32');
    expect([choosePrecision(low, () => true), choosePrecision({ name: 'third' }, () => false)]).toEqual([
      'bfloat16',
      'float32',
    ]);
    await new Promise((resolve) => setImmediate(resolve)); // warnings come on the next tick
    process.off('warning', note);
    expect(seen).toMatchObject([
      {
        name: 'ComputeWarning',
        code: 'SYNSPINE_BFLOAT16_UNSUPPORTED',
        message: expect.stringMatching(/^first asks/),
      },
    ]);
  });
});
