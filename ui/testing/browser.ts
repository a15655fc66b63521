import axe from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core'
import { peer } from '../../installer/testing/peers.ts'
import { COOKIE, PASSWORD } from './fake-service.ts'

/** Debian's Chromium; `undefined` when it is not installed and peers are not required. */
export const CHROMIUM = peer('chromium')

/** Says in a skipped test's name why it is skipped. */
export const WITHOUT_CHROMIUM = CHROMIUM === undefined ? ' (skipped: chromium is not installed)' : ''

/** Starts the browser. Software rendering: tests need no graphics device. */
export async function startBrowser(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('chromium is not installed')
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
  })
}

/** Loopback and small pages: what takes longer will not come. */
const PATIENCE_MS = 8_000

/** Where a page is looked at. */
export interface Screen {
  readonly width: number
  readonly height: number
}

export const DESK: Screen = { width: 1440, height: 900 }
export const PHONE: Screen = { width: 360, height: 740 }
/** A desk enlarged to 200 %: half as many CSS pixels. */
export const ENLARGED: Screen = { width: 720, height: 450 }

/** A page with everything it complained about. */
export interface Visit {
  readonly context: BrowserContext
  readonly page: Page
  /** Errors on the console, uncaught errors, and refusals of the content security policy. */
  readonly complaints: string[]
}

/** Opens an empty page that listens for complaints and sums up layout shifts. */
export async function visit(browser: Browser, screen: Screen = DESK): Promise<Visit> {
  const context = await browser.newContext({ viewport: { ...screen }, timezoneId: 'Europe/Berlin', locale: 'en-GB' })
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`))
  await page.addInitScript(() => {
    const seen = { shift: 0, refusals: [] as string[] }
    Object.assign(window, { seen })
    new PerformanceObserver((list) => {
      // Layout Instability API: `value` and `hadRecentInput` are not in TypeScript's library yet.
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) seen.shift += entry.value
    }).observe({ type: 'layout-shift', buffered: true })
    document.addEventListener('securitypolicyviolation', (event) => {
      seen.refusals.push(`${event.violatedDirective} ${event.blockedURI}`)
    })
  })
  return { context, page, complaints }
}

/** Signs in over the form. Refusals before that are what must happen, so they are no complaint. */
export async function signInAs({ page, complaints }: Visit, origin: string, account: string): Promise<void> {
  await page.goto(origin)
  await page.getByLabel('Account').fill(account)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('navigation').waitFor()
  complaints.length = 0
}

/** Signs in without the form, for tests of what comes after it. */
export async function beSignedInAs({ context }: Visit, origin: string, account: string): Promise<void> {
  await context.addCookies([{ name: COOKIE, value: account, url: origin }])
}

/** All text of an element, shown or scrolled away. */
export async function textOf(locator: Locator): Promise<string> {
  return (await locator.textContent()) ?? ''
}

/** What the page's own observers have seen so far. */
export async function seen(page: Page): Promise<{ readonly shift: number; readonly refusals: readonly string[] }> {
  return page.evaluate(() => (window as unknown as { seen: { shift: number; refusals: string[] } }).seen)
}

/** Serious and critical violations of WCAG 2.2 A and AA, as `rule: selector`. */
export async function seriousViolations(page: Page): Promise<string[]> {
  // By the debugger, not as a script of the page: the policy must not be relaxed for a test.
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const loaded = window as unknown as { axe: { run: (options: unknown) => Promise<AxeAnswer> } }
    interface AxeAnswer {
      readonly violations: readonly {
        readonly id: string
        readonly impact: string | null
        readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[]
      }[]
    }
    const { violations } = await loaded.axe.run({ resultTypes: ['violations'] })
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary}`),
      )
  })
}

/** Whether anything sticks out of the page to the side, and by how many pixels. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
}
