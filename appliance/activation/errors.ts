import { CodedError } from '@leadglass/sync-agent/foundation'

const WORDS = {
  'version-recalled': [
    'a safety officer recalled this version',
    'wait for another version; a recall is never taken back',
  ],
  'model-unknown': ['this appliance knows no such model', 'take a name from "leadglass model status"'],
  'model-stopped': ['the model is stopped already', 'look who stopped it and why, with "leadglass model status"'],
  'model-not-stopped': ['nobody stopped the model here', 'a recall cannot be lifted at a site'],
} as const satisfies Record<string, readonly [string, string]>

export type ActivationErrorCode = keyof typeof WORDS

/** Something about the versions in use that was not done. */
export class ActivationError extends CodedError<ActivationErrorCode> {
  constructor(code: ActivationErrorCode) {
    const [message, nextStep] = WORDS[code]
    super(code, 'permanent', { message, effect: 'nothing was changed', nextStep })
  }
}
