import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beSignedInAs, CHROMIUM, DESK, startBrowser, visit, WITHOUT_CHROMIUM } from './browser.ts'
import { studyNamed } from './console-pages.ts'
import { FakeAppliance } from './fake-appliance.ts'
import { checkPage, openPage } from './page-checks.ts'
import { builtPages } from './pages.ts'

describe.skipIf(CHROMIUM === undefined)(`why a score is what it is, in a browser${WITHOUT_CHROMIUM}`, () => {
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
  const readings = (): string[] => appliance.service.requests.filter((one) => /explanations\/\d/.test(one))

  it('shows nothing until a person asks, by keyboard too, and then says what it is bound to', async () => {
    const opened = await visit(browser)
    const { page } = opened
    const { origin } = appliance.service
    await beSignedInAs(opened, origin, 'radiologist')
    const path = `/studies/${studyNamed(appliance, 'PHANTOM^DELTA')}`
    await openPage(page, origin, path)
    expect(await page.locator('canvas').count()).toBe(0)
    const explain = page.getByRole('button', { name: 'Explain Pneumonia, image 1' })
    expect(await explain.getAttribute('aria-expanded')).toBe('false')
    expect(readings()).toEqual([])
    await explain.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Work it out' }).press('Enter')
    const map = page.getByRole('img', { name: 'Heat map of Pneumonia, image 1' })
    await map.waitFor()
    const facts = [
      'lower left of the picture',
      '205 runs of the model',
      'Not for diagnostic use.',
      'chest-radiograph 1.1.0',
    ]
    await checkPage(opened, { name: 'an explanation', path, facts, empty: undefined }, DESK)
    expect(readings()).toHaveLength(1)
    expect(readings()[0], 'the page says what it shows').toMatch(
      /instance=0&frame=0&code=pneumonia&model=[0-9a-f]{64}&pixels=[0-9a-f]{64}/,
    )
    const colourAt = (column: number, row: number) =>
      map.evaluate(
        (canvas, [x, y]) => [...((canvas as HTMLCanvasElement).getContext('2d')?.getImageData(x, y, 1, 1).data ?? [])],
        [column, row] as const,
      )
    expect(await colourAt(3, 10), 'the warmest cell').toEqual([254, 232, 56, 255])
    expect(await colourAt(13, 0), 'below the threshold').toEqual([16, 18, 22, 255])
    if (process.env.LEADGLASS_SCREENSHOTS !== undefined) {
      await map.scrollIntoViewIfNeeded()
      await page.screenshot({ path: `${process.env.LEADGLASS_SCREENSHOTS}/explanation.png` })
    }
    await page.getByLabel('Colours').selectOption('viridis')
    await expect.poll(() => colourAt(3, 10)).toEqual([253, 231, 37, 255])
    await page.getByRole('slider').focus()
    for (let i = 0; i < 5; i += 1) await page.keyboard.press('ArrowLeft')
    await page.getByText('Dark below 0 % of the largest').waitFor()
    expect(readings(), 'looking at it otherwise is no other reading').toHaveLength(1)

    await page.getByLabel('How').selectOption('attribution')
    await page.getByRole('button', { name: 'Work it out' }).click()
    await page.getByRole('table', { name: 'Contributions of features' }).waitFor()
    await page.getByText('25 others together').waitFor()
    await page.getByRole('button', { name: 'Hide Pneumonia, image 1' }).click()
    expect(await page.locator('canvas').count()).toBe(0)
    // The test reads the canvas back, which the page itself never does.
    expect(opened.complaints.filter((one) => !one.includes('getImageData'))).toEqual([])
    await opened.context.close()
  })

  it('offers none while scores are hidden for blind reading', async () => {
    const opened = await visit(browser)
    await beSignedInAs(opened, appliance.service.origin, 'radiologist')
    const path = `/studies/${studyNamed(appliance, 'PHANTOM^DELTA')}?scores=hidden`
    await openPage(opened.page, appliance.service.origin, path)
    expect(await opened.page.getByRole('button', { name: /^Explain/ }).count()).toBe(0)
    await opened.context.close()
  })
})
