import { CodedError, type FailureClass } from '@leadglass/sync-agent/foundation'

const WORDS = {
  'version-unknown': [
    'this appliance does not know such a version',
    'take name and version from "leadglass deployment status"',
  ],
  'version-not-approved': [
    'the version was not verified here as approved, or has been refused since',
    'approve it at the hub and wait until it has passed its golden cases here',
  ],
  'version-in-use': ['the version is the one in use already', 'name another version'],
  'version-running': ['the version runs beside the one in use already', 'change its share, or end it first'],
  'version-not-running': [
    'the version does not run beside the one in use',
    'take a version from "leadglass deployment status"',
  ],
  'no-version-in-use': ['no version of this model is in use, so nothing can run beside one', 'promote a version first'],
  'share-taken': ['so large a share is not free', 'make the share of another version smaller first'],
  'share-not-apt': [
    'a version in the shadow has no share, and every other needs one',
    'name a share for a canary or an arm, and none for the shadow',
  ],
  'package-damaged': [
    'the package on disk is not the one that was approved',
    'wait until it was fetched again, or approve another version',
  ],
} as const satisfies Record<string, readonly [string, string]>

export type DeploymentErrorCode = keyof typeof WORDS

/** A change of what runs beside the version in use that was not made. */
export class DeploymentError extends CodedError<DeploymentErrorCode> {
  constructor(code: DeploymentErrorCode) {
    const [message, nextStep] = WORDS[code]
    const failureClass: FailureClass = 'permanent'
    super(code, failureClass, { message, effect: 'nothing was changed', nextStep })
  }
}
