import type { DestinationList, DeviceStatus } from '@leadglass/ui/contract/local-api'
import { type Finding, fail, ok, warning } from './checks.ts'

/** Results that wait too long, destinations that are left alone, and results that were kept back. */
export function deliveries({ deliveries: states = [], blockedResults = 0, queues }: DeviceStatus): Finding[] {
  const findings = states.flatMap((state): Finding[] => {
    const check = `results for ${state.destination}`
    const waits =
      state.oldestWaitingSeconds === null ? '' : `the oldest waits for ${Math.round(state.oldestWaitingSeconds)} s`
    if (state.circuit !== 'closed')
      return [fail(check, `not sent now: ${state.reason ?? 'unknown'}; ${waits}`, state.nextStep ?? '')]
    if (state.late) return [warning(check, waits, 'see "leadglass delivery list --state pending"')]
    return []
  })
  if (queues.deliveriesDead > 0) {
    const found = `${queues.deliveriesDead} were given up`
    findings.push(warning('dead letters', found, 'see "leadglass delivery list --state dead"; replay or drop them'))
  }
  if (blockedResults > 0) {
    const found = `${blockedResults} did not carry the patient, study or accession of the record`
    findings.push(
      fail('blocked results', found, 'read the audit log for "identity-mismatch" and send its lines to support'),
    )
  }
  return findings.length > 0 ? findings : [ok('deliveries', 'nothing waits too long, and nothing was given up')]
}

/** What C-ECHO reaches; web services are judged by what the queue has to say about them. */
export function overDicom(list: DestinationList): DestinationList['destinations'] {
  return list.destinations.filter(({ protocol }) => protocol === undefined || protocol === 'dicom')
}
