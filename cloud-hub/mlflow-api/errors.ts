import { CodedError } from '@leadglass/sync-agent/foundation'

/** Error codes of the MLflow REST API that this hub answers with, and the HTTP status of each. */
export const MLFLOW_STATUS = {
  INVALID_PARAMETER_VALUE: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  BAD_REQUEST: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  RESOURCE_DOES_NOT_EXIST: 404,
  ENDPOINT_NOT_FOUND: 404,
  INTERNAL_ERROR: 500,
} as const
export type MlflowCode = keyof typeof MLFLOW_STATUS

/** A refusal in MLflow's own terms, so that its clients raise what they would raise of any server. */
export class MlflowError extends CodedError<MlflowCode> {
  constructor(code: MlflowCode, message: string) {
    super(code, 'permanent', {
      message,
      effect: 'Nothing was changed.',
      nextStep: code === 'PERMISSION_DENIED' ? 'Use the hub’s own way: import, submit, sign.' : 'Correct the request.',
    })
  }
}

export function notFound(what: string): MlflowError {
  return new MlflowError('RESOURCE_DOES_NOT_EXIST', `there is no such ${what}`)
}

export function invalid(message: string): MlflowError {
  return new MlflowError('INVALID_PARAMETER_VALUE', message)
}
