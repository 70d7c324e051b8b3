import { describe, expect, it } from 'vitest';
import { createLog, type LogFields } from './log.ts';

function lines(write: (log: ReturnType<typeof createLog>) => void): string {
  const written: string[] = [];
  write(createLog('info', { write: (line: string) => void written.push(line) }));
  return written.join('');
}

describe('the log', () => {
  it('writes ids, counts and codes', () => {
    const text = lines((log) =>
      log.info('stage finished', { runId: 'run-0001-ab', stage: 'train', count: 3 }),
    );
    expect(JSON.parse(text)).toMatchObject({
      msg: 'stage finished',
      runId: 'run-0001-ab',
      stage: 'train',
      count: 3,
    });
  });

  it('drops fields that are not on the list, and values that could be a name or a path', () => {
    const fields = {
      patientName: 'ZZCANARY',
      code: 'ZZCANARY Alder Hospital',
      stage: '/films/ZZCANARY',
      count: 'ZZ',
    };
    const text = lines((log) => log.error('stage failed', fields as unknown as LogFields));
    expect(Object.keys(JSON.parse(text)).sort()).toEqual(['level', 'msg', 'time']);
  });
});
