import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import type { ModelLibrary } from '../../activation/index.ts'
import type { AuditSink, EgressDoor } from '../../egress/index.ts'
import type { Records } from '../../records/index.ts'
import { assignmentKey, DeploymentCounter, DeploymentDesk, InForce } from '../index.ts'

/** The room without its shadow, over records and a library of a test. */
export function deploymentFixture(parts: {
  readonly records: Records
  readonly library: ModelLibrary
  readonly audit: AuditSink
  readonly door: EgressDoor
  readonly clock?: ManualClock
}): { readonly desk: DeploymentDesk; readonly counter: DeploymentCounter; readonly inForce: InForce } {
  const base = { ...parts, clock: parts.clock ?? new ManualClock(Date.UTC(2026, 0, 5, 8)), logger: silentLogger }
  const counter = new DeploymentCounter(base)
  const key = assignmentKey(new Uint8Array(32).fill(9))
  const inForce = new InForce({ ...base, counter, key, pseudonymOfUid: (uid) => `pseudonym of ${uid}` })
  return { counter, inForce, desk: new DeploymentDesk({ ...base, counter, inForce }) }
}
