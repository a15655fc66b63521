import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { readKeyObject } from './rejection-note.ts'

const dump2dcm = peer('dump2dcm')

const sop = (uid: string): string => `(fffe,e000) na
(0008,1150) UI [1.2.840.10008.5.1.4.1.1.2]
(0008,1155) UI [${uid}]
(fffe,e00d) na`
const study = (uid: string, ...sops: string[]): string => `(fffe,e000) na
(0008,1115) SQ
(fffe,e000) na
(0008,1199) SQ
${sops.map(sop).join('\n')}
(fffe,e0dd) na
(0020,000e) UI [${uid}.1]
(fffe,e00d) na
(fffe,e0dd) na
(0020,000d) UI [${uid}]
(fffe,e00d) na`

describe.skipIf(dump2dcm === undefined)('a rejection note written by DCMTK [needs dump2dcm]', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-kos-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it.each([
    ['explicit, sequences of undefined length', ['+te', '-e']],
    ['implicit', ['+ti']],
    ['explicit, sequences of defined length', ['+te', '+e']],
    ['deflated', ['+td']],
  ])('%s', async (_what, options) => {
    const [text, file] = [join(folder, 'note.txt'), join(folder, 'note.dcm')]
    await writeFile(
      text,
      `(0008,0016) UI [1.2.840.10008.5.1.4.1.1.88.59]
(0008,0018) UI [1.2.3.99]
(0010,0020) LO [P1]
(0020,000d) UI [1.2.3]
(0040,a040) CS [CONTAINER]
(0040,a043) SQ
(fffe,e000) na
(0008,0100) SH [113001]
(0008,0102) SH [DCM]
(0008,0104) LO [Rejected for Quality Reasons]
(fffe,e00d) na
(fffe,e0dd) na
(0040,a375) SQ
${study('1.2.3', '1.2.3.1.1', '1.2.3.1.2')}
${study('7.8.9', '7.8.9.1.1')}
(fffe,e0dd) na
`,
    )
    execFileSync(dump2dcm ?? '', [...options, text, file])
    expect(readKeyObject(await readFile(file))).toEqual({
      kind: 'rejection',
      title: 'quality',
      rejects: ['1.2.3.1.1', '1.2.3.1.2'],
    })
  })
})
