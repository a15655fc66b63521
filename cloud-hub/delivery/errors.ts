import { CodedError, type FailureClass } from '@leadglass/sync-agent/foundation'

/** Why the repository could not be written or a release not proposed or published. */
export type DeliveryCode =
  /** There is no repository yet: the key ceremony has not been held. */
  | 'not-initialised'
  /** A repository is there already. */
  | 'already-initialised'
  /** Fewer custodians than the threshold were present. */
  | 'too-few-custodians'
  /** Two roles or two people would share a key. */
  | 'key-shared'
  /** The metadata on disk does not agree with itself. */
  | 'repository-damaged'
  /** Signed metadata that does not follow the published one. */
  | 'stale'
  /** Signatures that do not suffice. */
  | 'signatures-missing'
  /** A release that devices would refuse. */
  | 'devices-would-refuse'
  /** The release cannot be listed as asked. */
  | 'release-not-possible'
  /** A package whose files are not there or not as listed. */
  | 'package-damaged'

/** A failure of delivery. The published repository is as it was. */
export class DeliveryError extends CodedError<DeliveryCode> {
  constructor(code: DeliveryCode, message: string, cause?: unknown) {
    const failureClass: FailureClass = code === 'stale' ? 'transient' : 'permanent'
    super(code, failureClass, {
      message,
      effect: 'The published repository is unchanged; devices go on with what they have.',
      nextStep:
        code === 'stale' ? 'Propose the release again on the present list.' : 'Correct the cause and try again.',
      cause,
    })
  }
}
