import type { DeviceHealth } from '@leadglass/sync-agent/contract'
import type { Records } from '../records/index.ts'

const MEBIBYTE = 1_048_576

/** What the box says about itself each minute: the models it really runs, and figures. Nothing in it is about a study. */
export function deviceHealthOf(
  records: Pick<
    Records,
    'models' | 'halts' | 'revisions' | 'results' | 'studies' | 'egress' | 'heldEgress' | 'leaks' | 'sync'
  >,
  facts: {
    readonly softwareVersion: string
    readonly freeBytes: number
    readonly totalBytes: number
    readonly startedAt: number
    readonly now: number
  },
): DeviceHealth {
  const work = records.revisions.openWork()
  const totals = records.studies.totals()
  const deliveries = records.results.counts()
  const sum = (state: 'pending' | 'dead'): number =>
    deliveries.filter((row) => row.state === state).reduce((total, row) => total + row.count, 0)
  const unacknowledged = records.egress
    .counters()
    .reduce((total, counter) => total + counter.lastSequence - counter.acknowledged, 0)
  return {
    kind: 'device-health',
    softwareVersion: facts.softwareVersion,
    models: records.models
      .all()
      .filter((row) => row.state !== 'retained')
      .slice(0, 64)
      .map(({ name, version, digest, state }) => ({
        model: { name, version, digest },
        // What is recalled or stopped does not run, whatever place it has.
        state:
          (state === 'active' || state === 'staged') && records.halts.haltOf({ name, digest }) === undefined
            ? state
            : 'refused',
      })),
    figures: {
      'disk.free-mebibytes': Math.floor(facts.freeBytes / MEBIBYTE),
      'disk.total-mebibytes': Math.floor(facts.totalBytes / MEBIBYTE),
      'studies.receiving': work.receiving,
      'studies.queued': work.queued,
      'studies.running': work.running,
      'studies.oldest-queued-seconds':
        work.oldestQueuedAt === null ? 0 : Math.max(0, Math.round((facts.now - work.oldestQueuedAt) / 1000)),
      'instances.accepted': totals.instances,
      'instances.quarantined': totals.quarantined,
      'deliveries.pending': sum('pending'),
      'deliveries.dead': sum('dead'),
      'envelopes.unacknowledged': unacknowledged,
      'envelopes.turned-away': records.sync.rejections().reduce((total, row) => total + row.bodies, 0),
      'envelopes.held': records.heldEgress.totals().waiting,
      'leaks.open': records.leaks.openCount(),
      'process.uptime-seconds': Math.max(0, Math.round((facts.now - facts.startedAt) / 1000)),
    },
  }
}
