export { defineJob, type JobDefinition, type JobOptions, type PayloadSchema } from './define-job.ts';
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
export { QueueError, type QueueErrorCode } from './errors.ts';
export { type EnqueueOptions, type JobState, openQueue, type QueueConnection } from './open-queue.ts';
export type { ExpectedJob, Reconciler } from './reconcile.ts';
export type { JobContext, JobFailure, JobHandler, JobWorker, WorkOptions } from './worker.ts';
