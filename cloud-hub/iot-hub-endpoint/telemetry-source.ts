import { type Acknowledgement, type DeviceId, deviceId } from '@leadglass/sync-agent/contract'
import { isCodedError } from '@leadglass/sync-agent/foundation'
import type { BatchIntake } from './ports.ts'

/** One message as a hub of Azure's kind passes it on. */
export interface TelemetryEvent {
  /** System property `iothub-connection-device-id`: who was authenticated, never what the body says. */
  readonly device: string
  /** The bytes as the device sent them. */
  readonly body: Uint8Array
  /** A place in a partition, opaque; events of one partition come in order. */
  readonly partition: string
  readonly offset: string
}

/**
 * Where a hub reads telemetry that it did not receive itself, such as the Event Hubs endpoint of an IoT Hub. An adapter
 * (for Event Hubs: `@azure/event-hubs`, AMQP) promises: at least once; in order within a partition; all events of one
 * device in one partition; after a restart it begins behind the last checkpoint of each partition.
 */
export interface TelemetrySource {
  /** Events until the source is stopped. The next one is asked for when the one before is dealt with. */
  events(): AsyncIterable<TelemetryEvent>
  /** Everything of the partition up to this offset is committed and need not come again. Durable when it resolves. */
  checkpoint(partition: string, offset: string): Promise<void>
}

/** What a source needs of the hub. */
export interface TelemetrySink {
  readonly intake: BatchIntake
  /** Puts an answer into the device's twin (`AnswerBoard.post` makes the patch). */
  readonly answer: (device: DeviceId, answer: Acknowledgement) => Promise<void>
}

/**
 * Takes a source's events into the inbox, one after another: commit, answer, checkpoint. A crash in between means that an
 * event comes again, which the inbox takes once. What can never be taken is passed over; every other failure ends the
 * run before its checkpoint, so that the caller starts it again from there.
 * @returns how many batches were committed, once the source ends. @throws whatever intake, answer or checkpoint throws.
 */
export async function takeTelemetry(source: TelemetrySource, sink: TelemetrySink): Promise<number> {
  let committed = 0
  for await (const { device, body, partition, offset } of source.events()) {
    const name = deviceId.safeParse(device)
    if (name.success) {
      const answer = await submit(sink.intake, name.data, body)
      if (answer !== undefined) {
        await sink.answer(name.data, answer)
        committed += 1
      }
    }
    await source.checkpoint(partition, offset)
  }
  return committed
}

async function submit(intake: BatchIntake, device: DeviceId, body: Uint8Array): Promise<Acknowledgement | undefined> {
  try {
    return await intake.submitBatch(device, body)
  } catch (error) {
    if (isCodedError(error) && error.failureClass === 'permanent') return undefined
    throw error
  }
}
