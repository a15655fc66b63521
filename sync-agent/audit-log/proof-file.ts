import { decodeBase64, decodeDecimal, encodeBase64 } from './base64.ts'
import { type Checkpoint, openCheckpoint } from './checkpoint.ts'
import { HASH_BYTES, leafHash } from './merkle-hash.ts'
import { verifyInclusion } from './merkle-proof.ts'
import { type NoteSignature, type NoteVerifier, openNote } from './note.ts'

/** First line of a proof file (C2SP tlog-proof). Such files end in `.tlog-proof`. */
const PROOF_HEADER = 'c2sp.org/tlog-proof@v1'
/** A tree of 2^63 leaves has paths of 63 hashes. */
const MAX_PATH = 63
const MAX_PROOF_LENGTH = 128 * 1024

/** One entry of a log with everything needed to verify it without a network. */
export interface ProofFile {
  /** The leaf itself, carried as the format's unauthenticated extra data; the proof is what authenticates it. */
  readonly leaf: Uint8Array | undefined
  readonly index: number
  readonly path: readonly Uint8Array[]
  readonly checkpointNote: string
}

export type EntryVerification =
  | {
      readonly kind: 'verified'
      readonly index: number
      readonly leaf: Uint8Array
      readonly checkpoint: Checkpoint
      /** Witnesses whose cosignature is good. */
      readonly cosignedBy: readonly NoteSignature[]
    }
  | {
      readonly kind: 'refused'
      readonly reason:
        | 'malformed'
        | 'leaf-missing'
        | 'unknown-origin'
        | 'bad-signature'
        | 'not-included'
        | 'not-cosigned'
    }

/** The text of a proof file. */
export function encodeProof(proof: ProofFile): string {
  const extra = proof.leaf === undefined ? [] : [`extra ${encodeBase64(proof.leaf)}`]
  const lines = [PROOF_HEADER, ...extra, `index ${proof.index}`, ...proof.path.map(encodeBase64)]
  return `${lines.join('\n')}\n\n${proof.checkpointNote}`
}

/** Takes a proof file apart; `undefined` when it is not one. */
export function parseProof(text: string): ProofFile | undefined {
  if (text.length > MAX_PROOF_LENGTH) return undefined
  const separator = text.indexOf('\n\n')
  if (separator < 0) return undefined
  const lines = text.slice(0, separator).split('\n')
  if (lines.shift() !== PROOF_HEADER) return undefined
  let leaf: Uint8Array | undefined
  if (lines[0]?.startsWith('extra ') === true) {
    leaf = decodeBase64((lines.shift() ?? '').slice('extra '.length))
    if (leaf === undefined) return undefined
  }
  const indexLine = lines.shift()
  if (indexLine?.startsWith('index ') !== true || lines.length > MAX_PATH) return undefined
  const index = decodeDecimal(indexLine.slice('index '.length))
  const path = lines.map((line) => decodeBase64(line))
  if (index === undefined || !path.every((hash) => hash?.length === HASH_BYTES)) return undefined
  return { leaf, index, path: path.filter((hash) => hash !== undefined), checkpointNote: text.slice(separator + 2) }
}

/** How a single entry is judged. */
export interface EntryTrust {
  /** Keys of logs; each speaks for the origin that is its name. */
  readonly trustedKeys: readonly NoteVerifier[]
  /** Keys of witnesses, and how many of them must have cosigned; 0 unless told. */
  readonly cosignatureKeys?: readonly NoteVerifier[]
  readonly requiredCosignatures?: number
  /** The leaf, when the caller has it from elsewhere; otherwise the one in the file is judged. */
  readonly leaf?: Uint8Array
}

/** Verifies one entry offline: signature of the log, cosignatures of witnesses, inclusion of exactly these bytes. */
export function verifyEntry(proofText: string, trust: EntryTrust): EntryVerification {
  const proof = parseProof(proofText)
  if (proof === undefined) return { kind: 'refused', reason: 'malformed' }
  const leaf = trust.leaf ?? proof.leaf
  if (leaf === undefined) return { kind: 'refused', reason: 'leaf-missing' }
  const opened = openCheckpoint(proof.checkpointNote, trust.trustedKeys)
  if (opened.kind === 'refused') return opened
  const { checkpoint } = opened
  const cosigned = cosignaturesOf(proof.checkpointNote, trust.cosignatureKeys ?? [])
  if (cosigned === undefined) return { kind: 'refused', reason: 'bad-signature' }
  const witnesses = new Set(cosigned.map((line) => line.name)).size
  if (witnesses < (trust.requiredCosignatures ?? 0)) return { kind: 'refused', reason: 'not-cosigned' }
  const included = verifyInclusion({
    index: proof.index,
    size: checkpoint.size,
    leafHash: leafHash(leaf),
    root: checkpoint.root,
    proof: proof.path,
  })
  if (!included) return { kind: 'refused', reason: 'not-included' }
  return { kind: 'verified', index: proof.index, leaf, checkpoint, cosignedBy: cosigned }
}

/** Good cosignatures of known witnesses; none is an empty list, a failing one `undefined`. */
export function cosignaturesOf(note: string, witnesses: readonly NoteVerifier[]): readonly NoteSignature[] | undefined {
  // Whoever keeps a log is no witness of it: a box with both of its keys could else vouch for itself.
  const own = note.slice(0, note.indexOf('\n')).replace(/\/audit$/, '/witness')
  const opened = openNote(
    note,
    witnesses.filter((witness) => witness.name !== own),
  )
  if (opened.kind === 'verified') return opened.by
  return opened.reason === 'no-known-signature' ? [] : undefined
}
