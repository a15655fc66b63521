import { AssociationRequester, type OutgoingInstance, splitPart10 } from '@leadglass/appliance/dimse'
import type { Progress } from '../../cli/progress.ts'
import { InstallerError } from '../../errors.ts'
import { percentile } from '../receive/latency.ts'
import { type BenchInstance, pause } from './bench-instance.ts'
import { type BenchImage, benchObject, benchPixels, benchStudyUid } from './objects.ts'
import { type ProcessorTime, processorTime, processorTimeBetween } from './processor-time.ts'

/** One load on the whole pipe. */
export interface PipeCase {
  readonly name: string
  readonly image: BenchImage
  readonly studies: number
  readonly instances: number
}

/** What a load came to. */
export interface PipeFigures {
  readonly sent: number
  /** Rows of features and different instances among them that the hub committed for this load. */
  readonly committed: number
  readonly different: number
  readonly notScored: number
  /** From the first C-STORE to the commit of the last feature at the hub. */
  readonly seconds: number
  readonly time: ProcessorTime
}

/** Associations at once; a study comes over one of its own. */
const LANES = 2
const STALLED_MS = 60_000
const LOOK_MS = 100

/**
 * Sends a load over DIMSE and waits until the hub has committed a feature, or the reason why there is none, of every
 * instance. @throws InstallerError when nothing more comes.
 */
export async function measurePipe(bench: BenchInstance, one: PipeCase, seed: number): Promise<PipeFigures> {
  const sent = one.studies * one.instances
  const before = bench.committed()
  const timeBefore = await processorTime(bench.instance)
  const started = performance.now()
  const sending = sendStudies(bench, one, seed)
  const ended = await Promise.all([sending, whenCommitted(bench, before.features + before.notScored + sent)])
  const seconds = (ended[1] - started) / 1000
  const time = processorTimeBetween(timeBefore, await processorTime(bench.instance))
  const after = bench.committed()
  return {
    sent,
    committed: after.features - before.features,
    different: after.different - before.different,
    notScored: after.notScored - before.notScored,
    seconds,
    time,
  }
}

/** Waits until the appliance has delivered and settled what is left of a load. */
export async function whenQuiet(bench: BenchInstance): Promise<void> {
  for (let looks = 0; looks < 600 && (await bench.waiting()) > 0; looks += 1) await pause(LOOK_MS)
}

/** What `measureReturn` found, in milliseconds from the answer to a study's last C-STORE, sorted. */
export interface ReturnFigures {
  readonly studies: number
  /** To the commit of the result at its destination. */
  readonly latencies: readonly number[]
}

/** Sends studies of one radiograph at an even pace and measures each from its last instance to its SR at the destination. */
export async function measureReturn(
  bench: BenchInstance,
  image: BenchImage,
  studies: number,
  everyMs: number,
  seed: number,
): Promise<ReturnFigures> {
  const pixels = benchPixels(image.side, seed)
  const sentAt: number[] = []
  const accepted = bench.sink.accepted
  await Promise.all(
    Array.from({ length: studies }, async (_, study) => {
      await pause(study * everyMs)
      await sendStudy(bench, image, { seed, study }, 1, pixels)
      sentAt[study] = performance.now()
    }),
  )
  const deadline = performance.now() + STALLED_MS
  while (bench.sink.accepted < accepted + studies && performance.now() < deadline) await pause(LOOK_MS)
  const latencies = sentAt.flatMap((at, study) => {
    const end = bench.sink.acceptedAt(benchStudyUid(seed, study))
    return end === undefined ? [] : [end - at]
  })
  return { studies, latencies: latencies.sort((a, b) => a - b) }
}

/** Percentiles of latencies in milliseconds. */
export function latencyColumns(latencies: readonly number[]): Record<string, number | null> {
  const at = (percent: number): number | null => (latencies.length === 0 ? null : percentile(latencies, percent))
  return { 'p50 ms': at(50), 'p95 ms': at(95), 'p99 ms': at(99) }
}

async function sendStudies(bench: BenchInstance, one: PipeCase, seed: number): Promise<void> {
  const pixels = benchPixels(one.image.side, seed)
  const lane = async (first: number): Promise<void> => {
    for (let study = first; study < one.studies; study += LANES) {
      await sendStudy(bench, one.image, { seed, study }, one.instances, pixels)
    }
  }
  await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)))
}

async function sendStudy(
  { instance }: BenchInstance,
  image: BenchImage,
  { seed, study }: { readonly seed: number; readonly study: number },
  instances: number,
  pixels: Uint8Array,
): Promise<void> {
  const outgoing = async function* (): AsyncGenerator<OutgoingInstance> {
    for (let at = 0; at < instances; at += 1) {
      const bytes = benchObject(image, { seed, study, instance: at }, pixels)
      yield await splitPart10(async function* () {
        yield bytes
      })
    }
  }
  const { ports } = instance
  const destination = { host: '127.0.0.1', port: ports.dimse, calledAeTitle: 'LEADGLASS', callingAeTitle: 'BENCH' }
  await new AssociationRequester().sendInstances(destination, outgoing(), (_, result) => {
    if (result.kind !== 'accepted') throw stalled('an instance was not stored')
  })
}

/** @returns the time of the commit that made it `rows`, as closely as it is looked at. */
async function whenCommitted(bench: BenchInstance, rows: number): Promise<number> {
  let last = -1
  for (let since = performance.now(); ; await pause(LOOK_MS)) {
    const { features, notScored } = bench.committed()
    if (features + notScored >= rows) return performance.now()
    if (features + notScored !== last) since = performance.now()
    last = features + notScored
    if (performance.now() - since > STALLED_MS) throw stalled(`the hub has ${last} of ${rows} rows and no more come`)
  }
}

function stalled(message: string): InstallerError {
  return new InstallerError('process-failed', {
    message,
    effect: 'the bench has no figure for the whole pipe',
    nextStep:
      'run "npm run bench -- scoring" again; if it stalls again, read the log of the appliance of a real instance',
  })
}

/** Told to people while they wait. */
export function announce(progress: Progress, { name, studies, instances }: PipeCase): void {
  progress.step(`${name}: ${studies} studies of ${instances}`)
}
