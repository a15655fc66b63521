import { randomUUID } from 'node:crypto'
import {
  type DestinationList,
  deploymentList,
  destinationList,
  deviceStatus,
  egressList,
  egressQuery,
  heldBatchDetail,
  heldBatchList,
  heldDecision,
  heldRefusalRequest,
  heldReleaseRequest,
  type LabelDetail,
  type LabelRequest,
  type LocalModelList,
  labelDetail,
  labelRequest,
  leakSettled,
  localModelList,
  localRole,
  localSession,
  modelStopRequest,
  type PixelReviewView,
  quarantineList,
  replayAnswer,
  replayRequest,
  type StudySummary,
  studyDetail,
  studyEgress,
  studyEvent,
  studyList,
  studyQuery,
} from '../contract/local-api.ts'
import { FakeFailure, type FakeRoute, FakeService } from './fake-service.ts'
import { hex, minutesAgo } from './seeds/common.ts'
import { seedDeployments } from './seeds/deployments.ts'
import { seedDestinations, seedDevice, seedEgress, seedModels, seedQuarantine } from './seeds/device.ts'
import { HeldSeeds, seedStudyEgress } from './seeds/egress.ts'
import { enrolmentRoutes } from './seeds/enrolment.ts'
import { explanationRoutes } from './seeds/explanations.ts'
import { pixelRoutes, seedReviews } from './seeds/pixels.ts'
import { seedStudies } from './seeds/studies.ts'
import { detailOf } from './seeds/study-detail.ts'

/** An appliance without DICOM, models or disk: its local API with seeds, for the console's tests. */
export class FakeAppliance {
  readonly service: FakeService
  /** Bodies of the labels that were posted, in order. */
  readonly labelled: LabelRequest[] = []
  #studies: StudySummary[] = seedStudies()
  #isLeakSettled = false
  #destinations: DestinationList = seedDestinations(this.#studies)
  readonly #labels: LabelDetail[] = []
  readonly #held = new HeldSeeds(this.#studies)
  readonly #reviews: PixelReviewView[] = seedReviews()
  #empty = false
  /** What the radiologist of a test stopped. */
  #halted: LocalModelList['models'][number]['halted'] = null

  /** @param pagesFolder the built console. */
  constructor(pagesFolder: string) {
    this.service = new FakeService({
      pagesFolder,
      routes: this.#routes(),
      session: (account) => {
        const role = localRole.safeParse(account)
        if (!role.success) return undefined
        return localSession.parse({ account, role: role.data, person: hex(account, 32), expiresAt: null })
      },
    })
  }

  /** Nothing has ever arrived. */
  set empty(empty: boolean) {
    this.#empty = empty
  }

  get studies(): readonly StudySummary[] {
    return this.#empty ? [] : this.#studies
  }

  /** A study arrives or changes; open pages are told, as the appliance tells them. */
  put(study: StudySummary): void {
    this.#studies = [study, ...this.#studies.filter((known) => known.study !== study.study)]
    const { state, revision } = study
    this.service.send('study', studyEvent.parse({ study: study.study, state, revision }))
  }

