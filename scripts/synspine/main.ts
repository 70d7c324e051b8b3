import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createClient, EXIT_CODES, exitCode, tolerateClosedPipe } from '../../packages/protocol/src/index.ts';
import { describeFailure, ToolError } from './describe-failure.ts';
import { doctor } from './doctor.ts';
import { pullDataset, verifyDataset } from './pull.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const USAGE = `synspine doctor
synspine pull DATASET --registry URL --token-file FILE --out DIR   download a data set and verify it
synspine verify DIR --registry URL                                verify a downloaded data set again
synspine --version, --help`;

/** `synspine`: what a researcher needs beside `curl`. Answers the exit code. */
export async function main(argv: string[]): Promise<number> {
  tolerateClosedPipe();
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: { ...{ registry: text, 'token-file': text, out: text }, version: flag, help: flag },
    });
    if (values.version) console.log(version);
    if (values.help) console.log(USAGE);
    if (values.version || values.help) return exitCode('done');
    const [command, subject] = positionals;
    if (command === 'doctor') return doctor();
    if (command === 'verify' && subject && values.registry) {
      return await verifyDataset({ client: createClient({ baseUrl: values.registry }), dir: subject });
    }
    if (command === 'pull' && subject && values.registry && values.out && values['token-file']) {
      const token = await readToken(values['token-file']);
      const authorise = async () => ({ authorization: `Bearer ${token}` });
      return await pullDataset({
        client: createClient({ baseUrl: values.registry, authorise }),
        id: subject,
        dir: values.out,
      });
    }
  } catch (error) {
    const { text, exit } = describeFailure(error);
    console.error(text);
    return exitCode(exit);
  }
  console.error(`${EXIT_CODES.usage[1]}\n${USAGE}`);
  return exitCode('usage');
}

async function readToken(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new ToolError('TOKEN_UNREADABLE', { cause });
  });
  return text.trim();
}
