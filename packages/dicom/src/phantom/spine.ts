import type { Finding, View } from './findings.ts';
import type { Random } from './random.ts';

/** One vertebra as the film shows it. Lengths in image heights, angles in radians. */
export type Level = {
  x: number;
  y: number;
  angle: number;
  halfWidth: number;
  halfHeight: number;
  /** Disc space below. */
  gap: number;
  /** Attenuation of its cancellous bone and of its end plates. */
  density: number;
  rim: number;
};

/** What stays the same on all films of a patient. */
export type Patient = {
  bodyHalfWidth: number;
  bodyHalfDepth: number;
  columnHalfWidth: number;
  vertebraHalfHeight: number;
  discGap: number;
  bone: number;
  ribDrop: number;
  pelvisHalfWidth: number;
  lordosis: number;
  lean: number;
  /** Top of T11 on a film. */
  top: number;
};

export type Spine = {
  patient: Patient;
  finding: Finding;
  view: View;
  /** T11 to L5. */
  levels: Level[];
  /** Top of the sacrum. */
  base: { x: number; y: number; angle: number };
  /** The vertebra where the finding lies. */
  focus: number;
};

const LEVELS = 7;

export function drawPatient(random: Random): Patient {
  return {
    bodyHalfWidth: random.around(0.27, 0.025),
    bodyHalfDepth: random.around(0.245, 0.022),
    columnHalfWidth: random.around(0.066, 0.003),
    vertebraHalfHeight: random.around(0.0435, 0.0016),
    discGap: random.around(0.024, 0.0016),
    bone: random.around(1, 0.07),
    ribDrop: random.around(0, 0.025),
    pelvisHalfWidth: random.around(0.24, 0.022),
    lordosis: random.around(0.045, 0.008),
    lean: random.around(0, 0.008),
    top: random.around(0.045, 0.01),
  };
}

/** Builds a patient's spine with a finding. It is the same on each film of a view. */
export function buildSpine(patient: Patient, finding: Finding, view: View, person: Random): Spine {
  const focus = pickFocus(finding, person.fork('focus'));
  const random = person.fork(`spine/${view}`);
  const shapes = Array.from({ length: LEVELS }, (_, i) => shapeVertebra(patient, finding, focus, i, random));
  const levels = stack(shapes, patient.top);
  const last = levels.at(-1)!;
  const bend = chooseBend(patient, finding, view, levels[focus]!.y, random);
  for (const level of levels) Object.assign(level, bend(level.y));
  const baseY = last.y + last.halfHeight + last.gap;
  return { patient, finding, view, levels, base: { ...bend(baseY), y: baseY }, focus };
}

/** Degeneration favours L4 and L5, fractures the thoracolumbar junction. */
function pickFocus(finding: Finding, random: Random): number {
  if (finding === 'Vertebral collapse') return random.pick([1, 2, 2, 2]);
  if (finding === 'Spondylolisthesis') return random.pick([5, 5, 6]);
  if (finding === 'Other lesions') return random.pick([3, 4]);
  return random.pick([5, 5, 6]);
}

type Shape = Omit<Level, 'x' | 'y' | 'angle'>;

function shapeVertebra(
  patient: Patient,
  finding: Finding,
  focus: number,
  index: number,
  random: Random,
): Shape {
  const growth = 1 + 0.025 * (index - 3); // lumbar bodies are larger than thoracic ones
  const shape: Shape = {
    halfWidth: patient.columnHalfWidth * growth * random.around(1, 0.01),
    halfHeight: patient.vertebraHalfHeight * growth * random.around(1, 0.01),
    gap: patient.discGap * (0.75 + 0.07 * index) * random.around(1, 0.03),
    density: 0.42 * patient.bone,
    rim: 0.22 * patient.bone,
  };
  return SHAPE_CHANGES[finding]?.(shape, index, focus, random) ?? shape;
}

const SHAPE_CHANGES: Partial<
  Record<Finding, (s: Shape, index: number, focus: number, random: Random) => Shape>
> = {
  'Disc space narrowing': (s, index, focus, random) => {
    const distance = Math.abs(index - focus);
    if (distance > 2) return s;
    // End plates harden where a disc no longer carries load.
    return {
      ...s,
      gap: s.gap * random.between(0.1, 0.25 + 0.2 * distance),
      rim: s.rim * 2.4,
      density: s.density * 1.3,
    };
  },
  Osteophytes: (s, index) => (index >= 2 ? { ...s, rim: s.rim * 1.8, density: s.density * 1.1 } : s),
  Spondylolisthesis: (s, index, focus) =>
    index === focus ? { ...s, gap: s.gap * 0.25, rim: s.rim * 2, density: s.density * 1.25 } : s,
  'Vertebral collapse': (s, index, focus, random) =>
    index === focus
      ? {
          ...s,
          halfHeight: s.halfHeight * random.between(0.38, 0.52),
          density: s.density * 2.3,
          rim: s.rim * 1.8,
        }
      : { ...s, density: s.density * 0.8, rim: s.rim * 0.95 }, // a bone that collapses has lost mineral everywhere
};

function stack(shapes: Shape[], top: number): Level[] {
  let y = top;
  return shapes.map((shape) => {
    const centre = y + shape.halfHeight;
    y = centre + shape.halfHeight + shape.gap;
    return { ...shape, x: 0, y: centre, angle: 0 };
  });
}

type Bend = (y: number) => { x: number; angle: number };

/** Where the column runs, and how it leans there. */
function chooseBend(patient: Patient, finding: Finding, view: View, focusY: number, random: Random): Bend {
  const curve = view === 'AP' ? frontalCurve(patient, finding, random) : sideCurve(patient, finding, random);

  const slip = finding === 'Spondylolisthesis' && view === 'LAT' ? -random.between(0.045, 0.065) : 0;
  return (y) => {
    const step = 0.001;
    return {
      x: curve(y) + (y < focusY + 0.01 ? slip : 0),
      angle: -Math.atan((curve(y + step) - curve(y - step)) / (2 * step)),
    };
  };
}

/** Scoliosis is most often a right thoracic and left lumbar curve. */
function frontalCurve(patient: Patient, finding: Finding, random: Random): (y: number) => number {
  const scoliotic = finding === 'Other lesions';
  const amplitude = scoliotic ? random.between(0.055, 0.085) : random.around(0, 0.005);
  const apex = random.around(0.45, 0.03);
  const offset = random.around(0, 0.008);
  return (y) =>
    offset + patient.lean * (y - 0.5) + amplitude * Math.exp(-(((y - apex) / 0.2) ** 2)) - amplitude / 3;
}

/** Lordosis: the lumbar column bulges forward, which is to the left of the film. */
function sideCurve(patient: Patient, finding: Finding, random: Random): (y: number) => number {
  const kyphosis = finding === 'Vertebral collapse' ? random.between(0.025, 0.04) : 0;
  const straightened = finding === 'Other lesions' ? 0.2 : 1;
  const offset = random.around(-0.02, 0.008);
  return (y) =>
    offset -
    patient.lordosis * straightened * Math.sin(Math.PI * (1.25 * y - 0.15)) +
    kyphosis * Math.exp(-(((y - 0.28) / 0.16) ** 2));
}
