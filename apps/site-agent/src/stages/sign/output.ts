/** Inside the stage's result: exactly the files that leave the building, and the signed manifest. */
export const RELEASE_FOLDER = 'release';

export type SignOutput = { version: number; manifestSha256: string; bytes: number };
