import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { DeviceStatus, LocalModelList } from '@leadglass/ui/contract/local-api'
import { z } from 'zod'
import { ACTIVATION_STATES } from '../activation/index.ts'
import type { ActivationRow, ModelRow, Records } from '../records/index.ts'
import type { LocalApiContext } from './context.ts'
import { destinationStates } from './delivery-views.ts'
import { scoringView } from './scoring-view.ts'
import { instantOrNull } from './views.ts'

const MOST_ALARMS = 200

/** What the device says about itself and its link. */
export async function deviceStatusOf(context: LocalApiContext): Promise<DeviceStatus> {
  const { records, facts, freeSpace, agentStatus, clock } = context
  const work = records.revisions.openWork()
  const pressure = freeSpace.state()
  const counts = records.results.counts()
  const sum = (state: 'pending' | 'dead'): number =>
    counts.filter((row) => row.state === state).reduce((total, row) => total + row.count, 0)
  const agent = await agentStatus.read()
  const link = agent.kind === 'value' ? agent.value : undefined
  return {
    device: facts.device,
    softwareVersion: facts.softwareVersion,
    aeTitle: facts.aeTitle,
    dimsePort: facts.dimsePort(),
    startedAt: toIsoInstant(facts.startedAt),
    dimseTlsPort: facts.dimseTlsPort() === 0 ? null : facts.dimseTlsPort(),
    disk: { ...freeSpace.figures(), low: freeSpace.isLow() },
    pressure: {
      level: pressure.level,
      causes: [...pressure.causes],
      since: toIsoInstant(pressure.since),
      freeInodesPercent: pressure.measured.freeInodesPercent,
    },
    settingsProblems: [...context.desk.problems()],
    deploymentAlarms: records.deployments
      .open()
      .filter(({ state }) => state === 'stopped')
      .map(({ name, version, reason }) => ({ name, version, reason: reason ?? '' })),
    leakAlarms: records.leaks.open(MOST_ALARMS).map(({ alarmId, firstAt, lastAt, ...alarm }) => ({
      ...alarm,
      alarm: alarmId,
      firstAt: toIsoInstant(firstAt),
      lastAt: toIsoInstant(lastAt),
    })),
    queues: {
      receiving: work.receiving,
      queued: work.queued,
      running: work.running,
      deliveriesPending: sum('pending'),
      deliveriesDead: sum('dead'),
      unacknowledged: records.egress
        .counters()
        .reduce((total, counter) => total + counter.lastSequence - counter.acknowledged, 0),
    },
    deliveries: destinationStates(context),
    blockedResults: records.deliveries.blocked(),
    oldestWaitingSeconds: work.oldestQueuedAt === null ? null : Math.max(0, (clock.now() - work.oldestQueuedAt) / 1000),
    totals: records.studies.totals(),
    keys: { placement: await context.keyPlacement() },
    ...(context.scoringStatus === undefined ? {} : { scoring: scoringView(context.scoringStatus()) }),
    link: {
      state: link === undefined ? 'unknown' : link.link === 'up' ? 'connected' : 'disconnected',
      at: link?.at ?? null,
      lastAcknowledgementAt: link?.lastAcknowledgementAt ?? null,
      lastErrorCode: link?.lastError?.code ?? null,
    },
  }
}

const storedApprovals = z.array(z.object({ person: z.string(), role: z.string() }))

/** Why a version does not run: a recall goes before what somebody here decided, since nobody here can lift it. */
function haltOf({ halts }: Pick<Records, 'halts'>, { digest, name, state }: ModelRow): ModelView['halted'] {
  const recall = halts.recalls().find((one) => one.digest === digest)
  if (recall !== undefined) {
    return { kind: 'recalled', reason: recall.reason, by: recall.person, at: recall.recalledAt }
  }
  const stop = state === 'active' ? halts.stopOf(name) : undefined
  if (stop === undefined) return null
  return { kind: 'stopped-at-site', reason: stop.reason, by: stop.stoppedBy, at: toIsoInstant(stop.stoppedAt) }
}

function activationView(row: ActivationRow | undefined): ModelView['activation'] {
  if (row === undefined) return null
  const state = ACTIVATION_STATES.find((one) => one === row.state)
  return state === undefined ? null : { state, attempts: row.attempts, reason: row.reason }
}

type ModelView = LocalModelList['models'][number]

/** Models in use, kept and refused, and what came in kits and was refused before it was a model. */
export function modelListOf({ records, library }: LocalApiContext): LocalModelList {
  const activations = new Map(records.activations.all().map((row) => [row.digest, row]))
  const active = new Map(library.active().map((one) => [one.digest as string, one.manifest]))
  const known = records.models.all().map((row): LocalModelList['models'][number] => {
    const offered = row.state === 'staged' ? library.offered(row.digest) : undefined
    const manifest = active.get(row.digest) ?? offered?.manifest
    return {
      model: { name: row.name, version: row.version, digest: row.digest },
      state: row.state,
      message: row.message,
      releaseCounter: row.releaseCounter,
      halted: haltOf(records, row),
      activation: activationView(activations.get(row.digest)),
      waitsForSite: offered !== undefined,
      approvals: storedApprovals.parse(JSON.parse(row.approvals)),
      title: manifest?.title ?? null,
      intendedUse: manifest?.intendedUse ?? null,
      outputs:
        manifest?.outputs.map(({ code, title, operatingPoint }) => ({
          code,
          title,
          thresholdMilli: operatingPoint.thresholdMilli,
        })) ?? [],
      changedAt: toIsoInstant(row.changedAt),
    }
  })
  const refused = records.models.refusedKits()
  const releases = refused.flatMap(({ path, message, refusedAt }): LocalModelList['models'] => {
    const [name, version] = path.split('@')
    if (name === undefined || version === undefined) return []
    return [
      {
        model: { name, version, digest: '' },
        state: 'refused',
        message,
        releaseCounter: 0,
        halted: null,
        activation: null,
        waitsForSite: false,
        approvals: [],
        title: null,
        intendedUse: null,
        outputs: [],
        changedAt: toIsoInstant(refusedAt),
      },
    ]
  })
  return {
    models: [...known, ...releases],
    refused: refused.map(({ code, message, path, refusedAt }) => ({
      code,
      message,
      path,
      at: instantOrNull(refusedAt) ?? '',
    })),
  }
}
