import { type Checkpoint, openCheckpoint } from './checkpoint.ts'
import { CompactRange } from './compact-range.ts'
import { sameHash } from './merkle-hash.ts'
import type { NoteSignature, NoteVerifier } from './note.ts'
import { cosignaturesOf } from './proof-file.ts'

/** A leaf as an export carries it. */
export interface IndexedLeaf {
  readonly index: number
  readonly leaf: Uint8Array
}

/** What is judged, and whose word counts. */
export interface LogVerification {
  /** All leaves from index 0, in order. */
  readonly leaves: Iterable<IndexedLeaf>
  /** The checkpoint to hold them against. */
  readonly checkpointNote: string
  /** Earlier checkpoints of the same log, in any order: they narrow down where a change was made. */
  readonly earlierCheckpoints?: readonly string[]
  /** Keys of logs; each speaks for the origin that is its name. */
  readonly trustedKeys: readonly NoteVerifier[]
  /** Keys of witnesses, and how many of them must have cosigned the checkpoint; 0 unless told. */
  readonly cosignatureKeys?: readonly NoteVerifier[]
  readonly requiredCosignatures?: number
}

export type LogRefusal =
  | 'malformed'
  | 'unknown-origin'
  | 'bad-signature'
  | 'not-cosigned'
  | 'gap'
  | 'truncated'
  | 'root-mismatch'

export type LogVerdict =
  | {
      readonly kind: 'verified'
      readonly origin: string
      readonly size: number
      readonly root: Uint8Array
      /** Leaves after the checkpoint: present, but nobody has signed them yet. */
      readonly unsigned: number
      readonly cosignedBy: readonly NoteSignature[]
    }
  | {
      readonly kind: 'refused'
      readonly reason: LogRefusal
      /**
       * Where: the first missing index of a gap or a truncated end. For a root mismatch, the leaves below this index are
       * as an earlier checkpoint signed them, and the change is at or after it.
       */
      readonly index: number | null
    }

/**
 * Recomputes a log from its leaves and holds it against a signed checkpoint. Edited, removed, inserted, reordered or cut
 * off leaves all end in a refusal; memory stays at one hash a level however long the log is.
 */
export function verifyLog(request: LogVerification): LogVerdict {
  const opened = openCheckpoint(request.checkpointNote, request.trustedKeys)
  if (opened.kind === 'refused') return { ...opened, index: null }
  const { checkpoint } = opened
  const cosignedBy = cosignaturesOf(request.checkpointNote, request.cosignatureKeys ?? [])
  if (cosignedBy === undefined) return { kind: 'refused', reason: 'bad-signature', index: null }
  const witnesses = new Set(cosignedBy.map((line) => line.name)).size
  if (witnesses < (request.requiredCosignatures ?? 0)) return { kind: 'refused', reason: 'not-cosigned', index: null }

  const marks = openEarlier(request, checkpoint)
  if (marks === undefined) return { kind: 'refused', reason: 'bad-signature', index: null }
  return recompute(request.leaves, checkpoint, marks, cosignedBy)
}

function recompute(
  leaves: Iterable<IndexedLeaf>,
  checkpoint: Checkpoint,
  marks: readonly Checkpoint[],
  cosignedBy: readonly NoteSignature[],
): LogVerdict {
  const range = new CompactRange()
  const pending = [...marks]
  let proven = 0
  let unsigned = 0
  /** Compares with every mark at the size reached; false at the first that differs. */
  const reached = (): boolean => {
    while (pending[0]?.size === range.size) {
      const mark = pending.shift()
      if (mark !== undefined && !sameHash(mark.root, range.root())) return false
      proven = range.size
    }
    return true
  }
  if (!reached()) return { kind: 'refused', reason: 'root-mismatch', index: 0 }
  for (const { index, leaf } of leaves) {
    if (index !== range.size + unsigned) return { kind: 'refused', reason: 'gap', index: range.size + unsigned }
    if (range.size === checkpoint.size) {
      unsigned += 1
      continue
    }
    range.append(leaf)
    if (!reached()) return { kind: 'refused', reason: 'root-mismatch', index: proven }
  }
  if (range.size < checkpoint.size) return { kind: 'refused', reason: 'truncated', index: range.size }
  const { origin, size, root } = checkpoint
  return { kind: 'verified', origin, size, root, unsigned, cosignedBy }
}

/** All checkpoints to compare with, smallest first, the judged one among them; `undefined` when one cannot be believed. */
function openEarlier(request: LogVerification, checkpoint: Checkpoint): readonly Checkpoint[] | undefined {
  const marks = [checkpoint]
  for (const note of request.earlierCheckpoints ?? []) {
    const opened = openCheckpoint(note, request.trustedKeys)
    if (opened.kind === 'refused' || opened.checkpoint.origin !== checkpoint.origin) return undefined
    if (opened.checkpoint.size <= checkpoint.size) marks.push(opened.checkpoint)
  }
  return marks.sort((a, b) => a.size - b.size)
}
