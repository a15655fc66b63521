import { CompactRange, type NoteSigner, type NoteVerifier } from '../audit-log/index.ts'
import type { EpochRange, EpochRoot } from '../contract/index.ts'
import { canonicalJson } from '../foundation/index.ts'

const KEY_ID_BYTES = 4

/** What a device states of an epoch, before it is signed. */
export type EpochStatement = Omit<EpochRoot, 'kind' | 'signature'>

/**
 * RFC 6962 tree head over envelope digests in the order given, hexadecimal.
 * @param digests hexadecimal, 32 bytes each; `undefined` for one that cannot be computed, which equals no other.
 */
export function rootOfDigests(digests: Iterable<string | undefined>): string {
  const tree = new CompactRange()
  for (const digest of digests) tree.append(Buffer.from(digest ?? '', 'hex'))
  return Buffer.from(tree.root()).toString('hex')
}

/** Cuts a range into at most `parts` of nearly equal length, in order. */
export function splitRange<Range extends Pick<EpochRange, 'stream' | 'from' | 'to'>>(
  { stream, from, to }: Range,
  parts: number,
): Pick<EpochRange, 'stream' | 'from' | 'to'>[] {
  const length = to - from + 1
  const step = Math.ceil(length / Math.min(parts, length))
  const cut: Pick<EpochRange, 'stream' | 'from' | 'to'>[] = []
  for (let at = from; at <= to; at += step) cut.push({ stream, from: at, to: Math.min(to, at + step - 1) })
  return cut
}

/** Signs a statement. @param signer with the key of the device's audit log. */
export function signEpochStatement(signer: NoteSigner, statement: EpochStatement): EpochRoot {
  const blob = Buffer.concat([Buffer.from(signer.keyId, 'hex'), signer.sign(textOf(statement))])
  return { kind: 'epoch-root', ...statement, signature: blob.toString('base64') }
}

/** True when the statement was signed with the verifier's key. */
export function isEpochStatementSigned(
  verifier: NoteVerifier,
  { kind: _kind, signature, ...statement }: EpochRoot,
): boolean {
  const blob = Buffer.from(signature, 'base64')
  const keyId = blob.subarray(0, KEY_ID_BYTES).toString('hex')
  return keyId === verifier.keyId && verifier.verify(textOf(statement), blob.subarray(KEY_ID_BYTES))
}

/** What is signed. The first line keeps the signature from being one of anything else, such as a checkpoint. */
function textOf(statement: EpochStatement): string {
  return `leadglass.epoch-root/1\n${canonicalJson(statement)}\n`
}
