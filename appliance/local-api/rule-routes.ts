import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import {
  activationRequest,
  type HeldList,
  type RuleDifference,
  type RuleHistory,
  type RulesInForce,
  type RuleValidation,
  type RuleVersion,
  ruleDifferenceQuery,
  type SimulationView,
  simulationRequest,
} from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import type { RuleVersionRow } from '../records/index.ts'
import { RulesError } from '../rules/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'

const EVERYONE = ['technologist', 'radiologist', 'site-admin', 'operator'] as const
const ADMINISTRATORS = ['site-admin', 'operator'] as const

/** A rule file, and the few members around it. */
const LARGEST_BODY = { bodyLimit: 524_288 }
const MOST_VERSIONS = 200
const MOST_HELD = 500

/** Rules of the site: what is in force, what another file would do, and who changed what. */
export function ruleRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { rules, records } = context

  server.get('/api/rules', async (request): Promise<RulesInForce> => {
    requireRole(request, context, EVERYONE)
    const row = records.rules.active()
    return row === undefined
      ? { version: null, file: null }
      : { version: versionView(row), file: JSON.parse(row.content) }
  })

  server.get('/api/rules/history', async (request): Promise<RuleHistory> => {
    requireRole(request, context, EVERYONE)
    return { versions: rules.history(MOST_VERSIONS).map(versionView) }
  })

  server.get('/api/rules/difference', async (request): Promise<RuleDifference> => {
    requireRole(request, context, EVERYONE)
    const { from, to } = parse(ruleDifferenceQuery, request.query)
    return { changes: answering(() => [...rules.difference(from, to)]) }
  })

  server.post('/api/rules/validate', LARGEST_BODY, async (request): Promise<RuleValidation> => {
    requireRole(request, context, ADMINISTRATORS)
    const { faults } = rules.validate(request.body)
    return { valid: faults.length === 0, faults: [...faults] }
  })

  server.post('/api/rules/simulate', LARGEST_BODY, async (request): Promise<SimulationView> => {
    requireRole(request, context, ADMINISTRATORS)
    const { file, days } = parse(simulationRequest, request.body)
    const { since, changes, ...figures } = answering(() => rules.simulate(file, days))
    return {
      ...figures,
      since: toIsoInstant(since),
      changes: changes.map((one) => ({
        ...one,
        completedAt: toIsoInstant(one.completedAt),
        members: [...one.members],
        before: { ...one.before, ...namesOf(one.before) },
        after: { ...one.after, ...namesOf(one.after) },
      })),
    }
  })

  server.post('/api/rules/activate', LARGEST_BODY, async (request): Promise<RuleVersion> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const { file, reason } = parse(activationRequest, request.body)
    return versionView(answering(() => rules.activate(file, reason, actorOf(caller))))
  })

  server.get('/api/rules/held', async (request): Promise<HeldList> => {
    requireRole(request, context, EVERYONE)
    return {
      held: records.rules.held(MOST_HELD).map(({ study, revision, rule, decision, completedAt }) => ({
        study,
        revision,
        rule,
        reason: (JSON.parse(decision) as { readonly reason: string | null }).reason,
        completedAt: toIsoInstant(completedAt),
      })),
    }
  })

  server.post('/api/studies/:study/release', async (request): Promise<{ released: true }> => {
    const caller = requireRole(request, context, ['technologist', ...ADMINISTRATORS])
    const { study: name } = request.params as { readonly study: string }
    const study = /^[0-9a-f]{32}$/.test(name) ? records.studies.find(name) : undefined
    if (study === undefined) throw new LocalApiError('not-found')
    answering(() => {
      rules.release(study, actorOf(caller))
    })
    return { released: true }
  })
}

function versionView(row: RuleVersionRow): RuleVersion {
  const { version, digest, author, reason, activatedAt, changes } = row
  return {
    version,
    digest,
    author,
    reason,
    activatedAt: toIsoInstant(activatedAt),
    changes: JSON.parse(changes) as RuleVersion['changes'],
  }
}

type Names = 'all' | readonly string[]

function namesOf(one: { readonly models: Names; readonly destinations: Names }): {
  readonly models: 'all' | string[]
  readonly destinations: 'all' | string[]
} {
  const own = (names: Names): 'all' | string[] => (names === 'all' ? 'all' : [...names])
  return { models: own(one.models), destinations: own(one.destinations) }
}

/** The failures of the rules' room as the interface tells them. */
function answering<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof RulesError) throw new LocalApiError(cause.code)
    throw cause
  }
}
