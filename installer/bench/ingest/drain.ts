import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exchangePaths, NO_POLICY, SyncPolicyFile } from '@leadglass/sync-agent/exchange'
import { InstallerError } from '../../errors.ts'
import { judgeSite } from '../../fault/sync/part.ts'
import { pause, Site } from '../../fault/sync/site.ts'
import { describeMachine } from '../../harness/machine.ts'
import { type HarnessReport, judge } from '../../harness/report.ts'
import type { Harness, HarnessOptions } from '../../harness/run-harness.ts'
import { evenSamples, processFigures } from './processes.ts'
import { BUSY_STUDIES_AN_HOUR, ENVELOPES_A_STUDY } from './site-bodies.ts'

const HOURS = 72
/** Largest size, in hours, that still is a check of counts only. */
const CHECK_HOURS = 1
/** Two million bits a second, as an operator sets them with `sync.bytesPerSecond`. */
const NARROW_BYTES_PER_SECOND = 250_000
/** As fast as the box seals: the hours pass by its clock. */
const SEALED_PER_SECOND = 20_000
const SEALED_WITHIN_MS = 300_000
const DRAINED_WITHIN_MS = 1_800_000
const SAMPLE_MS = 1000
const SHOWN_SAMPLES = 10
/** The agent as it is installed: its own times. */
const PRODUCT_INTERVALS = {}

const LINES = [
  { line: 'no limit', bytesPerSecond: null },
  { line: '2 Mbit/s', bytesPerSecond: NARROW_BYTES_PER_SECOND },
] as const

/** One box with the backlog of three days, through the real relay, agent, broker and hub. */
export const drainBench: Harness = {
  name: 'drain',
  summary: 'the backlog of 72 hours of one busy site, through agent and hub as they are installed; --size is hours',
  parts: LINES.map(({ line }) => ({ name: line.replaceAll(/[^a-zA-Z0-9]+/g, '-'), summary: `with ${line}` })),
  run: benchDrain,
}

interface Drained {
  readonly row: Record<string, string | number | null>
  readonly lost: number
  readonly wrong: number
  readonly isAtRest: boolean
}

async function benchDrain(options: HarnessOptions): Promise<HarnessReport> {
  const hours = options.size ?? HOURS
  const chosen = LINES.filter((_, i) => options.only === undefined || drainBench.parts?.[i]?.name === options.only)
  if (chosen.length === 0) {
    throw new InstallerError('input-invalid', {
      message: `the bench "drain" has no part "${options.only ?? ''}"`,
      effect: 'nothing was run',
      nextStep: `choose one of: ${(drainBench.parts ?? []).map(({ name }) => name).join(', ')}`,
    })
  }
  const results: Drained[] = []
  for (const one of chosen) results.push(await drain(one, hours, options))
  return {
    name: 'drain',
    machine: describeMachine(),
    runs: 1,
    results: results.map(({ row }) => row),
    ratios: results.flatMap(({ row, lost, wrong, isAtRest }) => [
      judge(`${row.line}: envelopes not at the hub in the end`, lost, '== 0'),
      judge(`${row.line}: doubled, altered, out of order, or a root that differs`, wrong, '== 0'),
      judge(`${row.line}: streams that did not come to rest`, isAtRest ? 0 : 1, '== 0'),
      ...(hours <= CHECK_HOURS ? [] : [judge(`${row.line}: minutes`, Number(row.seconds) / 60, '<= 10')]),
    ]),
  }
}

async function drain(
  { line, bytesPerSecond }: (typeof LINES)[number],
  hours: number,
  { progress, seed }: HarnessOptions,
): Promise<Drained> {
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-drain-'))
  const envelopes = Math.round(hours * BUSY_STUDIES_AN_HOUR * ENVELOPES_A_STUDY)
  const site = await Site.prepare({
    folder,
    envelopes,
    perSecond: SEALED_PER_SECOND,
    awayHours: hours,
    load: 'site',
    intervals: PRODUCT_INTERVALS,
    random: () => seed / 2 ** 31,
  })
  try {
    progress.step(`${line}: sealing ${envelopes} envelopes of ${hours} hours without a hub`)
    await site.start(['source'])
    const begun = performance.now()
    await site.until(() => site.status?.done === true, SEALED_WITHIN_MS)
    const sealing = (performance.now() - begun) / 1000
    const policy = { ...NO_POLICY, bytesPerSecond }
    await new SyncPolicyFile(exchangePaths(site.folders.exchange).policy).write(policy)
    await site.processes.hub.start()
    progress.step(`${line}: draining`)
    const started = performance.now()
    await site.processes.agent.start()
    const memory: { readonly agent: number; readonly hub: number }[] = []
    let isAtRest = false
    while (!isAtRest && performance.now() - started < DRAINED_WITHIN_MS) {
      isAtRest = await site.until(() => site.isAtRest, SAMPLE_MS)
      memory.push({ agent: await sizeOf(site.processes.agent.pid), hub: await sizeOf(site.processes.hub.pid) })
    }
    const seconds = (performance.now() - started) / 1000
    const sealed = site.status?.counters.reduce((sum, one) => sum + one.lastSequence, 0) ?? 0
    const cpu = await processFigures(site.processes.hub.pid ?? 0)
    await pause(SAMPLE_MS)
    await site.stop()
    const { verdict, rootsDiffering } = judgeSite(site)
    const row = {
      line,
      hours,
      'envelopes/hour': Math.round(BUSY_STUDIES_AN_HOUR * ENVELOPES_A_STUDY),
      envelopes: sealed,
      'sealing s': sealing,
      seconds,
      'envelopes/s': sealed / seconds,
      'hub CPU s': cpu.seconds,
      'agent MiB over time': evenSamples(
        memory.map((one) => one.agent),
        SHOWN_SAMPLES,
      ),
      'hub MiB over time': evenSamples(
        memory.map((one) => one.hub),
        SHOWN_SAMPLES,
      ),
      lost: verdict.lost.length,
      doubled: verdict.doubled.length,
      'out of order': verdict.outOfOrder.length,
      'roots differing': rootsDiffering,
    }
    const wrong = [verdict.doubled, verdict.altered, verdict.unexpected, verdict.outOfOrder].flat().length
    return { row, lost: verdict.lost.length, wrong: wrong + rootsDiffering, isAtRest }
  } finally {
    await site.end()
    await rm(folder, { recursive: true, force: true })
  }
}

async function sizeOf(pid: number | undefined): Promise<number> {
  return pid === undefined ? 0 : (await processFigures(pid)).mebibytes
}
