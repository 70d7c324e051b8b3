import type { z } from 'zod';
import { refuseRedirect, requireSecure } from './connection.ts';
import { PROBLEMS, type ProblemCode, ProblemError, problem } from './problems.ts';
import { type Route, type RouteName, routes } from './routes.ts';

type Table = typeof routes;
type In<R, K extends string> = R extends { [P in K]: infer S }
  ? S extends z.ZodType
    ? { [P in K]: z.input<S> }
    : S extends 'bytes'
      ? { [P in K]: Uint8Array }
      : unknown
  : unknown;
/** What a call takes: `params`, `query`, `headers`, `body`, each as the route's schema says. */
export type CallInput<N extends RouteName> = In<Table[N], 'params'> &
  In<Table[N], 'query'> &
  In<Table[N], 'headers'> &
  In<Table[N], 'body'>;
type Output<R extends Route> = R['response'] extends z.ZodType
  ? z.output<R['response']>
  : R['response'] extends 'bytes'
    ? Response
    : undefined;
/** What a call answers: the parsed body, the raw `Response` of a file route, or undefined for 204. */
export type CallOutput<N extends RouteName> = Output<Table[N]>;

export type ClientOptions = {
  baseUrl: string;
  /** Adds Authorization (and DPoP) to a request; asked for each one, since a DPoP proof is used once. */
  authorise?: (request: { method: string; url: string }) => Promise<Record<string, string>>;
  fetch?: typeof fetch;
  /** The page itself came from `baseUrl`, over whatever it came; only a page in a browser may say so. */
  isOwnPage?: boolean;
};
export type Client = {
  call<N extends RouteName>(
    name: N,
    input: CallInput<N>,
    extra?: { signal?: AbortSignal; headers?: Record<string, string> },
  ): Promise<CallOutput<N>>;
};

type LooseInput = {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  headers?: Record<string, string>;
  body?: unknown;
};

/**
 * A typed client of the registry, read from {@link routes}. It follows no redirect, and takes http:// of this machine alone.
 * Throws `ProblemError` for every problem+json answer, and `ConnectionError`.
 */
export function createClient(options: ClientOptions): Client {
  if (!options.isOwnPage) requireSecure(options.baseUrl);
  const send = options.fetch ?? fetch;
  return {
    async call(name, input, extra = {}) {
      const r: Route = routes[name];
      const { params = {}, query = {}, headers = {}, body } = input as LooseInput;
      const url = new URL(fillPath(r.path, params), options.baseUrl);
      for (const [key, value] of Object.entries(query))
        if (value !== undefined) url.searchParams.set(key, String(value));
      const authorisation =
        r.roles === 'public'
          ? {}
          : await options.authorise?.({ method: r.method, url: `${url.origin}${url.pathname}` });
      const response = await send(url, {
        method: r.method,
        headers: { ...contentType(r, body), ...headers, ...authorisation, ...extra.headers },
        body: encodeBody(r, body),
        redirect: 'manual', // else code, token and body would go to whatever address is named
        signal: extra.signal,
      });
      refuseRedirect(response);
      if (!response.ok) throw await readProblem(response);
      return (await readAnswer(r, response)) as never;
    },
  };
}

function fillPath(path: string, params: Record<string, unknown>): string {
  return path.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(String(params[key])));
}

function contentType(r: Route, body: unknown): Record<string, string> {
  if (body === undefined) return {};
  return { 'content-type': r.body === 'bytes' ? 'application/octet-stream' : 'application/json' };
}

function encodeBody(r: Route, body: unknown): BodyInit | undefined {
  if (body === undefined) return undefined;
  return r.body === 'bytes' ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body);
}

async function readAnswer(r: Route, response: Response): Promise<unknown> {
  if (r.response === 'bytes') return response;
  if (r.response === null) return void (await response.arrayBuffer());
  return r.response.parse(await response.json());
}

async function readProblem(response: Response): Promise<ProblemError> {
  const parsed = problem.safeParse(await response.json().catch(() => null));
  const code: ProblemCode =
    parsed.success && parsed.data.code in PROBLEMS ? (parsed.data.code as ProblemCode) : 'INTERNAL';
  const { detail = `HTTP ${response.status}`, withdrawal } = parsed.data ?? {};
  return new ProblemError(code, detail, { withdrawal });
}
