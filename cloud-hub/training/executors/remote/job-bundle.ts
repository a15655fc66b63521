import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { canonicalJson, digestOf } from '@leadglass/sync-agent/foundation'
import { DATA_FOLDER, SNAPSHOT_MANIFEST, snapshotManifest } from '../../../lake/index.ts'
import type { TrainingJob } from '../../job.ts'
import { ExecutorError } from '../errors.ts'
import { SPARK_JOB, sparkJobOf } from '../spark/spark-job.ts'

const SCRIPT = fileURLToPath(import.meta.resolve('../spark/fit_head.py'))
const SNAPSHOT = 'snapshot'

/** Names in a job's place on the far side. */
export const PLACE = { script: 'fit_head.py', job: SPARK_JOB, log: 'log.ndjson', weights: 'weights.json' } as const

/** What is carried to the far side: by path below the job's place. Read one after the other, so that few are in memory. */
export async function* bundleOf(job: TrainingJob): AsyncGenerator<readonly [path: string, bytes: Uint8Array]> {
  const { bytes: manifest, files } = await manifestOf(job)
  for (const { path, sha256 } of files) {
    const bytes = await readFile(join(job.snapshot.folder, DATA_FOLDER, path))
    if (digestOf(bytes) !== sha256) throw damaged('a file has another digest')
    yield [`${SNAPSHOT}/${DATA_FOLDER}/${path}`, bytes]
  }
  yield [`${SNAPSHOT}/${SNAPSHOT_MANIFEST}`, manifest]
  yield [PLACE.script, await readFile(SCRIPT)]
  // Last: who sees the order sees everything that it speaks of.
  yield [PLACE.job, Buffer.from(canonicalJson(await sparkJobOf(job, SNAPSHOT)))]
}

/** Every file that a job has on the far side, those that it writes included. */
export async function pathsOf(job: TrainingJob): Promise<readonly string[]> {
  const { files } = await manifestOf(job)
  const data = files.map(({ path }) => `${SNAPSHOT}/${DATA_FOLDER}/${path}`)
  return [...data, `${SNAPSHOT}/${SNAPSHOT_MANIFEST}`, ...Object.values(PLACE)]
}

async function manifestOf(job: TrainingJob) {
  const bytes = await readFile(join(job.snapshot.folder, SNAPSHOT_MANIFEST))
  if (digestOf(bytes) !== job.snapshot.digest) throw damaged('its manifest has another digest')
  return { bytes, files: snapshotManifest.parse(JSON.parse(bytes.toString('utf8'))).files }
}

/** The arguments of the script in a place. */
export function scriptArguments(place: string): readonly string[] {
  return ['--job', `${place}/${PLACE.job}`, '--log', `${place}/${PLACE.log}`, '--out', `${place}/${PLACE.weights}`]
}

function damaged(why: string): ExecutorError {
  return new ExecutorError('executor-refused', `the snapshot is damaged: ${why}`)
}
