export type PrivacyErrorCode = 'sets-unusable' | 'patients-overlap' | 'too-few-patients';

/** The audit can't be run as asked. `code` is stable; messages hold counts only, nothing of a patient. */
export class PrivacyError extends Error {
  readonly code: PrivacyErrorCode;

  constructor(code: PrivacyErrorCode, message: string) {
    super(message);
    this.name = 'PrivacyError';
    this.code = code;
  }
}
