import type { AuditEventInput } from '@leadglass/sync-agent/audit-log'
import type { WorkerRequest } from './messages.ts'

/** The entry about a worker that was killed or ended by itself, with the model that it ran where that is known. */
export function workerKilled(reason: 'timed-out' | 'crashed' | 'memory', job: WorkerRequest): AuditEventInput {
  return {
    event: 'worker.killed',
    actor: { kind: 'system', id: 'scoring' },
    subject: job.kind === 'golden' ? null : { kind: 'model', id: job.model.digest },
    outcome: 'failure',
    codes: [reason],
  }
}
