import { CodedError, type FailureClass } from '@leadglass/sync-agent/foundation'

/** What can be wrong with Azure's side of the hub. */
export type AzureServiceCode =
  | 'connection-string-missing'
  | 'connection-string-malformed'
  | 'plaintext-refused'
  | 'service-unreachable'
  | 'service-throttled'
  | 'service-quota-exceeded'
  | 'service-credentials-refused'
  | 'service-refused'
  | 'device-not-found'
  | 'device-not-online'

const CLASSES: Readonly<Record<AzureServiceCode, FailureClass>> = {
  'connection-string-missing': 'permanent',
  'connection-string-malformed': 'permanent',
  'plaintext-refused': 'permanent',
  'service-unreachable': 'ambiguous',
  'service-throttled': 'transient',
  'service-quota-exceeded': 'transient',
  'service-credentials-refused': 'permanent',
  'service-refused': 'permanent',
  'device-not-found': 'permanent',
  'device-not-online': 'transient',
}

const NEXT_STEPS: Readonly<Record<AzureServiceCode, string>> = {
  'connection-string-missing':
    'put the connection string into the secrets folder of the hub, as docs/azure-iot.md says',
  'connection-string-malformed': 'copy the connection string again, whole and on one line',
  'plaintext-refused': 'remove UseDevelopmentEmulator=true: without TLS only this machine itself may be meant',
  'service-unreachable': 'nothing: it is tried again',
  'service-throttled': 'nothing: it is tried again later; more units of the IoT Hub raise the limit',
  'service-quota-exceeded': 'add units to the IoT Hub, or wait until its daily quota begins again at midnight UTC',
  'service-credentials-refused': 'check the policy and its key; it needs the right to connect as a service',
  'service-refused': 'read the message and check docs/azure-iot.md',
  'device-not-found': 'register the device in the IoT Hub under its Leadglass name',
  'device-not-online': 'nothing: the device reads its twin when it connects',
}

/** Azure's side did not do what the hub asked of it. */
export class AzureServiceError extends CodedError<AzureServiceCode> {
  /** What the service asked to wait, in milliseconds; `undefined` when it said nothing. */
  readonly retryAfterMs: number | undefined

  constructor(code: AzureServiceCode, message: string, retryAfterMs?: number) {
    super(code, CLASSES[code], {
      message,
      effect: 'devices keep what was not answered and send it again',
      nextStep: NEXT_STEPS[code],
    })
    this.retryAfterMs = retryAfterMs
  }
}
