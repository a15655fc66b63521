import { decodeBase64, decodeDecimal, encodeBase64 } from './base64.ts'
import { HASH_BYTES } from './merkle-hash.ts'
import { type NoteSignature, type NoteSigner, type NoteVerifier, openNote, parseNote, signNote } from './note.ts'

/** What a log says about itself: so many leaves, this root. */
export interface Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
}

export type OpenedCheckpoint =
  | { readonly kind: 'verified'; readonly checkpoint: Checkpoint; readonly by: readonly NoteSignature[] }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'unknown-origin' | 'bad-signature' }

/** The note text of a checkpoint: origin, decimal size, base64 root (C2SP tlog-checkpoint). */
export function checkpointText(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${encodeBase64(checkpoint.root)}\n`
}

/** Signs a checkpoint with the log's keys. */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly NoteSigner[]): string {
  return signNote(checkpointText(checkpoint), signers)
}

/** Reads a checkpoint's text; `undefined` when it is not one. Extension lines are refused: nobody could audit them. */
export function parseCheckpointText(text: string): Checkpoint | undefined {
  const [origin, decimal, encoded, end, ...rest] = text.split('\n')
  if (origin === undefined || origin.length === 0 || origin.length > 256) return undefined
  if (decimal === undefined || encoded === undefined || end !== '' || rest.length > 0) return undefined
  const size = decodeDecimal(decimal)
  const root = decodeBase64(encoded)
  if (size === undefined || root?.length !== HASH_BYTES) return undefined
  return { origin, size, root }
}

/** Reads a checkpoint from a note without believing it: to learn whose it claims to be. */
export function readCheckpoint(note: string): Checkpoint | undefined {
  const parsed = parseNote(note)
  return parsed === undefined ? undefined : parseCheckpointText(parsed.text)
}

/**
 * Verifies a checkpoint under the log's keys. A key speaks for the log whose origin is the key's name, and for no other.
 */
export function openCheckpoint(note: string, trustedKeys: readonly NoteVerifier[]): OpenedCheckpoint {
  const claimed = readCheckpoint(note)
  if (claimed === undefined) return { kind: 'refused', reason: 'malformed' }
  const keys = trustedKeys.filter((key) => key.name === claimed.origin)
  if (keys.length === 0) return { kind: 'refused', reason: 'unknown-origin' }
  const opened = openNote(note, keys)
  if (opened.kind === 'refused') return { kind: 'refused', reason: 'bad-signature' }
  return { kind: 'verified', checkpoint: claimed, by: opened.by }
}
