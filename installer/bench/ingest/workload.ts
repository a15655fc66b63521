import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import {
  AuditLog,
  createNoteSigner,
  encodeVerifierKey,
  MemoryLogStore,
  type NoteSigner,
  verifierKeyOf,
} from '@leadglass/sync-agent/audit-log'
import {
  type DeviceId,
  type Envelope,
  type EnvelopeBody,
  MAX_BATCH_BYTES,
  STREAM_OF_KIND,
  STREAMS,
  type StreamName,
  sealEnvelope,
} from '@leadglass/sync-agent/contract'
import { rootOfDigests } from '@leadglass/sync-agent/exchange'
import { systemClock } from '@leadglass/sync-agent/foundation'
import { LEAVES_A_STUDY, SiteBodies } from './site-bodies.ts'

const LEAVES_A_CHECKPOINT = 60
/** Room for the outer form of a batch. */
const BATCH_ROOM = MAX_BATCH_BYTES - 200
const MOST_IN_A_BATCH = 2000

/** A batch as it travels, and how many envelopes it has. */
export interface SealedBatch {
  readonly batch: string
  readonly payload: Buffer
  readonly envelopes: number
}

/** What one box has sealed over its life. */
export interface SealedWork {
  /** In the order in which an agent sends: by priority of the stream. */
  readonly batches: readonly SealedBatch[]
  readonly byKind: Readonly<Record<string, number>>
}

/** A box: its log, its counters and the digests of everything that it sealed. */
export class SimulatedBox {
  readonly device: DeviceId
  readonly auditVerifierKey: string
  readonly #log: AuditLog
  readonly #signer: NoteSigner
  readonly #digests = new Map<StreamName, string[]>()
  readonly #bodies: SiteBodies

  constructor(device: DeviceId, seed: number, key: KeyObject = generateKeyPairSync('ed25519').privateKey) {
    const origin = `leadglass/${device}/audit`
    this.device = device
    this.auditVerifierKey = encodeVerifierKey(verifierKeyOf(origin, key))
    this.#log = new AuditLog({ origin, store: new MemoryLogStore(), clock: systemClock })
    this.#signer = createNoteSigner(origin, key)
    this.#bodies = new SiteBodies(device, seed)
  }

  /** Seals what `studies` more studies give, in batches of one stream each. */
  seal(studies: number): SealedWork {
    const bodies = new Map<StreamName, EnvelopeBody[]>(STREAMS.map((stream) => [stream, []]))
    for (let i = 0; i < studies; i++) this.#addStudy(bodies)
    bodies.get('audit')?.push(this.#checkpoint())
    const byKind: Record<string, number> = {}
    const batches = STREAMS.flatMap((stream) => {
      const sealed = (bodies.get(stream) ?? []).map((body) => {
        byKind[body.kind] = (byKind[body.kind] ?? 0) + 1
        return this.#sealOne(stream, body)
      })
      return cut(sealed)
    })
    return { batches, byKind }
  }

  /** Root over everything sealed so far, as the hub recomputes it from its effects. */
  root(): { readonly device: DeviceId; readonly envelopes: number; readonly root: string } {
    const digests = STREAMS.flatMap((stream) => this.#digests.get(stream) ?? [])
    return { device: this.device, envelopes: digests.length, root: rootOfDigests(digests) }
  }

  #sealOne(stream: StreamName, body: EnvelopeBody): Envelope {
    const digests = this.#digests.get(stream) ?? []
    const sealed = sealEnvelope({ device: this.device, epoch: 1, sequence: digests.length + 1 }, body)
    digests.push(sealed.digest)
    this.#digests.set(stream, digests)
    return sealed
  }

  #addStudy(bodies: ReadonlyMap<StreamName, EnvelopeBody[]>): void {
    const one = this.#bodies.study()
    for (let i = 0; i < LEAVES_A_STUDY; i++) {
      const { index, leaf } = this.#log.append({
        event: 'log.read',
        actor: { kind: 'system', id: 'simulated' },
        subject: { kind: 'study', id: one.study },
        outcome: 'success',
      })
      bodies.get('audit')?.push({ kind: 'audit-leaf', index, leaf: Buffer.from(leaf).toString('base64') })
      if (this.#log.size % LEAVES_A_CHECKPOINT === 0) bodies.get('audit')?.push(this.#checkpoint())
    }
    for (const body of one.bodies) bodies.get(STREAM_OF_KIND[body.kind])?.push(body)
  }

  #checkpoint(): EnvelopeBody {
    return { kind: 'audit-checkpoint', note: this.#log.checkpoint(this.#signer) }
  }
}

/** Cuts envelopes of one stream into batches below the limit of the wire. */
function cut(envelopes: readonly Envelope[]): SealedBatch[] {
  const batches: SealedBatch[] = []
  let texts: string[] = []
  let bytes = 0
  const close = (): void => {
    if (texts.length === 0) return
    const batch = randomUUID()
    const json = `{"schema":"leadglass.batch/1","batch":"${batch}","envelopes":[${texts.join(',')}]}`
    batches.push({ batch, payload: gzipSync(json, { level: 1 }), envelopes: texts.length })
    texts = []
    bytes = 0
  }
  for (const envelope of envelopes) {
    const text = JSON.stringify(envelope)
    if (bytes + text.length + 1 > BATCH_ROOM || texts.length === MOST_IN_A_BATCH) close()
    texts.push(text)
    bytes += text.length + 1
  }
  close()
  return batches
}
