import { openHome } from '../home.ts';
import type { LearningMemory } from './learning-memory.ts';
import { learnLook } from './look/learn-look.ts';
import { learnViews } from './views/learn-views.ts';

/** Sent once: from which films each thing would be learnt. */
export type Chosen = Record<string, string[]>;

const chosen: Chosen = {};
/** Notes what it is to be learnt from, before any image is read: this is about the catalogue. */
const note: LearningMemory = async (name, from) => {
  const films = name === 'views' ? (from as [string][][]).flat() : (from as [string][]);
  chosen[name] = films.map(([pixelSha256]) => pixelSha256);
  return undefined as never;
};

const home = await openHome(process.argv[2]!);
await learnLook(home, [], note);
await learnViews(home, note);
process.send?.(chosen, () => process.disconnect());
