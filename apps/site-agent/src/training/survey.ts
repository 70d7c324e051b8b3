import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { planFilms } from '../cli/plan-films.ts';
import type { Config } from '../config.ts';
import { openCatalogue } from '../films/catalogue.ts';
import type { LabelSchemeName } from '../films/label-schemes.ts';
import type { Home } from '../home.ts';
import { environmentFor } from '../worker/environment.ts';
import { WorkerError } from '../worker/run-worker.ts';
import { assumeClasses, type Machine, type PresetPlan, proposePreset } from './propose-preset.ts';
import type { TrainingSettings } from './settings.ts';

const ENTRY = fileURLToPath(new URL('./survey-main.ts', import.meta.url));
const TIMEOUT_MS = 120_000; // TensorFlow on a cold disk

export type SurveyRequest = { threads: number; filmsOfClasses: readonly number[] };

/** What a look at the machine found, and what each preset would take there. */
export type Survey = {
  machine: Machine;
  gpuText: string;
  /** TensorFlow for GPUs is set up and takes none. */
  isGpuProblem: boolean;
  plans: PresetPlan[];
};

export type Proposal = Survey & { films: number; proposed: PresetPlan };

type How = { config: Pick<Config, 'threads' | 'workerEnvironment'>; gpu: TrainingSettings['gpu'] };

/** What this machine is fit for with so many films of two classes. Throws WorkerError with the code, such as COMPUTE_NOT_SET_UP. */
export async function proposeForFilms(films: number, how: How): Promise<Proposal> {
  const survey = await surveyMachine(assumeClasses(films), how);
  return { ...survey, films, proposed: proposePreset(survey.plans, films) };
}

/** The same with the films of a home. */
export async function proposeForHome(home: Home, labels: LabelSchemeName, how: How): Promise<Proposal> {
  const films = (await openCatalogue(home)).films().length;
  const trained = (await planFilms(home, labels)).classes.filter(({ isTrained }) => isTrained);
  const ofClasses = trained.map(({ trainingFilms }) => trainingFilms);
  const survey = await surveyMachine(ofClasses.length > 1 ? ofClasses : assumeClasses(films), how);
  return { ...survey, films, proposed: proposePreset(survey.plans, films) };
}

async function surveyMachine(filmsOfClasses: readonly number[], { config, gpu }: How): Promise<Survey> {
  const request: SurveyRequest = { threads: config.threads, filmsOfClasses };
  const args = ['--import', import.meta.resolve('tsx'), ENTRY, JSON.stringify(request)];
  const env = environmentFor(config, gpu === 'auto' ? {} : { gpu });
  const ended = await promisify(execFile)(process.execPath, args, { env, timeout: TIMEOUT_MS }).catch(
    () => null,
  );
  if (!ended) throw new WorkerError('CHILD_ENDED', []);
  const answer = JSON.parse(ended.stdout) as { survey: Survey } | { code: string };
  if ('code' in answer) throw new WorkerError(answer.code, []);
  return answer.survey;
}

/** In a sentence: machine, films, preset and hours. */
export function describeProposal({ machine, films, proposed }: Proposal): string {
  const { preset, precision, imagesShown } = proposed;
  const takes = `${preset} in ${precision}, ${describeHours(proposed)} to train (${imagesShown} images)`;
  return `${describeMachine(machine)}; ${films} films: ${takes}`;
}

export function describeMachine({ cores, memoryGiB, gpu }: Machine): string {
  if (gpu) return `${gpu.model} with ${gpu.memoryGiB.toFixed(0)} GiB`;
  return `${cores} CPU cores, ${memoryGiB.toFixed(0)} GiB, no GPU`;
}

export function describeHours({ hours }: Pick<PresetPlan, 'hours'>): string {
  if (hours < 1) return `about ${Math.max(1, Math.ceil(60 * hours))} minutes`;
  return hours < 48 ? `about ${Math.ceil(hours)} hours` : `about ${Math.ceil(hours / 24)} days`;
}
