export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
export { QueueError, type QueueErrorCode } from './errors.ts';
