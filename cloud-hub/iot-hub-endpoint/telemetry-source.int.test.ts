import { afterEach, beforeEach, expect, it } from 'vitest'
import { device, featuresBody, payloadOf, sealAll } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { InboxIntake } from './inbox-intake.ts'
import { type TelemetryEvent, type TelemetrySource, takeTelemetry } from './telemetry-source.ts'

const BOX = device('box-01')

let core: HubCore
beforeEach(async () => {
  core = await createHubCore()
  await core.enrolment.enrol(BOX)
})
afterEach(() => core.close())

/** One partition in memory that redelivers everything behind its checkpoint. */
class Partition implements TelemetrySource {
  readonly log: TelemetryEvent[] = []
  at = 0

  add(name: string, body: Uint8Array): void {
    this.log.push({ device: name, body, partition: '0', offset: String(this.log.length + 1) })
  }

  async *events(): AsyncIterable<TelemetryEvent> {
    yield* this.log.slice(this.at)
  }

  async checkpoint(_partition: string, offset: string): Promise<void> {
    this.at = Number(offset)
  }
}

it('telemetry of a foreign hub: the checkpoint follows the commit, what comes again has one effect, strangers are passed over', async () => {
  const source = new Partition()
  const batches = [1, 11, 21].map((first) =>
    payloadOf(
      sealAll(
        BOX,
        Array.from({ length: 10 }, (_, i) => featuresBody(first + i)),
        first,
      ),
    ),
  )
  const [one, two, three] = batches
  if (one === undefined || two === undefined || three === undefined) throw new Error('three batches')
  source.add(BOX, one)
  source.add('Not A Device', one)
  source.add('stranger', one)
  source.add(BOX, Buffer.from('rubbish'))
  source.add(BOX, two)
  source.add(BOX, three)
  const intake = new InboxIntake(core.inbox, core.alarms)
  const marks: number[] = []
  let failures = 1
  const sink = {
    intake,
    answer: async (_device: string, answer: { readonly watermarks: readonly { readonly sequence: number }[] }) => {
      const mark = answer.watermarks[0]?.sequence ?? 0
      // The twin cannot be written once, after the second commit: no checkpoint, and the batch comes again.
      if (mark === 20 && failures-- > 0) throw new Error('429')
      marks.push(mark)
    },
  }
  await expect(takeTelemetry(source, sink)).rejects.toThrow('429')
  expect(source.at).toBe(4)
  expect(await takeTelemetry(source, sink)).toBe(2)
  expect(source.at).toBe(6)
  expect(marks).toEqual([10, 20, 30])
  const { effects } = core.database.prepare('SELECT count(*) AS effects FROM instance_features').get() as {
    effects: number
  }
  expect(effects).toBe(30)
})
