import { CodedError, type FailureClass, type FailureDetail } from '@leadglass/sync-agent/foundation'

/** Everything that can fail in a command before or beside the services themselves. */
export type InstallerErrorCode =
  | 'instance-file-invalid'
  | 'no-instance'
  | 'package-refused'
  | 'not-running'
  | 'already-running'
  | 'port-in-use'
  | 'process-failed'
  | 'not-ready-in-time'
  | 'request-refused'
  | 'request-failed'
  | 'file-not-found'
  | 'input-invalid'
  | 'peer-missing'
  | 'count-disagrees'
  | 'kit-refused'

const CLASSES: Readonly<Record<InstallerErrorCode, FailureClass>> = {
  'instance-file-invalid': 'permanent',
  'no-instance': 'permanent',
  'package-refused': 'permanent',
  'not-running': 'transient',
  'already-running': 'permanent',
  'port-in-use': 'permanent',
  'process-failed': 'permanent',
  'not-ready-in-time': 'transient',
  'request-refused': 'permanent',
  'request-failed': 'transient',
  'file-not-found': 'permanent',
  'input-invalid': 'permanent',
  'peer-missing': 'permanent',
  'count-disagrees': 'permanent',
  'kit-refused': 'permanent',
}

/** A failure of a command. */
export class InstallerError extends CodedError<InstallerErrorCode> {
  constructor(code: InstallerErrorCode, detail: FailureDetail) {
    super(code, CLASSES[code], detail)
  }
}
