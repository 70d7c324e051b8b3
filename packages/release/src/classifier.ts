import {
  type ClassifierDescriptor,
  classifierDescriptor,
  ProblemError,
  type PublicJwk,
} from '@synspine/protocol';
import type { PrivateJwk } from './keys.ts';
import { signDocument, verifyDocument } from './signed-document.ts';

const TYPE = 'synspine-classifier+jws';

/** Signs a classifier's descriptor, which pins its weights by hash. Throws `VALIDATION_FAILED`. */
export async function signClassifier(descriptor: ClassifierDescriptor, key: PrivateJwk): Promise<string> {
  return signDocument(checkDescriptor(descriptor), TYPE, key);
}

/**
 * Verifies a classifier's descriptor with the benchmark's signing keys. The caller still compares the weights that it
 * fetched with `weightsSha256`. Throws `SIGNATURE_INVALID`, `DUPLICATE_JSON_KEY` or `VALIDATION_FAILED`.
 */
export async function verifyClassifier(
  jws: string,
  keys: PublicJwk | readonly PublicJwk[],
): Promise<{ descriptor: ClassifierDescriptor; descriptorSha256: string }> {
  const { payload, sha256 } = await verifyDocument(jws, TYPE, keys);
  return { descriptor: checkDescriptor(payload), descriptorSha256: sha256 };
}

function checkDescriptor(payload: unknown): ClassifierDescriptor {
  const parsed = classifierDescriptor.safeParse(payload);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ProblemError('VALIDATION_FAILED', `${issue?.path.join('.')}: ${issue?.message}`);
}
