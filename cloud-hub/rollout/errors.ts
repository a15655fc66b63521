import { CodedError } from '@leadglass/sync-agent/foundation'

const WORDS = {
  'rollout-unknown': ['there is no such rollout', 'take a number from the list of rollouts'],
  'rollout-open': ['a rollout of this model is under way', 'wait for its end, or halt it first'],
  'rollout-wrong-state': ['the rollout cannot do that now', 'look how it stands'],
  'rollout-no-sites': ['the plan names no enrolled site, or one of them twice', 'name each site in one ring'],
  'version-not-published': [
    'the version is neither published nor submitted for approval',
    'submit it for approval first',
  ],
  'version-recalled': ['a safety officer recalled this version', 'roll out another version'],
} as const satisfies Record<string, readonly [string, string]>

export type RolloutErrorCode = keyof typeof WORDS

/** A change of a rollout that was not made. */
export class RolloutError extends CodedError<RolloutErrorCode> {
  constructor(code: RolloutErrorCode) {
    const [message, nextStep] = WORDS[code]
    super(code, 'permanent', { message, effect: 'nothing was changed', nextStep })
  }
}
