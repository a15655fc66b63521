import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { peer, sharedData } from '../../installer/testing/peers.ts'
import { concat } from '../imaging/dataset/index.ts'
import { Deidentifier, deriveSiteKeys, EgressVerifier, NAMED_PROFILES, type OptionName } from './index.ts'
import { methodsOf, temporalMark } from './options.ts'

const run = promisify(execFile)
const FILES = ['CT_small.dcm', 'MR_small.dcm', 'rtplan.dcm', 'waveform_ecg.dcm', 'test-SR.dcm']
const found = FILES.flatMap((name) => sharedData(`dicom/pydicom/${name}`) ?? [])
const [dcmdump, dciodvfy] = [peer('dcmdump'), peer('dciodvfy')]
const missing = [
  ...(found.length === 0 ? ['../shared/data is missing'] : []),
  ...(dcmdump === undefined ? ['dcmdump is not installed'] : []),
  ...(dciodvfy === undefined ? ['dciodvfy is not installed'] : []),
]
const SETS: readonly (readonly [string, readonly OptionName[]])[] = [
  ...NAMED_PROFILES.map(({ name, options }) => [name, options] as const),
  ['safe private alone', ['retain-safe-private']],
]

test.skipIf(missing.length > 0).each(SETS)(
  `%s: other readers find the marks and no new errors${missing.length > 0 ? ` (skipped: ${missing.join('; ')})` : ''}`,
  async (_, options) => {
    const profile = { patientIssuer: '', options }
    const engine = new Deidentifier({ keys: deriveSiteKeys(new Uint8Array(32).fill(7)), profile })
    const verifier = new EgressVerifier({ allowsPrivate: options.includes('retain-safe-private') })
    const folder = await mkdtemp(join(tmpdir(), 'leadglass-options-'))
    let written = 0
    try {
      for (const [index, path] of found.entries()) {
        const processed = engine.process(readFileSync(path))
        if (!('outcome' in processed)) {
          expect(processed.reason).toBe('structured-report')
          continue
        }
        const file = join(folder, `${index}.dcm`)
        await writeFile(file, concat(processed.outcome.chunks))
        expect(verifier.verifyObject(processed.outcome.chunks, processed.mayNotStay), String(index)).toMatchObject({
          kind: 'clean',
        })
        const { stdout } = await run(dcmdump ?? '', [
          '+P',
          '0012,0064',
          '+P',
          '0008,0100',
          '+P',
          '0028,0303',
          '-s',
          file,
        ])
        expect(stdout).toContain(`[${temporalMark(new Set(options))}]`)
        for (const [code] of methodsOf(options)) expect(stdout).toContain(`[${code}]`)
        const [before, after] = [await errorsOf(path), await errorsOf(file)]
        expect(
          [...after].filter((error) => !before.has(error)),
          String(index),
        ).toEqual([])
        written += 1
      }
      expect(written).toBeGreaterThanOrEqual(found.length - 1)
    } finally {
      await rm(folder, { recursive: true })
    }
  },
)

/** The errors of dciodvfy, without the UIDs that stand in them. */
async function errorsOf(path: string): Promise<ReadonlySet<string>> {
  const { stdout, stderr } = await run(dciodvfy ?? '', [path]).catch(
    (error: { stdout: string; stderr: string }) => error,
  )
  const errors = `${stdout}\n${stderr}`.split('\n').filter((line) => line.startsWith('Error'))
  return new Set(errors.map((line) => line.replace(/ [0-9.]+$/, ' UID')))
}
