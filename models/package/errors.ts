import { CodedError, type FailureDetail } from '@leadglass/sync-agent/foundation'

/** Why a folder is not a model package. Closed: a caller decides by the code alone. */
export type PackageErrorCode =
  | 'manifest-missing'
  | 'manifest-too-large'
  | 'manifest-invalid'
  | 'manifest-not-canonical'
  | 'file-missing'
  | 'file-unlisted'
  | 'file-length'
  | 'file-digest'
  | 'file-content'
  | 'not-a-regular-file'
  | 'graph-refused'
  | 'folder-exists'
  | 'statement-invalid'
  | 'statement-differs'

/** A package that must not be used. The message names a path inside the package, never its content. */
export class PackageError extends CodedError<PackageErrorCode> {
  constructor(code: PackageErrorCode, message: string, cause?: unknown) {
    const detail: FailureDetail = {
      message,
      effect: 'The model package is not used; the model that ran before keeps running.',
      nextStep: 'Fetch the package again from the hub, or ask its author for a package that passes verification.',
      cause,
    }
    super(code, 'permanent', detail)
  }
}
