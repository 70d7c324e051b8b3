import addCompletion from '@bomb.sh/tab/commander';
import { Command } from 'commander';
import { AGENT_VERSION } from '../version.ts';

/** A command's module, loaded when that command (or help) is asked for. */
const COMMANDS = {
  init: async (program: Command) => (await import('./init.ts')).addInitCommand(program),
  policy: async (program: Command) => (await import('./policy.ts')).addPolicyCommand(program),
  doctor: async (program: Command) => (await import('./doctor.ts')).addDoctorCommand(program),
  phantoms: async (program: Command) => (await import('./phantoms.ts')).addPhantomsCommand(program),
  ingest: async (program: Command) => (await import('./ingest.ts')).addIngestCommand(program),
  receive: async (program: Command) => (await import('./receive.ts')).addReceiveCommand(program),
  pull: async (program: Command) => (await import('./pull.ts')).addPullCommand(program),
  run: async (program: Command) => (await import('./run.ts')).addRunCommand(program),
  generate: async (program: Command) => (await import('./generate.ts')).addGenerateCommand(program),
  status: async (program: Command) => (await import('./status.ts')).addStatusCommand(program),
  cancel: async (program: Command) => (await import('./cancel.ts')).addCancelCommand(program),
  quarantine: async (program: Command) => (await import('./quarantine.ts')).addQuarantineCommand(program),
  patients: async (program: Command) => (await import('./patients.ts')).addPatientsCommand(program),
  'deid-report': async (program: Command) => (await import('./deid-report.ts')).addDeidReportCommand(program),
  training: async (program: Command) => (await import('./training.ts')).addTrainingCommand(program),
  upload: async (program: Command) => (await import('./upload.ts')).addUploadCommand(program),
  keys: async (program: Command) => (await import('./keys.ts')).addKeysCommand(program),
  'audit-heads': async (program: Command) => (await import('./audit-heads.ts')).addAuditHeadsCommand(program),
  serve: async (program: Command) => (await import('./serve.ts')).addServeCommand(program),
  experiment: async (program: Command) => (await import('./experiment.ts')).addExperimentCommand(program),
  'evaluate-remote': async (program: Command) =>
    (await import('./evaluate-remote.ts')).addEvaluateRemoteCommand(program),
} as const;

/** `synspine-site`. Only the named command's module is loaded, so that `status` doesn't wait for the image library. */
export async function buildProgram(name: string | undefined): Promise<Command> {
  const program = new Command('synspine-site')
    .description('Turns a hospital’s spine radiographs into synthetic ones that may leave it')
    .version(AGENT_VERSION)
    .showHelpAfterError()
    .exitOverride(); // commands inherit it: a wrong call throws
  const named = Object.entries(COMMANDS).filter(([known]) => known === name);
  for (const [, add] of named.length > 0 ? named : Object.entries(COMMANDS)) await add(program);
  addCompletion(program);
  return program;
}
