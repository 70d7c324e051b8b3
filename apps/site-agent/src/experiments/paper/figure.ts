import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initCompute } from '@synspine/compute';
import { createSampler } from '@synspine/gan';
import { markSynthetic } from '@synspine/release';
import sharp from 'sharp';
import { findPreset } from '../../presets.ts';
import { encodeGrid } from '../../stages/sample-grid.ts';
import { GENERATOR_FILE } from '../../stages/train/output.ts';
import type { ExperimentFolder } from './folder.ts';

const COLUMNS = 12;
const TILE_MIN = 96; // pixels of a film in the figure, so that 32 px films can be seen

/** What a row of the figure shows, from the top. */
export type FigureRow = { label: string; method: 'gan' | 'spinegan' };

/**
 * Synthetic films of a data set as one PNG: for each class a row of the plain GAN's and a row of SpineGAN's, of the
 * same latents, from the first seed's generators.
 */
export async function drawFigure(
  folder: ExperimentFolder,
  dataset: string,
  classNames: readonly string[],
): Promise<{ image: Uint8Array; rows: FigureRow[] }> {
  initCompute();
  const preset = findPreset(folder.options.preset);
  const rows = await Promise.all(
    (['gan', 'spinegan'] as const).map(async (loss) => {
      const { generator } = folder.unit({ dataset, generator: { loss, seed: 1 } });
      const sampler = createSampler(new Uint8Array(await readFile(join(generator, GENERATOR_FILE))), preset);
      const ofClass = (label: number) =>
        sampler.sample({
          labels: new Uint8Array(COLUMNS).fill(label),
          seed: 1,
          psi: folder.options.psi,
        });
      const images = classNames.map((_, label) => ofClass(label));
      sampler.dispose();
      return images;
    }),
  );
  const inOrder = rows[0]!.flatMap((ofGan, label) => [ofGan, rows[1]![label]!]);
  const grid = await encodeGrid(new Uint8Array(Buffer.concat(inOrder)), preset.resolution, COLUMNS);
  const scale = Math.max(1, Math.ceil(TILE_MIN / preset.resolution));
  const width = COLUMNS * preset.resolution * scale;
  const scaled = await sharp(grid).resize({ width, kernel: 'nearest' }).png().toBuffer();
  const rowsOf = (label: string) => (['gan', 'spinegan'] as const).map((method) => ({ label, method }));
  const image = markSynthetic(scaled); // it lost the grid's mark
  return { image, rows: classNames.flatMap(rowsOf) };
}
