export { isJsonObject, type JsonObject, mergePatch } from './azure-iot/json.ts'
export {
  AnswerBoard,
  clearedAnswers,
  desiredStatePatch,
  withoutAnswers,
} from './azure-iot/twin-answers.ts'
export { type BackoffBounds, backoffDelay } from './backoff.ts'
export { adviceFor, type LinkAdvice, linkAdvice } from './link-advice.ts'
export { classifyLinkError, type LinkErrorCode, TransportError, type TransportErrorCode } from './link-error.ts'
export type { Credentials } from './mqtt-link.ts'
export {
  MQTT_DEFAULTS,
  MqttTransport,
  type MqttTransportDependencies,
  type MqttTransportOptions,
} from './mqtt-transport.ts'
export { sendAtOnce } from './send-at-once.ts'
export type { LinkState, Transport } from './transport.ts'
