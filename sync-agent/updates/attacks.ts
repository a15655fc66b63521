import { z } from 'zod'
import { CodedError } from '../foundation/index.ts'

/**
 * Why an update was refused, named after the attack that it would be if it were deliberate (TUF specification 1.5.2,
 * Uptane 5.4). A misconfigured or stale repository shows the same code: the device cannot tell intent.
 */
export const attackCode = z.enum([
  /** The pinned root.json is not the one that the policy names. */
  'root-not-pinned',
  /** Metadata without enough valid signatures of its role. */
  'arbitrary-software',
  /** Fewer valid approvals than the policy asks for. */
  'too-few-approvals',
  /** Enough keys signed, but they belong to one person. */
  'same-person-twice',
  /** Enough approvals, but a required role is not among them. */
  'role-missing',
  /** The author of the candidate stands among those who approve it. */
  'author-approved',
  /** One key under several names, or a key under a name that is not its digest. */
  'alias-key',
  /** An approver's key without a readable person and role, or of an unsupported kind. */
  'unknown-approver',
  /** An approver's key that also serves another role. */
  'key-reused',
  /** A delegator lowered the number of signatures below what the device asks for. */
  'threshold-lowered',
  /** A model listed by a role that may not list models. */
  'listed-by-another-role',
  /** A second role that may list models. */
  'extra-delegation',
  /** The one delegation has other paths, does not terminate, or is gone. */
  'delegation-changed',
  /** `approved-models` passes its right on. */
  'redelegated',
  /** A release whose statement cannot be read. */
  'statement-malformed',
  /** A release whose statement, path and bytes do not speak of the same package. */
  'statement-mismatch',
  /** Two releases of one model with one release counter. */
  'duplicate-release',
  /** The newest release is older than one that the device has seen. */
  'older-version',
  /** Metadata older than the device has seen. */
  'metadata-rollback',
  /** Metadata files of different moments put together. */
  'mix-and-match',
  /** Metadata that is no longer valid, or never says until when it is. */
  'freeze',
  /** Bytes that differ from what was signed. */
  'tampered-file',
  /** A file that goes on past its announced or allowed length. */
  'endless-data',
  /** Metadata that cannot be read. */
  'malformed-metadata',
  /** A signed file is not there. */
  'incomplete',
])
export type AttackCode = z.infer<typeof attackCode>

/** A refusal as outcome: the attack, a sentence for the operator, and the model when it concerns only one. */
export interface Refusal {
  readonly attack: AttackCode
  readonly message: string
  readonly model: { readonly name: string; readonly version: string } | null
}

/** A refusal on its way up; `refresh` and `verifyKit` turn it into an outcome. */
export class UpdateRefusedError extends CodedError<AttackCode> {
  constructor(attack: AttackCode, message: string, cause?: unknown) {
    super(attack, 'permanent', {
      message,
      effect: 'Nothing new is installed. The models in use go on.',
      nextStep: 'Compare the repository with its custodians; do not loosen the policy of the device.',
      cause,
    })
  }
}

/** What can go wrong on the device itself while it keeps its update state. */
export type UpdateStorageCode = 'state-not-writable' | 'kit-not-writable'

/** The device could not keep its own state; nothing about the repository is said by this. */
export class UpdateStorageError extends CodedError<UpdateStorageCode> {
  constructor(code: UpdateStorageCode, cause: unknown) {
    super(code, 'transient', {
      message:
        code === 'kit-not-writable' ? 'the update kit could not be written' : 'update state could not be written',
      effect: 'This update attempt stops. The models in use and the previous kit are unchanged.',
      nextStep: 'Look at free space and permissions of the folder; the next attempt continues where this one stopped.',
      cause,
    })
  }
}
