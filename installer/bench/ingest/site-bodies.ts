import { createHash, randomUUID } from 'node:crypto'
import { type EnvelopeBody, envelopeBody } from '@leadglass/sync-agent/contract'

/** A site of ordinary size, and what one day of it becomes. */
export const STUDIES_A_DAY = 400
/** A busy one, around the clock. */
export const BUSY_STUDIES_AN_HOUR = 60
const INSTANCES_A_STUDY = 2
/** Leaves of the audit log that come with a study. */
export const LEAVES_A_STUDY = 6
/** A label for every twentieth study, counts for every tenth, a word about its health every five minutes. */
const STUDIES_A_LABEL = 20
const STUDIES_A_COUNT = 10
const HEALTH_A_STUDY = 288 / STUDIES_A_DAY
/** What a study comes to in all: features, leaves, and its share of the others. */
export const ENVELOPES_A_STUDY =
  INSTANCES_A_STUDY + LEAVES_A_STUDY + 1 / STUDIES_A_LABEL + 1 / STUDIES_A_COUNT + HEALTH_A_STUDY
const EMBEDDING = 1280

const MODEL = { name: 'chest-radiograph', version: '1.0.0', digest: 'ab'.repeat(32) }
const QUALITY = ['mean', 'spread', 'noise', 'sharpness', 'clipped-low', 'clipped-high'].map((name) => `quality.${name}`)

/** What leaves a site for each study besides the leaves of its audit log. The same seed gives the same figures. */
export class SiteBodies {
  readonly #name: string
  readonly #next: () => number
  #study = 0
  #health = 0

  constructor(name: string, seed: number) {
    this.#name = name
    this.#next = randomNumbers(seed)
  }

  /** The bodies of one more study, and its pseudonym. */
  study(): { readonly study: string; readonly bodies: readonly EnvelopeBody[] } {
    this.#study += 1
    const study = this.#pseudonym('study', this.#study)
    const bodies = Array.from({ length: INSTANCES_A_STUDY }, (_, instance) => this.#features(study, instance))
    if (this.#study % STUDIES_A_LABEL === 0) bodies.push(this.#label(study))
    if (this.#study % STUDIES_A_COUNT === 0) bodies.push(this.#counts())
    for (this.#health += HEALTH_A_STUDY; this.#health >= 1; this.#health--) bodies.push(this.#word())
    return { study, bodies }
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
    return createHash('sha256').update(`${this.#name}/${kind}/${number}`).digest('hex').slice(0, 32)
  }
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
