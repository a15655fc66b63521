import { afterEach, beforeEach, expect, it } from 'vitest'
import { createHubCore, type HubCore } from '../../testing/hub-core.ts'
import { SQL_COUNT, SQL_NEWEST } from './entries.ts'
import { SQL_READING } from './people.ts'

let core: HubCore
beforeEach(async () => {
  core = await createHubCore()
})
afterEach(() => core.close())

it.each([
  ['counts', SQL_COUNT, ['log.read', 0, 1, 'leadglass/hub/audit', 1]],
  ['newest entries', SQL_NEWEST, ['log.read', 0, 1, 'leadglass/hub/audit', 1]],
  ['reading', SQL_READING, [0, 1]],
])('%s are found by word and time, whatever the length of the logs', (_, sql, values) => {
  const plan = core.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { readonly detail: string }[]
  const details = plan.map(({ detail }) => detail)
  expect(details.join('\n')).toMatch(
    /SEARCH e USING (?:COVERING )?INDEX audit_entry_by_event \(event=\? AND at>\? AND at<\?\)/,
  )
  expect(details.filter((detail) => /^SCAN/.test(detail))).toEqual([])
})
