import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beSignedInAs, CHROMIUM, DESK, startBrowser, visit, WITHOUT_CHROMIUM } from './browser.ts'
import { FakeAppliance } from './fake-appliance.ts'
import { openPage } from './page-checks.ts'
import { builtPages } from './pages.ts'

describe.skipIf(CHROMIUM === undefined)(`a suspected leak, in a browser${WITHOUT_CHROMIUM}`, () => {
  let browser: Browser
  let appliance: FakeAppliance

  beforeAll(async () => {
    appliance = new FakeAppliance(builtPages().console)
    await appliance.service.start()
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser.close()
    await appliance.service.stop()
  })

  it('is shown to all, and settled by an administrator only', async () => {
    const reader = await visit(browser, DESK)
    await beSignedInAs(reader, appliance.service.origin, 'radiologist')
    await openPage(reader.page, appliance.service.origin, '/device')
    const shown = reader.page.getByRole('region', { name: 'The suspected leaks' })
    await shown.getByRole('button', { name: 'Detail of the alarm' }).click()
    await shown.getByText('A site administrator settles it.').waitFor()
    expect(await shown.getByRole('button', { name: /^I have looked/ }).count()).toBe(0)
    await reader.context.close()

    const { page, context, ...rest } = await visit(browser, DESK)
    await beSignedInAs({ page, context, ...rest }, appliance.service.origin, 'site-admin')
    await openPage(page, appliance.service.origin, '/device')
    const leaks = page.getByRole('region', { name: 'The suspected leaks' })
    await leaks.getByRole('button', { name: 'Detail of the alarm' }).click()
    if (process.env.LEADGLASS_SCREENSHOTS !== undefined)
      await page.screenshot({ path: `${process.env.LEADGLASS_SCREENSHOTS}/leaks.png` })
    await leaks.getByRole('button', { name: /^I have looked/ }).click()
    await leaks.waitFor({ state: 'detached' })
    await context.close()
  })
})
