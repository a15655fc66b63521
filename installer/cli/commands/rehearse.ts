import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type RehearsalReport, rehearse } from '../../rehearse/rehearse.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, wholeNumber, withJson } from '../options.ts'
import { createProgress } from '../progress.ts'
import { renderTable } from '../table.ts'

interface RehearseOptions {
  readonly dataSet: string
  readonly data?: string
  readonly part?: number
  readonly seed: number
  readonly json: boolean
}

/** `leadglass rehearse --data-set DIR`: the whole story on real radiographs. */
export function registerRehearse(program: Command): void {
  const command = program
    .command('rehearse')
    .description('play the whole story on real radiographs, on an instance of its own, and compare every count')
    .requiredOption('--data-set <folder>', 'folder with index.csv and png256/ (a ChestX-ray14 subset)', callerPath)
    .option('--data <folder>', 'data folder to use and keep; a new temporary one when left out', callerPath)
    .option('--part <images>', 'take about so many images, in proportion', wholeNumber(100, 1_000_000))
    .option('--seed <n>', 'seed of the training', wholeNumber(0, 2 ** 31 - 1), 1)
    .addHelpText('after', '\nExit status 0 only when every count agrees.')
  withJson(command).action(async (options: RehearseOptions) => {
    const report = await rehearse({
      dataSet: options.dataSet,
      dataFolder: options.data ?? (await mkdtemp(join(tmpdir(), 'leadglass-rehearsal-'))),
      part: options.part,
      seed: options.seed,
      progress: createProgress(),
    })
    print(options.json, report, () => presentReport(report))
    process.exitCode = report.checks.every((check) => check.holds) ? EXIT.done : EXIT.failed
  })
}

function presentReport({ note, steps, auc, checks }: RehearsalReport): string {
  const interval = ({ value, low, high, cases, version }: RehearsalReport['auc']['before']): string =>
    `${value.toFixed(3)} (95 % ${low.toFixed(3)} to ${high.toFixed(3)}, ${cases} images, version ${version})`
  return [
    note,
    '',
    renderTable(
      ['step', 'seconds', 'facts'],
      steps.map(({ step, seconds, facts }) => [
        step,
        seconds,
        Object.entries(facts)
          .map(([name, value]) => `${name} ${value}`)
          .join(', '),
      ]),
    ),
    '',
    `AUC on unseen patients before: ${interval(auc.before)}`,
    `AUC on unseen patients after:  ${interval(auc.after)}`,
    '',
    renderTable(
      ['check', 'value', 'wanted', 'holds'],
      checks.map((check) => [check.name, check.value, check.goal, check.holds ? 'yes' : 'NO']),
    ),
  ].join('\n')
}
