import {
  approvalList,
  approvalSummary,
  approvalTimeline,
  auditMatches,
  cardView,
  deviceDetail,
  deviceList,
  deviceState,
  driftAlertList,
  driftList,
  evaluationView,
  hubRole,
  hubSession,
  lineageView,
  modelList,
  type SavedViewList,
  savedView,
  savedViewList,
  signingAlarmList,
  signingKeyList,
  trainingRunList,
  versionComparison,
  versionDetail,
} from '../contract/hub-api.ts'
import { FakeFailure, type FakeRoute, FakeService } from './fake-service.ts'
import { seedCard, seedComparison, seedLineage } from './seeds/hub-cards.ts'
import { seedDrift, seedDriftAlerts } from './seeds/hub-drift.ts'
import { enrolmentRoutes, WishSeeds } from './seeds/hub-enrolment.ts'
import { EVALUATION_VIEW } from './seeds/hub-evaluations.ts'
import { seedAudit, seedDeviceDetail, seedDevices, seedRuns } from './seeds/hub-fleet.ts'
import { lakeRoutes } from './seeds/hub-lake.ts'
import { monitoringRoutes } from './seeds/hub-monitoring.ts'
import {
  seedApprovals,
  seedKeys,
  seedSigningAlarms,
  seedTimeline,
  seedVersion,
  seedVersions,
} from './seeds/hub-registry.ts'
import { reportRoutes } from './seeds/hub-reports.ts'
import { rolloutRoutes } from './seeds/hub-rollouts.ts'
import { trainingRoutes } from './seeds/hub-training.ts'

/** A hub without broker, lake or keys: its API with seeds, for the tests of its pages. */
export class FakeHub {
  readonly service: FakeService
  /** Nothing has ever arrived. */
  empty = false
  /** What the accounts have saved. */
  readonly #wishes = new WishSeeds()
  #driftAlerts = seedDriftAlerts().alerts
  readonly #views = new Map<string, SavedViewList['views']>()

  /** @param pagesFolder the built pages of the hub. */
  constructor(pagesFolder: string) {
    this.service = new FakeService({
      pagesFolder,
      routes: this.#routes(),
      session: (account) => {
        const role = hubRole.safeParse(account)
        return role.success ? hubSession.parse({ account, role: role.data }) : undefined
      },
    })
  }

