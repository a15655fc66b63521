import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beSignedInAs, CHROMIUM, DESK, startBrowser, visit, WITHOUT_CHROMIUM } from './browser.ts'
import { FakeHub } from './fake-hub.ts'
import { openPage } from './page-checks.ts'
import { builtPages } from './pages.ts'

const SHOTS = process.env.LEADGLASS_SCREENSHOTS

describe.skipIf(CHROMIUM === undefined)(`training, in a browser${WITHOUT_CHROMIUM}`, () => {
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

  it('shows the log and the record of a run, and does it again', async () => {
    const { page, context, ...rest } = await visit(browser, DESK)
    await beSignedInAs({ page, context, ...rest }, hub.service.origin, 'mlops')
    await openPage(page, hub.service.origin, '/training')
    const runs = page.getByRole('region', { name: 'The training runs' })
    await runs
      .getByRole('button', { name: /^Detail of the pneumonia run/ })
      .nth(1)
      .click()
    await page.getByRole('log').getByText('138 rows of 238 envelopes').waitFor()
    await page.getByText('labels, by the hub', { exact: false }).waitFor()
    await page.getByRole('button', { name: 'Do it again and compare' }).click()
    await page.getByRole('region', { name: 'Done again' }).getByText('equal').waitFor()
    if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/training-run.png`, fullPage: true })
    await context.close()
  })

  it('shows where runs train, what has never run for real, and how far MLflow is behind', async () => {
    const { page, context, ...rest } = await visit(browser, DESK)
    await beSignedInAs({ page, context, ...rest }, hub.service.origin, 'auditor')
    await openPage(page, hub.service.origin, '/training')
    const places = page.getByRole('region', { name: /^The executors of the hub/ })
    await places
      .getByRole('row', { name: /cluster/ })
      .getByText('never run for real')
      .waitFor()
    expect(
      await places
        .getByRole('row', { name: /this machine/ })
        .getByText('never run for real')
        .count(),
    ).toBe(0)
    await page.getByText('https://mlflow.example, experiment leadglass').waitFor()
    await page.getByText('unreachable').waitFor()
    await context.close()
  })

  it('lets those who train switch triggers off and declare others, and shows an auditor what was decided', async () => {
    const maker = await visit(browser, DESK)
    await beSignedInAs(maker, hub.service.origin, 'mlops')
    await openPage(maker.page, hub.service.origin, '/training')
    const triggers = maker.page.getByRole('region', { name: 'The triggers' })
    await triggers.getByText('100 new labels; the times of 0 3 * * * UTC').waitFor()
    await triggers.getByRole('button', { name: 'Detail of the triggers of pneumonia' }).click()
    await maker.page.getByRole('button', { name: 'Switch off' }).click()
    await maker.page.getByRole('button', { name: 'Switch on' }).waitFor()
    await maker.page.getByLabel('Finding').fill('effusion')
    await maker.page.getByLabel('New labels').fill('250')
    await maker.page.getByRole('button', { name: 'Train by itself at so many' }).click()
    await triggers.getByText('250 new labels').waitFor()
    if (SHOTS !== undefined) await maker.page.screenshot({ path: `${SHOTS}/training-triggers.png`, fullPage: true })
    await maker.context.close()

    const reader = await visit(browser, DESK)
    await beSignedInAs(reader, hub.service.origin, 'auditor')
    await openPage(reader.page, hub.service.origin, '/training')
    const decided = reader.page.getByRole('region', { name: 'What was decided' })
    await decided.getByText('cooling down').waitFor()
    expect(await reader.page.getByRole('button', { name: 'Train by itself at so many' }).count()).toBe(0)
    await reader.context.close()
  })
})
