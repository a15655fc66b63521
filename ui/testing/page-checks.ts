import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { ENLARGED, overflow, type Screen, seen, seriousViolations, textOf, type Visit } from './browser.ts'

/** A page of a service, and words that stand on it once its facts are there. */
export interface PageCase {
  readonly name: string
  readonly path: string
  readonly facts: readonly string[]
  /** What the page says when there is nothing; `undefined` where there is always something. */
  readonly empty: string | undefined
}

/** Opens a page and waits for its answers. */
export async function openPage(page: Page, origin: string, path: string): Promise<void> {
  await page.goto(origin + path)
  await page.locator('.page-as-of').getByText('as of').waitFor()
  await page.locator('.panel[role=status]').first().waitFor({ state: 'detached' })
}

/** Facts, policy, console and accessibility of an open page. */
export async function checkPage({ page, complaints }: Visit, { name, facts }: PageCase, screen: Screen): Promise<void> {
  const text = await textOf(page.locator('body'))
  for (const fact of facts) expect(text, `${name} shows its facts`).toContain(fact)
  expect(text, `${name} says what it is not for`).toContain('Not for diagnostic use.')
  expect((await seen(page)).refusals, `${name} keeps the policy`).toEqual([])
  expect(complaints, `${name} leaves the console empty`).toEqual([])
  // Enlarged, a page is laid out as on a phone.
  if (screen !== ENLARGED) expect(await seriousViolations(page), `${name} can be used by everybody`).toEqual([])
  expect(await overflow(page), `${name} does not stick out`).toBeLessThanOrEqual(0)
}

/** Where head, tools and first content of a page are; `null` for what the page does not have. */
export async function places(page: Page): Promise<readonly unknown[]> {
  return page.evaluate(() =>
    ['.page-head', '.page-main .toolbar', '.table-scroll thead, .fact-grid'].map((selector) => {
      const box = document.querySelector(selector)?.getBoundingClientRect()
      return box === undefined ? null : { selector, x: box.x, y: box.y, width: box.width }
    }),
  )
}

/** Tables of a page that are wider than their place, and headings that do not fit their column. */
export async function cutTables(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('.table-scroll, .table-scroll thead th')]
      .filter((element) => element.scrollWidth > element.clientWidth)
      .map((element) => element.getAttribute('aria-label') ?? element.textContent),
  )
}
