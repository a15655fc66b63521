import type { Progress } from '../../cli/progress.ts'
import { checkHistory, type Verdict } from './check.ts'
import { readHoldings } from './holdings.ts'
import type { Ledger } from './ledger.ts'

/** What a part of the run is told. */
export interface PartOptions {
  readonly progress: Progress
  readonly seed: number
  /** Every point instead of a sample. */
  readonly full: boolean
  /** Rounds of what is random; the part has a default. */
  readonly rounds: number | undefined
  /** An empty folder of the part's own. */
  readonly folder: string
}

/** One line of the table: one fault. */
export interface FaultRow {
  readonly fault: string
  /** Set when the machine lacks something that the fault needs: nothing was tried. */
  readonly skipped?: string
  readonly points: number
  /** Points where the fault fell on the receive path's own files. */
  readonly fired: number
  readonly verdict: Verdict
  readonly seconds: number
  /** Answers by status. */
  readonly answers: Readonly<Record<string, number>>
  /** What did not happen that must happen, such as an instance taken again after the error. */
  readonly failures: readonly string[]
  /** True for a control that must lose: it shows that the test can see a loss. */
  readonly mustLose?: boolean
}

/** A group of faults. */
export interface Part {
  readonly name: string
  readonly summary: string
  run(options: PartOptions): Promise<FaultRow[]>
}

/** A row for what cannot be tried here. */
export function skippedRow(fault: string, reason: string): FaultRow {
  const verdict = checkHistory([], [])
  return { fault, skipped: reason, points: 0, fired: 0, verdict, seconds: 0, answers: {}, failures: [] }
}

/** Compares a ledger with what lies in a folder. The appliance has been started and ended properly since the fault. */
export async function verdictOn(ledger: Ledger, dataFolder: string): Promise<Verdict> {
  return checkHistory(ledger.outcomes(), await readHoldings(dataFolder))
}
