import type { AuditEventCode, AuditEventInput } from '@leadglass/sync-agent/audit-log'
import type { TrainingRun } from './run-store.ts'

/** What the log says of runs. */
export type RunEvent = Extract<
  AuditEventCode,
  | 'training.triggered'
  | 'training.started'
  | 'training.finished'
  | 'training.refused'
  | 'training.reproduced'
  | 'evaluation.recorded'
>

/** Longest part of a code of the log. */
const CODE = 40

/**
 * An event of a run as the log has it. Whoever is told of it, such as a webhook, needs no second question: model, finding and
 * cause stand among the codes, after those that the event itself is about.
 */
export function runEvent(
  event: RunEvent,
  run: Pick<TrainingRun, 'run' | 'model' | 'finding' | 'cause' | 'requestedBy'>,
  outcome: 'success' | 'failure',
  codes: readonly string[] = [],
): AuditEventInput {
  const actor =
    run.cause === 'asked'
      ? ({ kind: 'person', id: run.requestedBy } as const)
      : ({ kind: 'system', id: run.requestedBy } as const)
  return {
    event,
    actor,
    subject: { kind: 'training', id: run.run },
    outcome,
    codes: [
      ...codes,
      `model.${run.model.slice(0, CODE)}`,
      `finding.${run.finding.replaceAll('.', '-').slice(0, CODE)}`,
      `cause.${run.cause}`,
    ],
  }
}
