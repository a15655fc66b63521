import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why a volume, a mask or a file cannot be turned into radiomic features. */
export type RadiomicsErrorCode =
  | 'settings-invalid'
  | 'dimensions-invalid'
  | 'values-invalid'
  | 'mask-empty'
  | 'intensity-mask-empty'
  | 'levels-invalid'
  | 'too-large'
  | 'nifti-invalid'
  | 'nifti-unsupported'
  | 'nifti-truncated'

/** An input from which no feature may be computed. No feature of the region is reported then. */
export class RadiomicsError extends CodedError<RadiomicsErrorCode> {
  constructor(code: RadiomicsErrorCode, message: string, cause?: unknown) {
    super(code, 'permanent', {
      message,
      effect: 'No radiomic feature of this region is computed.',
      nextStep: 'Check that image and mask belong together and that the settings fit the image.',
      cause,
    })
  }
}
