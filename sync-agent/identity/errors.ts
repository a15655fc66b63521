import { CodedError } from '../foundation/index.ts'

/** Why a box has no identity, or no new one; the hub's refusals by their own codes. */
export type IdentityCode =
  | 'code-mistyped'
  | 'hub-not-genuine'
  | 'anchors-differ'
  | 'not-enrolled'
  | 'certificate-malformed'
  | 'refused-by-hub'
  | keyof typeof REFUSALS

/** A box without an identity, or without a new one. */
export class IdentityError extends CodedError<IdentityCode> {}

/** The hub said no. */
export function refusedByHub(code: string): IdentityError {
  const known = isKnown(code) ? code : undefined
  return new IdentityError(known ?? 'refused-by-hub', 'permanent', {
    message: known === undefined ? `the hub refused (${code})` : REFUSALS[known][0],
    effect: 'the box keeps the identity that it had',
    nextStep: known === undefined ? 'look at the device at the hub' : REFUSALS[known][1],
  })
}

const AGAIN = 'make a new code at the hub with "leadglass fleet invite", and enrol again'

/** What is said of the hub's refusals: what it means, and what to do. */
const REFUSALS = {
  'invitation-unknown': ['the hub does not know this code', 'check that the address is the right hub’s'],
  'invitation-expired': ['the time of this code is over, or it was withdrawn', AGAIN],
  'invitation-used': ['this code was used by another box', 'find out which box used it; then make a new code'],
  'enrolment-intercepted': [
    'something between the box and the hub opens the connection',
    'find and remove it, then enrol',
  ],
  'device-mismatch': ['the code is for a device of another name', 'use the code that was made for this box'],
  'device-revoked': ['this name was revoked, and is never given again', 'enrol the box under a new name'],
  'device-held': ['the hub holds this device: it was seen in two places', 'decide at the hub which one is real'],
  'device-cloned': ['this identity is in use in two places; the hub holds both', 'decide at the hub which one is real'],
  'certificate-unknown': ['the hub does not know this certificate, or it is no longer valid', AGAIN],
  'certificate-superseded': ['this certificate was replaced by a later one', AGAIN],
  'certificate-expired': ['the certificate of this box is over', AGAIN],
  'identity-unreadable': ['the file of the identity is damaged', AGAIN],
  'hub-unreachable': [
    'the hub does not answer at its port for devices',
    'check address, network and clock; the certificate is good until its end',
  ],
  'clock-off': ['the clock of this box is more than a day off', 'set the clock, then enrol again'],
  'too-many-requests': ['the hub has had too many tries', 'wait a minute'],
  'request-malformed': ['the hub does not know this request', 'bring the hub to the version of this box'],
} as const satisfies Readonly<Record<string, readonly [string, string]>>

function isKnown(code: string): code is keyof typeof REFUSALS {
  return Object.hasOwn(REFUSALS, code)
}
