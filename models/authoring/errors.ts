import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why an author's folder cannot become a package. */
export type AuthoringErrorCode =
  | 'source-missing'
  | 'source-invalid'
  | 'source-too-large'
  | 'source-exists'
  | 'graph-unsuitable'

/** A folder that an author must change before it can be packed. */
export class AuthoringError extends CodedError<AuthoringErrorCode> {
  constructor(code: AuthoringErrorCode, message: string, nextStep: string, cause?: unknown) {
    super(code, 'permanent', { message, effect: 'No package was made.', nextStep, cause })
  }
}
