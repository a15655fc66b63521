import type { Command } from 'commander'
import { BENCHES } from '../../bench/index.ts'
import { InstallerError } from '../../errors.ts'
import { FAULT_RUNS } from '../../fault/index.ts'
import { type Harness, runHarness } from '../../harness/run-harness.ts'
import { wholeNumber, withJson } from '../options.ts'
import { createProgress } from '../progress.ts'

interface HarnessCommandOptions {
  readonly json: boolean
  readonly publish: boolean
  readonly runs?: number
  readonly size?: number
  readonly rows?: number
  readonly boxes?: number
  readonly envelopes?: number
  readonly seconds?: number
  readonly rounds?: number
  readonly only?: string
  readonly full?: boolean
  readonly seed: number
  readonly quick: boolean
}

/** `leadglass bench NAME`; also behind `npm run bench`. */
export function registerBench(program: Command): void {
  register(program, 'bench', 'measure the product against its peers, in the same run', BENCHES)
}

/** `leadglass fault NAME`; also behind `npm run fault`. */
export function registerFault(program: Command): void {
  register(program, 'fault', 'kill and inject while the product works, and count what is left', FAULT_RUNS)
}

function register(program: Command, kind: 'bench' | 'fault', summary: string, harnesses: readonly Harness[]): void {
  const list = harnesses
    .flatMap(({ name, summary: line, parts = [] }) => [
      `  ${name.padEnd(10)} ${line}`,
      ...parts.map((part) => `    --only ${part.name.padEnd(8)} ${part.summary}`),
    ])
    .join('\n')
  const command = program
    .command(kind)
    .description(summary)
    .argument('<name>', `one of: ${harnesses.map((harness) => harness.name).join(', ')}`)
    .option('--runs <n>', 'how often to measure', wholeNumber(1, 100))
    .option('--size <n>', 'size of the load (objects or studies); the run has a default', wholeNumber(1, 1_000_000))
    .option('--boxes <n>', 'simulated boxes, for runs that have them', wholeNumber(1, 4000))
    .option('--seconds <n>', 'how long to go on, for runs that have no end of their own', wholeNumber(1, 86_400))
    .option('--seed <n>', 'seed of everything random', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--only <part>', 'one part of a run that has parts')
    .option('--quick', 'a shorter run, where the bench has one', false)
    .option('--publish', 'also write the report into docs/figures', false)
    .addHelpText('after', `\nNames:\n${list}\n\nExit status 1 when a goal does not hold.`)
  if (kind === 'bench') {
    command.option('--rows <n>', 'rows of a run that measures tables', wholeNumber(1, 1_000_000_000))
  }
  if (kind === 'fault') {
    command
      .option('--rounds <n>', 'rounds of what is random; the run has a default', wholeNumber(1, 10_000))
      .option('--envelopes <n>', 'the size of the load of a run that sends envelopes', wholeNumber(1, 1_000_000))
      .option('--full', 'every point instead of a sample', false)
  }
  withJson(command).action(async (name: string, options: HarnessCommandOptions) => {
    const harness = harnesses.find((candidate) => candidate.name === name)
    if (harness === undefined) {
      throw new InstallerError('input-invalid', {
        message: `there is no ${kind} named "${name}"`,
        effect: 'nothing was run',
        nextStep: `choose one of: ${harnesses.map((candidate) => candidate.name).join(', ')}`,
      })
    }
    process.exitCode = await runHarness(
      harness,
      {
        progress: createProgress(),
        runs: options.runs,
        size: options.size ?? options.rows ?? options.envelopes,
        boxes: options.boxes,
        seconds: options.seconds,
        rounds: options.rounds,
        only: options.only,
        full: options.full ?? false,
        seed: options.seed,
        quick: options.quick,
      },
      { json: options.json, publish: options.publish, kind },
    )
  })
}
