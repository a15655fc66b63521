import { type ReportCatalogue, reportFramework, reportQuery, type SignedReport } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import { FRAMEWORK_NAMES, FRAMEWORKS } from '../../reports/index.ts'
import { AUDITORS, actorOf, EVERYBODY, type HubRequest, type HubRoute } from '../route.ts'
import type { HubServices } from '../services.ts'
import { findVersion } from './model-routes.ts'

const framed = z.object({ framework: reportFramework })
const versioned = z.object({ name: z.string().min(1).max(64), version: z.string().min(1).max(20) })

/** Compliance reports, as JSON and on paper, each signed and each an entry of the log. They change nothing. */
export function reportRoutes(services: HubServices): HubRoute[] {
  const { reports } = services
  const ofFramework = ({ params, query }: HubRequest) =>
    reports.framework(framed.parse(params).framework, reportQuery.parse(query).period)
  const ofVersion = ({ params, query }: HubRequest) => {
    const { name, version } = versioned.parse(params)
    const { period } = reportQuery.parse(query)
    return reports.version(findVersion(services, name, version), period)
  }
  return [
    {
      method: 'GET',
      url: '/api/reports',
      roles: EVERYBODY,
      handle: async (): Promise<ReportCatalogue> => ({
        frameworks: FRAMEWORK_NAMES.map((framework) => {
          const { title, controls } = FRAMEWORKS[framework]
          return { framework, title, controls: controls.length }
        }),
        versions: services.registry
          .names()
          .flatMap((name) =>
            services.registry.versions(name).map(({ model }) => ({ name: model.name, version: model.version })),
          ),
        verifierKey: reports.verifierKey(),
      }),
    },
    ...both(services, '/api/reports/frameworks/:framework', ofFramework),
    ...both(services, '/api/reports/models/:name/:version', ofVersion),
  ]
}

type Make = (request: HubRequest) => ReturnType<HubServices['reports']['framework']>

/** The two forms of one report. */
function both({ reports }: HubServices, url: string, make: Make): HubRoute[] {
  return [
    {
      method: 'GET',
      url,
      roles: AUDITORS,
      handle: async (request): Promise<SignedReport> => {
        const signed = reports.sign(await make(request))
        reports.recordExport(signed, actorOf(request.caller), 'json')
        return signed
      },
    },
    {
      method: 'GET',
      url: `${url}/paper`,
      roles: AUDITORS,
      handle: async (request) => {
        const report = await make(request)
        const signed = reports.sign(report)
        const { digest } = signed
        const pdf = await reports.paper(report, digest)
        reports.recordExport(signed, actorOf(request.caller), 'pdf')
        void request.reply
          .type('application/pdf')
          .header('content-disposition', `attachment; filename="report-${digest.slice(0, 12)}.pdf"`)
        return Buffer.from(pdf)
      },
    },
  ]
}
