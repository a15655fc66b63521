import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { EXIT } from '../cli/exit.ts'
import type { Progress } from '../cli/progress.ts'
import { presentReport, presentReportAsMarkdown } from './present.ts'
import { everyGoalHolds, type HarnessReport, harnessReport } from './report.ts'

/** A bench or a fault run: a name, a line for `--help`, and the work itself. */
export interface Harness {
  readonly name: string
  readonly summary: string
  /** Parts that can be run alone (`--only`); a harness without parts runs whole. */
  readonly parts?: readonly { readonly name: string; readonly summary: string }[]
  run(options: HarnessOptions): Promise<HarnessReport>
}

/** What a run may be told. */
export interface HarnessOptions {
  readonly progress: Progress
  readonly runs: number | undefined
  /** Size of the load, in the harness's own unit (objects, studies); its default when undefined. */
  readonly size: number | undefined
  /** Simulated boxes, for a run that has them; its default when undefined. */
  readonly boxes?: number | undefined
  /** How long to go on, for a run that has no natural end; its default when undefined. */
  readonly seconds?: number | undefined
  /** Rounds of what is random in a fault run; its default when undefined. */
  readonly rounds?: number | undefined
  /** One part of a run that has parts. */
  readonly only?: string | undefined
  /** Every point of a run that otherwise takes a sample. */
  readonly full?: boolean
  readonly seed: number
  /** A shorter run with the same goals, for a look in between. */
  readonly quick?: boolean
}

/** How a finished run is shown. */
export interface PresentationOptions {
  readonly json: boolean
  readonly publish: boolean
  readonly kind: 'bench' | 'fault' | 'score'
}

const FIGURES = resolve(import.meta.dirname, '..', '..', 'docs', 'figures')

/** Runs a harness, shows its report, publishes it when asked. @returns the exit status: 1 when a goal does not hold. */
export async function runHarness(
  harness: Harness,
  options: HarnessOptions,
  presentation: PresentationOptions,
): Promise<number> {
  const report = harnessReport.parse(await harness.run(options))
  process.stdout.write(presentation.json ? `${JSON.stringify(report)}\n` : `${presentReport(report)}\n`)
  if (presentation.publish) await publish(report, presentation.kind)
  return everyGoalHolds(report) ? EXIT.done : EXIT.failed
}

async function publish(report: HarnessReport, kind: 'bench' | 'fault' | 'score'): Promise<void> {
  await mkdir(FIGURES, { recursive: true })
  const base = join(FIGURES, kind === 'score' ? `${report.name}-score` : `${kind}-${report.name}`)
  const today = new Date().toISOString().slice(0, 10)
  await writeFileAtomically(`${base}.json`, `${JSON.stringify(report, null, 2)}\n`, 0o644)
  await writeFileAtomically(`${base}.md`, presentReportAsMarkdown(kind, report, today), 0o644)
}
