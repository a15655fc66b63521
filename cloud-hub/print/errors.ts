import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why a document was not printed. */
export type PrintCode = 'metadata-name-refused' | 'document-too-large'

/** A document that this room will not print. */
export class PrintError extends CodedError<PrintCode> {
  constructor(code: PrintCode, message: string) {
    super(code, 'permanent', {
      message,
      effect: 'No document was made.',
      nextStep:
        code === 'document-too-large'
          ? 'Print a shorter period or fewer rows.'
          : 'Name metadata with letters and digits only, and not with a name that PDF itself uses.',
    })
  }
}
