import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { ComputeError, describeGpu, inceptionWeightsPath, initCompute } from '@synspine/compute';
import { canLimitReads } from '@synspine/confinement';
import { tryConfinement } from '@synspine/dicom';
import { refuseRedirect, requireSecure } from '@synspine/protocol';
import type { Command } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { type Home, isEnrolled, openHome, readEnrolment } from '../home.ts';
import { readKey } from '../keys.ts';
import { describeWeakness, readPolicy, type SitePolicy } from '../policy.ts';
import { reachableFetch } from '../registry/connect.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { errorCode, SiteError } from '../site-error.ts';
import { describeSources, requireUsableSources } from '../sources/check-sources.ts';
import { readSourceSettings } from '../sources/settings.ts';
import { claimSpool } from '../sources/spool/claim-spool.ts';
import { describeFit } from '../training/describe-fit.ts';
import { DEFAULT_TRAINING, describeTraining, readTraining } from '../training/settings.ts';
import { proposeForHome } from '../training/survey.ts';
import { findIsolation } from '../worker/isolation.ts';
import { describeFailure } from './describe-failure.ts';
import { homeOption } from './home-option.ts';

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('Check this machine and this home; changes nothing')
    .addOption(homeOption())
    .action(doctor);
}

/** `after`: what must be well before this can be; else it is left out, so that one cause is told once. */
type Check = { name: string; run: () => Promise<string> | string; after?: 'home' | 'enrolment' };

async function doctor({ home: folder }: { home: string }): Promise<void> {
  const failed = new Map<string, unknown>();
  for (const { name, run, after } of checksOf(folder)) {
    if (after && failed.has(after)) {
      failed.set(name, failed.get(after));
      continue;
    }
    try {
      process.stdout.write(`ok    ${name}: ${await run()}\n`);
    } catch (error) {
      failed.set(name, error);
      process.stdout.write(
        `FAIL  ${name}: ${error instanceof Error && 'code' in error ? error.message : errorCode(error)}\n`,
      );
    }
  }
  tellResult([...new Set(failed.values())]);
}

function tellResult(failures: readonly unknown[]): void {
  const [first] = failures;
  if (failures.length === 0) process.stdout.write('All is well.\n');
  else
    process.stdout.write(failures.length === 1 ? '1 check failed.\n' : `${failures.length} checks failed.\n`);
  if (failures.length === 0) return;
  const { text, exitCode } = describeFailure(first);
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}

function checksOf(folder: string): Check[] {
  const config = readConfig();
  const open = () => openHome(folder);
  return [
    { name: 'node', run: () => process.version },
    { name: 'compute', run: checkCompute },
    { name: 'gpu', run: checkGpu },
    { name: 'inception weights', run: checkInception },
    { name: 'worker isolation', run: checkIsolation },
    { name: 'film isolation', run: checkFilmIsolation },
    { name: 'home', run: async () => (await open()).id },
    { name: 'free disk', run: async () => checkDisk(await open()), after: 'home' },
    { name: 'sources', run: async () => checkSourcesOf(await open()), after: 'home' },
    { name: 'training', run: async () => checkTraining(await open(), config), after: 'home' },
    { name: 'enrolment', run: async () => checkEnrolment(await open()), after: 'home' },
    { name: 'keys', run: async () => checkKeys(await open()), after: 'enrolment' },
    { name: 'policy', run: async () => checkPolicyOf(await open(), config), after: 'home' },
    { name: 'registry', run: async () => checkRegistry(await open()), after: 'enrolment' },
  ];
}

/** A missing policy is the next step's, until the site has enrolled. */
async function checkPolicyOf(home: Home, config: Config): Promise<string> {
  if (!existsSync(home.files.policy) && !isEnrolled(home)) return 'none yet: `policy init` after `init`';
  return checkPolicy(await readPolicy(home, config));
}

/** The policy's rules, and all that makes it weaker: a demonstration's limits, what it accepts and for how long. */
function checkPolicy({ privacy }: SitePolicy): string {
  const mark = privacy.demonstration
    ? [
        'demonstration policy: its limits say nothing about privacy, and only a registry on this machine takes its releases',
      ]
    : [];
  return [privacy.version, ...mark, ...describeWeakness(privacy, new Date())].join('\n      WARNING: ');
}

