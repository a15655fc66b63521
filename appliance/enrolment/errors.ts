import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why a box was not told to join, or did not pin what its hub gave. */
export type EnrolmentErrorCode =
  | 'anchors-missing'
  | 'anchors-other'
  | 'anchors-differ'
  | 'code-mistyped'
  | 'agent-silent'

const WORDS = {
  'anchors-missing': {
    message: 'the hub has given nothing to pin yet',
    effect: 'what this box trusts is as it was',
    nextStep: 'join the hub first, or wait until the agent has asked it',
  },
  'anchors-other': {
    message: 'the fingerprint is not the one of what the hub gave',
    effect: 'what this box trusts is as it was',
    nextStep: 'compare it again with the hub’s fleet page; tell the hub’s people when it stays different',
  },
  'anchors-differ': {
    message: 'this box already trusts another root, policy or key',
    effect: 'what was pinned stays in force; nothing was replaced',
    nextStep: 'a box goes to another hub only when it is set up anew: see docs/enrolment.md',
  },
  'code-mistyped': {
    message: 'this is no code: its check character does not agree',
    effect: 'nothing was sent',
    nextStep: 'type it again as the hub’s page shows it: sixteen letters and digits',
  },
  'agent-silent': {
    message: 'the sync agent has not said anything on this machine yet',
    effect: 'nothing was sent',
    nextStep: 'start the sync agent, then enter the code again',
  },
} as const satisfies Readonly<Record<EnrolmentErrorCode, object>>

/** A box that was not told to join, or that pinned nothing. */
export class EnrolmentError extends CodedError<EnrolmentErrorCode> {
  constructor(code: EnrolmentErrorCode) {
    super(code, code === 'agent-silent' || code === 'anchors-missing' ? 'transient' : 'permanent', WORDS[code])
  }
}
