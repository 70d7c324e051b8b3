import type { Readable } from 'node:stream';
import type { Role, RouteName, routes } from '@synspine/protocol';
import type { z } from 'zod';
import type { ByteRange } from './byte-range.ts';

type Table = typeof routes;
type Part<R, K extends string> = R extends { [P in K]: infer S }
  ? S extends z.ZodType
    ? z.output<S>
    : S extends 'bytes'
      ? Buffer
      : undefined
  : undefined;

/** Who calls: a site or the benchmark by its id, a person by the grant's id. */
export type Caller = { role: Role; id: string };

/** What a handler gets: each part already validated by the route's schema. */
type Call<N extends RouteName> = {
  params: Part<Table[N], 'params'>;
  query: Part<Table[N], 'query'>;
  headers: Part<Table[N], 'headers'>;
  body: Part<Table[N], 'body'>;
  caller: Table[N]['roles'] extends 'public' ? undefined : Caller;
  /** The raw DPoP header; only the token route reads it. */
  dpop: string | undefined;
  /** Tries a credential of the body within the limit of failures of the caller's address. */
  attempt: <T>(credential: string, work: () => Promise<T>) => Promise<T>;
  /** Aborted when the client goes away or the server is to end. */
  signal: AbortSignal;
};

/** A stored file to answer with; `open` streams all of it or a range. */
export type FileAnswer = {
  size: number;
  sha256: string;
  contentType: string;
  name: string;
  /** Whether it may still be sent; asked while it is. Left out: always. */
  isServed?: () => Promise<boolean>;
  open: (range: ByteRange | undefined) => Promise<Readable>;
};

type Answer<R> = R extends { response: infer S }
  ? S extends z.ZodType
    ? z.output<S>
    : S extends 'bytes'
      ? FileAnswer
      : undefined
  : never;

type Handler<N extends RouteName> = (
  call: Call<N>,
) => Promise<Answer<Table[N]> extends undefined ? void : Answer<Table[N]>>;
export type Handlers = { [N in RouteName]: Handler<N> };
/** The handlers of one feature. */
export type SomeHandlers<N extends RouteName> = Pick<Handlers, N>;