function checkCompute(): string {
  const { tensorflowVersion, device } = initCompute({ threads: 1 });
  return `TensorFlow ${tensorflowVersion} on ${device}`;
}

/** Device, driver and memory. Fails where TensorFlow for GPUs is set up and finds none that it can use. */
function checkGpu(): string {
  const { text, isProblem } = describeGpu();
  if (isProblem) throw new ComputeError('GPU_UNUSABLE', text);
  return text;
}

function checkInception(): string {
  if (!existsSync(inceptionWeightsPath())) throw new SiteError('INCEPTION_MISSING');
  return 'installed';
}

async function checkIsolation(): Promise<string> {
  const [command] = await findIsolation();
  const network = command
    ? 'workers run without network'
    : 'NOT available: this system allows no unprivileged network namespaces';
  const holdOut = canLimitReads()
    ? 'those that train can not read the hold-out'
    : 'those that train are kept from the hold-out by the code alone (Landlock takes Linux 5.19)';
  return `${network}; ${holdOut}`;
}

async function checkFilmIsolation(): Promise<string> {
  const { confined, readsLimited } = await tryConfinement();
  if (!confined)
    return 'NOT available: this system has no seccomp filters; films are read in processes of their own all the same';
  const films = 'films are read without network, other processes or writing to files';
  return readsLimited
    ? `${films}, and their readers can read no others`
    : `${films}; reading other files is NOT prevented (it takes Linux 5.19 or newer, with Landlock)`;
}

const DISK_MIN_GB = 2;

async function checkDisk({ path }: Home): Promise<string> {
  const { bavail, bsize } = await statfs(path);
  const gigabytes = (bavail * bsize) / 1e9;
  if (gigabytes < DISK_MIN_GB) throw new SiteError('DISK_FULL');
  return `${gigabytes.toFixed(1)} GB`;
}

/** Whether films can come from where sources.json says. */
async function checkSourcesOf(home: Home): Promise<string> {
  const settings = await readSourceSettings(home);
  if (!settings) return 'no sources.json: films come by `ingest` alone';
  const isReceiving = await claimSpool(home).then(
    (release) => release(),
    () => true,
  );
  await requireUsableSources(settings, isReceiving === true);
  return describeSources(settings);
}

/** Whether training.json can be read, and what its preset would take here. */
async function checkTraining(home: Home, config: Config): Promise<string> {
  const file = await readTraining(home);
  const settings = file ?? DEFAULT_TRAINING;
  const labels = settings.labels ?? DEFAULT_RUN_OPTIONS.labels;
  const proposal = await proposeForHome(home, labels, { config, gpu: settings.gpu });
  if (settings.gpu === 'required' && !proposal.machine.gpu)
    throw new SiteError('GPU_REQUIRED', proposal.gpuText);
  const said = file ? describeTraining(settings) : `no training.json: ${describeTraining(settings)}`;
  return [said, ...describeFit(settings, proposal)].join('. ');
}

async function checkKeys(home: Home): Promise<string> {
  for (const name of ['auth', 'signing'] as const) await readKey(home, name);
  return 'present, readable by their owner alone';
}

const SKEW_MAX_S = 60; // the registry refuses assertions beyond it

async function checkEnrolment(home: Home): Promise<string> {
  if (!isEnrolled(home)) throw new SiteError('NOT_ENROLLED');
  const { registryUrl, siteId } = await readEnrolment(home);
  return `${siteId} at ${registryUrl}`;
}

async function checkRegistry(home: Home): Promise<string> {
  const { registryUrl } = await readEnrolment(home);
  requireSecure(registryUrl);
  const response = await reachableFetch(new URL('/health', registryUrl), {
    redirect: 'manual',
    signal: AbortSignal.timeout(10_000),
  });
  refuseRedirect(response);
  const skew = Math.abs(Date.now() - Date.parse(response.headers.get('date') ?? '')) / 1_000;
  if (skew > SKEW_MAX_S)
    throw new SiteError('REGISTRY_UNREACHABLE', `the clocks differ by ${Math.round(skew)} s; set the clock`);
  return 'answers';
}
