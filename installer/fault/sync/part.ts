import type { Progress } from '../../cli/progress.ts'
import { checkHistory, positionOf, type Verdict } from './check.ts'
import { differingRoots, readHub, readSource, rootsOf } from './history.ts'
import type { Site } from './site.ts'

/** What a part of the run is told. */
export interface PartOptions {
  readonly progress: Progress
  readonly random: () => number
  /** Envelopes for each row of the part. */
  readonly envelopes: number
  /** Envelopes of a part that has a whole run's on one site. */
  readonly total: number
  /** How long a fault lasts, in milliseconds. */
  readonly faultMs: number
  /** An empty folder of the part's own. */
  readonly folder: string
}

/** One line of the table. */
export interface SyncRow {
  readonly fault: string
  /** Set when the machine lacks something: nothing was tried. */
  readonly skipped?: string
  /** How often the fault was inflicted, or how much of the traffic it touched. */
  readonly inflicted: number
  readonly verdict: Verdict
  /** (device, epoch) whose root differs between source and hub. */
  readonly rootsDiffering: number
  /** From the end of the last fault until everything was acknowledged, in seconds. */
  readonly convergedAfter: number
  readonly seconds: number
  /** What did not happen that must happen. */
  readonly failures: readonly string[]
  /** A control that must fail in this way: it shows that the checker can see it. */
  readonly mustSee?: 'lost' | 'doubled'
}

/** A group of faults. */
export interface Part {
  readonly name: string
  readonly summary: string
  /** Rows among which what a run sends is shared out; 0 for a part that sends as much again. */
  readonly rows: number
  run(options: PartOptions): Promise<SyncRow[]>
}

const NOTHING = { effects: [], unreadable: [], orphans: 0, duplicatesDropped: 0 }

/** A row for what cannot be tried here. */
export function skippedRow(fault: string, reason: string): SyncRow {
  const verdict = checkHistory([], NOTHING, new Map(), new Set())
  return {
    fault,
    skipped: reason,
    inflicted: 0,
    verdict,
    rootsDiffering: 0,
    convergedAfter: 0,
    seconds: 0,
    failures: [],
  }
}

/** Reads both sides of a site whose processes have ended, and compares them. */
export function judgeSite(site: Site): Pick<SyncRow, 'verdict' | 'rootsDiffering'> {
  const sealed = readSource(site.folders.source)
  const hub = readHub(site.folders.hub)
  const told = new Map(
    site.told.map(([epoch, stream, sequence, digest]) => [
      positionOf({ device: site.device, epoch, stream, sequence }),
      digest,
    ]),
  )
  const caught = new Set([...site.caught].map((name) => `${site.device}/${name}`))
  return {
    verdict: checkHistory(sealed, hub.history, told, caught),
    rootsDiffering: differingRoots(rootsOf(sealed), hub.roots),
  }
}
