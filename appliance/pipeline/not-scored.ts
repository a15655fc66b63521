import { overlayHeader, type RevisionCorrections } from '../corrections/index.ts'
import { type DataSet, DataSetError, parsePart10 } from '../imaging/dataset/index.ts'
import { SpoolError } from '../intake/index.ts'
import type { RevisionInstance, WaitingRevision } from '../records/index.ts'
import { type Outcome, revisionOutcome } from './outcomes.ts'
import type { Preparation, PrepareDependencies } from './prepare.ts'
import { headerOf } from './prepared-instance.ts'

/** Patient and study stand near the beginning (PS3.5 7.1: ascending tags). */
const HEADER_BYTES = 1_048_576

/** Why a revision has no score, and the header that the word about it takes over from its source. */
export interface NotScoredEnd {
  readonly source: DataSet
  readonly reason: string
  readonly failed: boolean
}

/**
 * What is to be said of a revision that ends without a score. `undefined` when it has one, when a rejection note of the
 * site already says it, and when no instance of it can be read.
 */
export async function notScoredEnd(
  revision: WaitingRevision,
  found: { readonly preparation: Preparation; readonly outcomes: readonly Outcome[] },
  instances: readonly RevisionInstance[],
  dependencies: { readonly spool: PrepareDependencies['spool']; readonly corrections?: RevisionCorrections },
): Promise<NotScoredEnd | undefined> {
  const { corrections } = dependencies
  const stopped = found.preparation.stopped.map((one) => one.reason)
  const { processing, reason } = revisionOutcome(found.outcomes, stopped)
  if (processing === 'scored' || reason === null) return undefined
  if (corrections?.reasonOfEmpty(revision.revisionId) !== undefined) return undefined
  const failed = processing === 'failed'
  const [prepared] = found.preparation.prepared
  if (prepared !== undefined) return { source: prepared.header, reason, failed }
  const [first] = instances
  const header = first === undefined ? undefined : await readHeader(dependencies.spool, first.digest)
  if (header === undefined) return undefined
  return { source: overlayHeader(header, corrections?.overlayOf(revision.studyId)), reason, failed }
}

/** The header of an instance as it came; `undefined` for one that is gone or no DICOM. */
async function readHeader(spool: PrepareDependencies['spool'], digest: string): Promise<DataSet | undefined> {
  try {
    const source = await spool.open(digest)
    try {
      return headerOf(parsePart10(await source.read(0, Math.min(source.size, HEADER_BYTES))).dataSet)
    } finally {
      await source.close()
    }
  } catch (cause) {
    if (cause instanceof SpoolError || cause instanceof DataSetError) return undefined
    throw cause
  }
}
