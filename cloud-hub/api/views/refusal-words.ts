import type { ServiceOutcome } from '../../delivery/index.ts'
import type { SigningRefusal } from '../../governance/index.ts'

type Reason = Extract<ServiceOutcome, { kind: 'refused' }>['reason'] | SigningRefusal

/** Why an act on an approval was refused, in words. Total: a new reason does not compile until it has its own. */
export const REFUSAL_WORDS: Readonly<Record<Reason, string>> = {
  'wrong-state': 'the approval is not in a state in which this can be done',
  'not-the-author': 'only the one who put it forward can do this',
  'author-may-not-approve': 'who made the candidate, or put it forward, may not approve it',
  'not-named-as-approver': 'this person is not named as an approver',
  'wrong-role': 'this person is named in another role',
  'wrong-meaning': 'the signature states another meaning than was asked for',
  'already-signed': 'this person, or this key, has signed already',
  'reason-missing': 'a reason must be given',
  'key-not-authorised': 'the key is not one of the approvers’ keys that the custodians vouch for',
  'signature-invalid': 'the signature does not verify over exactly the bytes of this approval',
  'statement-differs': 'the statement names another person, role or release than the key and the approval',
  'unknown-proposal': 'there is no such approval',
  'password-wrong': 'the password is wrong; after five failures signing pauses for fifteen minutes',
  'signing-locked': 'signing is paused for this person after too many failures, and an alarm was raised',
  'password-too-old': 'the password is older than 180 days; change it first',
  'key-not-yours': 'the key does not belong to the person who signs',
  'key-not-confirmed': 'nobody else has confirmed yet that this key is its owner’s',
  'key-revoked': 'the key was revoked; nothing that it signs counts',
  'deadline-passed': 'the deadline of this approval is over',
  'act-unknown': 'this act of signing was not begun here by this person',
  'act-used': 'this act of signing has been completed; each is good for one signature',
  'act-expired': 'more than five minutes passed since the act of signing began; begin again',
  'other-key': 'the act of signing was begun with another key',
  'other-statement': 'the signed statement is not the one that was shown',
  'no-key-here': 'the hub keeps no key for this person',
}
