import type { PlantedKind } from '@synspine/audit-rules';
import type { ImageSet } from '../sample-set.ts';
import { ALTERATIONS } from './alterations.ts';
import { type Films, type Planted, plantCopies } from './plant-copies.ts';

/**
 * Test P0, the positive control: alters training films in every way that training's augmentation does, and in more, and asks the
 * detector for them. Its power by kind of alteration.
 */
export function measurePower(
  { train, heldOut }: { train: Films; heldOut: Films },
  isCopied: (images: ImageSet) => boolean[],
  random: () => number,
): PlantedKind[] {
  const planted = plantCopies(train, heldOut, random);
  return powerByKind(planted, isCopied(planted));
}

/**
 * A kind leaves the patient recognisable when most of its plants do; then those are counted, and the others are listed apart, as lost.
 */
export function powerByKind({ plants }: Planted, isFound: readonly boolean[]): PlantedKind[] {
  return ALTERATIONS.flatMap(({ kind, strengths }) => {
    const count = (isRecognisable: boolean) => {
      const rows = [...plants.keys()].filter(
        (row) => plants[row]!.kind === kind && plants[row]!.isRecognisable === isRecognisable,
      );
      return { found: rows.filter((row) => isFound[row]).length, planted: rows.length };
    };
    const [kept, lost] = [count(true), count(false)];
    return [
      { kind, strength: strengths, ...kept, recognisable: kept.planted >= lost.planted },
      { kind, strength: `${strengths}; lost`, ...lost, recognisable: false },
    ].filter(({ planted }) => planted > 0);
  });
}
