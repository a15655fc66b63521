import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type DeviceId, deviceId, type Envelope, type EnvelopeBody, sealEnvelope } from '@leadglass/sync-agent/contract'
import { type Logger, silentLogger } from '@leadglass/sync-agent/foundation'
import { epochRoots, IngestPipeline } from '../../cloud-hub/ingest/index.ts'
import { createHubCore, type HubCore } from '../../cloud-hub/testing/hub-core.ts'
import { seededRandom } from '../fault/killer.ts'
import { describeMachine } from '../harness/machine.ts'
import { judge } from '../harness/report.ts'
import type { Harness } from '../harness/run-harness.ts'
import { mutatedPayload, type Random, resealed, textOf } from './sync-mutation.ts'

const DEFAULT_SECONDS = 60
/** Honest envelopes of each stream, and how many go into one batch. */
const EACH = 60
const BATCH = 6
/** An honest batch of another device goes between every so many bad ones. */
const HONEST_EVERY = 20
const QUEUE = 16

/** What a run came to. Everything but `payloads`, `acknowledged` and `alarms` is to be 0. */
export interface SyncFuzzFigures {
  readonly payloads: number
  readonly acknowledged: number
  readonly alarms: number
  /** Payloads that were neither acknowledged nor alarmed. */
  readonly unanswered: number
  /** Lines of the log that tell of a commit that failed. */
  readonly failures: number
  /** Stored envelopes that nobody honest had sent under that device's name. */
  readonly foreign: number
  /** Stored envelopes whose effects do not give their digest again. */
  readonly damaged: number
  /** Honest envelopes that are missing after all of them were sent once more. */
  readonly missing: number
  /** Slowest answer to an honest batch between bad ones, in milliseconds. */
  readonly slowestMs: number
}

/** Changed batches against the hub's real way from bytes to tables, for `seconds`. The same seed gives the same bytes. */
export async function fuzzSync(seed: number, seconds: number): Promise<SyncFuzzFigures> {
  const core = await createHubCore()
  try {
    return await run(core, seededRandom(seed), seconds)
  } finally {
    await core.close()
  }
}

async function run(core: HubCore, random: Random, seconds: number): Promise<SyncFuzzFigures> {
  const [honest, broken, forger] = ['box-honest', 'box-broken', 'box-forger'].map((name) => deviceId.parse(name)) as [
    DeviceId,
    DeviceId,
    DeviceId,
  ]
  for (const device of [honest, broken, forger]) await core.enrolment.enrol(device)
  const failed: number[] = []
  const answers: number[] = []
  const logger: Logger = { ...silentLogger, error: () => failed.push(1) }
  const pipeline = new IngestPipeline(core.inbox, core.alarms, () => answers.push(1), logger)
  const brokens = envelopesOf(broken)
  const forged = envelopesOf(forger)
  const honests = batches(envelopesOf(honest))
  const until = performance.now() + seconds * 1000
  let payloads = 0
  let slowestMs = 0
  while (performance.now() < until) {
    for (let i = 0; i < QUEUE; i++) {
      const from = Math.floor(random() * brokens.length)
      if (random() < 0.7) await pipeline.take(broken, mutatedPayload(random, brokens.slice(from, from + BATCH)))
      else {
        const next = forged[Math.floor(random() * forged.length)] as Envelope
        await pipeline.take(forger, gzipSync(textOf([resealed(random, next)])))
      }
      payloads += 1
    }
    if (payloads % HONEST_EVERY < QUEUE) {
      const begin = performance.now()
      await pipeline.take(honest, gzipSync(textOf(honests[(payloads / QUEUE) % honests.length] ?? [])))
      await pipeline.settle()
      payloads += 1
      slowestMs = Math.max(slowestMs, performance.now() - begin)
    }
  }
  await pipeline.settle()
  const alarms = payloadAlarms(core)
  const answered = answers.length
  for (const batch of batches(brokens)) await pipeline.take(broken, gzipSync(textOf(batch)))
  for (const batch of honests) await pipeline.take(honest, gzipSync(textOf(batch)))
  await pipeline.settle()
  const known = new Set([...brokens, ...honests.flat()].map(({ digest }) => digest))
  const stored = core.database.prepare('SELECT device, digest FROM envelope_inbox').all() as {
    readonly device: string
    readonly digest: string
  }[]
  const digests = new Set(stored.map(({ digest }) => digest as Envelope['digest']))
  return {
    payloads,
    acknowledged: answered,
    alarms,
    unanswered: payloads - answered - alarms,
    failures: failed.length,
    foreign: stored.filter((one) => one.device !== forger && !known.has(one.digest as Envelope['digest'])).length,
    damaged: epochRoots(core.database).damaged.length,
    missing: [...known].filter((digest) => !digests.has(digest)).length,
    slowestMs: Math.round(slowestMs),
  }
}

