import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const setUpOnly = (...names: string[]) => {
  const args = ['scripts/setup.mjs', ...names.flatMap((name) => ['--only', name])];
  return spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
};

it('refuses a step that there isn’t, and says which there are', () => {
  const { status, stderr, stdout } = setUpOnly('npm packages', 'Efficientnet weights');
  expect(status).toBe(1);
  expect(stderr).toMatch(/^UNKNOWN_STEP: Efficientnet weights\. .*EfficientNet weights/);
  expect(stdout).toBe('');
});

it('knows every step that an image is built with', () => {
  const { stderr } = setUpOnly('none');
  const folder = `${root}infra/docker/`;
  const named = readdirSync(folder).flatMap((file) =>
    [...readFileSync(folder + file, 'utf8').matchAll(/--only (?:"([^"]+)"|(\S+))/g)].map(
      (m) => m[1] ?? m[2]!,
    ),
  );
  expect(named.length).toBeGreaterThan(5);
  for (const name of named) expect(stderr).toContain(name);
});

it.each(['benchmark', 'site-agent'])('puts the weights that the %s may start from into its image', (app) => {
  const dockerfile = readFileSync(`${root}infra/docker/${app}.Dockerfile`, 'utf8');
  expect(dockerfile).toContain('--only "EfficientNet weights"');
});

it.each(['benchmark', 'site-agent'])(
  'confines the readers of untrusted files in the image of the %s',
  (app) => {
    const dockerfile = readFileSync(`${root}infra/docker/${app}.Dockerfile`, 'utf8');
    expect(dockerfile).toContain('--only confinement');
  },
);
