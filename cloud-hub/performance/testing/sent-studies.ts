import type {
  DeviceId,
  EnvelopeBody,
  InstanceFeatures,
  ModelReference,
  PatientPseudonym,
  PersonPseudonym,
  StudyLabel,
  StudyPseudonym,
} from '@leadglass/sync-agent/contract'
import { parsePayload } from '../../ingest/index.ts'
import { featuresBody, payloadOf, pseudonym, sealAll } from '../../testing/device.ts'
import type { HubCore } from '../../testing/hub-core.ts'
import type { LabelledCase } from '../figures.ts'

const THRESHOLD_MILLI = 500
const FINDING = 'pneumonia'

/** Sends studies and labels of one box as its agent would: each stream counted, each envelope taken by the inbox. */
export class StudySender {
  readonly #core: HubCore
  readonly #device: DeviceId
  readonly #model: ModelReference
  #studies = 0
  #labels = 0

  constructor(core: HubCore, device: DeviceId, model: ModelReference) {
    this.#core = core
    this.#device = device
    this.#model = model
  }

  /**
   * Sends the scores of studies, one instance each, and where asked what a reader said of them.
   * @param facts of the acquisition of each, by its place in the list.
   */
  async send(
    cases: readonly LabelledCase[],
    how: {
      readonly labelled: boolean
      readonly blind?: boolean
      readonly facts?: (place: number) => Partial<InstanceFeatures['acquisition']>
    },
  ): Promise<void> {
    const first = this.#studies
    const names = cases.map((_, place) => ({
      study: pseudonym<StudyPseudonym>(`${this.#device} study ${first + place}`),
      patient: pseudonym<PatientPseudonym>(`${this.#device} patient ${first + place}`),
    }))
    const features = cases.map(({ score }, place): InstanceFeatures => {
      const body = featuresBody(0)
      const above = score >= THRESHOLD_MILLI / 1000
      return {
        ...body,
        ...names[place],
        model: this.#model,
        acquisition: { ...body.acquisition, ...how.facts?.(place) },
        scores: [{ code: FINDING, value: score, thresholdMilli: THRESHOLD_MILLI, above }],
      }
    })
    await this.#commit(features, this.#studies)
    this.#studies += features.length
    if (!how.labelled) return
    const labels = cases.map(
      ({ label }, place): StudyLabel => ({
        kind: 'study-label',
        label: crypto.randomUUID(),
        study: names[place]?.study ?? pseudonym<StudyPseudonym>('none'),
        patient: names[place]?.patient ?? pseudonym<PatientPseudonym>('none'),
        revision: 1,
        finding: FINDING,
        value: label === 1 ? 'present' : 'absent',
        reader: pseudonym<PersonPseudonym>('reader'),
        blind: how.blind ?? true,
      }),
    )
    await this.#commit(labels, this.#labels)
    this.#labels += labels.length
  }

  async #commit(bodies: readonly EnvelopeBody[], sent: number): Promise<void> {
    const size = 100
    for (let from = 0; from < bodies.length; from += size) {
      const envelopes = sealAll(this.#device, bodies.slice(from, from + size), sent + from + 1)
      this.#core.inbox.commit([await parsePayload(this.#device, payloadOf(envelopes))])
    }
  }
}
