import { type Canvas, createCanvas, smoothStep } from './canvas.ts';
import { drawFinding } from './draw-finding.ts';
import { drawFrontal } from './draw-frontal.ts';
import { drawLateral } from './draw-lateral.ts';
import type { Finding, View } from './findings.ts';
import { createRandom, createStream, type Random } from './random.ts';
import { buildSpine, drawPatient, type Patient } from './spine.ts';

export type PhantomOptions = {
  /** Names the film: the same seed gives the same pixels. */
  seed: string;
  /**
   * Names the patient. Films of one patient in one view show the same anatomy, in another pose and exposure. Default: a
   * patient of its own.
   */
  patientSeed?: string;
  finding: Finding;
  view: View;
  /** Rows; the columns follow from the collimation, about 0.56 of it. */
  size: number;
  look?: Partial<Look>;
};

/** How a site's equipment renders the same anatomy. */
export type Look = {
  /** Above 1 darkens soft tissue. */
  gamma: number;
  /** Spread of the quantum noise where nothing attenuates. */
  noise: number;
  /** Scattered radiation: lifts and flattens. */
  scatter: number;
};

export type Phantom = { rows: number; columns: number /** 0 (black) … 1 (white) */; pixels: Float32Array };

const DEFAULT_LOOK: Look = { gamma: 1, noise: 0.012, scatter: 0.1 };

/** Draws a synthetic spine radiograph with one finding. No patient's data is in it. */
export function renderPhantom(options: PhantomOptions): Phantom {
  const { size, finding, view } = options;
  const random = createRandom(options.seed);
  const person = createRandom(options.patientSeed ?? options.seed).fork('patient');
  const patient = drawPatient(person);
  const columns = Math.round(size * random.between(0.53, 0.59));
  const shift = { x: random.around(0, 0.006), y: random.around(0, 0.006) };
  const canvas = createCanvas(size, columns, shift);
  const spine = buildSpine(patient, finding, view, person);
  fillTrunk(canvas, patient, view);
  const draw = view === 'AP' ? drawFrontal : drawLateral;
  draw(canvas, spine, person.fork(`soft tissue/${view}`));
  drawFinding(canvas, spine, person.fork(`finding/${view}`));
  expose(canvas, { ...DEFAULT_LOOK, ...options.look }, random, options.seed);
  return { rows: canvas.rows, columns, pixels: canvas.attenuation };
}

/** Soft tissue attenuates by its thickness: an ellipse across, thicker at the hips than at the ribs. */
function fillTrunk({ rows, columns, attenuation, shift }: Canvas, patient: Patient, view: View): void {
  const [halfWidth, offset] =
    view === 'AP' ? [patient.bodyHalfWidth, shift.x] : [patient.bodyHalfDepth, shift.x - 0.02];
  const profile = Float32Array.from({ length: columns }, (_, column) => {
    const x = ((column + 0.5 - columns / 2) / rows - offset) / halfWidth;
    return Math.sqrt(Math.max(0.02, 1 - x * x));
  });
  for (let row = 0; row < rows; row++) {
    const y = row / rows;
    const thickness = 0.75 + 0.2 * smoothStep(y * 1.2) + 0.05 * Math.sin(6 * y);
    for (let column = 0; column < columns; column++) {
      attenuation[row * columns + column] = thickness * profile[column]!;
    }
  }
}

/** From attenuation to a film: exposure, response of the detector, noise, collimator. */
function expose({ rows, columns, attenuation }: Canvas, look: Look, random: Random, seed: string): void {
  const response = tabulateResponse(random.around(0, 0.035), random.around(1, 0.05), look);
  const border = Math.round(columns * random.between(0, 0.025));
  const noise = createStream(`${seed}/noise`);
  for (let row = 0; row < rows; row++) {
    const marginY = Math.min(row, rows - 1 - row);
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      const margin = Math.min(column, columns - 1 - column, marginY) - border;
      const film =
        response[Math.min(STEPS - 1, Math.max(0, Math.round((attenuation[at]! + 1) * STEPS_PER_UNIT)))]!;
      // Fewer quanta reach the detector behind dense tissue, so it is noisier there.
      const grain = (noise() + noise() - 1) * 2.45 * look.noise * (0.6 + film);
      attenuation[at] =
        Math.min(1, Math.max(0, film + grain)) * (margin >= 0 ? 1 : smoothStep((margin + 3) / 3));
    }
  }
}

const STEPS_PER_UNIT = 512;
const STEPS = 6 * STEPS_PER_UNIT; // attenuation from -1 to 5

/** The S-shaped response of a detector and its default processing, 0..1, for attenuations from -1 on. */
function tabulateResponse(exposure: number, contrast: number, { scatter, gamma }: Look): Float32Array {
  return Float32Array.from({ length: STEPS }, (_, step) => {
    const level = (step / STEPS_PER_UNIT - 1 + exposure - 0.95) * contrast * 2.6;
    const film = 1 / (1 + Math.exp(-level));
    return (scatter + (1 - scatter) * film) ** gamma;
  });
}
