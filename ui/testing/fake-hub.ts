import {
  approvalList,
  auditEntries,
  deviceDetail,
  deviceList,
  driftList,
  hubRole,
  hubSession,
  modelList,
  trainingRunList,
  versionDetail,
} from '../contract/hub-api.ts'
import { FakeFailure, type FakeRoute, FakeService } from './fake-service.ts'
import { seedAudit, seedDeviceDetail, seedDevices, seedDrift, seedRuns } from './seeds/hub-fleet.ts'
import { seedApprovals, seedVersion, seedVersions } from './seeds/hub-registry.ts'

/** A hub without broker, lake or keys: its API with seeds, for the tests of its pages. */
export class FakeHub {
  readonly service: FakeService
  /** Nothing has ever arrived. */
  empty = false

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
      list(/^\/api\/training-runs$/, () => trainingRunList.parse({ runs: unlessEmpty(seedRuns()) })),
      list(/^\/api\/drift$/, () => driftList.parse({ features: unlessEmpty(seedDrift().features) })),
      list(/^\/api\/audit\/entries$/, (query) => {
        const log = seedAudit(query.get('log') ?? 'hub')
        return auditEntries.parse(this.empty ? { ...log, size: 0, entries: [] } : log)
      }),
      {
        method: 'GET',
        path: /^\/api\/devices\/([^/]+)$/,
        answer: ({ params }) => deviceDetail.parse(found(this.empty ? undefined : seedDeviceDetail(params[0] ?? ''))),
      },
      {
        method: 'GET',
        path: /^\/api\/models\/([^/]+)\/versions\/([^/]+)$/,
        answer: ({ params }) =>
          versionDetail.parse(found(this.empty ? undefined : seedVersion(params[0] ?? '', params[1] ?? ''))),
      },
    ]
  }
}

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new FakeFailure(404, 'not-found')
  return value
}
