import { digestOf } from '@leadglass/sync-agent/foundation'
import { sparkJob } from '../spark/spark-job.ts'

/** Files of the far side, by path. */
export interface FarFiles {
  read(path: string): Promise<Uint8Array>
  write(path: string, bytes: Uint8Array): Promise<void>
}

/** A job with this seed fails at the far side; one with the other never ends by itself. */
export const FAILING_SEED = 'fails'
export const ENDLESS_SEED = 'endless'

/**
 * Stands for `fit_head.py` at a service that nobody has: reads the order and the dataset as they were carried there, and hands
 * back the parent's own weights.
 * @returns how the job ended; undefined for one that goes on.
 */
export async function fakeFit(place: string, files: FarFiles): Promise<'succeeded' | 'failed' | undefined> {
  const text = async (path: string): Promise<string> =>
    Buffer.from(await files.read(`${place}/${path}`)).toString('utf8')
  const job = sparkJob.parse(JSON.parse(await text('spark-job.json')))
  if (!(await text('fit_head.py')).includes('def main():')) throw new Error('the script did not come along')
  const manifest = await text(`${job.snapshot.folder}/${job.snapshot.manifest}`)
  if (digestOf(manifest) !== job.snapshot.digest) throw new Error('the dataset did not come along')
  for (const { path } of (JSON.parse(manifest) as { files: { path: string }[] }).files) {
    await files.read(`${place}/${job.snapshot.folder}/${job.snapshot.data}/${path}`)
  }
  const say = (lines: readonly object[]): Promise<void> =>
    files.write(`${place}/log.ndjson`, Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')))
  const begun = { kind: 'progress', percent: 10, message: 'begun' }
  if (job.seed === FAILING_SEED) {
    await say([begun, { kind: 'stopped', code: 'too-few-cases', message: 'a part lacks a class' }])
    return 'failed'
  }
  await say([begun])
  if (job.seed === ENDLESS_SEED) return undefined
  const { run, code, seed, finding, snapshot, parent } = job
  const weights = {
    schema: 'leadglass.head-weights/1',
    ...{ run, code, seed, finding },
    snapshot: snapshot.digest,
    parent: parent.digest,
    prior: { strength: 30, candidates: [{ strength: 30, logLoss: 0.5 }], folds: 5 },
    thresholdMilli: 500,
    points: job.points.map(({ name }) => ({ name, thresholdMilli: 500, runningThresholdMilli: 500 })),
    weight: parent.weight,
    bias: parent.bias,
  }
  await files.write(`${place}/weights.json`, Buffer.from(JSON.stringify(weights)))
  await say([begun, { kind: 'done' }])
  return 'succeeded'
}
