export type QueueErrorCode =
  | 'EMBEDDED_POSTGRES_UNSUPPORTED'
  | 'EMBEDDED_POSTGRES_NOT_SET_UP'
  | 'EMBEDDED_POSTGRES_IN_USE'
  | 'EMBEDDED_POSTGRES_VERSION'
  | 'EMBEDDED_POSTGRES_FAILED'
  | 'DATABASE_NAME_INVALID'
  | 'QUEUE_URL_UNSUPPORTED'
  | 'QUEUE_UNREACHABLE'
  | 'QUEUE_REDIS_EVICTS'
  | 'QUEUE_JOB_ID_INVALID'
  | 'QUEUE_JOB_NAME_INVALID'
  | 'QUEUE_PAYLOAD_INVALID'
  | 'QUEUE_LOCK_LOST'
  | 'QUEUE_WORKER_STOPPED'
  | 'QUEUE_CLOSED';

/** A broken promise of the queue or its database; `message` ends with what to do next and holds no payload. */
export class QueueError extends Error {
  readonly code: QueueErrorCode;

  constructor(code: QueueErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'QueueError';
    this.code = code;
  }
}
