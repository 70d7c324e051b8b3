import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { ProblemError } from '@synspine/protocol';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { SECURE_HEADERS } from './dashboard.ts';
import { describeProblem, sendProblem, toProblem } from './problem-reply.ts';
import { logAnswer } from './request-log.ts';

/** Answers a request whose URL fastify can't route: none of its hooks runs, so headers and log line are made here. */
export function refuseUnroutable(log: Logger) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    reply.headers(SECURE_HEADERS);
    sendProblem(request, reply, toProblem(error));
    logAnswer(log, request, reply);
  };
}

const STATUS_LINES = { 400: 'Bad Request', 408: 'Request Timeout', 431: 'Request Header Fields Too Large' };

/** Answers bytes that Node can't read as a request. There is no request then, only a socket, which is closed. */
export function refuseUnreadable(log: Logger) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const requestId = randomUUID();
    const problem = unreadable(error.code);
    const body = JSON.stringify(describeProblem(problem, requestId));
    log.info({ route: 'unknown', status: problem.status, requestId, code: problem.code }, 'answered');
    if (!socket.writable) return void socket.destroy();
    const headers = {
      ...SECURE_HEADERS,
      'x-request-id': requestId,
      'content-type': 'application/problem+json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      connection: 'close',
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const status = STATUS_LINES[problem.status as keyof typeof STATUS_LINES];
    socket.end([`HTTP/1.1 ${problem.status} ${status}`, ...lines, '', body].join('\r\n'));
  };
}

function unreadable(code: string | undefined): ProblemError {
  if (code === 'HPE_HEADER_OVERFLOW') return new ProblemError('HEADERS_TOO_LARGE');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new ProblemError('REQUEST_TIMEOUT');
  return new ProblemError('REQUEST_MALFORMED');
}
