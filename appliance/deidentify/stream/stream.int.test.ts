import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { peer, sharedData } from '../../../installer/testing/peers.ts'
import { memorySource } from '../../imaging/dataset/index.ts'
import { Deidentifier, deidentifyStream, deriveSiteKeys, EgressVerifier } from '../index.ts'

const corpus = sharedData('dicom')

describe.skipIf(corpus === undefined)('the shared DICOM corpus (skipped where ../shared/data/dicom is missing)', () => {
  const root = corpus ?? ''
  const paths = corpus === undefined ? [] : corpusFiles(corpus)

  test('read in ranges, every file gives the same bytes, verdict and reason as read whole', async () => {
    const options = { keys: deriveSiteKeys(new Uint8Array(32).fill(7)), profile: { patientIssuer: '' } }
    const [whole, streaming] = [new Deidentifier(options), new Deidentifier(options)]
    const verifier = new EgressVerifier()
    let same = 0
    for (const path of paths) {
      const name = relative(root, path)
      const file = readFileSync(path)
      const expected = whole.process(file)
      const streamed = await deidentifyStream(streaming, memorySource(file))
      if (!('outcome' in expected)) {
        expect(streamed, name).toEqual(expected)
        continue
      }
      if (streamed.kind === 'quarantined') throw new Error(`${name}: ${streamed.reason}`)
      const { kind: _, chunks, ...facts } = expected.outcome
      expect(streamed.facts, name).toEqual(facts)
      expect(streamed.identifiers, name).toEqual(expected.identifiers)
      const pieces: Uint8Array[] = []
      for await (const piece of streamed.bytes()) pieces.push(piece)
      expect(Buffer.concat(pieces).equals(Buffer.concat(chunks)), name).toBe(true)
      const verification = verifier.begin(streamed.identifiers)
      for (const piece of pieces) verification.push(piece)
      expect(verification.finish(), name).toEqual(verifier.verifyObject(chunks, expected.identifiers))
      same += 1
    }
    expect(same).toBeGreaterThan(200)
  })
})

const dcmdump = peer('dcmdump')

describe.skipIf(corpus === undefined || dcmdump === undefined)(
  'DCMTK (skipped where ../shared/data/dicom or dcmdump is missing)',
  () => {
    test('reads every file that was made by streaming', { timeout: 120_000 }, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'leadglass-stream-'))
      const deidentifier = new Deidentifier({
        keys: deriveSiteKeys(new Uint8Array(32).fill(7)),
        profile: { patientIssuer: '' },
      })
      let made = 0
      for (const path of corpusFiles(corpus ?? '')) {
        const streamed = await deidentifyStream(deidentifier, memorySource(readFileSync(path)))
        if (streamed.kind === 'quarantined') continue
        const pieces: Uint8Array[] = []
        for await (const piece of streamed.bytes()) pieces.push(piece)
        writeFileSync(join(folder, `${made}.dcm`), Buffer.concat(pieces))
        made += 1
      }
      expect(made).toBeGreaterThan(200)
      const read = spawnSync(dcmdump ?? '', ['-q', '+sd', '+E', folder], { encoding: 'utf8', maxBuffer: 2 ** 30 })
      rmSync(folder, { recursive: true })
      expect({ status: read.status, errors: read.stderr }).toEqual({ status: 0, errors: '' })
      expect(read.stdout.match(/# Dicom-File-Format/g)).toHaveLength(made)
    })
  },
)

function corpusFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
