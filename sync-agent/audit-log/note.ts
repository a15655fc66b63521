import { decodeBase64, encodeBase64 } from './base64.ts'

/** Longest note that is read, in bytes, and most signature lines (C2SP signed-note: at least 16 must be accepted). */
const MAX_NOTE_BYTES = 64 * 1024
const MAX_SIGNATURES = 32
const KEY_ID_BYTES = 4

/** One signature line of a note. `keyId` is 8 hexadecimal digits; `signature` is what follows the key ID. */
export interface NoteSignature {
  readonly name: string
  readonly keyId: string
  readonly signature: Uint8Array
}

/** A note, taken apart but not believed. `text` ends with a newline and is what was signed. */
export interface ParsedNote {
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** Makes signature lines. */
export interface NoteSigner {
  readonly name: string
  readonly keyId: string
  /** The signature bytes that follow the key ID. */
  sign(text: string): Uint8Array
}

/** Checks signature lines of one key. */
export interface NoteVerifier {
  readonly name: string
  readonly keyId: string
  verify(text: string, signature: Uint8Array): boolean
}

export type OpenedNote =
  | { readonly kind: 'verified'; readonly text: string; readonly by: readonly NoteSignature[] }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'bad-signature' | 'no-known-signature' }

/** True for a name that can stand in a signature line: not empty, no spaces, no control characters, no plus sign. */
export function isKeyName(name: string): boolean {
  return name.length > 0 && name.length <= 256 && !/[\s\p{Z}\p{Cc}+]/u.test(name) && name.isWellFormed()
}

/**
 * A signed note: the text, an empty line, one line a signer (C2SP signed-note).
 * @param text must end with a newline and hold no control character but newlines.
 */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  if (!isNoteText(text)) throw new TypeError('a note text ends with a newline and has no control characters')
  return `${text}\n${signers.map((signer) => signatureLine(signer, text)).join('')}`
}

/** One signature line, with its newline; to be appended to a note with the same text. */
export function signatureLine(signer: NoteSigner, text: string): string {
  const blob = Buffer.concat([Buffer.from(signer.keyId, 'hex'), signer.sign(text)])
  return `— ${signer.name} ${encodeBase64(blob)}\n`
}

/** Takes a note apart. `undefined` when it is not one: hostile input is expected here. */
export function parseNote(note: string): ParsedNote | undefined {
  if (note.length > MAX_NOTE_BYTES || !note.isWellFormed() || /[\x00-\x09\x0b-\x1f]/.test(note)) return undefined
  // The last empty line separates text and signatures; the text itself may hold empty lines.
  const separator = note.lastIndexOf('\n\n')
  if (separator < 0 || !note.endsWith('\n')) return undefined
  const text = note.slice(0, separator + 1)
  const block = note.slice(separator + 2)
  if (block.length === 0) return undefined
  const lines = block.slice(0, -1).split('\n')
  if (lines.length > MAX_SIGNATURES) return undefined
  const signatures: NoteSignature[] = []
  for (const line of lines) {
    const signature = parseSignatureLine(line)
    if (signature === undefined) return undefined
    signatures.push(signature)
  }
  return { text, signatures }
}

/**
 * Verifies a note under the keys that the caller trusts. Signatures of other keys are ignored; a signature of a trusted
 * key that fails refuses the whole note, even beside a good one (C2SP signed-note, Signatures).
 */
export function openNote(note: string, trusted: readonly NoteVerifier[]): OpenedNote {
  const parsed = parseNote(note)
  if (parsed === undefined) return { kind: 'refused', reason: 'malformed' }
  const by: NoteSignature[] = []
  for (const signature of parsed.signatures) {
    const key = trusted.find((candidate) => candidate.name === signature.name && candidate.keyId === signature.keyId)
    if (key === undefined) continue
    if (!key.verify(parsed.text, signature.signature)) return { kind: 'refused', reason: 'bad-signature' }
    by.push(signature)
  }
  return by.length === 0
    ? { kind: 'refused', reason: 'no-known-signature' }
    : { kind: 'verified', text: parsed.text, by }
}

function parseSignatureLine(line: string): NoteSignature | undefined {
  const match = /^— (\S+) (\S+)$/u.exec(line)
  const [, name, encoded] = match ?? []
  if (name === undefined || encoded === undefined || !isKeyName(name)) return undefined
  const blob = decodeBase64(encoded)
  if (blob === undefined || blob.length <= KEY_ID_BYTES) return undefined
  return {
    name,
    keyId: Buffer.from(blob.subarray(0, KEY_ID_BYTES)).toString('hex'),
    signature: blob.subarray(KEY_ID_BYTES),
  }
}

function isNoteText(text: string): boolean {
  return text.endsWith('\n') && text.length > 1 && text.isWellFormed() && !/[\x00-\x09\x0b-\x1f]/.test(text)
}
