import { readFile } from 'node:fs/promises'
import {
  createCosignatureVerifier,
  createNoteVerifier,
  type LogPolicy,
  type NoteVerifier,
  parsePolicy,
  parseVerifierKey,
  SIGNATURE_TYPE,
} from '@leadglass/sync-agent/audit-log'
import { InstallerError } from '../errors.ts'

/** The keys that a verification believes: logs, and witnesses that cosign. */
export interface TrustedKeys {
  readonly logs: readonly NoteVerifier[]
  readonly witnesses: readonly NoteVerifier[]
  /** Which witnesses must have signed, when a policy says so. */
  readonly policy?: LogPolicy
}

/**
 * Reads a C2SP tlog-policy: keys of logs and witnesses, and the quorum.
 * @throws InstallerError `file-not-found`, `input-invalid` with the line.
 */
export async function readPolicy(path: string): Promise<TrustedKeys> {
  const parsed = parsePolicy(await readKeys(path))
  if (parsed.kind === 'policy') {
    const { policy } = parsed
    return { logs: policy.logs, witnesses: policy.witnesses, policy }
  }
  throw new InstallerError('input-invalid', {
    message: `line ${parsed.line} of ${path}: ${parsed.reason}`,
    effect: 'nothing was verified',
    nextStep: 'mend the line; docs/auditor.md has an example',
  })
}

/**
 * Reads a file of C2SP verifier keys, one a line; lines that begin with `#` are comments. The type inside each key says
 * whether it is a log's or a witness's.
 * @throws InstallerError `file-not-found`, `input-invalid` with the line.
 */
export async function readTrustedKeys(path: string): Promise<TrustedKeys> {
  const text = await readKeys(path)
  const logs: NoteVerifier[] = []
  const witnesses: NoteVerifier[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const key = parseVerifierKey(line.trim())
    if (key === undefined) {
      throw new InstallerError('input-invalid', {
        message: `line ${index + 1} of ${path} is not a C2SP verifier key`,
        effect: 'nothing was verified',
        nextStep: 'take the line out, or restore the file from its copy',
      })
    }
    if (key.type === SIGNATURE_TYPE.cosignature) witnesses.push(createCosignatureVerifier(key))
    else logs.push(createNoteVerifier(key))
  }
  return { logs, witnesses }
}

function readKeys(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new InstallerError('file-not-found', {
      message: `the file of trusted keys ${path} cannot be read`,
      effect: 'nothing was verified: without keys from outside there is nothing to hold a log against',
      nextStep: 'use the copy of the audit keys that was kept when the instance was first started',
      cause,
    })
  })
}
