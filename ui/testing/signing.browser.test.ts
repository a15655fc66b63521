import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { approvalRecord, approvalSummary, signingKeyList } from '../contract/hub-api.ts'
import {
  CHROMIUM,
  seen,
  seriousViolations,
  startBrowser,
  textOf,
  type Visit,
  visit,
  WITHOUT_CHROMIUM,
} from './browser.ts'
import { builtPages } from './pages.ts'

const HUB = join(import.meta.dirname, '..', '..', 'cloud-hub', 'testing', 'signing-hub.ts')
const CLINICAL = 'clinical-approver'
const PAGE = { 'x-leadglass-page': '1' }

/** What the hub says of itself. */
const facts = z.object({
  origin: z.string(),
  token: z.string(),
  approval: z.string(),
  accounts: z.array(z.object({ account: z.string(), password: z.string() })),
})

describe.skipIf(CHROMIUM === undefined)(`signing in a browser, against a hub${WITHOUT_CHROMIUM}`, () => {
  let child: ChildProcess
  let hub: z.infer<typeof facts>
  let browser: Browser
  let opened: Visit
  let approval = ''

  const origin = (): string => hub.origin
  const passwordOf = (account: string): string => hub.accounts.find((one) => one.account === account)?.password ?? ''
  const ask = async (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: unknown,
  ): Promise<Response> =>
    fetch(`${hub.origin}${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const read = async (path: string): Promise<Response> => ask('GET', path, { authorization: `Bearer ${hub.token}` })
  const get = async (path: string): Promise<unknown> => (await read(path)).json()

  beforeAll(async () => {
    child = fork(HUB, [builtPages().hub])
    hub = facts.parse((await once(child, 'message'))[0])
    approval = hub.approval
    browser = await startBrowser()
    opened = await visit(browser)
  })
  afterAll(async () => {
    await browser.close()
    child.send({ stop: true })
    await once(child, 'exit')
  })

  const signIn = async (page: Page): Promise<void> => {
    await page.goto(origin())
    await page.getByLabel('Account').fill(CLINICAL)
    await page.getByLabel('Password').fill(passwordOf(CLINICAL))
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('navigation').waitFor()
    opened.complaints.length = 0
  }

  /** What the second person does, from another place. */
  const confirm = async (keyid: string, code: string): Promise<number> => {
    const account = 'technical-approver'
    const session = await ask('POST', '/api/session', PAGE, { account, password: passwordOf(account) })
    const cookie = (session.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    return (await ask('POST', `/api/signing-keys/${keyid}/confirmation`, { ...PAGE, cookie }, { code })).status
  }

  const listKey = async (publicKey: string): Promise<void> => {
    child.send({ list: publicKey })
    await once(child, 'message')
  }

  it('makes a key that nobody can read, which counts once another person confirmed and the custodians listed it', async () => {
    const { page } = opened
    await signIn(page)
    await page.goto(`${origin()}/approvals/keys`)
    await page.getByLabel('Your name, as it stands in every printed signature').fill('Clinical Approver in a Browser')
    await page.getByLabel('Your hub password').fill(passwordOf(CLINICAL))
    await page.getByRole('button', { name: 'Make a key in this browser' }).click()
    const code = await textOf(page.getByRole('status').locator('strong.mono'))
    expect(code).toMatch(/^[0-9a-f]{10}$/)
    const { keys } = signingKeyList.parse(await get('/api/signing-keys'))
    const mine = keys.find((key) => key.kind === 'browser')
    expect(mine).toMatchObject({ person: CLINICAL, state: 'pending' })
    expect(await confirm(mine?.keyid ?? '', '0000000000')).toBe(409)
    expect(await confirm(mine?.keyid ?? '', code)).toBe(200)
    await listKey(mine?.publicKey ?? '')
    const stolen = await page.evaluate(async () => {
      const open = indexedDB.open('leadglass-signing', 1)
      await new Promise((resolve) => {
        open.onsuccess = resolve
      })
      const all = open.result.transaction('keys').objectStore('keys').getAll()
      await new Promise((resolve) => {
        all.onsuccess = resolve
      })
      const [record] = all.result as { privateKey: CryptoKey }[]
      if (record === undefined) return 'no key'
      return crypto.subtle.exportKey('pkcs8', record.privateKey).then(
        () => 'exported',
        (error: unknown) => (error as Error).name,
      )
    })
    expect(stolen).toBe('InvalidAccessError')
  })

  it('shows what is signed, signs nothing on Enter, and leaves on Escape', async () => {
    const { page, complaints } = opened
    await page.goto(`${origin()}/approvals/${approval}`)
    await page.getByRole('button', { name: 'Sign …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('it agrees').waitFor()
    const text = await textOf(dialog)
    for (const fact of ['chest-radiograph 1.0.0', 'SHA-256', 'Time of the hub', CLINICAL]) expect(text).toContain(fact)
    await expect(dialog.getByRole('button', { name: 'Sign', exact: true }).isDisabled()).resolves.toBe(true)
    await dialog.getByLabel('Meaning of your signature').selectOption('approval')
    await dialog.getByLabel('Hub password').fill('something wrong')
    await dialog.getByLabel('Hub password').press('Enter')
    for (let i = 0; i < 12; i += 1) {
      await page.keyboard.press('Tab')
      const place = await page.evaluate(() => document.activeElement?.closest('dialog, body')?.tagName)
      expect(['DIALOG', 'BODY']).toContain(place)
      const behind = await page.evaluate(
        () => document.activeElement?.closest('main') !== null && document.activeElement?.closest('dialog') === null,
      )
      expect(behind).toBe(false)
    }
    expect(await seriousViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    const { signatures } = approvalSummary.parse(await get(`/api/approvals/${approval}`))
    expect(signatures).toEqual([])
    expect(complaints).toEqual([])
  })

  it('signs with both components, and the record shows name, time and meaning in every form', async () => {
    const { page } = opened
    await page.getByRole('button', { name: 'Sign …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('it agrees').waitFor()
    await dialog.getByLabel('Meaning of your signature').selectOption('approval')
    await dialog.getByLabel('Hub password').fill('something wrong')
    await dialog.getByRole('button', { name: 'Sign', exact: true }).click()
    await dialog.getByText('password-wrong').waitFor()
    await dialog.getByLabel('Reason').fill('The figures hold at our site.')
    await dialog.getByLabel('Hub password').fill(passwordOf(CLINICAL))
    await dialog.getByRole('button', { name: 'Sign', exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('Signed by Clinical Approver in a Browser, clinical; meaning: approval.').waitFor()
    const record = approvalRecord.parse(await get(`/api/approvals/${approval}/record`))
    expect(record.summary.state).toBe('partially-signed')
    const [signature] = record.signatures
    expect(signature?.shown).toMatchObject({ printedName: 'Clinical Approver in a Browser', meaning: 'approval' })
    const { payload } = z.object({ payload: z.string() }).parse(signature?.envelope)
    expect(Buffer.from(payload, 'base64').toString()).toContain('The figures hold at our site.')
    expect(signature?.log?.proof).toContain('c2sp.org/tlog-proof@v1')
    await page.emulateMedia({ media: 'print' })
    expect(await page.getByRole('button', { name: 'Comment' }).isVisible()).toBe(false)
    const printed = await textOf(page.locator('main'))
    for (const item of ['Clinical Approver in a Browser', 'approval']) expect(printed).toContain(item)
    await page.emulateMedia({ media: 'screen' })
    const paper = await read(`/api/approvals/${approval}/record.pdf`)
    expect(
      Buffer.from(await paper.arrayBuffer())
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-')
    expect((await seen(page)).refusals).toEqual([])
  })

  it('keeps what is said in threads, begins a review, and sends back', async () => {
    const { page } = opened
    const words = page.getByLabel('Words: a comment, or the reason of your decision')
    await words.fill('Why is the test part small?')
    await page.getByRole('button', { name: 'Comment', exact: true }).click()
    await page.getByRole('button', { name: 'Answer comment' }).click()
    await page.getByLabel('Answer to comment').fill('One site only.')
    await page.getByRole('button', { name: 'Comment', exact: true }).click()
    await page.locator('.timeline .timeline').getByText('One site only.').waitFor()
    await words.fill('State the limits within a view.')
    await page.getByRole('button', { name: 'Request changes' }).click()
    await page.getByText('Sent back for changes. State the limits within a view.').waitFor()
    const { state, ended } = approvalSummary.parse(await get(`/api/approvals/${approval}`))
    expect([state, ended?.reason]).toEqual(['changes-requested', 'State the limits within a view.'])
  })
})
