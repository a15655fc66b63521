import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentProgress } from '../cli/progress.ts'
import { waitUntilSettled } from '../fault/settle.ts'
import { peer } from '../testing/peers.ts'
import { readSignInFile } from './sign-in-file.ts'
import { startThrowawayInstance, type ThrowawayInstance } from './throwaway.ts'

/** Six radiographs and the constancy phantom. */
const PHANTOMS = 7
const CHROMIUM = peer('chromium')
const WITHOUT_CHROMIUM = CHROMIUM === undefined ? ' (skipped: chromium is not installed)' : ''

/** A page, and what it complained about after the sign-in form was shown. */
interface Visit {
  readonly page: Page
  readonly complaints: readonly string[]
  readonly close: () => Promise<void>
}

describe.skipIf(CHROMIUM === undefined)(`the pages of a real instance${WITHOUT_CHROMIUM}`, () => {
  let folder: string
  let instance: ThrowawayInstance
  let browser: Browser

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-pages-'))
    instance = await startThrowawayInstance(folder, { phantoms: true })
    await waitUntilSettled(instance.client, PHANTOMS, 60_000, silentProgress)
    browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox', '--disable-gpu'] })
  }, 120_000)

  afterAll(async () => {
    await browser.close()
    await instance.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function signIn(service: 'appliance' | 'hub', account: string): Promise<Visit> {
    const { console: local, hub } = await readSignInFile(instance.layout)
    const password = (service === 'hub' ? hub : local).find((one) => one.account === account)?.password ?? ''
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => {
      // The form appears because the session was refused first; the browser reports that answer as an error.
      if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(instance.client.addressOf(service))
    await page.getByLabel('Account').fill(account)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    return { page, complaints, close: () => context.close() }
  }

  it('show the phantoms with score, operating point, model and version', async () => {
    const { page, complaints, close } = await signIn('appliance', 'radiologist')
    await expect.poll(() => page.getByText(/PHANTOM/).count(), { timeout: 10_000 }).toBeGreaterThanOrEqual(PHANTOMS)
    expect(await page.getByText('chest-radiograph 1.1.0').count()).toBeGreaterThanOrEqual(1)
    expect(await page.getByText('Not for diagnostic use').isVisible()).toBe(true)
    expect(complaints).toEqual([])
    await close()
  })

  it('show the fleet, the release and who approved it', async () => {
    const { page, complaints, close } = await signIn('hub', 'auditor')
    await page.getByText(instance.client.instance.device).first().waitFor()
    await page.getByRole('link', { name: 'Approvals' }).click()
    await page.getByText('Evaluation clinical approver').first().waitFor()
    await page.getByText('Evaluation technical approver').first().waitFor()
    await page.getByRole('link', { name: 'Registry' }).click()
    await page.getByRole('link', { name: 'chest-radiograph 1.1.0' }).first().waitFor()
    expect(complaints).toEqual([])
    await close()
  })
})
