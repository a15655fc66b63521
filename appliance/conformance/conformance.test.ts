import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEFAULT_GET_CLASSES, STORAGE_SOP_CLASSES } from '../dimse/index.ts'
import { decodeText } from '../imaging/dataset/index.ts'
import { settingsSchema } from '../settings.ts'
import { CHARACTER_SETS } from './character-sets.ts'
import { DEFAULT_CONFORMANCE } from './configuration.ts'
import { conformanceStatement } from './statement.ts'

const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'conformance-statement.md')

describe('the conformance statement', () => {
  const text = conformanceStatement(DEFAULT_CONFORMANCE)

  it('in docs is the one of the default configuration (written anew by: vitest run -u)', async () => {
    await expect(text).toMatchFileSnapshot(DOCUMENT)
  })

  it('names every storage class of the code, and says the same each time', () => {
    for (const [uid] of STORAGE_SOP_CLASSES) expect(text).toContain(`| ${uid} |`)
    expect(conformanceStatement(DEFAULT_CONFORMANCE)).toBe(text)
  })

  it('follows the configuration', () => {
    const changed = conformanceStatement({
      ...DEFAULT_CONFORMANCE,
      aeTitle: 'RADIOLOGY_AI',
      dimsePort: 104,
      settings: settingsSchema.parse({
        tls: { mode: 'only', keyFile: '/k', certificateFile: '/c', authoritiesFile: '/a' },
        callers: [{ aeTitle: 'CT_1', addresses: ['192.0.2.1'] }],
        acceptLoopback: false,
      }),
      services: { commitmentScp: false, commitmentScu: false, queryScp: false, queryRetrieveScu: false },
    })
    expect(changed).toContain('| AE title | RADIOLOGY_AI | RADIOLOGY_AI |')
    expect(changed).toContain('port 104 speaks TLS only, and every caller must own a certificate')
    expect(changed).toContain('| callers | CT_1 |')
    expect(changed).not.toContain('Any title may call from the machine itself')
    expect(changed).not.toContain('1.2.840.10008.1.20.1')
    expect(changed).not.toContain('1.2.840.10008.5.1.4.1.2.2.1')
  })

  it('names only character sets that are decoded', () => {
    const bytes = Uint8Array.of(0xb1, 0xe6)
    const latin = decodeText(bytes, ['ISO_IR 100'])
    for (const [term] of CHARACTER_SETS) {
      if (term === 'ISO_IR 6' || term === 'ISO_IR 100' || term === 'ISO_IR 148' || term === 'ISO_IR 203') continue
      // Those of code extensions decode what an escape sequence announces.
      const escaped = { 'ISO 2022 IR 87': '\x1b$B', 'ISO 2022 IR 159': '\x1b$(D' }[term]
      const input = escaped === undefined ? bytes : Buffer.from(`${escaped}0!`, 'latin1')
      expect(decodeText(input, escaped === undefined ? [term] : ['', term]), term).not.toBe(
        escaped === undefined ? latin : input.toString('latin1' as never),
      )
    }
  })

  it('a C-GET asks for classes of the standard, few enough for one association', () => {
    expect(DEFAULT_GET_CLASSES.length).toBeGreaterThan(20)
    expect(DEFAULT_GET_CLASSES.length).toBeLessThanOrEqual(63)
  })
})
