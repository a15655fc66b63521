import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beSignedInAs, CHROMIUM, DESK, startBrowser, visit, WITHOUT_CHROMIUM } from './browser.ts'
import { FakeHub } from './fake-hub.ts'
import { checkPage, cutTables, openPage } from './page-checks.ts'
import { builtPages } from './pages.ts'

describe.skipIf(CHROMIUM === undefined)(`performance and fairness, in a browser${WITHOUT_CHROMIUM}`, () => {
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
    ['/performance', 'Detail of roc-auc at site-a-box-1', ['0.884', '1.2 %', '0.410, 0.240', '20 unblinded']],
    ['/fairness', 'Detail of equal-opportunity-difference by sex', ['0.680', '1 groups of fewer than 11 patients']],
  ])('%s unfolds a figure to what it is made of', async (path, button, facts) => {
    const opened = await visit(browser, DESK)
    await beSignedInAs(opened, hub.service.origin, 'auditor')
    await openPage(opened.page, hub.service.origin, path)
    expect(await cutTables(opened.page)).toEqual([])
    await opened.page.getByRole('button', { name: button }).click()
    await checkPage(opened, { name: path, path, facts, empty: undefined }, DESK)
    expect(await cutTables(opened.page)).toEqual([])
    await opened.context.close()
  })
})
