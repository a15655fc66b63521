import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, startBrowser, visit, WITHOUT_CHROMIUM } from '../../ui/testing/browser.ts'
import { silentProgress } from '../cli/progress.ts'
import { waitUntilSettled } from '../fault/settle.ts'
import { readSignInFile } from './sign-in-file.ts'
import { startThrowawayInstance, type ThrowawayInstance } from './throwaway.ts'

const PHANTOMS = 6

describe.skipIf(CHROMIUM === undefined)(`the pages of a real instance${WITHOUT_CHROMIUM}`, () => {
  let folder: string
  let instance: ThrowawayInstance
  let browser: Browser

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-pages-'))
    instance = await startThrowawayInstance(folder, { phantoms: true })
    await waitUntilSettled(instance.client, PHANTOMS, 60_000, silentProgress)
    browser = await startBrowser()
  }, 120_000)

  afterAll(async () => {
    await browser.close()
    await instance.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function signIn(service: 'appliance' | 'hub', account: string) {
    const { console: local, hub } = await readSignInFile(instance.layout)
    const password = (service === 'hub' ? hub : local).find((one) => one.account === account)?.password ?? ''
    const visited = await visit(browser)
    await visited.page.goto(instance.client.addressOf(service))
    await visited.page.getByLabel('Account').fill(account)
    await visited.page.getByLabel('Password').fill(password)
    await visited.page.getByRole('button', { name: 'Sign in' }).click()
    return visited
  }

  it('show the phantoms with score, operating point, model and version', async () => {
    const { page, complaints, context } = await signIn('appliance', 'radiologist')
    await expect.poll(() => page.getByText(/PHANTOM/).count(), { timeout: 10_000 }).toBeGreaterThanOrEqual(PHANTOMS)
    expect(await page.getByText('chest-radiograph 1.0.0').count()).toBeGreaterThanOrEqual(1)
    expect(await page.getByText('Not for diagnostic use').isVisible()).toBe(true)
    // The sign-in form appears because the session was refused first; the browser reports that answer as an error.
    expect(complaints.filter((line) => !line.includes('401'))).toEqual([])
    await context.close()
  })

  it('show the fleet, the release and who approved it', async () => {
    const { page, complaints, context } = await signIn('hub', 'auditor')
    await page.getByText(instance.client.instance.device).first().waitFor()
    await page.getByRole('link', { name: 'Approvals' }).click()
    await page.getByText('Evaluation clinical approver').first().waitFor()
    await page.getByText('Evaluation technical approver').first().waitFor()
    await page.getByRole('link', { name: 'Registry' }).click()
    await page.getByRole('link', { name: 'chest-radiograph 1.0.0' }).first().waitFor()
    expect(complaints.filter((line) => !line.includes('401'))).toEqual([])
    await context.close()
  })
})
