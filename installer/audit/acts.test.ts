import { AUDIT_EVENT_CODES } from '@leadglass/sync-agent/audit-log'
import { expect, it } from 'vitest'
import { BOX_ACTS } from '../../appliance/testing/act-audit.ts'
import { LOCAL_ROUTES } from '../../appliance/testing/route-audit.ts'
import { HUB_OWN_ACTS } from '../../cloud-hub/testing/act-audit.ts'
import { HUB_ROUTES } from '../../cloud-hub/testing/route-audit.ts'

const TABLES = [...BOX_ACTS, ...HUB_OWN_ACTS, LOCAL_ROUTES, HUB_ROUTES]

it('every word of the logs belongs to a route or to an act of a process, a service or a command', () => {
  const said = new Set<string>(
    TABLES.flatMap((table) => Object.values(table)).flatMap((leaves) =>
      typeof leaves === 'string' ? [] : [...leaves],
    ),
  )
  expect(AUDIT_EVENT_CODES.filter((word) => !said.has(word))).toEqual([])
})

it('what leaves nothing in the log says why', () => {
  const reasons = TABLES.flatMap((table) => Object.values(table)).filter((leaves) => typeof leaves === 'string')
  expect(reasons.filter((reason) => reason.length < 5)).toEqual([])
  expect(TABLES.flatMap((table) => Object.values(table)).filter((leaves) => leaves.length === 0)).toEqual([])
})
