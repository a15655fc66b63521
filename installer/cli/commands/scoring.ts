import { join, resolve } from 'node:path'
import {
  readScoringPlan,
  SCORING_PLAN_FILE,
  type ScoringPlan,
  tuneScoring,
  writeScoringPlan,
} from '@leadglass/appliance/scoring'
import type { Command } from 'commander'
import { layoutOf } from '../../start/layout.ts'
import { callerPath, print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'
import { registerScoringGpu } from './scoring-gpu.ts'
import { registerScoringToken } from './scoring-token.ts'

const PROGRAM_ROOT = resolve(import.meta.dirname, '..', '..', '..')
const SHIPPED = join(PROGRAM_ROOT, 'models', 'packages', 'chest-radiograph', '1.0.0')

interface TuneOptions {
  readonly data: string
  readonly json: boolean
  readonly images: number
  readonly package: string
  readonly cpuFallback: boolean
}

/** `leadglass scoring tune|show|gpu-check|install-libraries|token`. */
export function registerScoring(program: Command): void {
  const scoring = program.command('scoring').description('how many workers and threads score, and what runs the graphs')
  withJson(
    withData(
      scoring
        .command('tune')
        .description('measure this machine and store the plan; in force from the next start of the appliance')
        .option('--images <n>', 'images of one trial', wholeNumber(8, 100_000), 200)
        .option('--package <folder>', 'a package for radiographs to measure with', callerPath, SHIPPED)
        .option(
          '--no-cpu-fallback',
          'refuse to score when the chosen provider cannot be had, instead of using the processor',
        ),
    ),
  ).action(tune)
  registerScoringGpu(scoring)
  registerScoringToken(scoring)
  withJson(withData(scoring.command('show').description('the stored plan, or why none is in force'))).action(show)
}

async function tune(options: TuneOptions): Promise<void> {
  const plan = await tuneScoring({
    programRoot: PROGRAM_ROOT,
    packageFolder: options.package,
    images: options.images,
    cpuFallback: options.cpuFallback,
    onTrial: ({ provider, workers, threads, imagesPerSecond }) =>
      process.stderr.write(`${provider}, ${workers} workers x ${threads} threads: ${imagesPerSecond} images/s\n`),
  })
  await writeScoringPlan(planFile(options.data), plan)
  print(options.json, plan, () => describe(plan))
}

function show(options: { readonly data: string; readonly json: boolean }): void {
  const found = readScoringPlan(planFile(options.data))
  print(options.json, found, () =>
    found.kind === 'plan' ? describe(found.plan) : `No plan is in force: ${found.reason}. Run: leadglass scoring tune`,
  )
}

function planFile(data: string): string {
  return join(layoutOf(data).appliance.folder, SCORING_PLAN_FILE)
}

function describe(plan: ScoringPlan): string {
  return [
    `Plan (${plan.kind ?? 'full'}): ${plan.workers} workers x ${plan.threads} threads, batches of ${plan.batch}, on ${plan.provider}, measured ${plan.measuredAt} with ${plan.model}`,
    renderTable(
      ['provider', 'workers', 'threads', 'images/s', 'p50 ms', 'p95 ms'],
      plan.trials.map((one) => [one.provider, one.workers, one.threads, one.imagesPerSecond, one.p50Ms, one.p95Ms]),
    ),
    ...(plan.batches === undefined
      ? []
      : [
          renderTable(
            ['images in one call', 'images/s'],
            plan.batches.map(({ batch, imagesPerSecond }) => [batch, imagesPerSecond]),
          ),
        ]),
    renderTable(
      ['provider', 'loads', 'detail'],
      plan.providers.map(({ provider, available, detail }) => [provider, available ? 'yes' : 'no', detail]),
    ),
  ].join('\n')
}
