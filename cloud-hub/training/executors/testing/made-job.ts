import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type DeclaredGates, readPackage, readPackageFile, writePackage } from '@leadglass/models'
import type { InstanceFeatures, StudyLabel } from '@leadglass/sync-agent/contract'
import { sha256Hex } from '@leadglass/sync-agent/foundation'
import { parsePayload } from '../../../ingest/payload.ts'
import { Lake } from '../../../lake/index.ts'
import { device, featuresBody, payloadOf, pseudonym, sealAll } from '../../../testing/device.ts'
import { createHubCore } from '../../../testing/hub-core.ts'
import { syntheticSite } from '../../../testing/synthetic-site.ts'
import { trainingCodeDigest } from '../../code-digest.ts'
import { DEFAULT_GATES } from '../../gates.ts'
import { type LinearHead, readHead } from '../../head-graph.ts'
import { backboneDigest } from '../../head-wiring.ts'
import type { TrainingJob } from '../../job.ts'

const BOX = device('box-01')
/** The shipped model, whose head is linear. */
export const PARENT = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  '..',
  'models',
  'packages',
  'chest-radiograph',
  '1.0.0',
)

/** What a site sent. */
export interface SiteData {
  readonly features: readonly InstanceFeatures[]
  readonly labels: readonly StudyLabel[]
}

/** A job on a real snapshot, made of envelopes that went through the inbox. */
export interface MadeJob {
  readonly job: TrainingJob
  /** Where runs have their folders; a new one for each call. */
  runFolder(): string
  close(): Promise<void>
}

/** Data of a synthetic site with as many instances. */
export function synthetic(instances: number): (parent: LinearHead, digest: string) => SiteData {
  return (parent, digest) => syntheticSite(parent, digest, instances)
}

/**
 * Rows of a table as embeddings: each column standardised and laid on one of the first components, around the parent's
 * centre; one patient a row.
 */
export function fromTable(rows: readonly (readonly number[])[], outcome: readonly (0 | 1)[]) {
  const columns = rows[0]?.length ?? 0
  const moments = Array.from({ length: columns }, (_, c) => {
    const values = rows.map((row) => row[c] ?? 0)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    return { mean, deviation: Math.sqrt(variance) }
  })
  return (parent: LinearHead, digest: string): SiteData => {
    const features: InstanceFeatures[] = []
    const labels: StudyLabel[] = []
    for (const [i, row] of rows.entries()) {
      const values = Array.from(parent.mean, (centre, k) => {
        const { mean = 0, deviation = 1 } = moments[k] ?? {}
        return k < columns ? centre + (((row[k] ?? 0) - mean) / deviation) * (parent.scale[k] ?? 1) : centre
      })
      const body = featuresBody(i, values)
      features.push({ ...body, model: { ...body.model, digest } })
      labels.push({
        kind: 'study-label',
        label: randomUUID(),
        study: body.study,
        patient: body.patient,
        revision: 1,
        finding: 'pneumonia',
        value: outcome[i] === 1 ? 'present' : 'absent',
        reader: pseudonym('reader'),
        blind: true,
      })
    }
    return { features, labels }
  }
}

/**
 * Sends the data of a site to a hub and freezes it as a dataset.
 * @param declared what the model to improve declares of gates and operating points; nothing when left out.
 */
export async function makeJob(
  dataOf: (parent: LinearHead, digest: string) => SiteData,
  declared?: DeclaredGates,
): Promise<MadeJob> {
  const core = await createHubCore()
  await core.enrolment.enrol(BOX)
  const parentFolder = declared === undefined ? PARENT : join(core.folder, 'parent')
  if (declared !== undefined) await writeDeclaring(declared, parentFolder)
  const parent = await readPackage(parentFolder)
  const head = readHead(await readPackageFile(parent, 'head.onnx'))
  const { features, labels } = dataOf(head, parent.digest)
  for (let i = 0; i < features.length; i += 100) {
    core.inbox.commit([
      await parsePayload(BOX, payloadOf(sealAll(BOX, features.slice(i, i + 100), i + 1))),
      await parsePayload(BOX, payloadOf(sealAll(BOX, labels.slice(i, i + 100), i + 1))),
    ])
  }
  const backbone = backboneDigest(parent.manifest)
  const snapshot = await new Lake(core.database, join(core.folder, 'lake'), core.clock).createSnapshot({
    finding: 'pneumonia',
    model: 'chest-radiograph',
    parentDigest: parent.digest,
    backboneOf: new Map([[parent.digest, backbone]]),
    backbone,
    embeddingLength: parent.manifest.embedding.length,
  })
  const job: TrainingJob = {
    schema: 'leadglass.training-job/1',
    run: randomUUID(),
    finding: 'pneumonia',
    snapshot: { folder: snapshot.folder, digest: sha256Hex.parse(snapshot.digest) },
    parent: { folder: parentFolder, digest: sha256Hex.parse(parent.digest) },
    code: await trainingCodeDigest(),
    seed: '1',
    gates: DEFAULT_GATES,
  }
  await mkdir(join(core.folder, 'training'), { recursive: true })
  return { job, runFolder: () => join(core.folder, 'training', randomUUID()), close: () => core.close() }
}

/** The shipped package with a declaration of its own. */
async function writeDeclaring(declared: DeclaredGates, folder: string): Promise<void> {
  const shipped = await readPackage(PARENT)
  const { manifest } = shipped
  const files = new Map<string, Uint8Array>()
  for (const { path } of manifest.files) files.set(path, await readPackageFile(shipped, path))
  files.set('gates.json', Buffer.from(JSON.stringify(declared)))
  const { schema: _schema, files: _files, ...content } = manifest
  await writePackage(folder, { manifest: content, files })
}
