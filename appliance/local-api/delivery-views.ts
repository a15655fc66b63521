import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { DeliveryItem, DeliveryStanding, DestinationState } from '@leadglass/ui/contract/local-api'
import type { DeliveryRow } from '../records/index.ts'
import { meaningOf } from '../results/index.ts'
import type { LocalApiContext } from './context.ts'
import { instantOrNull } from './views.ts'

/** A delivery as it is shown. */
export function deliveryItemOf(row: DeliveryRow): DeliveryItem {
  const meaning = row.reason === null ? null : meaningOf(row.reason)
  return {
    delivery: row.deliveryId,
    study: row.studyPseudonym,
    revision: row.revision,
    destination: row.destination,
    kind: row.kind,
    sopInstanceUid: row.sopInstanceUid,
    standing: standingOf(row),
    attempts: row.attempts,
    reason: row.reason,
    failureClass: meaning?.failureClass ?? null,
    nextStep: meaning?.nextStep ?? null,
    createdAt: toIsoInstant(row.createdAt),
    nextAttemptAt: row.state === 'pending' ? toIsoInstant(row.nextAttemptAt) : null,
    settledAt: instantOrNull(row.settledAt),
    droppedBy: row.droppedBy,
    dropReason: row.dropReason,
  }
}

function standingOf({ state, reason, storedAt }: DeliveryRow): DeliveryStanding {
  if (state === 'dead' && (reason === 'superseded' || reason === 'dropped')) return reason
  return state === 'pending' && storedAt !== null ? 'stored' : state
}

/** What the queue does towards each destination of the settings, and whether its oldest result waits too long. */
export function destinationStates({ settings, records, deliveries, clock }: LocalApiContext): DestinationState[] {
  return settings().destinations.map(({ name, alarmAfterSeconds }) => {
    const circuit = deliveries.circuit(name)
    const oldest = records.deliveries.oldestWaiting(name)
    const seconds = oldest === undefined ? null : Math.max(0, (clock.now() - oldest.createdAt) / 1000)
    const open = circuit.kind === 'closed' ? undefined : circuit
    return {
      destination: name,
      circuit: circuit.kind,
      reason: open?.reason ?? null,
      nextStep: open === undefined ? null : meaningOf(open.reason).nextStep,
      since: instantOrNull(open?.since ?? null),
      until: instantOrNull(open?.until ?? null),
      oldestWaitingSeconds: seconds,
      late: seconds !== null && seconds > alarmAfterSeconds,
    }
  })
}
