import { renderPhantom, toTrainingImage, type View } from '@synspine/dicom';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Home, openHome } from '../../home.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { openCatalogue } from '../catalogue.ts';
import { MASTER_SIZE, saveMaster } from '../master-image.ts';
import { learnViews, rightShare, type ViewClassifier } from './learn-views.ts';
import { mirrorFeatures } from './mirror-features.ts';

const makeFolder = useTemporaryFolders();
const PATIENTS = 40;

const drawn = new Map<string, Promise<Uint8Array>>(); // the homes below share their films

function drawSquare(patient: string, view: View): Promise<Uint8Array> {
  const name = `${patient}/${view}`;
  if (!drawn.has(name)) drawn.set(name, renderSquare(patient, view));
  return drawn.get(name)!;
}

async function renderSquare(patient: string, view: View): Promise<Uint8Array> {
  const options = {
    seed: `${patient}/${view}`,
    patientSeed: patient,
    finding: 'No finding',
    size: 160,
  } as const;
  const { rows, columns, pixels } = renderPhantom({ ...options, view });
  const gray = Uint8Array.from(pixels, (value) => Math.round(value * 255));
  return toTrainingImage({ rows, columns, pixels: gray }, { size: MASTER_SIZE, fit: 'squeeze' });
}

type Tagged = { patient: string; view: View };

const bothViews = (count: number): Tagged[] =>
  Array.from({ length: count }, (_, i) => [
    { patient: `p${i}`, view: 'AP' as const },
    { patient: `p${i}`, view: 'LAT' as const },
  ]).flat();

/** A home with these films, each tagged as `tagOf` says. */
async function makeHome(films: Tagged[], tagOf: (film: Tagged) => 'PA' | 'LATERAL'): Promise<Home> {
  const home = await openHome(await makeFolder(), { create: true });
  const catalogue = await openCatalogue(home);
  for (const [i, film] of films.entries()) {
    const pixelSha256 = i.toString(16).padStart(13, '0').padEnd(64, '0');
    await saveMaster(home, { pixelSha256, square: await drawSquare(film.patient, film.view) });
    catalogue.add({
      ...{ pixelSha256, patientKey: film.patient, filmKey: pixelSha256, fileSha256: pixelSha256 },
      ...{ findings: ['No finding'], rows: 160, columns: 90, fit: 'squeeze' },
      selection: {
        ...{ modality: 'DX', region: 'spine', regionRule: null },
        ...{ view: tagOf(film), viewRule: 'view-position' },
      },
    });
  }
  await catalogue.save();
  return home;
}

const truth = ({ view }: Tagged) => (view === 'AP' ? 'PA' : 'LATERAL');

describe('learning views from films whose tags tell them', () => {
  let classify: ViewClassifier;
  beforeAll(async () => {
    classify = (await learnViews(await makeHome(bothViews(PATIENTS), truth)))!;
  });

  it('tells the views of other patients, frontal ones as the site takes them, facing either way', async () => {
    const answers = { PA: 0, LATERAL: 0, wrong: 0 };
    for (let i = 0; i < 20; i++) {
      for (const view of ['AP', 'LAT'] as const) {
        const square = await drawSquare(`other${i}`, view);
        const answer = await classify(i % 2 ? mirror(square) : square);
        if (answer === 'unknown') continue;
        if (answer === truth({ patient: '', view })) answers[answer as 'PA' | 'LATERAL']++;
        else answers.wrong++;
      }
    }
    expect(answers.wrong).toBe(0);
    expect(answers.PA).toBeGreaterThanOrEqual(15);
    expect(answers.LATERAL).toBeGreaterThanOrEqual(15);
  });

  it('does not answer for what lies between', async () => {
    expect(await classify(new Uint8Array(MASTER_SIZE ** 2).fill(128))).toBe('unknown');
  });

  it('is not learnt from too few patients', async () => {
    expect(await learnViews(await makeHome(bothViews(29), truth))).toBeUndefined();
  });

  it('is not learnt from tags that say nothing about the pixels', async () => {
    const films = bothViews(PATIENTS);
    const anyhow = await makeHome(films, ({ patient, view }) =>
      (Number(patient.slice(1)) + Number(view === 'AP')) % 2 ? 'PA' : 'LATERAL',
    );
    expect(await learnViews(anyhow)).toBeUndefined();
  });
});

describe('the share of right answers', () => {
  it('judges each patient by a fit to the others', () => {
    const noise = Array.from({ length: 40 }, (_, i) => ({
      features: mirrorFeatures(
        Uint8Array.from({ length: 1024 }, (_, at) => ((i + 7) * (at + 13) * 2_654_435_761) % 251),
      ),
      isLateral: i % 2 === 0,
      patient: `p${i}`,
    }));
    expect(rightShare(noise)).toBeLessThan(0.8);
  });
});

function mirror(square: Uint8Array): Uint8Array {
  return square.map((_, at) => square[at - (at % MASTER_SIZE) + MASTER_SIZE - 1 - (at % MASTER_SIZE)]!);
}
