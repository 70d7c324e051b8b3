import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Summary } from '../scripts/demo/summary.ts';

const CHROMIUM = '/usr/bin/chromium'; // Debian's
const DEMO_MS = 20 * 60_000;

let demo: ChildProcess;
let summaryFile: string;
let browser: Browser;
let page: Page;
let link: string;
const consoleErrors: string[] = [];

beforeAll(async () => {
  summaryFile = join(await mkdtemp(join(tmpdir(), 'synspine-e2e-')), 'out.json');
  demo = startDemo();
  link = await dashboardLink(demo);
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  page = await browser.newPage({ viewport: { width: 1500, height: 1800 } });
  page.on('console', (m) => m.type() === 'error' && consoleErrors.push(m.text()));
  page.on('pageerror', (e) => consoleErrors.push(e.message));
  await page.goto(link);
}, DEMO_MS);

afterAll(async () => {
  await browser?.close();
  const ended = new Promise((resolve) => demo.once('close', resolve));
  demo.kill('SIGTERM');
  await ended;
}, 60_000);

/** The demo with what CI ran before, so that it only serves; on a fresh machine it runs first. */
function startDemo(): ChildProcess {
  const data = process.env.SYNSPINE_E2E_DATA; // set by .ci/run
  const args = ['scripts/demo.mjs', '--quick', '--json', summaryFile, ...(data ? ['--data', data] : [])];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

function dashboardLink(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = '';
    child.stdout?.on('data', (chunk) => {
      out += chunk;
      const found = /Dashboard: (http:\/\/127\.0\.0\.1:\d+\/\S*)/.exec(out);
      if (found?.[1]) resolve(found[1]);
    });
    child.once('close', (code) => reject(new Error(`the demo ended with code ${code}: ${out.slice(-2000)}`)));
  });
}

describe('the summary', () => {
  it('counts every film once, and the pooled synthetic films teach more than chance', async () => {
    await expect.poll(() => existsSync(summaryFile), { timeout: 240_000, interval: 1_000 }).toBe(true);
    const summary: Summary = JSON.parse(await readFile(summaryFile, 'utf8'));
    expect(summary.sites).toHaveLength(3);
    const films = summary.sites.map((site) => site.films);
    const refused = films.flatMap((f) => f.refused);
    const total = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
    // the sample films: 468 to read and 5 broken ones; a phantom site has 3 broken ones
    expect(total(refused.map((r) => r.count))).toBe(process.env.SYNSPINE_E2E_DATA ? 5 : 9);
    if (process.env.SYNSPINE_E2E_DATA) expect(total(films.map((f) => f.ingested))).toBe(468);
    const pooled = summary.benchmark.find((c) => c.trainedOn === 'synthetic:pool' && c.testedOn === 'pooled');
    expect(pooled?.ciLow).toBeGreaterThan(0.5);
  });
});

describe('the dashboard', () => {
  it('shows a row for each of the three sites, and takes the token out of the address', async () => {
    await page.getByRole('table').first().waitFor();
    expect(await page.locator('section[aria-labelledby="sites"] tbody tr').count()).toBe(3);
    expect(page.url()).not.toContain('token');
  });

  it('shows the stratified and the pooled AUC of all sites first, with intervals and n', async () => {
    const row = page.locator('section[aria-labelledby="benchmark"] tbody tr', { hasText: 'synthetic:pool' });
    await row.waitFor();
    const heads = row.locator('xpath=ancestor::table').locator('thead th');
    const columns = await heads.allInnerTexts();
    const joint = ['stratified', 'pooled'].filter((name) => columns.includes(name));
    expect(columns.slice(1, 1 + joint.length)).toEqual(joint);
    expect(joint).toContain('pooled');
    for (const i of joint.keys())
      expect(await row.locator('td').nth(i).innerText()).toMatch(
        /[01]\.?\d*\s+0\.\d+–[01]\.?\d*\s.*\d+ \+ \d+ films/s,
      );
  });

  it('names the demonstration policy above everything, and an audit’s state in words', async () => {
    expect(await page.getByRole('note').first().innerText()).toContain('demonstration policy');
    const summary: Summary = JSON.parse(await readFile(summaryFile, 'utf8'));
    for (const { id, release } of summary.sites) {
      const row = page.locator('section[aria-labelledby="sites"] tbody tr', { hasText: id });
      const audit = await row.locator('td').nth(7).innerText();
      expect(audit).toMatch(release ? /✓ passed\s*demonstration policy/ : /✗ rejected|– not run/);
    }
    // phantoms are released, all three; on real films a rejection is a result
    if (!process.env.SYNSPINE_E2E_DATA) expect(summary.sites.every(({ release }) => release)).toBe(true);
  });

  it('opens a released site: sample grid, audit tests, quality with its protocol', async () => {
    const released = page.locator('section[aria-labelledby="sites"] tbody tr', { hasText: /v\d/ }).first();
    await released.getByRole('button').click();
    const grid = page.locator('img.grid');
    await grid.waitFor();
    expect(
      await grid.evaluate((img: HTMLImageElement) => img.decode().then(() => img.naturalWidth)),
    ).toBeGreaterThan(100);
    expect(page.url()).toContain('?site=');
    await page
      .getByText(/fid_inception2015_heldout_n\d+/)
      .first()
      .waitFor();
    await page.screenshot({
      path: join(await mkdtemp(join(tmpdir(), 'synspine-e2e-')), 'dashboard.png'),
      fullPage: true,
    });
  });

  it('downloads an image shard that has the listed size', async () => {
    const started = page.waitForEvent('download');
    await page
      .getByRole('button', { name: /Download images-/ })
      .first()
      .click();
    expect((await started).suggestedFilename()).toMatch(/images-00000\.parquet$/);
  });

  it('logs no error to the console', () => {
    expect(consoleErrors).toEqual([]);
  });

  it('asks for a token without one, and says plainly that a wrong one is refused', async () => {
    const context = await browser.newContext();
    const stranger = await context.newPage();
    await stranger.goto(new URL('/', link).href);
    await stranger.getByLabel('Access token').fill('not-a-token');
    await stranger.getByRole('button', { name: 'Open the dashboard' }).click();
    await stranger.getByRole('alert').waitFor();
    expect(await stranger.getByRole('alert').innerText()).toContain('unknown, expired or revoked');
    await context.close();
  });

  it('shows a wrong token nothing of an earlier session, and takes a right one after it', async () => {
    const token = new URLSearchParams(new URL(link).hash.slice(1)).get('token')!;
    const enter = async (text: string) => {
      await page.getByLabel('Access token').fill(text);
      await page.getByRole('button', { name: 'Open the dashboard' }).click();
    };
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Access token').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    const rowsSeen = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let most = 0;
          const watch = new MutationObserver(() => {
            most = Math.max(most, document.querySelectorAll('tbody tr').length);
            if (!document.querySelector('[role=alert]') || !document.querySelector('#token')) return;
            watch.disconnect();
            resolve(most);
          });
          watch.observe(document.body, { childList: true, subtree: true });
        }),
    );
    await enter('not-a-token');
    expect(await rowsSeen).toBe(0);
    await enter(token);
    await page.getByRole('table').first().waitFor();
  });
});
