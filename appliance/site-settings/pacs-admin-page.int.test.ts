import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { phantomDicom } from '@leadglass/models'
import { deviceStatus, settingsView } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { freePort } from '../dimse/testing/dcmtk.ts'
import { settingsSchema } from '../settings.ts'
import { ApplianceProcess, eventually } from '../testing/appliance-process.ts'

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'pacs-admin.md')
const TOOLS = ['echoscu', 'storescu', 'findscu', 'termscu', 'openssl'] as const
const missing = TOOLS.filter((tool) => peer(tool) === undefined)

interface Block {
  readonly kind: 'sh' | 'json'
  readonly text: string
}

function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```(sh|json)\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({
    kind: kind === 'sh' ? 'sh' : 'json',
    text: text ?? '',
  }))
}

describe.skipIf(missing.length > 0)(`the page for PACS administrators [needs ${TOOLS.join(', ')}]`, () => {
  let root: string
  let appliance: ApplianceProcess
  let tlsPort: number
  let blocks: Block[]
  const settings: { callers: unknown[]; acceptLoopback?: boolean; tls?: unknown } = { callers: [] }

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-page-'))
    tlsPort = await freePort()
    blocks = blocksOf(await readFile(PAGE, 'utf8'))
    appliance = new ApplianceProcess(root)
    await writeFile(join(root, 'image.dcm'), phantomDicom({ seed: 21, index: 1, rows: 64, columns: 64 }).bytes)
    await appliance.start()
  })
  afterAll(async () => {
    await appliance.kill()
    await rm(root, { recursive: true, force: true })
  })

  /** Runs a line of the page as it stands, but for the ports. */
  function run(line: string): Promise<{ readonly code: number; readonly output: string }> {
    const here = line.replaceAll(/\b11112\b/g, String(appliance.dimsePort)).replaceAll(/\b2762\b/g, String(tlsPort))
    return new Promise((resolve) => {
      execFile('sh', ['-c', here], { cwd: root, timeout: 60_000 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
      )
    })
  }

  /** Takes a block of settings as a site would: its entries are added to what is in force. */
  async function take(text: string): Promise<void> {
    const block: unknown = JSON.parse(
      text.replaceAll('/etc/leadglass/tls/', `${root}/`).replace('2762', String(tlsPort)),
    )
    const { callers, tls } = settingsSchema.parse(block)
    settings.callers.push(...callers)
    if (tls !== undefined) settings.tls = tls
    await appliance.writeSettings(settings)
    await eventually(async () => {
      const view = await appliance.get('/api/settings', settingsView)
      if (!JSON.stringify(view.settings).includes(JSON.stringify(callers.at(-1)?.aeTitle))) return undefined
      const { dimseTlsPort, settingsProblems } = await appliance.get('/api/device', deviceStatus)
      expect(settingsProblems).toEqual([])
      return settings.tls === undefined || dimseTlsPort === tlsPort ? true : undefined
    }, 'the TLS port')
  }

  it('holds settings that are valid, and commands of every tool', () => {
    // A block about one destination presumes the files of the block about TLS.
    for (const { text } of blocks.filter(({ kind }) => kind === 'json'))
      expect(settingsSchema.safeParse(JSON.parse(text)).error).toBeUndefined()
    const commands = blocks
      .filter(({ kind }) => kind === 'sh')
      .map(({ text }) => text)
      .join('')
    for (const tool of TOOLS) expect(commands).toContain(`${tool} `)
    expect(commands).toContain('--enable-tls')
  })

  it('holds commands that work, from top to bottom', async () => {
    let ran = 0
    for (const { kind, text } of blocks) {
      if (kind === 'json') {
        if (text.includes('"callers"')) await take(text)
        continue
      }
      for (const line of text.trim().split('\n')) {
        const { code, output } = await run(line)
        expect({ line, code, output: code === 0 ? '' : output }).toEqual({ line, code: 0, output: '' })
        if (line.includes('|| echo')) expect(output).toContain('refused: no certificate')
        if (line.startsWith('findscu')) expect(output).toContain('StudyInstanceUID')
        if (line.includes('-nameopt')) expect(output).toContain('CN=ct-1,OU=Radiology,O=Hospital')
        ran += 1
      }
    }
    expect(ran).toBeGreaterThan(14)
    const { totals } = await appliance.get('/api/device', deviceStatus)
    expect(totals.instances).toBe(1)
  })
})
