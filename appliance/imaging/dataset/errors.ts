import { CodedError } from '@leadglass/sync-agent/foundation'

/**
 * Why bytes could not be read as, or written to, a DICOM data set.
 * - `not-dicom`: neither a PS3.10 prefix nor a plausible first element.
 * - `too-large`, `too-many-elements`, `nested-too-deep`: a cap of `ReadLimits` was passed.
 * - `length-beyond-container`: an element says that it is longer than the sequence or item that holds it.
 * - `structure-invalid`: a delimiter, item or VR stands where PS3.5 7.5 allows none.
 * - `duplicate-element`: one tag twice in one data set (PS3.5 7.1 allows one).
 * - `deflate-invalid`: the deflated data set does not inflate (PS3.5 A.5).
 * - `value-unwritable`: the element cannot be expressed in the transfer syntax asked for.
 */
export type DataSetErrorCode =
  | 'not-dicom'
  | 'too-large'
  | 'too-many-elements'
  | 'nested-too-deep'
  | 'length-beyond-container'
  | 'structure-invalid'
  | 'duplicate-element'
  | 'deflate-invalid'
  | 'value-unwritable'

/** A data set that cannot be read or written. `offset` counts bytes from the start of the (inflated) data set bytes. */
export class DataSetError extends CodedError<DataSetErrorCode> {
  readonly offset: number | undefined

  constructor(code: DataSetErrorCode, message: string, offset?: number, cause?: unknown) {
    super(code, 'permanent', {
      message: offset === undefined ? message : `${message} (at byte ${offset})`,
      effect: 'The object is not read.',
      nextStep:
        'Keep the object in quarantine and look at it with a DICOM dump tool, or send it again from its source.',
      cause,
    })
    this.offset = offset
  }
}
