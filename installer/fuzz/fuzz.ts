import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fetchStudies } from '../cli/commands/study.ts'
import { describeMachine } from '../harness/machine.ts'
import { type HarnessReport, judge } from '../harness/report.ts'
import type { Harness, HarnessOptions } from '../harness/run-harness.ts'
import { startThrowawayInstance, type ThrowawayInstance } from '../start/throwaway.ts'
import { sharedData } from '../testing/peers.ts'
import { examineAftermath } from './aftermath.ts'
import { loadCorpus } from './corpus.ts'
import type { Finding } from './findings.ts'
import { fuzzObjects } from './fuzz-objects.ts'
import { ECHO_WITHIN_MS, echo, fuzzWire } from './fuzz-wire.ts'
import { alarmingLines } from './log-lines.ts'
import { recordStore } from './record-conversation.ts'
import { figuresOf, type ProcessFigures } from './watch-process.ts'

const DEFAULT_SECONDS = 60
const LANES = 4
const SAMPLE_MS = 500
/** Descriptors that the process may hold at rest beyond what it held before: folders of the spool stay open, 256 of them. */
const EXTRA_DESCRIPTORS = 300
/** The largest object sent is 150 kB: memory that grows with what was received would show here. */
const PEAK_MIB = 1024
/** Studies that may wait while more are sent. */
const MOST_OPEN_STUDIES = 200
const FINAL_WITHIN_MS = 10 * 60_000
const FINAL = new Set(['scored', 'not-scored', 'failed', 'quarantined', 'superseded'])

/**
 * Broken objects and broken conversations for `--seconds`: objects in a process of their own through every step from the
 * header to the decoder, conversations against the whole running product. What fails is shrunk and kept.
 */
export const fuzzFault: Harness = {
  name: 'fuzz',
  summary: 'break objects and conversations for --seconds; --seed repeats a run',
  run: runFuzz,
}

async function runFuzz(options: HarnessOptions): Promise<HarnessReport> {
  const seconds = options.seconds ?? DEFAULT_SECONDS
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-fuzz-'))
  const inputs = join(folder, 'inputs')
  await mkdir(inputs)
  const corpusFolder = sharedData('dicom')
  options.progress.step(`seed ${options.seed}, ${seconds} s; failing inputs go to ${inputs}`)
  const objects = fuzzObjects({ seed: options.seed, seconds, corpus: corpusFolder, folder: inputs })
  const data = join(folder, 'data')
  const instance = await startThrowawayInstance(data)
  try {
    const report = await fuzzInstance(instance, corpusFolder, inputs, seconds, options)
    const figures = await objects
    const findings = [...figures.findings, ...report.findings]
    if (findings.length === 0) await rm(inputs, { recursive: true, force: true })
    if (findings.length > 0) await writeFile(join(inputs, 'findings.json'), JSON.stringify(findings, null, 2))
    for (const finding of findings) options.progress.step(`${finding.level}: ${finding.what}; input ${finding.input}`)
    return {
      name: 'fuzz',
      machine: describeMachine(),
      runs: 1,
      results: [
        {
          level: 'objects',
          seed: options.seed,
          cases: figures.cases,
          'cases/s': Math.round(figures.cases / seconds),
          'slowest ms': figures.slowestMs,
          'peak MiB': figures.maxRssMiB,
          ...figures.reached,
        },
        { level: 'wire', seed: options.seed, ...report.row },
      ],
      checks: [
        judge('objects that no code answered for', figures.findings.length, '== 0'),
        judge('slowest object, ms', figures.slowestMs, '<= 10000'),
        ...report.checks,
      ],
    }
  } finally {
    await objects
    await instance.stop()
    await rm(data, { recursive: true, force: true })
  }
}

type Row = HarnessReport['results'][number]

