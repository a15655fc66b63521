import { type AuditLog, readCheckpoint } from '@leadglass/sync-agent/audit-log'

/** First line of an export says this. */
export const EXPORT_SCHEMA = 'leadglass.audit-export/1'

/** Earlier checkpoints that an export carries at most; of more, an even choice with the oldest among them. */
const MOST_CHECKPOINTS = 256

/** What goes into an export. */
export interface ExportRequest {
  readonly log: AuditLog
  /** RFC 6962 leaf hash of an entry, also of one whose bytes were pruned. */
  readonly hashOf: (index: number) => Uint8Array
  /** The signed, and where possible cosigned, checkpoint that everything is proven against. */
  readonly checkpointNote: string
  /** Earlier signed checkpoints of the same log, smallest first. */
  readonly earlier: readonly string[]
  /** C2SP verifier keys of the log and of its witnesses: named, so that a reader can look for them outside. */
  readonly keys: readonly string[]
  /** Indexes of chosen entries, rising; `null` for the whole log. */
  readonly chosen: readonly number[] | null
  /** What was searched for, as it was asked; free of identity as the leaves are. */
  readonly query: Readonly<Record<string, unknown>>
}

/**
 * The lines of an export, each a JSON object with a newline: a head, checkpoints with the consistency proof from each to
 * the last, entries, an end. Of the whole log every entry stands there and a reader computes the root anew; of a choice
 * each entry brings its inclusion proof. An entry pruned after its retention is its hash.
 */
export function* exportLines(request: ExportRequest): Generator<string> {
  const { log, checkpointNote, keys, chosen, query } = request
  const size = readCheckpoint(checkpointNote)?.size ?? 0
  const count = chosen?.length ?? size
  const scope = chosen === null ? 'whole' : 'chosen'
  yield line({ kind: 'head', schema: EXPORT_SCHEMA, origin: log.origin, size, scope, entries: count, query, keys })
  for (const note of evenly(request.earlier)) {
    const first = readCheckpoint(note)?.size ?? 0
    if (first === 0 || first >= size) continue
    yield line({ kind: 'checkpoint', size: first, note, consistency: log.consistencyProof(first, size).map(base64) })
  }
  yield line({ kind: 'checkpoint', size, note: checkpointNote, consistency: null })
  yield* chosen === null ? wholeLog(request, size) : chosenEntries(request, chosen, size)
  yield line({ kind: 'end', entries: count })
}

function* wholeLog({ log, hashOf }: ExportRequest, size: number): Generator<string> {
  let index = 0
  for (const leaf of log.leaves(0, size)) {
    yield line({ kind: 'entry', index, ...entryOf(leaf, () => hashOf(index)) })
    index += 1
  }
}

function* chosenEntries({ log, hashOf }: ExportRequest, chosen: readonly number[], size: number): Generator<string> {
  for (const index of chosen) {
    const leaf = log.leaf(index) ?? new Uint8Array()
    yield line({
      kind: 'entry',
      index,
      ...entryOf(leaf, () => hashOf(index)),
      inclusion: log.inclusionProof(index, size).map(base64),
    })
  }
}

/** The bytes of an entry, or its leaf hash when they were pruned. */
function entryOf(leaf: Uint8Array, hash: () => Uint8Array): { leaf: string } | { pruned: string } {
  return leaf.length > 0 ? { leaf: base64(leaf) } : { pruned: base64(hash()) }
}

function evenly(notes: readonly string[]): readonly string[] {
  if (notes.length <= MOST_CHECKPOINTS) return notes
  return Array.from(
    { length: MOST_CHECKPOINTS },
    (_, place) => notes[Math.floor((place * notes.length) / MOST_CHECKPOINTS)] ?? '',
  )
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`
}
