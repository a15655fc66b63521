import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why a TensorFlow.js model is not converted. Closed: a caller decides by the code alone. */
export type TfjsErrorCode =
  | 'tfjs-missing'
  | 'tfjs-malformed'
  | 'tfjs-too-large'
  | 'tfjs-path'
  | 'tfjs-shard-length'
  | 'tfjs-weight-type'
  | 'tfjs-unsupported'

/** A model that is not converted. The message names files, layers and operations of the model. */
export class TfjsError extends CodedError<TfjsErrorCode> {
  constructor(code: TfjsErrorCode, message: string, cause?: unknown) {
    super(code, 'permanent', {
      message,
      effect: 'Nothing was imported.',
      nextStep:
        code === 'tfjs-unsupported'
          ? 'Leave these parts out, or convert the model to ONNX where it was trained.'
          : 'Save the model again, or fetch all of its files again.',
      cause,
    })
  }
}