  #routes(): FakeRoute[] {
    const list = (path: RegExp, answer: (query: URLSearchParams) => unknown): FakeRoute => ({
      method: 'GET',
      path,
      answer: ({ query }) => answer(query),
    })
    const unlessEmpty = <Row>(rows: Row[]): Row[] => (this.empty ? [] : rows)
    return [
      list(/^\/api\/devices$/, () => deviceList.parse({ devices: unlessEmpty(seedDevices()) })),
      list(/^\/api\/models$/, () => modelList.parse({ versions: unlessEmpty(seedVersions()) })),
      list(/^\/api\/approvals$/, () => approvalList.parse({ approvals: unlessEmpty(seedApprovals()) })),
      list(/^\/api\/signing-alarms$/, () => signingAlarmList.parse({ alarms: unlessEmpty(seedSigningAlarms()) })),
      list(/^\/api\/signing-keys$/, () => signingKeyList.parse({ keys: unlessEmpty(seedKeys()) })),
      {
        method: 'GET',
        path: /^\/api\/approvals\/([^/]+)$/,
        answer: ({ params }) => approvalSummary.parse(found(seedApprovals().find((one) => one.approval === params[0]))),
      },
      {
        method: 'GET',
        path: /^\/api\/approvals\/([^/]+)\/timeline$/,
        answer: ({ params }) => approvalTimeline.parse(seedTimeline(params[0] ?? '')),
      },
      ...rolloutRoutes(() => this.empty),
      ...reportRoutes(() => this.empty),
      list(/^\/api\/training-runs$/, () => trainingRunList.parse({ runs: unlessEmpty(seedRuns()) })),
      ...lakeRoutes(() => this.empty),
      ...trainingRoutes(() => this.empty),
      list(/^\/api\/drift$/, () =>
        driftList.parse({ features: unlessEmpty(seedDrift().features), groups: unlessEmpty(seedDrift().groups) }),
      ),
      list(/^\/api\/drift\/alerts$/, () => driftAlertList.parse({ alerts: unlessEmpty(this.#driftAlerts) })),
      {
        method: 'POST',
        path: /^\/api\/drift\/alerts\/([^/]+)\/settle$/,
        answer: ({ params: [alert = ''] }) => {
          this.#driftAlerts = this.#driftAlerts.filter((one) => one.alert !== alert)
          return { alert }
        },
      },
      ...monitoringRoutes(() => this.empty),
      ...this.#auditRoutes(),
      ...enrolmentRoutes(() => this.empty, this.#wishes),
      {
        method: 'GET',
        path: /^\/api\/devices\/([^/]+)$/,
        answer: ({ params }) => deviceDetail.parse(found(this.empty ? undefined : seedDeviceDetail(params[0] ?? ''))),
      },
      {
        method: 'GET',
        path: /^\/api\/devices\/([^/]+)\/state$/,
        answer: ({ params: [device = ''] }) => deviceState.parse(this.#wishes.state(device)),
      },
      list(/^\/api\/(?:models\/[^/]+\/versions|training-runs)\/[^/]+\/evaluation$/, () =>
        evaluationView.parse(EVALUATION_VIEW),
      ),
      {
        method: 'GET',
        path: /^\/api\/models\/([^/]+)\/versions\/([^/]+)\/card$/,
        answer: ({ params }) => cardView.parse(found(seedCard(params[0] ?? '', params[1] ?? ''))),
      },
      {
        method: 'GET',
        path: /^\/api\/models\/([^/]+)\/versions\/([^/]+)\/lineage$/,
        answer: ({ params }) => lineageView.parse(found(seedLineage(params[0] ?? '', params[1] ?? ''))),
      },
      list(/^\/api\/models\/([^/]+)\/comparison$/, () => versionComparison.parse(seedComparison())),
      {
        method: 'GET',
        path: /^\/api\/models\/([^/]+)\/versions\/([^/]+)$/,
        answer: ({ params }) =>
          versionDetail.parse(found(this.empty ? undefined : seedVersion(params[0] ?? '', params[1] ?? ''))),
      },
    ]
  }

  #auditRoutes(): FakeRoute[] {
    const views = (account: string): SavedViewList => savedViewList.parse({ views: this.#views.get(account) ?? [] })
    return [
      {
        method: 'GET',
        path: /^\/api\/audit\/search$/,
        answer: ({ query }) => {
          const log = seedAudit(query.get('log') ?? 'hub')
          const event = query.get('event')
          const entries = log.entries.filter((one) => event === null || JSON.stringify(one.event).includes(`"${event}`))
          if (query.has('after')) return auditMatches.parse({ entries: entries.slice(0, 3), next: null, waiting: 0 })
          return auditMatches.parse(this.empty ? { entries: [], next: null, waiting: 0 } : { ...log, entries })
        },
      },
      { method: 'GET', path: /^\/api\/audit\/views$/, answer: ({ account }) => views(account) },
      {
        method: 'POST',
        path: /^\/api\/audit\/views$/,
        answer: ({ account, body }) => {
          const saved = { ...savedView.parse(body), savedAt: new Date(0).toISOString() }
          const others = views(account).views.filter(({ name }) => name !== saved.name)
          this.#views.set(account, [...others, saved])
          return views(account)
        },
      },
      {
        method: 'DELETE',
        path: /^\/api\/audit\/views\/([^/]+)$/,
        answer: ({ account, params }) => {
          this.#views.set(
            account,
            views(account).views.filter(({ name }) => name !== params[0]),
          )
          return views(account)
        },
      },
      { method: 'GET', path: /^\/api\/audit\/archive$/, answer: () => ({ archive: 'of the fake hub' }) },
      {
        method: 'GET',
        path: /^\/api\/audit\/proof\/(\d+)$/,
        answer: ({ params }) => ({ proof: `c2sp.org/tlog-proof@v1\nindex ${params[0]}\n` }),
      },
    ]
  }
}

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new FakeFailure(404, 'not-found')
  return value
}
