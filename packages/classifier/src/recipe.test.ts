import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findRecipe, RECIPE_VERSIONS, RECIPES } from './recipe.ts';

/** SHA-256 of each recipe's numbers at each version. A recipe that changes gets a new version and a new line here. */
const KNOWN: Record<string, string> = {
  'default 1': '420f2fbb8af1bfcf286efe77b2c5c522faf24bd6065a7385fc2ecb1b981053dc',
  'paper 1': 'ca54b21f43f2a7c383e8dbe9e7be711749ce2c6100a5e39f29dd7221c50bc064',
  'published 1': '3fdebe4adfaa97218af3ad4e0d220475774909869fa36a9fc27fd1f17e9b9c4d',
};
const hashOf = (recipe: object) => createHash('sha256').update(JSON.stringify(recipe)).digest('hex');

describe('a recipe', () => {
  it('has another version whenever its numbers are others', () => {
    const names = Object.keys(RECIPES) as (keyof typeof RECIPES)[];
    const now = names.map((name) => [`${name} ${RECIPE_VERSIONS[name]}`, hashOf(RECIPES[name])]);
    expect(Object.fromEntries(now)).toEqual(KNOWN);
  });

  it('is found by its name and version, and by no other', () => {
    expect(findRecipe({ name: 'paper', version: 1 })).toBe(RECIPES.paper);
    expect(findRecipe({ name: 'paper', version: 2 })).toBeUndefined();
    for (const name of ['toString', 'constructor', 'other'])
      expect(findRecipe({ name, version: 1 })).toBeUndefined();
  });
});
