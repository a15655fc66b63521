import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beSignedInAs, CHROMIUM, DESK, startBrowser, textOf, visit, WITHOUT_CHROMIUM } from './browser.ts'
import { FakeAppliance } from './fake-appliance.ts'
import { openPage } from './page-checks.ts'
import { builtPages } from './pages.ts'

describe.skipIf(CHROMIUM === undefined)(`deciding about what leaves, in a browser${WITHOUT_CHROMIUM}`, () => {
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

  it('an administrator sees each body and releases one batch, and refuses another with a reason', async () => {
    const opened = await visit(browser, DESK)
    const { page, context } = opened
    const { origin } = appliance.service
    await beSignedInAs(opened, origin, 'site-admin')
    await openPage(page, origin, '/egress')
    const held = page.getByRole('region', { name: 'The held batches' })
    await held.getByRole('button', { name: 'Detail of batch' }).first().click()
    expect(await textOf(held.locator('pre').first())).toContain('"kind": "instance-features"')
    const refuse = held.getByRole('button', { name: 'Refuse: never send it' })
    expect(await refuse.isDisabled()).toBe(true)
    await held.getByRole('button', { name: 'Release: let it leave' }).click()
    await held.getByText('It has left').waitFor()
    await held.getByRole('button', { name: 'Detail of batch' }).nth(1).click()
    await held.getByLabel('Reason for refusing').fill('not this month')
    await refuse.click()
    await held.getByText('not this month').waitFor()
    expect(await textOf(page.locator('body'))).toContain('0 waiting, 2 released, 2 refused and never sent')
    await context.close()
  })

  it('nobody else is offered to decide', async () => {
    const opened = await visit(browser, DESK)
    const { page, context } = opened
    await beSignedInAs(opened, appliance.service.origin, 'radiologist')
    await openPage(page, appliance.service.origin, '/egress')
    const held = page.getByRole('region', { name: 'The held batches' })
    await held.getByRole('button', { name: 'Detail of batch' }).first().click()
    await held.getByText('It has left').waitFor()
    expect(await held.getByRole('button', { name: 'Release: let it leave' }).count()).toBe(0)
    await context.close()
  })
})
