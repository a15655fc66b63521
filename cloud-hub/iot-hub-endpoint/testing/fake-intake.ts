import type { Acknowledgement, DeviceId, Envelope, StreamName } from '@leadglass/sync-agent/contract'
import { decodeBatch } from '@leadglass/sync-agent/exchange'
import { EndpointError } from '../errors.ts'
import type { BatchIntake, UploadIntake } from '../ports.ts'

/** The inbox in memory: takes sequences without gaps, once each. Its memory outlives the endpoint, as a database does. */
export class FakeIntake implements BatchIntake, UploadIntake {
  /** Everything accepted, by `epoch/stream`, in order of acceptance. */
  readonly accepted = new Map<string, Envelope[]>()
  batches = 0
  duplicates = 0
  refusedPayloads = 0
  /** Batches that came as a file. */
  uploads = 0
  /** The next so many batches are committed, but the connection breaks before anybody is told. */
  breakAfterCommit = 0

  get total(): number {
    return [...this.accepted.values()].reduce((sum, envelopes) => sum + envelopes.length, 0)
  }

  of(stream: StreamName): readonly string[] {
    return (this.accepted.get(`1/${stream}`) ?? []).map((envelope) => envelope.digest)
  }

  async submitUpload(device: DeviceId, payload: Uint8Array): Promise<Acknowledgement> {
    this.uploads += 1
    return this.submitBatch(device, payload)
  }

  async submitBatch(device: DeviceId, payload: Uint8Array): Promise<Acknowledgement> {
    const decoded = decodeBatch(payload)
    if (decoded.kind === 'refused' || decoded.batch.envelopes.some((envelope) => envelope.device !== device)) {
      this.refusedPayloads += 1
      throw new EndpointError('twin-malformed', 'no batch of this device')
    }
    this.batches += 1
    const { epoch, stream } = decoded.range
    const accepted = this.accepted.get(`${epoch}/${stream}`) ?? []
    this.accepted.set(`${epoch}/${stream}`, accepted)
    const refused: Acknowledgement['refused'] = []
    for (const envelope of decoded.batch.envelopes) {
      if (envelope.sequence === accepted.length + 1) accepted.push(envelope)
      else if (envelope.sequence > accepted.length) {
        refused.push({ epoch, stream, sequence: envelope.sequence, code: 'gap' })
      } else this.duplicates += 1
    }
    if (this.breakAfterCommit > 0) {
      this.breakAfterCommit -= 1
      throw new Error('the connection breaks here')
    }
    const watermarks = [{ epoch, stream, sequence: accepted.length }]
    const batch = decoded.batch.batch
    return { schema: 'leadglass.acknowledgement/1', device, batch, watermarks, refused, cosigned: null }
  }
}
