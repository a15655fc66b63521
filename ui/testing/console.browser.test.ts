import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  beSignedInAs,
  CHROMIUM,
  DESK,
  ENLARGED,
  PHONE,
  seen,
  signInAs,
  startBrowser,
  textOf,
  type Visit,
  visit,
  WITHOUT_CHROMIUM,
} from './browser.ts'
import { consolePages, studyNamed } from './console-pages.ts'
import { FakeAppliance } from './fake-appliance.ts'
import { checkPage, cutTables, openPage, places } from './page-checks.ts'
import { builtPages } from './pages.ts'
import { minutesAgo } from './seeds/common.ts'
import { LONG_WORD, MARKUP, pneumonia, study } from './seeds/studies.ts'

/** Longer than any page waits before it asks again. */
const REFRESH_MS = 16_000

describe.skipIf(CHROMIUM === undefined)(`the console in a browser${WITHOUT_CHROMIUM}`, () => {
  let browser: Browser
  let appliance: FakeAppliance
  const visits: Visit[] = []

  const visitor = async (account = 'radiologist', screen = DESK): Promise<Visit> => {
    const opened = await visit(browser, screen)
    visits.push(opened)
    await beSignedInAs(opened, appliance.service.origin, account)
    return opened
  }

  beforeAll(async () => {
    appliance = new FakeAppliance(builtPages().console)
    await appliance.service.start()
    browser = await startBrowser()
  })

  afterEach(async () => {
    const { service } = appliance
    service.offline = false
    service.mode = 'working'
    service.releaseAnswers()
    appliance.empty = false
    await Promise.all(visits.splice(0).map(({ context }) => context.close()))
  })

  afterAll(async () => {
    await browser.close()
    await appliance.service.stop()
  })

  describe.each([
    ['a desk', DESK],
    ['a phone, 360 pixels wide', PHONE],
    ['a desk enlarged to 200 %', ENLARGED],
  ])('on %s', (_, screen) => {
    it('every page shows its facts, breaks no rule and is open to everybody', async () => {
      const opened = await visitor('radiologist', screen)
      for (const one of consolePages(appliance)) {
        await openPage(opened.page, appliance.service.origin, one.path)
        await checkPage(opened, one, screen)
        if (screen === DESK) expect(await cutTables(opened.page), `${one.name} cuts no table`).toEqual([])
      }
    })
  })

  it('moves nothing when the answers come', async () => {
    const { page } = await visitor()
    for (const one of consolePages(appliance)) {
      appliance.service.holdAnswers()
      await page.goto(appliance.service.origin + one.path)
      await page.locator('.page-head').waitFor()
      await page.getByText('Loading').first().waitFor()
      const before = await places(page)
      appliance.service.releaseAnswers()
      await page.locator('.page-as-of').getByText('as of').waitFor()
      await page.getByText('Loading').waitFor({ state: 'detached' })
      if (one.name !== 'study') expect(await places(page), `${one.name} stays where it is`).toEqual(before)
      expect((await seen(page)).shift, `layout shift of ${one.name}`).toBeLessThan(0.02)
    }
  })

  it('asks for a sign-in first, words a refusal, and lets out again', async () => {
    const opened = await visit(browser)
    visits.push(opened)
    const { page } = opened
    await page.goto(appliance.service.origin)
    await page.getByLabel('Account').fill('radiologist')
    await page.getByLabel('Password').fill('not the password')
    await page.getByRole('button', { name: 'Sign in' }).click()
    expect(await textOf(page.getByRole('alert'))).toContain('sign-in-refused')
    expect(await page.getByText('Not for diagnostic use.').count()).toBe(1)
    await signInAs(opened, appliance.service.origin, 'radiologist')
    await page.getByLabel('Search').fill('DELTA')
    await page.getByText('PHANTOM, ECHO').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Password').waitFor()
    await signInAs(opened, appliance.service.origin, 'technologist')
    expect(await page.getByLabel('Search').inputValue(), 'the search of the one before').toBe('')
  })

  it('leads to the sign-in form when the session has ended', async () => {
    const { page, context } = await visitor()
    await openPage(page, appliance.service.origin, '/')
    await context.clearCookies()
    await page.getByRole('link', { name: 'Device' }).click()
    await page.getByLabel('Password').waitFor()
    expect(await page.getByRole('navigation').count()).toBe(0)
  })

  it('tells every state by a word of its own', async () => {
    const { page } = await visitor()
    await openPage(page, appliance.service.origin, '/')
    const words = [
      'receiving',
      'queued',
      'running',
      'above operating point',
      'below operating point',
      'not scored',
      'failed',
      'quarantined',
    ]
    const names = ['ALFA', 'BRAVO', 'CHARLIE', 'DELTA', 'ECHO', 'FOXTROT', 'GOLF', 'HOTEL']
    for (const [place, name] of names.entries()) {
      const row = page.getByRole('row').filter({ hasText: `PHANTOM, ${name}` })
      expect(await textOf(row.locator('.state'))).toBe(words[place])
    }
  })

  it('keeps the filter in the address and over a reload, and the words of a search out of the address', async () => {
    const { page } = await visitor()
    await openPage(page, appliance.service.origin, '/')
    await page.getByRole('link', { name: /^quarantined/ }).click()
    await page.getByText('PHANTOM, ALFA').waitFor({ state: 'detached' })
    expect(new URL(page.url()).search).toBe('?state=quarantined')
    await page.reload()
    await page.getByText('PHANTOM, HOTEL').waitFor()
    expect(await page.getByRole('row').count()).toBe(2)
    expect(await page.getByRole('link', { name: /^quarantined/ }).getAttribute('aria-current')).toBe('page')

    await page.getByRole('link', { name: /^all/ }).click()
    await page.getByLabel('Search').fill('delta')
    await page.getByText('PHANTOM, ECHO').waitFor({ state: 'detached' })
    expect(page.url().toLowerCase()).not.toContain('delta')
    await page.reload()
    await page.getByText('PHANTOM, DELTA').waitFor()
    expect(await page.getByRole('row').count()).toBe(2)
  })

  it('shows a study that arrives without being asked, and asks for nothing that did not change', async () => {
    const { page } = await visitor()
    await openPage(page, appliance.service.origin, '/')
    await page.getByText('PHANTOM, DELTA').waitFor()
    await page.evaluate(() => Object.assign(window, { stayed: true }))
    const arrived = study('zulu', { state: 'running', receivedAt: minutesAgo(0) })
    appliance.put(arrived)
    const row = page.getByRole('row').filter({ hasText: 'PHANTOM, ZULU' })
    await row.waitFor({ timeout: 3_000 })
    appliance.put({ ...arrived, state: 'scored', scores: [pneumonia(0.91)] })
    await row.getByText('above operating point').waitFor({ timeout: 3_000 })
    expect(await page.evaluate(() => 'stayed' in window)).toBe(true)

    await row.getByRole('link').click()
    await page.getByRole('heading', { name: 'PHANTOM, ZULU' }).waitFor()
    const readings = () => appliance.service.requests.filter((request) => request.endsWith(arrived.study)).length
    const before = readings()
    appliance.put(study('yankee', { receivedAt: minutesAgo(0) }))
    await page.waitForTimeout(600)
    expect(readings(), 'each reading is an entry in the audit log').toBe(before)
    appliance.put({ ...arrived, state: 'scored', revision: 2, scores: [pneumonia(0.12)] })
    await page.locator('.fact-grid').getByText('below operating point').waitFor({ timeout: 3_000 })
    expect(readings()).toBe(before + 1)
  })

  it('says in words that there is nothing, and what to do', async () => {
    const { page } = await visitor()
    const pages = consolePages(appliance).filter(({ empty }) => empty !== undefined)
    appliance.empty = true
    for (const one of pages) {
      await openPage(page, appliance.service.origin, one.path)
      expect(await textOf(page.locator('main')), one.name).toContain(one.empty)
    }
    await page.goto(`${appliance.service.origin}/studies/${'0'.repeat(32)}`)
    await page.getByText('not-found').waitFor()
    await page.goto(`${appliance.service.origin}/?state=failed`)
    await page.getByText('No study is in this view.').waitFor()
    await page.goto(`${appliance.service.origin}/no/such/page`)
    await page.getByText('This address leads nowhere.').waitFor()
  })

  it('shows a failure in the place of the facts, with cause, effect and next step', async () => {
    const { page } = await visitor()
    const pages = consolePages(appliance)
    appliance.service.mode = 'failing'
    for (const one of pages) {
      await page.goto(appliance.service.origin + one.path)
      const alert = page.locator('main').getByRole('alert').first()
      expect(await textOf(alert), one.name).toMatch(/refuses with internal\.[\s\S]*changed\.[\s\S]*back\./)
      expect(await textOf(page.locator('main')), `${one.name} shows nothing old`).not.toContain(one.facts[0])
    }
  })

  it('keeps what it knows while the service is away, and says of when it is', async () => {
    const { page } = await visitor()
    await page.clock.install()
    for (const one of consolePages(appliance)) {
      appliance.service.offline = false
      await openPage(page, appliance.service.origin, one.path)
      // A study is asked for again when it changes, and nobody tells while the service is away.
      if (one.name === 'study') continue
      const before = await places(page)
      appliance.service.offline = true
      await page.clock.fastForward(REFRESH_MS)
      await page.getByText('not renewed since').waitFor()
      const text = await textOf(page.locator('main'))
      expect(text).toContain('The service does not answer.')
      expect(text, `${one.name} keeps its facts`).toContain(one.facts[0])
      expect(await places(page), `${one.name} stays where it is`).toEqual(before)
    }
    await page.reload()
    await page.getByText('The service does not answer.').waitFor()
    appliance.service.offline = false
    await page.clock.fastForward(REFRESH_MS)
    await page.getByText('as of').waitFor()
  })

  it('says so when the program of a page does not come, and opens it afterwards', async () => {
    const { page, context } = await visitor()
    await openPage(page, appliance.service.origin, '/')
    await context.setOffline(true)
    await page.getByRole('link', { name: 'Device' }).click()
    expect(await textOf(page.getByRole('alert').filter({ hasText: 'could not be opened' }))).toContain('Try again')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('The service cannot be reached.').waitFor()
    await context.setOffline(false)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: 'Device' }).waitFor()
  })

  it('can be used with the keyboard alone', async () => {
    const { page } = await visitor()
    await openPage(page, appliance.service.origin, '/')
    await page.getByText('PHANTOM, DELTA').waitFor()
    const reachable = await page.locator('a[href], button, input, select, [tabindex="0"]').count()
    const reached = new Set<string>()
    for (let step = 0; step < reachable; step++) {
      await page.keyboard.press('Tab')
      reached.add(await page.evaluate(() => document.activeElement?.textContent.slice(0, 40) ?? ''))
    }
    for (const name of ['Skip to the page', 'Worklist', 'Keys: ?', 'Sign out', 'Hide scores', 'PHANTOM, DELTA']) {
      expect(
        [...reached].some((text) => text.startsWith(name)),
        `Tab reaches ${name}`,
      ).toBe(true)
    }

    await page.reload()
    await page.getByText('PHANTOM, DELTA').waitFor()
    await page.keyboard.press('?')
    expect(await textOf(page.getByRole('dialog'))).toContain('Next row')
    await page.keyboard.press('j')
    await page.keyboard.press('Escape')
    expect(await page.getByRole('dialog').count()).toBe(0)

    await page.keyboard.press('/')
    await page.keyboard.type('jk?')
    expect(await page.getByLabel('Search').inputValue(), 'letters are letters in a field').toBe('jk?')
    await page.getByLabel('Search').fill('')
    await page.getByLabel('Search').blur()
    await page.getByText('PHANTOM, BRAVO').waitFor()

    const focused = () => page.evaluate(() => document.activeElement?.textContent)
    const rows = await page.locator('tr[data-row] a').allTextContents()
    await page.keyboard.press('j')
    expect(await focused()).toBe(rows[0])
    await page.keyboard.press('ArrowDown')
    expect(await focused()).toBe(rows[1])
    await page.keyboard.press('k')
    expect(await focused()).toBe(rows[0])
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/studies\/[0-9a-f]{32}$/)
    await page.locator('[data-verify], .quiet').first().waitFor()
  })

  it('shows hostile values as text that stays in its place', async () => {
    const opened = await visitor()
    const { page } = opened
    await openPage(page, appliance.service.origin, '/')
    const images = () => page.locator('main img').count()
    await page.getByText('PHANTOM, DELTA').waitFor()
    expect(await page.getByRole('row').filter({ hasText: MARKUP }).count()).toBe(1)
    expect(await images()).toBe(0)
    for (const name of [MARKUP, LONG_WORD, '']) {
      await openPage(page, appliance.service.origin, `/studies/${studyNamed(appliance, name)}`)
      expect(await images()).toBe(0)
      expect(await page.title()).toMatch(/^Study [0-9a-f]{12}… · Leadglass$/)
      await checkPage(opened, { name: 'a hostile study', path: '', facts: [], empty: undefined }, DESK)
    }
    const turned = page.getByRole('row').filter({ hasText: 'ENOTSLLAG' })
    await openPage(page, appliance.service.origin, '/')
    expect(await textOf(turned.locator('a')), 'a turning character is shown, not obeyed').toBe(
      'PHANTOM, \uFFFDENOTSLLAG',
    )
  })

  it('records what a reader states, and whether the scores were out of sight', async () => {
    const { page } = await visitor()
    await openPage(page, appliance.service.origin, '/')
    const { labelled } = appliance
    labelled.length = 0
    const [blind, open] = [studyNamed(appliance, 'PHANTOM^M3'), studyNamed(appliance, 'PHANTOM^DELTA')]
    await page.evaluate(() => sessionStorage.clear())
    await openPage(page, appliance.service.origin, `/?scores=hidden`)
    await page.evaluate(() => sessionStorage.clear())
    expect(await textOf(page.locator('main'))).not.toMatch(/0\.\d{3}|operating point [^,]/)
    await openPage(page, appliance.service.origin, `/studies/${blind}?scores=hidden`)
    expect(await textOf(page.locator('main'))).not.toMatch(/(above|below) operating point/)
    const submit = page.getByRole('button', { name: 'Verify as ground truth' })
    expect(await submit.isDisabled(), 'no answer is proposed').toBe(true)
    await page.keyboard.press('v')
    await page.getByLabel('present').check()
    await submit.click()
    await page.getByText('Recorded: pneumonia present, blind.').waitFor()
    expect(await textOf(page.getByRole('table', { name: 'Verified findings' }))).toContain('present')

    await page.getByRole('link', { name: 'show the scores' }).click()
    await page.getByText('recorded as not blind').or(page.getByText('Recorded: pneumonia')).waitFor()
    await openPage(page, appliance.service.origin, `/studies/${open}`)
    await page.getByText('recorded as not blind').waitFor()
    await page.getByLabel('Finding', { exact: true }).selectOption('effusion')
    await page.getByLabel('uncertain').check()
    await submit.click()
    await page.getByText('Recorded: effusion uncertain, not blind.').waitFor()
    expect(labelled).toEqual([
      { finding: 'pneumonia', value: 'present', blind: true },
      { finding: 'effusion', value: 'uncertain', blind: false },
    ])

    await openPage(page, appliance.service.origin, `/studies/${open}?scores=hidden`)
    await page.getByText('recorded as not blind').waitFor()
  })

  it('tells a site administrator exactly how to approve for the hospital what waits', async () => {
    const { page } = await visitor('site-admin')
    await openPage(page, appliance.service.origin, '/device')
    const section = page.getByRole('region', { name: 'The hospital’s approval' })
    const text = await textOf(section)
    expect(text).toContain('leadglass approve local sign chest-radiograph@1.4.0 --key SITE-KEY-FILE')
    expect(text).toMatch(/SHA-256 of the package[0-9a-f]{64}/)
    expect(text).toContain('Frontal chest radiographs, CR or DX, of adults.')
  })

  it('offers labels to readers only, and sending again to those who may', async () => {
    const reader = await visitor('radiologist')
    await openPage(reader.page, appliance.service.origin, '/device')
    await reader.page.getByRole('button', { name: 'Detail of reading-room' }).click()
    expect(await reader.page.getByRole('button', { name: /^Send all/ }).count()).toBe(0)

    const { page } = await visitor('technologist')
    await openPage(page, appliance.service.origin, `/studies/${studyNamed(appliance, 'PHANTOM^DELTA')}`)
    await page.getByText('Radiologists state what is true here.').waitFor()
    expect(await page.getByRole('button', { name: 'Verify as ground truth' }).count()).toBe(0)
    await openPage(page, appliance.service.origin, '/device')
    await page.getByRole('button', { name: 'Detail of reading-room' }).click()
    await page.getByText('Nothing is sent: connection-refused. Next step: check that the destination runs').waitFor()
    await page.getByText(/: late$/).waitFor()
    await page.getByRole('button', { name: 'Send all 2 again' }).click()
    await page.getByText('Send 2 results to reading-room again?').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Send again' }).first().click()
    await page.getByText('Send result 40 to reading-room again?').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Send all 2 again' }).click()
    await page.getByRole('button', { name: 'Yes, send again' }).click()
    await page.getByText('2 results wait to be sent again.').waitFor()
    await page.getByText('Nothing was given up here.').waitFor()
  })

  it('shows an envelope exactly as it left, and those of one study alone', async () => {
    const { page } = await visitor()
    await openPage(page, appliance.service.origin, `/studies/${studyNamed(appliance, 'PHANTOM^DELTA')}`)
    await page.locator('.fact-grid').getByRole('link').click()
    await page.getByText('Only study').waitFor()
    const envelopes = page.getByRole('table', { name: 'The envelopes' })
    await envelopes.waitFor()
    expect(await envelopes.locator('tbody tr').count()).toBe(1)
    await envelopes.getByRole('button').click()
    const body = JSON.parse(await textOf(envelopes.locator('pre'))) as Record<string, unknown>
    expect(body).toMatchObject({ kind: 'study-features', scores: [{ code: 'pneumonia', value: 0.873 }] })
  })
})
