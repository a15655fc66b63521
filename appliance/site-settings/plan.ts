import { decideCaller } from '../intake/index.ts'
import type { Settings } from '../settings.ts'
import { certificateRemarks, exposureRemarks, keepingRemarks, listenerRemarks, roomRemarks } from './remarks.ts'
import { type Change, changesOf, countOf } from './words.ts'
import type { PlanWorld, Remark } from './world.ts'

/** Every difference, and what follows. */
export interface Plan {
  readonly changes: readonly Change[]
  readonly remarks: readonly Remark[]
}

/** What a change of the settings means, in plain words. Pure. */
export function planChange(before: Settings, after: Settings, world: PlanWorld): Plan {
  const changes = changesOf(before, after)
  if (changes.length === 0) return { changes, remarks: [] }
  const remarks = [
    ...callerRemarks(after, world),
    ...destinationRemarks(before, after, world),
    ...listenerRemarks(before, after, world),
    ...exposureRemarks(before, after),
    ...certificateRemarks(world),
    ...keepingRemarks(before, after),
    ...roomRemarks(before, after, world),
  ]
  return { changes, remarks: [...remarks].sort((a, b) => order(a) - order(b)) }
}

function order({ severity }: Remark): number {
  return severity === 'risk' ? 0 : 1
}

function callerRemarks(after: Settings, world: PlanWorld): Remark[] {
  const remarks: Remark[] = []
  if (after.callers.length === 0 && !after.acceptLoopback) {
    remarks.push({
      severity: 'risk',
      code: 'nobody-may-call',
      words: 'nobody may call any more: no caller is named, and this machine is not accepted either',
    })
  }
  for (const { aeTitle, certificate } of after.callers) {
    if (certificate === undefined || after.tls !== undefined) continue
    remarks.push({
      severity: 'risk',
      code: 'caller-needs-tls',
      words: `${aeTitle.trim()} cannot call: its entry asks for a certificate, and there is no TLS`,
    })
  }
  const turnedAway = world.openAssociations.filter(
    (facts) => decideCaller(facts, world.calledAeTitle, after).kind === 'rejected',
  )
  for (const [title, count] of tally(turnedAway.map((facts) => facts.callingAeTitle.trim()))) {
    remarks.push({
      severity: 'note',
      code: 'open-associations',
      words: `${countOf(count, 'association')} of ${title} ${count === 1 ? 'is' : 'are'} open and may go on to the end; the next one is rejected`,
    })
  }
  return remarks
}

function destinationRemarks(before: Settings, after: Settings, world: PlanWorld): Remark[] {
  const remarks: Remark[] = []
  for (const old of before.destinations) {
    const { pending, dead } = world.waiting.get(old.name) ?? { pending: 0, dead: 0 }
    if (pending + dead === 0) continue
    const now = after.destinations.find((one) => one.name === old.name)
    if (now === undefined) {
      remarks.push({
        severity: 'risk',
        code: 'destination-with-waiting',
        words: `${countOf(pending + dead, 'result')} for ${old.name} stay here unsent until a destination of that name is named again; nothing is deleted`,
      })
    } else if (now.host !== old.host || now.port !== old.port || now.aeTitle !== old.aeTitle) {
      remarks.push({
        severity: 'note',
        code: 'destination-moved',
        words: `${countOf(pending, 'waiting result')} for ${old.name} will be sent to ${now.aeTitle} at ${now.host}:${now.port}`,
      })
    }
  }
  if (before.destinations.length > 0 && after.destinations.length === 0) {
    remarks.push({ severity: 'risk', code: 'no-destination', words: 'results go nowhere: no destination is left' })
  }
  return remarks
}

function tally(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
