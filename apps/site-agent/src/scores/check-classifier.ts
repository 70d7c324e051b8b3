import { createHash } from 'node:crypto';
import { type ClassifierDescriptor, ProblemError, type PublicJwk } from '@synspine/protocol';
import { verifyClassifier } from '@synspine/release';

/** Why a task is refused; the registry is told the code and nothing else. */
export type TaskRefusal =
  | 'SIGNATURE_INVALID'
  | 'DUPLICATE_JSON_KEY'
  | 'VALIDATION_FAILED'
  | 'WEIGHTS_HASH_MISMATCH'
  | 'QUOTA_EXHAUSTED';

const DOCUMENT_FAULTS = ['SIGNATURE_INVALID', 'DUPLICATE_JSON_KEY', 'VALIDATION_FAILED'] as const;

/** The descriptor that the benchmark signed, or why it isn't accepted. */
export async function checkDescriptor(
  jws: string,
  keys: readonly PublicJwk[],
): Promise<ClassifierDescriptor | TaskRefusal> {
  try {
    return (await verifyClassifier(jws, keys)).descriptor;
  } catch (error) {
    const fault = DOCUMENT_FAULTS.find((code) => error instanceof ProblemError && error.code === code);
    if (!fault) throw error;
    return fault;
  }
}

/** The weights that the descriptor pins, or why they aren't accepted. Reading stops where they grow beyond their size. */
export async function checkWeights(
  body: AsyncIterable<Uint8Array>,
  { weightsSize, weightsSha256 }: Pick<ClassifierDescriptor, 'weightsSize' | 'weightsSha256'>,
): Promise<Uint8Array | TaskRefusal> {
  const bytes = new Uint8Array(weightsSize);
  let length = 0;
  for await (const chunk of body) {
    if (length + chunk.length > weightsSize) return 'WEIGHTS_HASH_MISMATCH';
    bytes.set(chunk, length);
    length += chunk.length;
  }
  const isPinned =
    length === weightsSize && createHash('sha256').update(bytes).digest('hex') === weightsSha256;
  return isPinned ? bytes : 'WEIGHTS_HASH_MISMATCH';
}

/** A task answered earlier. Each answer tells a little about the hold-out, so their number in its lifetime is limited. */
export type Answer = { taskId: string; holdOutCommitment: string; at: string };

/** Whether one more answer about this hold-out is allowed. Repeating an answer, lost on its way, tells nothing new. */
export function isWithinQuota(
  answers: readonly Answer[],
  { taskId, commitment, max }: { taskId: string; commitment: string; max: number },
): boolean {
  const about = answers.filter(({ holdOutCommitment }) => holdOutCommitment === commitment);
  const tasks = new Set(about.map((answer) => answer.taskId));
  return tasks.has(taskId) || tasks.size < max;
}
