import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';

const urlOf = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    abort: true,
    error: `expected a URL that starts with ${protocols.join(' or ')}//`,
  });

/** Sites ask for `/v1/…` of an origin, so a registry can't lie below a path. */
function isOrigin(text: string): boolean {
  const { pathname, search, hash } = new URL(text);
  return /^\/*$/.test(pathname) && search === '' && hash === '';
}

function isStoreUrl(text: string): boolean {
  const { protocol, hostname, pathname } = new URL(text);
  return protocol === 'file:' ? hostname === '' : hostname !== '' && /^\/?$/.test(pathname);
}

/** `address` or `address/bits`, of either version of IP; fastify takes no network of all addresses. */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  const isLength =
    bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
  return version !== 0 && isLength && more.length === 0;
}

/** Every variable that the registry reads; `.env.example` lists the same. */
export const environment = z.object({
  DATABASE_URL: urlOf('postgresql:', 'postgres:').optional(),
  OBJECT_STORE_URL: urlOf('file:', 's3:')
    .refine(isStoreUrl, 'expected file:///folder or s3://bucket without a path')
    .optional(),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  DATA_DIR: z.string().default('./registry-data'),
  LISTEN_HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  PUBLIC_URL: urlOf('https:', 'http:').refine(isOrigin, 'expected a URL without a path').optional(),
  TRUSTED_PROXIES: z
    .string()
    .refine(
      (text) => text.split(',').every(isNetwork),
      'expected addresses or networks such as 10.0.0.0/8 with commas between them',
    )
    .optional(),
  ADMIN_TOKEN_SHA256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hexadecimal digits')
    .optional(),
  DASHBOARD_DIR: z.string().optional(),
  DRAIN_SECONDS: z.coerce.number().int().min(0).max(3600).default(30),
  AGENT_VERSION_MIN: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/, 'expected major.minor.patch')
    .default('0.2.0'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
});

export type Config = {
  /** Undefined: embedded PostgreSQL in `dataDir`. */
  databaseUrl: string | undefined;
  objectStoreUrl: string;
  /** Undefined: the machine’s own role or profile. */
  s3: { accessKeyId: string; secretAccessKey: string } | undefined;
  dataDir: string;
  /** Whether `dataDir` was named whole, and not by where a command happens to run. */
  isDataDirNamed: boolean;
  host: string;
  port: number;
  /** Undefined: http://host:port. */
  publicUrl: string | undefined;
  trustedProxies: string[] | undefined;
  adminTokenSha256: string | undefined;
  dashboardDir: string | undefined;
  /** How long requests may run on when the registry is to end, in milliseconds. */
  drainMs: number;
  agentVersionMin: string;
  logLevel: string;
};
export type ConfigOutcome = { ok: true; config: Config } | { ok: false; message: string };

/** Reads the configuration; an empty variable counts as absent. A bad one is told in one line, without its value. */
export function readConfig(env: Record<string, string | undefined> = process.env): ConfigOutcome {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    return { ok: false, message: `${issue.path.join('.')}: ${issue.message}. See .env.example.` };
  }
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey, ...read } = parsed.data;
  const s3 = accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined;
  if (!s3 && (accessKeyId || secretAccessKey))
    return {
      ok: false,
      message: 'S3_ACCESS_KEY_ID: set it and S3_SECRET_ACCESS_KEY, or neither. See .env.example.',
    };
  return { ok: true, config: toConfig(read, s3) };
}

type Read = Omit<z.infer<typeof environment>, 'S3_ACCESS_KEY_ID' | 'S3_SECRET_ACCESS_KEY'>;

function toConfig(read: Read, s3: Config['s3']): Config {
  const dataDir = resolve(read.DATA_DIR);
  return {
    databaseUrl: read.DATABASE_URL,
    objectStoreUrl: read.OBJECT_STORE_URL ?? pathToFileURL(join(dataDir, 'objects')).href,
    s3,
    dataDir,
    isDataDirNamed: isAbsolute(read.DATA_DIR),
    host: read.LISTEN_HOST,
    port: read.PORT,
    publicUrl: read.PUBLIC_URL?.replace(/\/+$/, ''),
    trustedProxies: read.TRUSTED_PROXIES?.split(','),
    adminTokenSha256: read.ADMIN_TOKEN_SHA256,
    dashboardDir: findDashboard(read.DASHBOARD_DIR),
    drainMs: read.DRAIN_SECONDS * 1000,
    agentVersionMin: read.AGENT_VERSION_MIN,
    logLevel: read.LOG_LEVEL,
  };
}

/** What `npm run setup` builds. */
const BUILT_DASHBOARD = fileURLToPath(new URL('../../dashboard/dist', import.meta.url));

function findDashboard(setting: string | undefined): string | undefined {
  if (setting === 'none') return undefined;
  if (setting !== undefined) return resolve(setting);
  return existsSync(join(BUILT_DASHBOARD, 'index.html')) ? BUILT_DASHBOARD : undefined;
}
