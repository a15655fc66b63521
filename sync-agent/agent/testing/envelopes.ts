import { createHash } from 'node:crypto'
import {
  type DeviceId,
  type Envelope,
  type EnvelopeBody,
  envelopeBody,
  STREAM_OF_KIND,
  type StreamName,
  sealEnvelope,
} from '../../contract/index.ts'

const pseudonym = (word: string): string => createHash('sha256').update(word).digest('hex').slice(0, 32)

/** A body of each kind in turn; `i` makes it its own. */
function bodyOf(i: number): EnvelopeBody {
  const study = { study: pseudonym(`study ${i}`), patient: pseudonym(`patient ${i}`), revision: 1 }
  const model = { name: 'chest-radiograph', version: '1.0.0', digest: 'ab'.repeat(32) }
  const bodies: readonly unknown[] = [
    { kind: 'audit-leaf', index: i, leaf: Buffer.from(`leaf ${i}`).toString('base64') },
    {
      kind: 'study-label',
      label: '0b9e9a2e-95b2-4d6f-9d39-3a6c4d9b1a11',
      ...study,
      finding: 'pneumonia',
      value: 'present',
      reader: pseudonym('reader'),
      blind: true,
    },
    { kind: 'drift-counts', model, feature: 'score.pneumonia', month: '2019-07', cells: [{ bin: 0, count: 11 + i }] },
    { kind: 'not-scored', ...study, instance: 0, reason: 'modality' },
    { kind: 'device-health', softwareVersion: '1.0.0', models: [], figures: { 'disk.free': i } },
  ]
  return envelopeBody.parse(bodies[i % bodies.length])
}

/** Seals envelopes of all five streams in turn, with the sequences that a door would give them. */
export class EnvelopeSource {
  readonly #device: DeviceId
  readonly #epoch: number
  readonly #sequences = new Map<StreamName, number>()
  readonly all: Envelope[] = []

  constructor(device: DeviceId, epoch = 1) {
    this.#device = device
    this.#epoch = epoch
  }

  /** The next `count` envelopes. */
  next(count: number): Envelope[] {
    const made = Array.from({ length: count }, (_, i) => {
      const body = bodyOf(this.all.length + i)
      const stream = STREAM_OF_KIND[body.kind]
      const sequence = (this.#sequences.get(stream) ?? 0) + 1
      this.#sequences.set(stream, sequence)
      return sealEnvelope({ device: this.#device, epoch: this.#epoch, sequence }, body)
    })
    this.all.push(...made)
    return made
  }

  /** Everything made so far on one stream. */
  of(stream: StreamName): Envelope[] {
    return this.all.filter((envelope) => envelope.stream === stream)
  }
}
