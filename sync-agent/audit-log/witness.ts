import { decodeBase64, decodeDecimal, encodeBase64 } from './base64.ts'
import { type Checkpoint, openCheckpoint, readCheckpoint } from './checkpoint.ts'
import { EMPTY_ROOT, HASH_BYTES, sameHash } from './merkle-hash.ts'
import { verifyConsistency } from './merkle-proof.ts'
import type { NoteVerifier } from './note.ts'

/** A consistency proof has at most this many lines (C2SP tlog-witness). */
const MAX_PROOF_LINES = 63
const MAX_REQUEST_LENGTH = 128 * 1024

/** What a witness knows of a log: its keys and the last checkpoint it cosigned (size 0 and the empty root before that). */
export interface WitnessedLog {
  readonly origin: string
  readonly keys: readonly NoteVerifier[]
  readonly size: number
  readonly root: Uint8Array
}

/** Body of `add-checkpoint`. */
export interface AddCheckpointRequest {
  readonly oldSize: number
  readonly proof: readonly Uint8Array[]
  readonly checkpointNote: string
}

/** Outcome of `add-checkpoint` by its HTTP status (C2SP tlog-witness). */
export type WitnessDecision =
  | { readonly status: 200; readonly checkpoint: Checkpoint }
  | { readonly status: 400 | 403 | 404 | 422 }
  /** `knownSize` is the body of the answer, a decimal and a newline, of type `text/x.tlog.size`. */
  | { readonly status: 409; readonly knownSize: number }

/** A log that the witness was told about and has not cosigned yet. */
export function newWitnessedLog(origin: string, keys: readonly NoteVerifier[]): WitnessedLog {
  return { origin, keys, size: 0, root: EMPTY_ROOT }
}

/**
 * Decides on a checkpoint. With 200 the caller must persist the checkpoint, in the same transaction in which it read
 * `known`, before it hands out a cosignature: otherwise two requests at once could roll the log back.
 * @param known the witness's memory by origin; `undefined` for a log it was not told about.
 */
export function considerCheckpoint(
  known: (origin: string) => WitnessedLog | undefined,
  request: AddCheckpointRequest,
): WitnessDecision {
  const claimed = readCheckpoint(request.checkpointNote)
  if (claimed === undefined) return { status: 400 }
  const log = known(claimed.origin)
  if (log === undefined) return { status: 404 }
  const opened = openCheckpoint(request.checkpointNote, log.keys)
  if (opened.kind === 'refused') return { status: 403 }
  const { checkpoint } = opened
  if (request.oldSize > checkpoint.size || request.proof.length > MAX_PROOF_LINES) return { status: 400 }
  if (request.oldSize !== log.size) return { status: 409, knownSize: log.size }
  // The same size under another root is a fork: the specification answers 409 here, not 422.
  if (log.size === checkpoint.size && !sameHash(log.root, checkpoint.root)) return { status: 409, knownSize: log.size }
  const consistent = verifyConsistency({
    first: log.size,
    firstRoot: log.root,
    second: checkpoint.size,
    secondRoot: checkpoint.root,
    proof: request.proof,
  })
  return consistent ? { status: 200, checkpoint } : { status: 422 }
}

/** Text of an `add-checkpoint` request. */
export function encodeAddCheckpoint(request: AddCheckpointRequest): string {
  return `${[`old ${request.oldSize}`, ...request.proof.map(encodeBase64)].join('\n')}\n\n${request.checkpointNote}`
}

/** Reads the text of an `add-checkpoint` request; `undefined` (status 400) when it is malformed. */
export function parseAddCheckpoint(body: string): AddCheckpointRequest | undefined {
  if (body.length > MAX_REQUEST_LENGTH) return undefined
  const separator = body.indexOf('\n\n')
  if (separator < 0) return undefined
  const [old, ...lines] = body.slice(0, separator).split('\n')
  if (old?.startsWith('old ') !== true || lines.length > MAX_PROOF_LINES) return undefined
  const oldSize = decodeDecimal(old.slice('old '.length))
  const proof = lines.map((line) => decodeBase64(line))
  if (oldSize === undefined || !proof.every((hash) => hash?.length === HASH_BYTES)) return undefined
  const checkpointNote = body.slice(separator + 2)
  return { oldSize, proof: proof.filter((hash) => hash !== undefined), checkpointNote }
}
