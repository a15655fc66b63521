import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why a file cannot be read as an ONNX model at all. */
export type OnnxErrorCode = 'onnx-malformed' | 'onnx-too-deep'

/** A file that is no ONNX model. What a readable model does wrong is a finding of its inspection, not an error. */
export class OnnxError extends CodedError<OnnxErrorCode> {
  constructor(code: OnnxErrorCode, message: string) {
    super(code, 'permanent', {
      message,
      effect: 'Nothing was imported.',
      nextStep: 'Export the model again as one ONNX file with its weights inside.',
    })
  }
}
