import { randomInt } from 'node:crypto'
import { Command } from 'commander'
import { runHarness } from '../../harness/run-harness.ts'
import { callerPath, wholeNumber, withJson } from '../options.ts'
import { createProgress } from '../progress.ts'

interface DeidScoreOptions {
  readonly seed?: number
  readonly size: string
  readonly keep?: string
  readonly json: boolean
  readonly publish: boolean
}

const SIZES = ['small', 'full']
const MOST_SEEDS = 2 ** 31 - 1

/** `leadglass deid score`: what the de-identification is worth, on a corpus with planted identities. */
export function registerDeidScore(deid: Command): void {
  const command = deid
    .command('score')
    .description('plant identities into made and real files, de-identify them, and count what is left and what is lost')
    .option('--seed <n>', 'seed of the corpus; drawn and printed when missing', wholeNumber(0, MOST_SEEDS))
    .addOption(new Command().createOption('--size <size>', 'small or full').choices(SIZES).default('small'))
    .option('--keep <folder>', 'also write the files, the outputs, the answer key and the maps', callerPath)
    .option('--publish', 'also write the report into docs/figures', false)
    .addHelpText('after', '\nExit status 1 when a goal does not hold.')
  withJson(command).action(async (options: DeidScoreOptions) => {
    // The corpus needs packages that the other command does not.
    const { deidScore } = await import('../../deid/score/run-score.ts')
    const seed = options.seed ?? randomInt(MOST_SEEDS)
    process.exitCode = await runHarness(
      deidScore({ full: options.size === 'full', keep: options.keep }),
      { progress: createProgress(), runs: 1, size: undefined, seed },
      // `leadglass deid` has --json too, and the parser gives it to the outer command.
      { json: options.json || deid.opts<{ json: boolean }>().json, publish: options.publish, kind: 'score' },
    )
  })
}
