import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import {
  type SettingsHistory,
  type SettingsPlan,
  type SettingsVersionDetail,
  type SettingsView,
  settingsApplication,
  settingsHistoryQuery,
  settingsPlanRequest,
} from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import type { SettingsVersion } from '../records/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'

const ADMINISTRATORS = ['site-admin', 'operator'] as const

/** The settings: shown, planned, applied, and their history; and the conformance statement that follows from them. */
export function settingsRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { desk, statement } = context

  server.get('/api/settings', async (request): Promise<SettingsView> => {
    requireRole(request, context, ADMINISTRATORS)
    const { settings, version, digest, problems, certificates } = desk.view()
    return {
      settings,
      version: version === undefined ? null : versionView(version),
      digest,
      problems: [...problems],
      certificates: certificates.map((one) => ({ ...one, notAfter: toIsoInstant(one.notAfter) })),
    }
  })

  server.post('/api/settings/plan', async (request): Promise<SettingsPlan> => {
    requireRole(request, context, ADMINISTRATORS)
    const judged = await desk.judge(parse(settingsPlanRequest, request.body).settings)
    if (judged.kind === 'invalid')
      return { valid: false, base: judged.base, faults: [...judged.faults], changes: [], remarks: [] }
    const { changes, remarks } = judged.plan
    return { valid: true, base: judged.base, faults: [], changes: [...changes], remarks: [...remarks] }
  })

  server.post('/api/settings', async (request): Promise<{ version: number }> => {
    const author = actorOf(requireRole(request, context, ADMINISTRATORS))
    const { settings, base, acceptRisks } = parse(settingsApplication, request.body)
    const outcome = await desk.apply(settings, base, acceptRisks, author)
    switch (outcome.kind) {
      case 'applied':
        return { version: outcome.version }
      case 'stale':
        throw new LocalApiError('settings-changed')
      case 'invalid':
        throw new LocalApiError('settings-invalid')
      case 'risky':
        throw new LocalApiError('settings-risky')
    }
  })

  server.get('/api/settings/versions', async (request): Promise<SettingsHistory> => {
    requireRole(request, context, ADMINISTRATORS)
    const { limit } = parse(settingsHistoryQuery, request.query)
    return { versions: desk.history(limit).map(versionView) }
  })

  server.get('/api/settings/versions/:version', async (request): Promise<SettingsVersionDetail> => {
    requireRole(request, context, ADMINISTRATORS)
    const { version } = request.params as { readonly version: string }
    const found = /^\d{1,9}$/.test(version) ? desk.version(Number(version)) : undefined
    if (found === undefined) throw new LocalApiError('not-found')
    return { ...versionView(found), content: found.content }
  })

  server.get('/api/conformance', async (request): Promise<{ markdown: string }> => {
    requireRole(request, context, ['technologist', 'radiologist', ...ADMINISTRATORS])
    return { markdown: statement() }
  })
}

function versionView({ version, digest, author, source, at }: SettingsVersion): SettingsHistory['versions'][number] {
  return { version, digest, author, source, at: toIsoInstant(at) }
}
