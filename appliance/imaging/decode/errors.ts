import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why the pixels of an object cannot be had. */
export type DecodeErrorCode =
  | 'no-pixel-data'
  | 'image-description-invalid'
  | 'unsupported-transfer-syntax'
  | 'unsupported-pixel-format'
  | 'pixel-data-truncated'
  | 'codestream-invalid'
  | 'codestream-contradicts-header'
  | 'too-large'

/** Pixels that cannot be decoded. The object itself is kept and forwarded as it came. */
export class DecodeError extends CodedError<DecodeErrorCode> {
  constructor(code: DecodeErrorCode, message: string, cause?: unknown) {
    super(code, 'permanent', {
      message,
      effect: 'The instance is kept and forwarded, but no model scores it.',
      nextStep: 'Look at the object in a viewer; if it shows there, report transfer syntax and pixel description.',
      cause,
    })
  }
}