  #routes(): FakeRoute[] {
    return [
      ...pixelRoutes(() => (this.#empty ? [] : this.#reviews)),
      ...explanationRoutes(() => this.studies),
      ...enrolmentRoutes(() => this.#empty),
      { method: 'GET', path: /^\/api\/studies$/, answer: ({ query }) => studyList.parse(this.#list(query)) },
      {
        method: 'GET',
        path: /^\/api\/studies\/([0-9a-f]{32})$/,
        answer: ({ params }) => studyDetail.parse(this.#detail(params[0])),
      },
      {
        method: 'POST',
        path: /^\/api\/studies\/([0-9a-f]{32})\/label$/,
        answer: ({ params, body, account }) => {
          if (!['radiologist', 'operator'].includes(account)) throw new FakeFailure(403, 'not-allowed')
          return labelDetail.parse(this.#label(params[0] ?? '', labelRequest.parse(body), account))
        },
      },
      {
        method: 'GET',
        path: /^\/api\/quarantine$/,
        answer: () => quarantineList.parse(this.#empty ? { entries: [] } : seedQuarantine(this.#studies)),
      },
      { method: 'GET', path: /^\/api\/egress$/, answer: ({ query }) => egressList.parse(this.#egress(query)) },
      {
        method: 'GET',
        path: /^\/api\/egress\/held$/,
        answer: () => heldBatchList.parse(this.#held.list(this.#empty)),
      },
      {
        method: 'GET',
        path: /^\/api\/egress\/held\/([^/]+)$/,
        answer: ({ params }) => heldBatchDetail.parse(this.#held.detail(params[0] ?? '')),
      },
      {
        method: 'POST',
        path: /^\/api\/egress\/held\/([^/]+)\/release$/,
        answer: ({ params, body, account }) => {
          if (account !== 'site-admin') throw new FakeFailure(403, 'not-allowed')
          const { digest } = heldReleaseRequest.parse(body)
          return heldDecision.parse(this.#held.decide(params[0] ?? '', digest, 'released', null))
        },
      },
      {
        method: 'POST',
        path: /^\/api\/egress\/held\/([^/]+)\/refuse$/,
        answer: ({ params, body, account }) => {
          if (account !== 'site-admin') throw new FakeFailure(403, 'not-allowed')
          const { digest, reason } = heldRefusalRequest.parse(body)
          return heldDecision.parse(this.#held.decide(params[0] ?? '', digest, 'refused', reason))
        },
      },
      {
        method: 'GET',
        path: /^\/api\/egress\/studies\/([0-9a-f]{32})$/,
        answer: ({ params }) => {
          const summary = this.studies.find(({ study }) => study === params[0])
          if (summary === undefined) throw new FakeFailure(404, 'not-found')
          return studyEgress.parse(seedStudyEgress(summary))
        },
      },
      {
        method: 'GET',
        path: /^\/api\/deployments$/,
        answer: () =>
          deploymentList.parse(
            this.#empty ? { models: [], candidates: [], alarms: 0, history: [] } : seedDeployments(),
          ),
      },
      {
        method: 'GET',
        path: /^\/api\/models$/,
        answer: () => this.#models(),
      },
      {
        method: 'POST',
        path: /^\/api\/models\/([^/]+)\/(stop|start)$/,
        answer: ({ params, body, account }) => {
          const { reason } = modelStopRequest.parse(body)
          const at = '2026-11-20T08:00:00.000Z'
          this.#halted = params[1] === 'stop' ? { kind: 'stopped-at-site', reason, by: account, at } : null
          return this.#models()
        },
      },
      {
        method: 'GET',
        path: /^\/api\/device$/,
        answer: () => deviceStatus.parse({ ...seedDevice(), ...(this.#isLeakSettled && { leakAlarms: [] }) }),
      },
      {
        method: 'POST',
        path: /^\/api\/leaks\/1\/settle$/,
        answer: () => {
          this.#isLeakSettled = true
          return leakSettled.parse({ settled: true })
        },
      },
      {
        method: 'GET',
        path: /^\/api\/destinations$/,
        answer: () => destinationList.parse(this.#empty ? { destinations: [] } : this.#destinations),
      },
      {
        method: 'POST',
        path: /^\/api\/destinations\/([^/]+)\/replay$/,
        answer: ({ params, body }) => {
          replayRequest.parse(body)
          return replayAnswer.parse({ replayed: this.#replay(params[0]) })
        },
      },
    ]
  }

  #list(query: URLSearchParams): unknown {
    const { state, search, limit, before } = studyQuery.parse(Object.fromEntries(query))
    const wanted = search?.toLowerCase()
    const found = this.studies.filter(
      (study) =>
        (state === undefined || study.state === state) &&
        (wanted === undefined ||
          [study.patientName, study.patientId, study.accessionNumber].some((text) =>
            text.toLowerCase().includes(wanted),
          )),
    )
    const begin = before === undefined ? 0 : Number(before.split('-')[1])
    const counts: Record<string, number> = {}
    for (const study of this.studies) counts[study.state] = (counts[study.state] ?? 0) + 1
    return {
      studies: found.slice(begin, begin + limit),
      next: begin + limit < found.length ? `0-${begin + limit}` : null,
      counts,
    }
  }

  #detail(name: string | undefined): unknown {
    const summary = this.studies.find(({ study }) => study === name)
    if (summary === undefined) throw new FakeFailure(404, 'not-found')
    return detailOf(
      summary,
      this.#labels.filter(({ study }) => study === name),
    )
  }

  #label(study: string, request: LabelRequest, account: string): LabelDetail {
    this.labelled.push(request)
    const label = { label: randomUUID(), study, revision: 1, ...request, reader: hex(account, 32), at: minutesAgo(0) }
    this.#labels.push(label)
    return label
  }

  #egress(query: URLSearchParams): unknown {
    const { study, limit } = egressQuery.parse(Object.fromEntries(query))
    const all = seedEgress(this.#studies)
    if (this.#empty) return { ...all, streams: [], envelopes: [], heldCells: 0, heldCounts: 0 }
    const envelopes = all.envelopes.filter((envelope) => study === undefined || envelope.study === study)
    return { ...all, envelopes: envelopes.slice(0, limit) }
  }

  #replay(name: string | undefined): number {
    const found = this.#destinations.destinations.find((destination) => destination.name === name)
    if (found === undefined) throw new FakeFailure(404, 'not-found')
    const replayed = found.dead.length
    this.#destinations = {
      destinations: this.#destinations.destinations.map((one) =>
        one === found ? { ...one, dead: [], pending: one.pending + replayed } : one,
      ),
    }
    return replayed
  }

  #models(): LocalModelList {
    if (this.#empty) return { models: [], refused: [] }
    const { models, refused } = seedModels()
    const shown = models.map((one) => (one.state === 'active' ? { ...one, halted: this.#halted } : one))
    return localModelList.parse({ models: shown, refused })
  }
}