async function fuzzInstance(
  instance: ThrowawayInstance,
  corpusFolder: string | undefined,
  inputs: string,
  seconds: number,
  { seed, progress }: HarnessOptions,
): Promise<{ row: Row; checks: NonNullable<HarnessReport['checks']>; findings: Finding[] }> {
  await completeStudiesSoon(instance)
  const { dimse } = instance.ports
  const corpus = loadCorpus(corpusFolder)
  const recordings = await Promise.all(corpus.slice(0, 8).map((one) => recordStore(dimse, one)))
  const pid = await instance.pidOf('appliance')
  const before = pid === undefined ? undefined : figuresOf(pid)
  const watch = watchProcess(instance, pid)
  progress.step('sending nonsense')
  const begun = Date.now()
  const wire = await fuzzWire({
    port: dimse,
    corpus,
    recordings,
    seed,
    until: begun + seconds * 1000,
    lanes: LANES,
    folder: inputs,
    mayGoOn: () => untilFewOpen(instance, MOST_OPEN_STUDIES),
  })
  const took = (Date.now() - begun) / 1000
  progress.step('no more nonsense; waiting until every study is final')
  const lastEcho = await echo(dimse)
  const isFinal = await untilFewOpen(instance, 0).then(
    () => true,
    () => false,
  )
  const studies = await fetchStudies(instance.client, { limit: 100_000 })
  const after = pid === undefined ? undefined : figuresOf(pid)
  watch.stop()
  await instance.stop()
  const alarms = await alarmingLines(join(instance.layout.logs, 'appliance.log'))
  for (const [alarm, count] of alarms) progress.step(`in the log: ${alarm} (${count})`)
  const aftermath = await examineAftermath(instance.layout.appliance.folder, wire.acknowledged.keys())
  const count = (state: string): number => studies.filter((study) => study.state === state).length
  const { ends } = wire
  return {
    findings: wire.findings,
    row: {
      conversations: wire.conversations,
      'conversations/s': Math.round(wire.conversations / took),
      acknowledged: wire.acknowledged.size,
      refused: wire.refused,
      aborted: ends.abort,
      rejected: ends.reject,
      released: ends.release,
      studies: studies.length,
      scored: count('scored'),
      'not scored': count('not-scored'),
      quarantined: count('quarantined'),
      'instances quarantined': [...aftermath.quarantined.values()].reduce((sum, total) => sum + total, 0),
      conflicts: aftermath.conflicts,
      'peak MiB': watch.peakMiB(),
      'slowest echo ms': Math.round(wire.slowestEchoMs),
    },
    checks: [
      judge('conversations answered against the standard', wire.findings.length, '== 0'),
      judge('ends of the appliance', watch.ends(), '== 0'),
      judge('slowest C-ECHO between, ms', Math.max(wire.slowestEchoMs, lastEcho), `<= ${ECHO_WITHIN_MS}`),
      judge('acknowledged objects', wire.acknowledged.size, '>= 1'),
      judge('acknowledged objects that are lost', aftermath.lost.length, '== 0'),
      judge(
        'studies without a final state',
        isFinal ? 0 : studies.filter(({ state }) => !FINAL.has(state)).length,
        '== 0',
      ),
      judge('studies that failed', count('failed'), '== 0'),
      judge(
        'studies not scored and without a reason',
        studies.filter(({ state, reason }) => state !== 'scored' && reason === null).length,
        '== 0',
      ),
      judge('quarantined without a reason', aftermath.quarantined.get('') ?? 0, '== 0'),
      judge('alarms in the log', alarms.size, '== 0'),
      judge('files left over', aftermath.leftovers + aftermath.workFiles, '== 0'),
      judge(
        'descriptors more than before',
        (after?.descriptors ?? 0) - (before?.descriptors ?? 0),
        `<= ${EXTRA_DESCRIPTORS}`,
      ),
      judge('peak memory of the appliance, MiB', watch.peakMiB(), `<= ${PEAK_MIB}`),
    ],
  }
}

/** Studies are not waited for longer than needed: what is sent here comes in one association. */
async function completeStudiesSoon(instance: ThrowawayInstance): Promise<void> {
  const path = join(instance.layout.appliance.folder, 'settings.json')
  const settings = JSON.parse(await readFile(path, 'utf8').catch(() => '{}')) as Record<string, unknown>
  await writeFile(path, JSON.stringify({ ...settings, assembly: { quietMs: 100 } }))
  // The appliance looks at the file every second.
  await new Promise((resolve) => setTimeout(resolve, 1500))
}

/** @throws when it does not come about in time. */
async function untilFewOpen(instance: ThrowawayInstance, most: number): Promise<void> {
  const until = Date.now() + FINAL_WITHIN_MS
  for (;;) {
    const open = await Promise.all(
      ['receiving', 'queued', 'running'].map((state) => fetchStudies(instance.client, { state, limit: most + 1 })),
    )
    if (open.reduce((sum, list) => sum + list.length, 0) <= most) return
    if (Date.now() > until) throw new Error('studies stay open')
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

function watchProcess(instance: ThrowawayInstance, first: number | undefined) {
  let peak: ProcessFigures['peakMiB'] = 0
  let ends = 0
  let pid = first
  const timer = setInterval(() => {
    instance.pidOf('appliance').then(
      (now) => {
        if (now !== pid) ends += 1
        pid = now ?? pid
        if (now !== undefined) peak = Math.max(peak, figuresOf(now)?.peakMiB ?? 0)
      },
      () => undefined,
    )
  }, SAMPLE_MS)
  return { stop: () => clearInterval(timer), peakMiB: () => peak, ends: () => ends }
}
