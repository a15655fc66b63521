import type { Command } from 'commander'
import { runHarness } from '../../harness/run-harness.ts'
import { callerPath, wholeNumber, withJson } from '../options.ts'
import { createProgress } from '../progress.ts'

interface ReidentifyOptions {
  readonly dataSet: string
  readonly seed: number
  readonly json: boolean
  readonly publish: boolean
}

const MOST_SEEDS = 2 ** 31 - 1

/** `leadglass deid reidentify`: what the synced embeddings alone tell of who a patient is. */
export function registerDeidReidentify(deid: Command): void {
  const command = deid
    .command('reidentify')
    .description(
      'measure how often a patient is found again by the synced embeddings alone, and what blurring them costs',
    )
    .requiredOption('--data-set <folder>', 'folder with index.csv and png256/ of follow-up radiographs', callerPath)
    .option('--seed <n>', 'seed of projections and noise', wholeNumber(0, MOST_SEEDS), 1)
    .option('--publish', 'also write the report into docs/figures', false)
  withJson(command).action(async (options: ReidentifyOptions) => {
    const { reidentification } = await import('../../deid/reidentification/measure.ts')
    process.exitCode = await runHarness(
      reidentification(options.dataSet),
      { progress: createProgress(), runs: 1, size: undefined, seed: options.seed },
      // `leadglass deid` has --json too, and the parser gives it to the outer command.
      { json: options.json || deid.opts<{ json: boolean }>().json, publish: options.publish, kind: 'score' },
    )
  })
}
