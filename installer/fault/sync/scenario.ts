import { join } from 'node:path'
import { judgeSite, type PartOptions, type SyncRow } from './part.ts'
import { Site, type SiteRequest } from './site.ts'

const CONVERGE_WITHIN_MS = 180_000
/** Envelopes flow for about as long as faults are inflicted. */
const SHORTEST_FLOW_SECONDS = 4

/** A site, a fault, and how it is put on. */
export interface Scenario {
  readonly fault: string
  /** How the site differs from a plain one. */
  readonly site?: Partial<Omit<SiteRequest, 'envelopes' | 'random'>>
  readonly mustSee?: SyncRow['mustSee']
  /** How long to wait for everything to be acknowledged; a control does not come to rest. */
  readonly convergeWithinMs?: number
  /**
   * Inflicts the fault while envelopes flow and takes it off again; called once everything runs.
   * @returns how often it was inflicted.
   */
  inflict(site: Site, failures: string[]): Promise<number>
}

/** Runs a scenario in a folder of its own: start, fault, rest, comparison. */
export async function runScenario(scenario: Scenario, options: PartOptions): Promise<SyncRow> {
  const started = performance.now()
  const { fault, mustSee, convergeWithinMs = CONVERGE_WITHIN_MS } = scenario
  options.progress.step(fault)
  const failures: string[] = []
  const flow = Math.max(SHORTEST_FLOW_SECONDS, options.faultMs / 1000)
  const site = await Site.prepare({
    folder: join(options.folder, fault.replaceAll(/[^a-z0-9]+/gi, '-')),
    envelopes: options.envelopes,
    perSecond: Math.ceil(options.envelopes / flow),
    random: options.random,
    ...scenario.site,
  })
  try {
    await site.start()
    const inflicted = await scenario.inflict(site, failures)
    const over = performance.now()
    const rested = await site.until(() => site.isAtRest, convergeWithinMs)
    const convergedAfter = (performance.now() - over) / 1000
    if (!rested && mustSee === undefined)
      failures.push(`not at rest after ${Math.round(convergedAfter)} s: ${stateOf(site)}`)
    for (const [name, one] of Object.entries(site.processes)) {
      if (one.failedStarts > 0) failures.push(`${name}: ${one.failedStarts} starts failed: ${one.log.at(-1) ?? ''}`)
    }
    await site.stop()
    const seconds = (performance.now() - started) / 1000
    return { fault, inflicted, ...judgeSite(site), convergedAfter, seconds, failures, ...(mustSee && { mustSee }) }
  } finally {
    await site.end()
  }
}

function stateOf(site: Site): string {
  const open = site.status?.counters.filter((one) => one.acknowledged < one.lastSequence) ?? []
  const streams = open.map((one) => `${one.stream} ${one.acknowledged}/${one.relayed}/${one.lastSequence}`)
  return `${site.status?.done === true ? 'sealed' : 'not all sealed'}; ${streams.join(', ')}`
}
