import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why an act of change control was refused. */
export type ChangeControlCode =
  | 'plan-version-taken'
  | 'unknown-plan'
  | 'plan-not-in-force'
  | 'author-may-not-adopt'
  | 'adoption-not-valid'
  | 'unknown-step'
  | 'not-within-plan'

const NEXT_STEP: Readonly<Record<ChangeControlCode, string>> = {
  'plan-version-taken': 'Give the changed plan the next version number.',
  'unknown-plan': 'Declare the plan first.',
  'plan-not-in-force': 'Let a clinical and a technical approver adopt the plan, or use the one that is in force.',
  'author-may-not-adopt': 'Let two other people sign, one of each role.',
  'adoption-not-valid': 'Sign the plan as it was declared, with the key that the hub knows of this person.',
  'unknown-step': 'Name a step of the protocol of this plan.',
  'not-within-plan':
    'Submit the version without the claim, as a change that needs an authorisation of its own, or meet what the plan asks for.',
}

/** A refusal of change control. */
export class ChangeControlError extends CodedError<ChangeControlCode> {
  constructor(code: ChangeControlCode, message: string, cause?: unknown) {
    super(code, 'permanent', { message, effect: 'Nothing was recorded.', nextStep: NEXT_STEP[code], cause })
  }
}
