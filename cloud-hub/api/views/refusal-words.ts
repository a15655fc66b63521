import type { ServiceOutcome } from '../../delivery/index.ts'

type Reason = Extract<ServiceOutcome, { kind: 'refused' }>['reason']

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
  'no-key-here': 'the hub keeps no key for this person',
}
