import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Envelope, STREAM_OF_KIND, sealEnvelope } from '@leadglass/sync-agent/contract'
import { canonicalJson } from '@leadglass/sync-agent/foundation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EnrolmentHub } from '../enrolment/testing/enrolment-hub.ts'
import { device, TestDevice } from '../testing/device.ts'

/** Messages as the first version wrote them. An old agent is a client that says these bytes, and reads no more than these. */
const GOLDEN = resolve(import.meta.dirname, '..', '..', 'sync-agent', 'contract', 'golden', 'v1')
const BOX = device('box-golden')
const goldenText = (name: string): string => readFileSync(join(GOLDEN, `${name}.golden`), 'utf8')
const texts = readdirSync(GOLDEN)
  .filter((name) => name.startsWith('envelope.'))
  .map((name) => goldenText(name.replace(/\.golden$/, '')))
const envelopes = texts.map((text) => ({ text, envelope: JSON.parse(text) as Envelope }))

const SIGNED: ReadonlySet<string> = new Set(['audit-checkpoint', 'epoch-root'])

/** A batch as an agent of the first version packs it: canonical JSON, gzip. */
function oldPayload(batch: string, members: readonly string[]): Buffer {
  return gzipSync(`{"batch":"${batch}","envelopes":[${members.join(',')}],"schema":"leadglass.batch/1"}`)
}

describe('a new hub and agents of the first version of the contract, over real sockets', () => {
  let hub: EnrolmentHub
  let box: TestDevice

  beforeAll(async () => {
    hub = await EnrolmentHub.start()
    box = await TestDevice.connect(BOX, hub.url, await hub.enrolment.enrol(BOX))
  })
  afterAll(async () => {
    await box.end()
    await hub.stop()
  })

  const send = async (members: readonly string[]) => {
    const batch = randomUUID()
    await box.publish(oldPayload(batch, members))
    return box.acknowledged(batch)
  }

  it.each(['audit', 'labels', 'drift', 'features', 'health'] as const)(
    'every message of the stream %s is taken as it was sent, each once',
    async (stream) => {
      const mine = envelopes
        .filter(({ envelope }) => envelope.stream === stream)
        .sort((a, b) => a.envelope.sequence - b.envelope.sequence)
      const [first] = mine
      if (first === undefined) throw new Error('no golden message')
      // What the golden box had sent before; the bodies do not matter, the places do.
      const before = Array.from({ length: first.envelope.sequence - 1 }, (_, i) =>
        canonicalJson(sealEnvelope({ device: BOX, epoch: 1, sequence: i + 1 }, first.envelope.body)),
      )
      if (before.length > 0) expect((await send(before)).refused).toEqual([])
      const believed = mine.filter(({ envelope }) => !SIGNED.has(envelope.body.kind))
      for (let times = 0; times < 2; times += 1) {
        const { watermarks, refused } = await send(believed.map(({ text }) => text))
        expect(refused).toEqual([])
        expect(watermarks).toEqual([{ epoch: 1, stream, sequence: believed.at(-1)?.envelope.sequence }])
      }
      const stored = hub.core.database
        .prepare(
          'SELECT digest FROM envelope_inbox WHERE device = ? AND stream = ? AND sequence >= ? ORDER BY sequence',
        )
        .all(BOX, stream, first.envelope.sequence)
      expect(stored).toEqual(believed.map(({ envelope }) => ({ digest: envelope.digest })))
    },
  )

  it('reads a checkpoint and a statement too, and judges them: this checkpoint is of another log than its leaf', async () => {
    const of = (kind: string) => envelopes.find(({ envelope }) => envelope.body.kind === kind)
    const checkpoint = of('audit-checkpoint')
    const statement = of('epoch-root')
    if (checkpoint === undefined || statement === undefined) throw new Error('no golden message')
    const { epoch, stream, sequence } = checkpoint.envelope
    expect((await send([checkpoint.text])).refused).toEqual([{ epoch, stream, sequence, code: 'audit-inconsistent' }])
    // The place of the checkpoint is free still.
    const moved = sealEnvelope({ device: BOX, epoch, sequence }, statement.envelope.body)
    expect((await send([canonicalJson(moved)])).watermarks).toEqual([{ epoch, stream, sequence }])
  })

  it('answers with the members that an agent of the first version reads, and no others', async () => {
    const known = Object.keys(JSON.parse(goldenText('acknowledgement')) as object).sort()
    const answer = await send([envelopes.find(({ envelope }) => envelope.stream === 'features')?.text ?? ''])
    expect(Object.keys(answer).sort()).toEqual(known)
  })

  it('has a golden message of every kind', () => {
    expect(new Set(envelopes.map(({ envelope }) => envelope.body.kind))).toEqual(new Set(Object.keys(STREAM_OF_KIND)))
  })
})
