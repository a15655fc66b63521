import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beSignedInAs, CHROMIUM, DESK, PHONE, startBrowser, visit, WITHOUT_CHROMIUM } from './browser.ts'
import { FakeHub } from './fake-hub.ts'
import { checkPage, cutTables, openPage } from './page-checks.ts'
import { builtPages } from './pages.ts'

const SHOTS = process.env.LEADGLASS_SCREENSHOTS

describe.skipIf(CHROMIUM === undefined)(`compliance reports, in a browser${WITHOUT_CHROMIUM}`, () => {
  let browser: Browser
  let hub: FakeHub

  beforeAll(async () => {
    hub = new FakeHub(builtPages().hub)
    await hub.service.start()
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser.close()
    await hub.service.stop()
  })

  it.each([
    ['desk', DESK],
    ['phone', PHONE],
  ])('makes none unasked, then shows gaps in words with what is missing, on a %s', async (name, screen) => {
    const opened = await visit(browser, screen)
    const { page, context } = opened
    await beSignedInAs(opened, hub.service.origin, 'auditor')
    await openPage(page, hub.service.origin, '/reports')
    const facts = ['No report was made yet.', 'Make the report', 'Days, weeks or years']
    await checkPage(opened, { name: 'reports', path: '/reports', facts, empty: undefined }, screen)
    const asked = () => hub.service.requests.filter((one) => one.includes('/api/reports/'))
    const before = asked().length

    await page.getByLabel('Time before now').fill('30 days')
    expect(await page.getByRole('button', { name: 'Make the report' }).isDisabled()).toBe(true)
    await page.getByLabel('Time before now').fill('12w')
    await page.getByRole('button', { name: 'Make the report' }).click()
    await page.getByText('1 met, 1 gaps').waitFor()
    await page.getByRole('button', { name: 'Detail of 45 CFR 164.312(b)' }).click()
    const made = ['Not visible from here: access in an emergency.', 'signed checkpoint over 1204 entries', 'PDF']
    await checkPage(opened, { name: 'a report', path: '/reports', facts: made, empty: undefined }, screen)
    if (screen === DESK) expect(await cutTables(page)).toEqual([])
    if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/reports-${name}.png`, fullPage: true })
    expect(asked().slice(before)).toEqual(['GET /api/reports/frameworks/hipaa?period=12w'])
    await context.close()
  })
})
