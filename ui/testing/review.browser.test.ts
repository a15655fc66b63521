import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beSignedInAs, CHROMIUM, DESK, startBrowser, visit, WITHOUT_CHROMIUM } from './browser.ts'
import { FakeAppliance } from './fake-appliance.ts'
import { checkPage, openPage } from './page-checks.ts'
import { builtPages } from './pages.ts'

describe.skipIf(CHROMIUM === undefined)(`pixels that a person looks at${WITHOUT_CHROMIUM}`, () => {
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

  it('shows frames and proposed boxes; they are drawn, moved and removed; a release must cover what identifies', async () => {
    const opened = await visit(browser)
    const { page } = opened
    await beSignedInAs(opened, appliance.service.origin, 'radiologist')
    await openPage(page, appliance.service.origin, '/pixels')
    await page.getByRole('link', { name: 'object 7' }).click()
    const picture = page.getByRole('group', { name: 'Frame 1 of 3' })
    await picture.waitFor()
    const facts = ['waits for a person', 'unknown device']
    await checkPage(opened, { name: 'a review', path: '', facts, empty: undefined }, DESK)
    if (process.env.LEADGLASS_SCREENSHOTS !== undefined)
      await page.screenshot({ path: `${process.env.LEADGLASS_SCREENSHOTS}/review.png` })
    const boxes = page.locator('rect.review-box')
    expect(await boxes.count(), 'the box of frame 2 is not shown in frame 1').toBe(1)

    // By keyboard: move, grow, remove.
    const first = page.getByRole('button', { name: /^Box 1:/ })
    await first.focus()
    await page.keyboard.press('Shift+ArrowDown')
    await page.keyboard.press('Alt+ArrowRight')
    expect(await first.getAttribute('aria-label')).toBe('Box 1: 121 by 16 at 10, 28')
    await page.keyboard.press('Delete')
    expect(await boxes.count()).toBe(0)

    // By mouse: draw, move.
    const edge = await picture.boundingBox()
    if (edge === null) throw new Error('the picture is not there')
    const at = (x: number, y: number) => [edge.x + (x * edge.width) / 320, edge.y + (y * edge.height) / 240] as const
    const drag = async (from: readonly [number, number], to: readonly [number, number]): Promise<void> => {
      await page.mouse.move(...from)
      await page.mouse.down()
      await page.mouse.move(...to, { steps: 4 })
      await page.mouse.up()
    }
    await drag(at(100, 100), at(160, 130))
    expect(await boxes.count()).toBe(1)
    expect(await boxes.first().getAttribute('aria-label')).toMatch(/^Box 2: 6[01] by 3[01] at (99|100), (99|100)$/)
    await drag(at(120, 110), at(140, 130))
    expect(await boxes.first().getAttribute('x')).toMatch(/^1(19|20|21)$/)

    const release = page.getByRole('button', { name: /^Release/ })
    expect(await release.isDisabled(), 'without a reason').toBe(true)
    await page.getByLabel('Reason, for the record').fill('covered by hand')
    await release.click()
    await page.getByText('text that identifies can still be read').waitFor()
    expect(await boxes.count(), 'what is missing was added').toBe(2)
    await page.getByRole('slider').press('ArrowRight')
    await page.getByRole('group', { name: 'Frame 2 of 3' }).waitFor()
    await release.click()
    await page.getByText('may leave, masked').waitFor()
    expect(await page.getByRole('button', { name: /^Release/ }).count()).toBe(0)
    await page.getByText('covered by hand').waitFor()
    expect(opened.complaints).toEqual([])
    await opened.context.close()
  })

  it('does not show pixels to who may not see them', async () => {
    const opened = await visit(browser)
    await beSignedInAs(opened, appliance.service.origin, 'technologist')
    await opened.page.goto(`${appliance.service.origin}/pixels/5`)
    await opened.page.getByText('not-allowed').waitFor()
    expect(await opened.page.locator('image').count()).toBe(0)
    await opened.context.close()
  })
})
