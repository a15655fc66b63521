import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { peer, sharedData } from '../../../installer/testing/peers.ts'
import { concat } from '../../imaging/dataset/index.ts'
import { Deidentifier, deriveSiteKeys, EgressVerifier, optionsOfProfile } from '../index.ts'

const run = promisify(execFile)
const file = sharedData('dicom/pydicom/test-SR.dcm')
const tools = { dsr2xml: peer('dsr2xml'), dciodvfy: peer('dciodvfy') }
const missing = [
  ...(file === undefined ? ['../shared/data is missing'] : []),
  ...Object.entries(tools).flatMap(([name, path]) => (path === undefined ? [`${name} is not installed`] : [])),
]

test.skipIf(missing.length > 0)(
  `a real report stays one that dsr2xml reads, without new errors of dciodvfy${missing.length > 0 ? ` (skipped: ${missing.join('; ')})` : ''}`,
  async () => {
    const original = readFileSync(file ?? '')
    const options = optionsOfProfile('reports')
    const engine = new Deidentifier({
      keys: deriveSiteKeys(new Uint8Array(32).fill(7)),
      profile: { patientIssuer: '', options },
    })
    const processed = engine.process(original)
    if (!('outcome' in processed)) throw new Error(processed.reason)
    const { outcome, mayNotStay } = processed
    expect(new EgressVerifier().verifyObject(outcome.chunks, mayNotStay).kind).toBe('clean')
    const folder = await mkdtemp(join(tmpdir(), 'leadglass-report-'))
    try {
      const [before, after] = [join(folder, 'before.dcm'), join(folder, 'after.dcm')]
      await writeFile(before, original)
      await writeFile(after, concat(outcome.chunks))
      const items = (xml: string, name: string): number => xml.split(`<${name}`).length - 1
      const [was, is] = await Promise.all(
        [before, after].map(async (path) => (await run(tools.dsr2xml ?? '', [path])).stdout),
      )
      expect(items(is ?? '', 'num')).toBe(items(was ?? '', 'num'))
      expect(items(is ?? '', 'code')).toBeGreaterThan(0)
      expect(is).toContain('</report>')
      const errorsOf = async (path: string): Promise<Set<string>> => {
        const { stdout, stderr } = await run(tools.dciodvfy ?? '', [path]).catch(
          (error: { stdout: string; stderr: string }) => error,
        )
        return new Set(
          `${stdout}\n${stderr}`
            .split('\n')
            .filter((line) => line.startsWith('Error'))
            .map((line) => line.replace(/ [0-9.]+$/, ' UID')),
        )
      }
      const [old, now] = [await errorsOf(before), await errorsOf(after)]
      expect([...now].filter((error) => !old.has(error))).toEqual([])
    } finally {
      await rm(folder, { recursive: true })
    }
  },
)
