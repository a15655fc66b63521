import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type IdentityOverlay, overlayHeader, withCorrected } from '../corrections/index.ts'
import { instanceFacts, uid } from '../imaging/index.ts'
import { type Spool, SpoolError } from '../intake/index.ts'
import type { RevisionInstance } from '../records/index.ts'
import { defaultScoringLimits } from '../scoring/index.ts'
import { driftMetadata } from './drift-metadata.ts'
import type { Gate, GateOutcome } from './gate.ts'
import { PassedFile } from './passed-file.ts'
import { headerOf, type PreparedInstance, type StoppedInstance } from './prepared-instance.ts'

/** Larger objects are de-identified and verified, and no worker could read them. */
const LARGEST_SCORED_BYTES = defaultScoringLimits.maximumFileBytes

/** Where instances lie; a large one is never read whole. */
type InstanceStore = Pick<Spool, 'open'>

export interface PrepareDependencies {
  readonly spool: InstanceStore
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
  corrected?: IdentityOverlay,
): Promise<Preparation> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o750 })
  const prepared: PreparedInstance[] = []
  const stopped: StoppedInstance[] = []
  for (const instance of instances) {
    const { ordinal, instanceId } = instance
    const path = join(folder, `${ordinal}.dcm`)
    const isTooLarge = instance.bytes > LARGEST_SCORED_BYTES
    let outcome: GateOutcome
    try {
      outcome = await passInto(isTooLarge ? null : path, gate, spool, instance.digest)
    } catch (cause) {
      if (!(cause instanceof SpoolError)) throw cause
      stopped.push({ ordinal, instanceId, stage: 'deidentify', reason: cause.code })
      continue
    }
    if (outcome.kind === 'quarantined') {
      stopped.push({ ordinal, instanceId, stage: outcome.stage, reason: outcome.reason })
      continue
    }
    const { original: dataSet } = outcome
    const { acquisition, patientPseudonym, identifiers } = outcome
    prepared.push({
      ordinal,
      source: isTooLarge ? { kind: 'withheld', reason: 'too-large' } : { kind: 'file', path },
      pixelRisk: outcome.pixelRisk,
      facts: instanceFacts(dataSet),
      acquisition,
      metadata: driftMetadata(dataSet, acquisition),
      patientPseudonym,
      identifiers: withCorrected(identifiers, corrected),
      sopClassUid: instance.sopClassUid,
      sopInstanceUid: instance.sopInstanceUid,
      seriesInstanceUid: uid(dataSet, 0x0020000e) ?? '',
      header: overlayHeader(headerOf(dataSet), corrected),
      ...(outcome.report === undefined ? {} : { report: outcome.report }),
    })
  }
  return { prepared, stopped }
}

/** Passes an instance, and leaves a file at `path` only when the gate let it through. @throws {SpoolError} */
async function passInto(path: string | null, gate: Gate, spool: InstanceStore, digest: string): Promise<GateOutcome> {
  const source = await spool.open(digest)
  const file = path === null ? undefined : new PassedFile(path)
  let outcome: GateOutcome | undefined
  try {
    outcome = await gate.pass(source, file)
    return outcome
  } finally {
    await file?.close(outcome?.kind === 'passed')
    await source.close()
  }
}
