import { createHash, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
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
  envelopeBody,
  MAX_BATCH_BYTES,
  STREAMS,
  type StreamName,
  sealEnvelope,
} from '@leadglass/sync-agent/contract'
import { rootOfDigests } from '@leadglass/sync-agent/exchange'
import { systemClock } from '@leadglass/sync-agent/foundation'

/** A site of ordinary size, and what one day of it becomes. */
export const STUDIES_A_DAY = 400
const INSTANCES_A_STUDY = 2
const LEAVES_A_STUDY = 6
const LEAVES_A_CHECKPOINT = 60
/** A label for every twentieth study, counts for every tenth, a word about its health every five minutes. */
const STUDIES_A_LABEL = 20
const STUDIES_A_COUNT = 10
const HEALTH_A_STUDY = 288 / STUDIES_A_DAY
const EMBEDDING = 1280
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
  readonly #next: () => number
  #study = 0
  #health = 0

  constructor(device: DeviceId, seed: number, key: KeyObject = generateKeyPairSync('ed25519').privateKey) {
    const origin = `leadglass/${device}/audit`
    this.device = device
    this.auditVerifierKey = encodeVerifierKey(verifierKeyOf(origin, key))
    this.#log = new AuditLog({ origin, store: new MemoryLogStore(), clock: systemClock })
    this.#signer = createNoteSigner(origin, key)
    this.#next = randomNumbers(seed)
  }

  /** Seals what `studies` more studies give, in batches of one stream each. */
  seal(studies: number): SealedWork {
    const bodies = new Map<StreamName, EnvelopeBody[]>(STREAMS.map((stream) => [stream, []]))
    for (let i = 0; i < studies; i++) {
      this.#study += 1
      this.#addStudy(bodies)
    }
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
    const study = this.#pseudonym('study', this.#study)
    for (let i = 0; i < LEAVES_A_STUDY; i++) {
      const { index, leaf } = this.#log.append({
        event: 'log.read',
        actor: { kind: 'system', id: 'simulated' },
        subject: { kind: 'study', id: study },
        outcome: 'success',
      })
      bodies.get('audit')?.push({ kind: 'audit-leaf', index, leaf: Buffer.from(leaf).toString('base64') })
      if (this.#log.size % LEAVES_A_CHECKPOINT === 0) bodies.get('audit')?.push(this.#checkpoint())
    }
    for (let instance = 0; instance < INSTANCES_A_STUDY; instance++) {
      bodies.get('features')?.push(this.#features(study, instance))
    }
    if (this.#study % STUDIES_A_LABEL === 0) bodies.get('labels')?.push(this.#label(study))
    if (this.#study % STUDIES_A_COUNT === 0) bodies.get('drift')?.push(this.#counts())
    for (this.#health += HEALTH_A_STUDY; this.#health >= 1; this.#health--) bodies.get('health')?.push(this.#word())
  }

  #checkpoint(): EnvelopeBody {
    return { kind: 'audit-checkpoint', note: this.#log.checkpoint(this.#signer) }
  }

  #features(study: string, instance: number): EnvelopeBody {
    // As a network's last layer gives them: never negative, a good part zero.
    const values = Float32Array.from({ length: EMBEDDING }, () => Math.max(0, this.#next() * 3 - 1))
    return envelopeBody.parse({
      kind: 'instance-features',
      study,
      patient: this.#pseudonym('patient', this.#study),
      revision: 1,
      instance,
      acquisition: { modality: 'DX', view: 'PA', sex: 'F', ageDecade: 5, month: '2026-07' },
      model: MODEL,
      embedding: Buffer.from(values.buffer).toString('base64'),
      scores: [{ code: 'pneumonia', value: this.#next(), thresholdMilli: 500, above: false }],
      quality: Object.fromEntries(QUALITY.map((name) => [name, this.#next()])),
    })
  }

  #label(study: string): EnvelopeBody {
    return envelopeBody.parse({
      kind: 'study-label',
      label: randomUUID(),
      study,
      patient: this.#pseudonym('patient', this.#study),
      revision: 1,
      finding: 'pneumonia',
      value: 'absent',
      reader: this.#pseudonym('reader', 1),
      blind: true,
    })
  }

  #counts(): EnvelopeBody {
    const cells = Array.from({ length: 10 }, (_, bin) => ({ bin, count: 11 + Math.floor(this.#next() * 50) }))
    return { kind: 'drift-counts', model: MODEL, feature: 'score.pneumonia', month: '2026-07', cells }
  }

  #word(): EnvelopeBody {
    const figures = { 'disk.free-share': this.#next(), 'queue.studies': Math.floor(this.#next() * 20) }
    return {
      kind: 'device-health',
      softwareVersion: '0.1.0',
      models: [{ model: MODEL, state: 'active' }],
      figures,
    }
  }

  #pseudonym(kind: string, number: number): string {
    return createHash('sha256').update(`${this.device}/${kind}/${number}`).digest('hex').slice(0, 32)
  }
}

const MODEL = { name: 'chest-radiograph', version: '1.0.0', digest: 'ab'.repeat(32) }
const QUALITY = ['mean', 'spread', 'noise', 'sharpness', 'clipped-low', 'clipped-high'].map((name) => `quality.${name}`)

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

/** Numbers from 0 to 1 from a seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
