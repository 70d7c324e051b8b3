import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TOOLS = ['wrk', 'nginx', 'curl', 'dd', 'taskset', 'ss', 'ps'] as const;

/** Throws TOOLS_MISSING with what to install. */
export function requireTools(): void {
  const missing = TOOLS.filter((tool) => !findTool(tool));
  if (missing.length > 0)
    throw new Error(
      `TOOLS_MISSING: ${missing.join(', ')}. On Debian: apt-get install wrk nginx-light curl util-linux iproute2 procps`,
    );
}

/** By its full path: a system's nginx isn't in every user's PATH. */
function findTool(tool: string): string | undefined {
  const folders = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin'];
  return folders.map((folder) => join(folder, tool)).find((path) => existsSync(path));
}

/** Keeps a process with all its threads on one core, and its children on the other, where its clients are. */
export function pin(pid: number): void {
  execFileSync('taskset', ['-acp', '0', String(pid)], { stdio: 'ignore' });
  for (const child of childrenOf(pid))
    execFileSync('taskset', ['-acp', '1', String(child)], { stdio: 'ignore' });
}

function childrenOf(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
        return [{ pid: Number(name), parent: Number(parent) }];
      } catch {
        return []; // it ended meanwhile
      }
    });
  const direct = parents.filter(({ parent }) => parent === pid).map((found) => found.pid);
  return [...direct, ...direct.flatMap(childrenOf)];
}

const CONNECTIONS = 8;

/** Requests a second that were answered 200. Throws where any was answered otherwise. */
export function measureRequests(url: string, token: string, seconds: number): number {
  const load = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-H', `Authorization: Bearer ${token}`, url];
  const said = execFileSync('taskset', ['-c', '1', 'wrk', ...load], { encoding: 'utf8' });
  if (/Non-2xx/.test(said)) throw new Error(`REQUESTS_REFUSED: ${said}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(said)![1]);
}

/** MB/s, 10⁶ bytes, of one download by curl. Throws where it isn't answered with `bytes` bytes. */
export function measureDownload(url: string, token: string, bytes: number): number {
  const format = '%{http_code} %{size_download} %{speed_download}';
  const args = ['-s', '-o', '/dev/null', '-w', format, '-H', `Authorization: Bearer ${token}`, url];
  const said = execFileSync('taskset', ['-c', '1', 'curl', ...args], { encoding: 'utf8' });
  const [status, size, speed] = said.split(' ').map(Number);
  if (status !== 200 || size !== bytes) throw new Error(`DOWNLOAD_FAILED: ${said}`);
  return speed! / 1e6;
}

/** MB/s, 10⁶ bytes, of writing a file that is in memory to disk, until it is there. */
export function measureDisk(source: string, target: string, bytes: number): number {
  const start = performance.now();
  execFileSync('dd', [`if=${source}`, `of=${target}`, 'bs=8M', 'conv=fsync'], { stdio: 'ignore' });
  return bytes / 1e6 / ((performance.now() - start) / 1_000);
}

/** nginx with one worker that serves `folder`. → its process, to be ended by its caller */
export async function startNginx(state: string, folder: string, port: number) {
  mkdirSync(state, { recursive: true });
  const file = join(state, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${state}/pid; error_log ${state}/error.log; user root;
events {} http { access_log off; sendfile on; client_body_temp_path ${state}/body;
proxy_temp_path ${state}/proxy; fastcgi_temp_path ${state}/fastcgi; uwsgi_temp_path ${state}/uwsgi;
scgi_temp_path ${state}/scgi; server { listen 127.0.0.1:${port}; root ${folder}; } }`,
  );
  const child = spawn(findTool('nginx')!, ['-p', state, '-c', file], { stdio: 'ignore' });
  for (let attempt = 0; attempt < 50; attempt++) {
    await new Promise((done) => setTimeout(done, 100));
    const isUp = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (isUp) return child;
  }
  child.kill();
  throw new Error(`NGINX_FAILED: see ${state}/error.log`);
}
