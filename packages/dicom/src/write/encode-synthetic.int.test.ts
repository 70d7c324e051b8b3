import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ensurePydicom } from '../../pydicom/ensure-pydicom.mjs';
import { encodeSynthetic } from './encode-synthetic.ts';

const SCRIPT = `
import json, pydicom, sys
film = pydicom.dcmread(sys.argv[1])
code = film.DerivationCodeSequence[0]
mark = film.private_block(0x0009, "SYNSPINE")[0x01].value
print(json.dumps([film.SyntheticData, code.URNCodeValue, code.CodeMeaning, mark.rstrip(b"\\0").decode(), film.pixel_array.shape]))
`;

it('is read by pydicom with the mark that it is synthetic', { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'synthetic-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'image.dcm');
  const sourceType = { uri: 'http://vocabulary.example/trained', xmp: 'a statement' };
  const about = { uidSeed: 'x', className: 'normal', derivation: 'Sampled.', softwareVersion: '0.3.0' };
  writeFileSync(path, encodeSynthetic({ gray: new Uint8Array(64), size: 8, ...about, sourceType }));
  const text = execFileSync(await ensurePydicom(), ['-c', SCRIPT, path], { encoding: 'utf8' });
  expect(JSON.parse(text)).toEqual([
    ...['YES', sourceType.uri, 'Created using Generative AI', sourceType.xmp],
    [8, 8],
  ]);
});
