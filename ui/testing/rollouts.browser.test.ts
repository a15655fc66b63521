import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beSignedInAs, CHROMIUM, DESK, startBrowser, visit, WITHOUT_CHROMIUM } from './browser.ts'
import { FakeAppliance } from './fake-appliance.ts'
import { FakeHub } from './fake-hub.ts'
import { openPage } from './page-checks.ts'
import { builtPages } from './pages.ts'

const SHOTS = process.env.LEADGLASS_SCREENSHOTS

describe.skipIf(CHROMIUM === undefined)(`stopping and rolling out, in a browser${WITHOUT_CHROMIUM}`, () => {
  let browser: Browser
  let hub: FakeHub
  let appliance: FakeAppliance

  beforeAll(async () => {
    hub = new FakeHub(builtPages().hub)
    appliance = new FakeAppliance(builtPages().console)
    await hub.service.start()
    await appliance.service.start()
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser.close()
    await hub.service.stop()
    await appliance.service.stop()
  })

  it('halts a rollout only with a reason, which then stands in its history', async () => {
    const { page, context, ...rest } = await visit(browser, DESK)
    await beSignedInAs({ page, context, ...rest }, hub.service.origin, 'mlops')
    await openPage(page, hub.service.origin, '/rollouts')
    const table = page.getByRole('region', { name: 'The rollouts' })
    await table.getByRole('button', { name: 'Detail of rollout 2' }).click()
    const halt = page.getByRole('button', { name: 'Halt for good' })
    expect(await halt.isDisabled()).toBe(true)
    await page.getByLabel('Why? It stands in the record.').fill('readers doubt the marks')
    if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/rollouts.png`, fullPage: true })
    await halt.click()
    await page.getByText('readers doubt the marks').first().waitFor()
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0)
    await context.close()
  })

  it('lets a radiologist stop a model on the box and start it again, with reasons', async () => {
    const { page, context, ...rest } = await visit(browser, DESK)
    await beSignedInAs({ page, context, ...rest }, appliance.service.origin, 'radiologist')
    await openPage(page, appliance.service.origin, '/device')
    const models = page.getByRole('region', { name: 'The models' })
    await models
      .getByRole('button', { name: /^Detail of chest-radiograph/ })
      .first()
      .click()
    await page.getByLabel('Why is it stopped? No patient data.').fill('marks the wrong side')
    if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/local-stop.png`, fullPage: true })
    await page.getByRole('button', { name: 'Stop chest-radiograph here' }).click()
    await page.getByRole('button', { name: 'Start chest-radiograph again' }).waitFor()
    if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/local-stopped.png`, fullPage: true })
    await context.close()
  })
})
