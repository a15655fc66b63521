import type { BreachList } from '@leadglass/ui/contract/local-api'
import { type Finding, fail, ok, warning } from './checks.ts'

/** Cases of suspected breaches of which somebody must still be told, or that nobody has assessed. */
export function breaches({ cases }: BreachList): Finding[] {
  const open = cases.filter(({ state }) => state !== 'closed')
  if (open.length === 0) return [ok('suspected breaches', 'no case is open')]
  return open.map((one): Finding => {
    const check = `suspected breach, case ${one.case}`
    const late = one.duties.filter(({ overdue }) => overdue)
    const next = `see "leadglass breach show ${one.case}"`
    if (late.length > 0)
      return fail(check, `${late.map(({ whom, due }) => `${whom} since ${due}`).join(', ')} overdue`, next)
    const due = one.duties.filter(({ doneOn }) => doneOn === null).map(({ whom, due }) => `${whom} until ${due}`)
    return warning(
      check,
      one.state === 'open'
        ? `discovered ${one.discoveredOn}, not assessed yet`
        : `to be told: ${due.join(', ') || 'nobody'}`,
      next,
    )
  })
}
