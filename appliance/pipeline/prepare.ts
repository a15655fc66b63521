import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { instanceFacts, parsePart10, uid } from '../imaging/index.ts'
import { type Spool, SpoolError } from '../intake/index.ts'
import type { RevisionInstance } from '../records/index.ts'
import { defaultScoringLimits } from '../scoring/index.ts'
import type { Gate } from './gate.ts'
import { headerOf, type PreparedInstance, type StoppedInstance } from './prepared-instance.ts'

/** Larger objects are kept and not worked on: de-identification holds an object in memory. */
const LARGEST_BYTES = defaultScoringLimits.maximumFileBytes

export interface PrepareDependencies {
  readonly spool: Pick<Spool, 'read'>
  readonly gate: Gate
}

/** What became of the instances of a revision before any model saw them. */
export interface Preparation {
  readonly prepared: readonly PreparedInstance[]
  readonly stopped: readonly StoppedInstance[]
}

/**
 * Makes the only form of a revision that workers ever see: de-identified files in a folder of its own. A folder that a
 * killed run left is made anew.
 */
export async function prepareRevision(
  { spool, gate }: PrepareDependencies,
  instances: readonly RevisionInstance[],
  folder: string,
): Promise<Preparation> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o750 })
  const prepared: PreparedInstance[] = []
  const stopped: StoppedInstance[] = []
  for (const instance of instances) {
    const { ordinal, instanceId } = instance
    if (instance.bytes > LARGEST_BYTES) {
      stopped.push({ ordinal, instanceId, stage: 'deidentify', reason: 'too-large' })
      continue
    }
    let file: Buffer
    try {
      file = await spool.read(instance.digest)
    } catch (cause) {
      if (!(cause instanceof SpoolError)) throw cause
      stopped.push({ ordinal, instanceId, stage: 'deidentify', reason: cause.code })
      continue
    }
    const outcome = gate.pass(file)
    if (outcome.kind === 'quarantined') {
      stopped.push({ ordinal, instanceId, stage: outcome.stage, reason: outcome.reason })
      continue
    }
    const path = outcome.pixelRisk === 'none' ? join(folder, `${ordinal}.dcm`) : null
    if (path !== null) await writeFile(path, Buffer.concat(outcome.chunks), { mode: 0o640 })
    const { dataSet } = parsePart10(file)
    const { acquisition, patientPseudonym, identifiers, pixelRisk } = outcome
    prepared.push({
      ordinal,
      path,
      pixelRisk,
      facts: instanceFacts(dataSet),
      acquisition,
      patientPseudonym,
      identifiers,
      sopClassUid: instance.sopClassUid,
      sopInstanceUid: instance.sopInstanceUid,
      seriesInstanceUid: uid(dataSet, 0x0020000e) ?? '',
      header: headerOf(dataSet),
    })
  }
  return { prepared, stopped }
}
