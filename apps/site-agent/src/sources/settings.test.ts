import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSourceSettings } from './settings.ts';

const BASE = { schema: 'synspine.sources/1', labels: '/srv/labels.csv' };
const CALLER = { aeTitle: 'PACS', addresses: ['10.1.2.0/24'] };
const parse = (more: object) => parseSourceSettings(JSON.stringify({ ...BASE, ...more }));

describe('parseSourceSettings', () => {
  it('binds to this machine alone unless told otherwise, and opens nothing that is not asked for', () => {
    const settings = parse({ dicom: { callers: [CALLER] }, stow: { addresses: ['10.1.2.3'] } });
    expect([settings.dicom?.bind, settings.stow?.bind]).toEqual(['127.0.0.1', '127.0.0.1']);
    expect(parse({})).toMatchObject({ folders: [] });
    expect(parse({}).dicom ?? parse({}).stow ?? parse({}).dicomWeb).toBeUndefined();
  });

  it.each([
    ['labels', { labels: undefined }],
    ['dicom.callers', { dicom: { callers: [] } }],
    ['dicom.callers', { dicom: {} }],
    ['dicom.callers.0.addresses', { dicom: { callers: [{ aeTitle: 'PACS', addresses: [] }] } }],
    ['dicom.callers.0.addresses.0', { dicom: { callers: [{ aeTitle: 'PACS', addresses: ['0.0.0.0/33'] }] } }],
    ['dicom.aeTitles.0', { dicom: { callers: [CALLER], aeTitles: ['LONGER THAN 16 CHARS'] } }],
    ['stow.addresses', { stow: { addresses: [] } }],
    ['dicomWeb.url', { dicomWeb: { url: 'file:///etc/passwd' } }],
    ['spool.bytesMax', { spool: { bytesMax: 1 } }],
  ])('refuses a bad value of %s, naming it and not its value', (field, more) => {
    const act = () => parse(more);
    expect(act).toThrow(`SOURCES_INVALID`);
    expect(act).toThrow(`(${field}: `);
    expect(act).not.toThrow(/passwd|LONGER THAN|0\.0\.0\.0/);
  });

  it('takes the example of the documentation', async () => {
    const path = join(import.meta.dirname, '../../../../docs/hospital-it/sources.md');
    const [, example] = /```json\n([\s\S]+?)\n```/.exec(await readFile(path, 'utf8')) ?? [];
    expect(parseSourceSettings(example!)).toMatchObject({ dicom: { port: 11_112 }, stow: { port: 8_042 } });
  });
});
