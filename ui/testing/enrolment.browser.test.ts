import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  beSignedInAs,
  CHROMIUM,
  DESK,
  overflow,
  PHONE,
  type Screen,
  seriousViolations,
  startBrowser,
  type Visit,
  visit,
  WITHOUT_CHROMIUM,
} from './browser.ts'
import { FakeAppliance } from './fake-appliance.ts'
import { FakeHub } from './fake-hub.ts'
import { openPage } from './page-checks.ts'
import { builtPages } from './pages.ts'
import { SEED_CODE } from './seeds/hub-enrolment.ts'

describe.skipIf(CHROMIUM === undefined)(`enrolment and wishes, in a browser${WITHOUT_CHROMIUM}`, () => {
  let browser: Browser
  let appliance: FakeAppliance
  let hub: FakeHub

  beforeAll(async () => {
    const pages = builtPages()
    appliance = new FakeAppliance(pages.console)
    hub = new FakeHub(pages.hub)
    await appliance.service.start()
    await hub.service.start()
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser.close()
    await appliance.service.stop()
    await hub.service.stop()
  })

  const open = async (origin: string, account: string, path: string, screen: Screen = DESK): Promise<Visit> => {
    const opened = await visit(browser, screen)
    await beSignedInAs(opened, origin, account)
    await openPage(opened.page, origin, path)
    return opened
  }
  const picture = async (page: Page, name: string): Promise<void> => {
    const folder = process.env.LEADGLASS_SCREENSHOTS
    if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
  }
  const everybodyCanUse = async (page: Page): Promise<void> => {
    expect(await seriousViolations(page)).toEqual([])
    expect(await overflow(page)).toBeLessThanOrEqual(0)
  }

  it('an invitation shows its code once; a box that is held is released, another one revoked with a reason', async () => {
    const { page, context } = await open(hub.service.origin, 'mlops', '/enrolment')
    await page.getByLabel('Name of the box').fill('site-e-box-1')
    await page.getByRole('button', { name: 'Make a code' }).click()
    await page.getByText(SEED_CODE).waitFor()
    await everybodyCanUse(page)
    const boxes = page.getByRole('region', { name: 'The identities' })
    await boxes.getByRole('button', { name: 'Detail of site-b-box-1' }).click()
    await boxes.getByText('two starts of the agent gave the same number').waitFor()
    await picture(page, 'hub-enrolment')
    await boxes.getByRole('button', { name: 'Release: there is only one box' }).click()
    await boxes.getByText('held: in two places').waitFor({ state: 'detached' })
    const revoke = boxes.getByRole('button', { name: 'Revoke for good' })
    expect(await revoke.isDisabled()).toBe(true)
    await boxes.getByLabel('Reason of the revocation').fill('stolen')
    await revoke.click()
    await boxes.getByText('The name is never given again.').waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Codes that wait' }).waitFor()
    expect(await page.getByText(SEED_CODE).count()).toBe(0)
    await context.close()
  })

  it('who may only look finds no act', async () => {
    const { page, context } = await open(hub.service.origin, 'auditor', '/enrolment')
    expect(await page.getByRole('button', { name: 'Make a code' }).count()).toBe(0)
    await context.close()
    const reader = await open(hub.service.origin, 'auditor', '/devices/site-b-box-1')
    expect(await reader.page.getByRole('button', { name: 'Queue the wish' }).count()).toBe(0)
    await reader.context.close()
    const radiologist = await open(appliance.service.origin, 'radiologist', '/hub')
    expect(await radiologist.page.getByRole('button', { name: /trust them|Join/ }).count()).toBe(0)
    await radiologist.context.close()
  })

  it('a wish is made with a reason, and stands on top with its number and state', async () => {
    const { page, context } = await open(hub.service.origin, 'mlops', '/devices/site-b-box-1')
    const form = page.getByRole('form', { name: 'Make a wish' })
    await form.getByLabel('Wish').selectOption({ label: 'Backfill past studies in a window' })
    await form.getByLabel('Model').fill('chest-radiograph')
    await form.getByLabel('Window').fill('22:00-06:00')
    const queue = form.getByRole('button', { name: 'Queue the wish' })
    expect(await queue.isDisabled()).toBe(true)
    await form.getByLabel('Reason, for the history').fill('the new version over last year')
    await everybodyCanUse(page)
    await picture(page, 'hub-wishes')
    await queue.click()
    const wishes = page.getByRole('region', { name: 'The wishes' })
    await wishes.getByText('queued', { exact: true }).waitFor()
    await page.getByText('the new version over last year').waitFor()
    // What was wished before stands beside the act.
    await wishes.getByText('schedules, backfill').waitFor()
    await context.close()
  })

  it('a code is entered at the box; a refusal says what to do, and what the hub gave is trusted after comparing', async () => {
    const { page, context } = await open(appliance.service.origin, 'site-admin', '/hub')
    await everybodyCanUse(page)
    await picture(page, 'console-hub')
    await page.getByLabel('One-time code').fill('0000-0000-0000-0000')
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByText('To do: make a new code.').waitFor()
    await page.getByLabel('One-time code').fill(SEED_CODE)
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByText('joined; the certificate is above').waitFor()
    expect(await page.getByLabel('One-time code').inputValue()).toBe('')
    await page.getByRole('button', { name: 'They are the same: trust them' }).click()
    await page.getByText('pinned, and the hub names the same').waitFor()
    await context.close()
  })

  it('fits a phone', async () => {
    for (const [origin, account, path, name] of [
      [hub.service.origin, 'mlops', '/enrolment', 'phone-hub-enrolment'],
      [hub.service.origin, 'mlops', '/devices/site-b-box-1', 'phone-hub-wishes'],
      [appliance.service.origin, 'site-admin', '/hub', 'phone-console-hub'],
    ] as const) {
      const { page, context } = await open(origin, account, path, PHONE)
      await everybodyCanUse(page)
      await picture(page, name)
      await context.close()
    }
  })
})