/** `leadglass fault fuzz-sync`. */
export const fuzzSyncFault: Harness = {
  name: 'fuzz-sync',
  summary: 'changed batches against the hub for --seconds; --seed repeats a run',
  run: async ({ seed, seconds = DEFAULT_SECONDS, progress }) => {
    progress.step(`seed ${seed}, ${seconds} s`)
    const figures = await fuzzSync(seed, seconds)
    return {
      name: 'fuzz-sync',
      machine: describeMachine(),
      runs: 1,
      results: [{ seed, seconds, ...figures, 'payloads/s': Math.round(figures.payloads / seconds) }],
      checks: [
        judge('payloads without an answer or an alarm', figures.unanswered, '== 0'),
        judge('commits that failed', figures.failures, '== 0'),
        judge('stored envelopes that were not sent', figures.foreign, '== 0'),
        judge('stored envelopes that are damaged', figures.damaged, '== 0'),
        judge('honest envelopes that are missing', figures.missing, '== 0'),
        judge('slowest honest batch in between, ms', figures.slowestMs, '<= 5000'),
      ],
    }
  },
}

function payloadAlarms(core: HubCore): number {
  const sql = "SELECT coalesce(sum(occurrences), 0) AS n FROM ingest_alarm WHERE code LIKE 'payload-%'"
  return (core.database.prepare(sql).get() as { readonly n: number }).n
}

function batches(envelopes: readonly Envelope[]): Envelope[][] {
  const groups: Envelope[][] = []
  for (let i = 0; i < envelopes.length; i += BATCH) groups.push(envelopes.slice(i, i + BATCH))
  return groups
}

/** Honest envelopes of four streams; each stream counts for itself. */
function envelopesOf(device: DeviceId): Envelope[] {
  const hex = (word: string, length = 32): string => createHash('sha256').update(word).digest('hex').slice(0, length)
  const model = { name: 'chest-radiograph', version: '1.0.0', digest: hex('model', 64) }
  const bodies = (i: number): unknown[] => [
    {
      kind: 'instance-features',
      study: hex(`study ${i}`),
      patient: hex(`patient ${i}`),
      revision: 1,
      instance: 0,
      acquisition: { modality: 'DX', view: 'PA', sex: 'F', ageDecade: 5, month: '2019-07' },
      model,
      embedding: Buffer.from(Float32Array.from([i, 0.5]).buffer).toString('base64'),
      scores: [{ code: 'pneumonia', value: 0.25, thresholdMilli: 500, above: false }],
      quality: { 'quality.mean': 0.5 },
    },
    {
      kind: 'study-label',
      label: `6c2f1c9e-7b0a-4b52-9d43-${String(i).padStart(12, '0')}`,
      study: hex(`study ${i}`),
      patient: hex(`patient ${i}`),
      revision: 1,
      finding: 'pneumonia',
      value: 'present',
      reader: hex('reader'),
      blind: true,
    },
    { kind: 'drift-counts', model, feature: 'score.pneumonia', month: '2026-01', cells: [{ bin: i, count: 11 + i }] },
    { kind: 'device-health', softwareVersion: '0.1.0', models: [], figures: { 'disk.free': i } },
  ]
  return [0, 1, 2, 3].flatMap((stream) =>
    Array.from({ length: EACH }, (_, i) =>
      sealEnvelope({ device, epoch: 1, sequence: i + 1 }, bodies(i)[stream] as EnvelopeBody),
    ),
  )
}
