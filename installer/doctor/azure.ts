import type { AzureView } from '@leadglass/ui/contract/hub-api'
import { type Finding, fail, ok, warning } from './checks.ts'

/** What a person is to do about a reader that does not read. */
const NEXT_STEPS: Readonly<Record<string, string>> = {
  'credentials-refused': 'check the policy and key in secrets/event-hubs.connection; it needs the right to listen',
  'not-found': 'check EntityPath in secrets/event-hubs.connection, and that the consumer group exists',
  'taken-over': 'another reader uses this consumer group: give each hub one of its own',
  throttled: 'nothing: it is tried again; more units raise the limit',
  inbox: 'read the log of the hub: its database did not commit',
}

/** The hub's way through an Azure IoT Hub, where it has one. */
export function azureFindings({ azure }: AzureView): Finding[] {
  if (azure === null) return []
  const readers = azure.readers.map(({ eventHub, consumerGroup, reading, trouble, partitions, committed }) => {
    const name = `azure: ${eventHub}/${consumerGroup}`
    if (reading) return ok(name, `${partitions} partitions, ${committed} batches since the start`)
    if (trouble === null) return warning(name, 'not connected yet', 'look again in a minute')
    const nextStep = NEXT_STEPS[trouble]
    return nextStep === undefined
      ? warning(name, trouble, 'nothing: it is tried again; check the way to Azure (AMQP over TLS, port 5671)')
      : fail(name, trouble, nextStep)
  })
  const service = 'azure: answers to devices'
  return [
    ...readers,
    azure.serviceTrouble === null
      ? ok(service, `${azure.answersWaiting} devices wait for theirs`)
      : fail(service, azure.serviceTrouble, 'check secrets/iot-service.connection and the quota of the IoT Hub'),
  ]
}
