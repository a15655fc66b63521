import { CodedError } from '@leadglass/sync-agent/foundation'

const FAILURES = {
  'not-enrolled': {
    message: 'nobody holds the key of the vault yet',
    effect: 'nothing was opened; no pseudonym has an entry',
    nextStep: 'let at least two people enrol with "leadglass vault enrol"',
  },
  'already-enrolled': {
    message: 'the vault has its key already',
    effect: 'nothing was changed',
    nextStep: 'add one more person with "leadglass vault enrol --add", which asks two enrolled people',
  },
  'too-few-people': {
    message: 'a vault needs two different people at least',
    effect: 'nothing was changed',
    nextStep: 'name two accounts or more',
  },
  'account-unknown': {
    message: 'there is no account of this name at the site',
    effect: 'nothing was opened or changed',
    nextStep: 'name an account of the console',
  },
  'same-person': {
    message: 'the second person must be another one',
    effect: 'nothing was opened or changed; the attempt is recorded',
    nextStep: 'ask somebody else who is enrolled',
  },
  'person-unknown': {
    message: 'this person holds no share of the key',
    effect: 'nothing was opened or changed; the attempt is recorded',
    nextStep: 'ask somebody who is listed by "leadglass vault status"',
  },
  'wrong-passphrase': {
    message: 'the passphrase does not open the share',
    effect: 'nothing was opened or changed; the attempt is recorded',
    nextStep: 'type it again',
  },
  'passphrase-too-short': {
    message: 'the passphrase has fewer than 12 characters',
    effect: 'nothing was changed',
    nextStep: 'choose a longer one',
  },
  'too-late': {
    message: 'the second person did not confirm in time',
    effect: 'nothing was opened; the attempt is recorded',
    nextStep: 'begin again when both people are there',
  },
  'pseudonym-unknown': {
    message: 'the vault has no entry for this pseudonym',
    effect: 'nothing was opened; the attempt is recorded',
    nextStep: 'compare the pseudonym with the study; one of another site is not here',
  },
  'entry-erased': {
    message: 'what the pseudonym stands for was removed under the retention rules',
    effect: 'nothing can be opened by anybody; the attempt is recorded',
    nextStep: 'none: the removal is for good',
  },
  'not-site-admin': {
    message: 'who opens a generation must be a site administrator',
    effect: 'nothing was changed',
    nextStep: 'let a site administrator run the command',
  },
  'generation-waiting': {
    message: 'a generation was opened already and waits for the next start',
    effect: 'nothing was changed',
    nextStep: 'start the appliance again',
  },
  'patient-holds': {
    message: 'legal holds on patients name them by pseudonyms of the present generation',
    effect: 'nothing was changed; studies still to come would not be under those holds',
    nextStep: 'place holds on the studies instead, lift those on patients, and place them again after the start',
  },
  'vault-damaged': {
    message: 'the vault is not as it was written: an entry was changed, removed or put in',
    effect: 'nothing was opened',
    nextStep: 'keep the database as evidence and compare it with the last backup',
  },
} as const

export type VaultErrorCode = keyof typeof FAILURES

/** Why the vault was not opened or changed. */
export class VaultError extends CodedError<VaultErrorCode> {
  constructor(code: VaultErrorCode, cause?: unknown) {
    super(code, 'permanent', cause === undefined ? FAILURES[code] : { ...FAILURES[code], cause })
  }
}
