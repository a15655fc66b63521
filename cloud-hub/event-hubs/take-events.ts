import {
  type Acknowledgement,
  type DeviceId,
  deviceId,
  UPLOAD_SCHEMA,
  type UploadAnnouncement,
  uploadAnnouncement,
} from '@leadglass/sync-agent/contract'
import { isCodedError } from '@leadglass/sync-agent/foundation'
import type { BatchIntake, UploadIntake } from '../iot-hub-endpoint/index.ts'

/** One event as the endpoint of an IoT Hub passes it on. All of it is hostile but what the service itself says. */
export interface TelemetryEvent {
  readonly body: unknown
  /** Annotations of the service; devices cannot write them. What devices write comes as application properties. */
  readonly systemProperties?: Readonly<Record<string, unknown>>
  /** What the device wrote beside the body. */
  readonly properties?: Readonly<Record<string, unknown>>
}

/** Why an event was passed over for good. */
export type PassedOverCode =
  | 'event-without-device'
  | 'event-not-telemetry'
  | 'event-body-malformed'
  | 'event-too-large'
  | 'event-upload-malformed'
  | 'event-upload-missing'

/** Largest body that an IoT Hub takes from a device. */
const MAX_BODY_BYTES = 262_144

/** What taking events needs of the hub. */
export interface EventSink {
  readonly intake: Pick<BatchIntake & UploadIntake, 'submitBatch' | 'submitUpload'>
  /** Reads a batch that was uploaded; `undefined` when it is not there. @throws when it could not be read now. */
  readonly readUpload: (device: DeviceId, announcement: UploadAnnouncement) => Promise<Uint8Array | undefined>
  /** Sends an answer on its way to the device. */
  readonly answer: (device: DeviceId, answer: Acknowledgement) => void
  /** Hears of what can never be taken. */
  readonly passOver: (device: string, code: string) => void
}

/**
 * Takes events of one partition into the inbox, in their order. When this resolves, each one is committed or passed over for
 * good, and the partition's checkpoint may follow. A crash in between brings them again, and the inbox takes them once.
 * @returns how many batches were committed.
 * @throws whatever else the intake throws: nothing is known of the events then, and they must come again.
 */
export async function takeEvents(events: readonly TelemetryEvent[], sink: EventSink): Promise<number> {
  let committed = 0
  let together: Promise<boolean>[] = []
  const settle = async (): Promise<void> => {
    const outcomes = await Promise.allSettled(together)
    together = []
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    committed += outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value).length
  }
  for (const event of events) {
    // Messages are handed over before the first is awaited: the intake keeps their order and commits them together. A file
    // must be fetched first, and what follows it must not arrive before it.
    const isUpload = event.properties?.schema === UPLOAD_SCHEMA
    if (isUpload) await settle()
    together.push(takeEvent(event, sink))
    if (isUpload) await settle()
  }
  await settle()
  return committed
}

async function takeEvent(event: TelemetryEvent, sink: EventSink): Promise<boolean> {
  const { 'iothub-connection-device-id': name, 'iothub-message-source': source } = event.systemProperties ?? {}
  // Who was authenticated, never what the body says: an envelope of another device is refused by the inbox as foreign.
  const device = deviceId.safeParse(name)
  if (!device.success) return passOver(sink, '', 'event-without-device')
  // Twin changes and life cycle events of devices may be routed here too.
  if (source !== undefined && source !== 'Telemetry') return passOver(sink, device.data, 'event-not-telemetry')
  if (!(event.body instanceof Uint8Array)) return passOver(sink, device.data, 'event-body-malformed')
  if (event.body.byteLength > MAX_BODY_BYTES) return passOver(sink, device.data, 'event-too-large')
  try {
    const isUpload = event.properties?.schema === UPLOAD_SCHEMA
    const answer = await (isUpload ? takeUpload : takeMessage)(device.data, event.body, sink)
    if (answer === 'passed-over') return false
    if (answer !== undefined) sink.answer(device.data, answer)
    return true
  } catch (error) {
    if (!isCodedError(error) || error.failureClass !== 'permanent') throw error
    // The intake has raised its alarm; the next events must not wait for what can never be taken.
    return false
  }
}

function takeMessage(device: DeviceId, body: Uint8Array, sink: EventSink): Promise<Acknowledgement | undefined> {
  return sink.intake.submitBatch(device, body)
}

/** A batch that lies elsewhere. What is not there any more is passed over: the device uploads it again. */
async function takeUpload(
  device: DeviceId,
  body: Uint8Array,
  sink: EventSink,
): Promise<Acknowledgement | undefined | 'passed-over'> {
  const announcement = uploadAnnouncement.safeParse(parseJson(body))
  const refuse = (code: PassedOverCode): 'passed-over' => {
    passOver(sink, device, code)
    return 'passed-over'
  }
  if (!announcement.success) return refuse('event-upload-malformed')
  const payload = await sink.readUpload(device, announcement.data)
  return payload === undefined ? refuse('event-upload-missing') : sink.intake.submitUpload(device, payload)
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    return undefined
  }
}

function passOver(sink: EventSink, device: string, code: PassedOverCode): false {
  sink.passOver(device, code)
  return false
}
