import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  beSignedInAs,
  CHROMIUM,
  DESK,
  ENLARGED,
  PHONE,
  seen,
  startBrowser,
  textOf,
  type Visit,
  visit,
  WITHOUT_CHROMIUM,
} from './browser.ts'
import { FakeHub } from './fake-hub.ts'
import { HUB_PAGES } from './hub-pages.ts'
import { checkPage, cutTables, openPage, places } from './page-checks.ts'
import { builtPages } from './pages.ts'

/** Longer than any page waits before it asks again. */
const REFRESH_MS = 16_000

describe.skipIf(CHROMIUM === undefined)(`the pages of the hub in a browser${WITHOUT_CHROMIUM}`, () => {
  let browser: Browser
  let hub: FakeHub
  const visits: Visit[] = []

  const visitor = async (account = 'auditor', screen = DESK): Promise<Visit> => {
    const opened = await visit(browser, screen)
    visits.push(opened)
    await beSignedInAs(opened, hub.service.origin, account)
    return opened
  }

  beforeAll(async () => {
    hub = new FakeHub(builtPages().hub)
    await hub.service.start()
    browser = await startBrowser()
  })

  afterEach(async () => {
    hub.service.offline = false
    hub.service.mode = 'working'
    hub.service.releaseAnswers()
    hub.empty = false
    await Promise.all(visits.splice(0).map(({ context }) => context.close()))
  })

  afterAll(async () => {
    await browser.close()
    await hub.service.stop()
  })

  describe.each([
    ['a desk', DESK],
    ['a phone, 360 pixels wide', PHONE],
    ['a desk enlarged to 200 %', ENLARGED],
  ])('on %s', (_, screen) => {
    it('every page shows its facts, breaks no rule and is open to everybody', async () => {
      const opened = await visitor('auditor', screen)
      for (const one of HUB_PAGES) {
        await openPage(opened.page, hub.service.origin, one.path)
        await checkPage(opened, one, screen)
        if (screen === DESK) expect(await cutTables(opened.page), `${one.name} cuts no table`).toEqual([])
      }
    })
  })

  it('moves nothing when the answers come', async () => {
    const { page } = await visitor()
    for (const one of HUB_PAGES) {
      hub.service.holdAnswers()
      await page.goto(hub.service.origin + one.path)
      await page.getByText('Loading').first().waitFor()
      await page.locator('.page-head').waitFor()
      const before = await places(page)
      hub.service.releaseAnswers()
      await page.locator('.page-as-of').getByText('as of').waitFor()
      await expect.poll(() => page.getByText('Loading').count()).toBe(0)
      const after = await places(page)
      expect(after[0], `${one.name} keeps its head`).toEqual(before[0])
      if (one.name !== 'approvals') expect(after, `${one.name} stays where it is`).toEqual(before)
      expect((await seen(page)).shift, `layout shift of ${one.name}`).toBeLessThan(0.02)
    }
  })

  it('says in words that there is nothing, and shows a failure in the place of the facts', async () => {
    const { page } = await visitor()
    hub.empty = true
    for (const one of HUB_PAGES.filter(({ empty }) => empty !== undefined)) {
      await openPage(page, hub.service.origin, one.path)
      expect(await textOf(page.locator('main')), one.name).toContain(one.empty)
    }
    await page.goto(`${hub.service.origin}/devices/site-z-box-1`)
    await page.getByText('not-found').waitFor()
    hub.service.mode = 'failing'
    for (const one of HUB_PAGES) {
      await page.goto(hub.service.origin + one.path)
      const alert = page.locator('main').getByRole('alert').first()
      expect(await textOf(alert), one.name).toMatch(/refuses with internal\.[\s\S]*changed\.[\s\S]*back\./)
    }
  })

  it('keeps what it knows while the hub is away, and says of when it is', async () => {
    const { page } = await visitor()
    await page.clock.install()
    await openPage(page, hub.service.origin, '/')
    hub.service.offline = true
    await page.clock.fastForward(REFRESH_MS)
    await page.getByText('not renewed since').waitFor()
    const text = await textOf(page.locator('main'))
    expect(text).toContain('The service does not answer.')
    expect(text).toContain('site-a-box-1')
    hub.service.offline = false
    await page.clock.fastForward(REFRESH_MS)
    await page.getByText('not renewed since').waitFor({ state: 'detached' })
  })

  it('shows who still has to sign, and who signed as what and when', async () => {
    const { page } = await visitor('clinical-approver')
    await openPage(page, hub.service.origin, '/')
    await page.getByRole('link', { name: 'Approvals' }).click()
    const open = page.getByRole('region', { name: 'Approval of chest-radiograph 1.2.0' })
    await open.waitFor()
    const cells = (name: string) => open.getByRole('row').filter({ hasText: name }).getByRole('cell').allTextContents()
    expect(await cells('clinical-1')).toEqual(['clinical-1', 'clinical', 'approval', 'still to sign', '–'])
    const signed = await cells('Technical approver')
    expect(signed.slice(0, 3)).toEqual(['Technical approver of the fake hub', 'technical', 'approval'])
    expect(signed[3]).toMatch(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/)
    expect(await textOf(open)).toContain('Read, discuss and sign')
    const published = page.getByRole('region', { name: 'Approval of chest-radiograph 1.1.0' })
    expect(await textOf(published)).not.toContain('to sign')
    const rejected = page.getByRole('region', { name: 'Approval of chest-radiograph 1.1.1' })
    expect(await textOf(rejected)).not.toContain('still to sign')
  })

  it('keeps filters in the address and over a reload', async () => {
    const { page } = await visitor()
    await openPage(page, hub.service.origin, '/')
    await page.getByRole('link', { name: 'Drift' }).click()
    await page.getByRole('link', { name: /^major/ }).click()
    await page.waitForURL(/\?verdict=major$/)
    await page.reload()
    const figures = page.getByRole('region', { name: 'The drift figures' })
    await figures.locator('tr[data-row]').first().waitFor()
    expect(new Set(await figures.locator('tr[data-row] .state').allTextContents())).toEqual(new Set(['major']))
    await page.getByRole('link', { name: /^groups/ }).click()
    await page.getByRole('cell', { name: '6 of 10' }).waitFor()
    await page.getByRole('link', { name: /^alerts/ }).click()
    await page.getByRole('cell', { name: 'all sites', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Detail of score.pneumonia at site-a-box-1' }).click()
    await page.getByText('Compare with readers’ labels today.').waitFor()
    await page.getByLabel('What was found; free of identities').fill('a new detector')
    await page.getByRole('button', { name: 'Settle' }).click()
    await page.getByRole('button', { name: 'Detail of score.pneumonia at site-a-box-1' }).waitFor({ state: 'detached' })

    await page.getByRole('link', { name: 'Audit' }).click()
    await page.getByLabel('Log', { exact: true }).selectOption('site-a-box-1')
    await page.waitForURL(/\?log=site-a-box-1$/)
    await page.reload()
    await page.locator('tr[data-row]').first().waitFor()
    expect(await page.getByLabel('Log', { exact: true }).inputValue()).toBe('site-a-box-1')
    const asked = hub.service.requests.filter((request) => request.includes('/api/audit/search'))
    expect(asked.at(-1)).toContain('log=site-a-box-1')
  })

  it('unfolds a run with the keyboard, and says which gate stopped it', async () => {
    const { page } = await visitor('mlops')
    await openPage(page, hub.service.origin, '/')
    await page.getByRole('link', { name: 'Training' }).click()
    await page.getByText('stopped by gate').waitFor()
    for (let step = 0; step < 3; step++) await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    const gate = page.getByRole('table', { name: 'The gates' }).getByRole('row').filter({ hasText: 'auc not worse' })
    expect(await gate.getByRole('cell').allTextContents()).toEqual([
      'auc not worse than parent',
      'lower bound ≥ 0.880',
      '0.722',
      '0.88–0.93',
      '84',
      'does not hold',
    ])
    expect(await textOf(page.getByRole('table', { name: 'Rows' }))).toContain('rows of the dataset')
    await page.keyboard.press('Enter')
    expect(await gate.count()).toBe(0)
  })

  it('searches the logs, saves the search as a view, pages, and takes export and proof', async () => {
    const { page } = await visitor('auditor')
    await openPage(page, hub.service.origin, '/audit?log=hub')
    await page.getByLabel('What', { exact: true }).fill('session')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.waitForURL(/event=session/)
    await page.locator('tr[data-row]').first().waitFor()
    expect(await page.locator('tr[data-row]').allTextContents()).toHaveLength(29)
    await page.getByLabel('Save this search as').fill('sessions')
    await page.getByRole('button', { name: 'Save view' }).click()
    await page.getByRole('option', { name: 'sessions' }).waitFor({ state: 'attached' })
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.waitForURL(/audit$/)
    await page.getByLabel('Saved view', { exact: true }).selectOption('sessions')
    await page.waitForURL(/event=session/)
    await page.getByRole('button', { name: 'Older' }).click()
    await page.getByText('page 2').waitFor()
    expect(hub.service.requests.at(-1)).toContain('after=1800000000-1144')
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export these entries' }).click()
    expect((await download).suggestedFilename()).toBe('hub-audit.tar')
    await page.getByText(/^Export written/).waitFor()
    await page.locator('tr[data-row] button').first().click()
    const proof = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download the proof' }).click()
    expect((await proof).suggestedFilename()).toMatch(/^hub-\d+\.tlog-proof$/)
    const picture = process.env.LEADGLASS_SCREENSHOTS
    if (picture !== undefined) await page.screenshot({ path: `${picture}/hub-audit.png` })
  })

  it('offers an export only to those who may take it', async () => {
    const auditor = await visitor('auditor')
    await openPage(auditor.page, hub.service.origin, '/audit?log=hub')
    expect(await auditor.page.getByRole('button', { name: 'Export this log' }).count()).toBe(1)
    const approver = await visitor('clinical-approver')
    await openPage(approver.page, hub.service.origin, '/audit?log=hub')
    expect(await approver.page.getByRole('button', { name: 'Export this log' }).count()).toBe(0)
  })
})
