import { LengthOrHashMismatchError, UnsignedMetadataError } from '@tufjs/models/dist/error.js'
import { BadVersionError, ExpiredMetadataError, RepositoryError } from 'tuf-js/dist/error.js'
import { type AttackCode, UpdateRefusedError } from './attacks.ts'
import { FetchError } from './fetcher.ts'

/** The metadata file that was being verified when something failed. */
export type WalkStage = 'root' | 'timestamp' | 'snapshot' | 'targets' | 'approved-models' | 'recalls'

/**
 * Names what tuf-js, which speaks in error classes and English, found: the attack and a sentence for the operator.
 * A fetch that merely failed passes through unchanged.
 */
export function asRefusal(error: unknown, stage: WalkStage): Error {
  if (error instanceof UpdateRefusedError) return error
  if (error instanceof FetchError) {
    if (error.code === 'too-large') {
      return new UpdateRefusedError('endless-data', `The file of ${stage} goes on past its allowed length.`, error)
    }
    if (error.code === 'not-a-file') {
      return new UpdateRefusedError('malformed-metadata', `The file of ${stage} is not a plain file.`, error)
    }
    return error
  }
  const [attack, message] = classify(error, stage)
  return new UpdateRefusedError(attack, message, error)
}

function classify(error: unknown, stage: WalkStage): [AttackCode, string] {
  if (error instanceof ExpiredMetadataError) {
    const expired = error.message.includes('root.json') ? 'root' : stage
    return [
      'freeze',
      `The metadata of ${expired} is past its validity. Somebody may be holding back newer releases, or this device's clock is ahead.`,
    ]
  }
  if (error instanceof UnsignedMetadataError) return unsigned(error, stage)
  if (error instanceof LengthOrHashMismatchError) {
    return ['tampered-file', `The file of ${stage} differs from the one that was signed.`]
  }
  if (error instanceof BadVersionError) {
    // tuf-js store: "less than current version" is TUF 5.4.3, 5.5.5; "match" is 5.5.4, 5.6.4.
    return / match /.test(error.message) || /doesn't match/.test(error.message)
      ? ['mix-and-match', `The file of ${stage} belongs to another moment than the rest of the metadata.`]
      : ['metadata-rollback', `The file of ${stage} is older than one that this device has verified.`]
  }
  if (error instanceof RepositoryError && /Missing file/.test(error.message)) {
    return ['metadata-rollback', 'A role that this device knows has vanished from the snapshot.']
  }
  if (error instanceof Error && /parse expires|expires (?:is not defined|must be)/.test(error.message)) {
    return ['freeze', `The metadata of ${stage} does not say readably until when it is valid.`]
  }
  return ['malformed-metadata', `The file of ${stage} is not readable metadata.`]
}

function unsigned(error: Error, stage: WalkStage): [AttackCode, string] {
  const counted = /signed by (\d+)\/(\d+) keys/.exec(error.message)
  const figures = counted === null ? 'too few' : `${counted[1]} of ${counted[2]} needed`
  return stage === 'approved-models'
    ? ['too-few-approvals', `The list of approved models carries ${figures} valid approvals.`]
    : ['arbitrary-software', `The metadata of ${stage} carries ${figures} valid signatures of its custodians.`]
}
