import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { phantomDicom } from '@leadglass/models'
import { describe, expect, it, onTestFinished } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { type DataSet, decimals, parsePart10, sequence, text } from '../imaging/dataset/index.ts'
import { headerOf } from '../pipeline/prepared-instance.ts'
import { buildMeasurementReport } from './measurement-report.ts'

const phantom = phantomDicom({ seed: 1, index: 1, rows: 16, columns: 16 })
const row = (code: string, ibsi: string | null, value: number | null, verified = true, unit: string | null = null) => ({
  code,
  ibsi,
  unit,
  value,
  verified,
})
const radiomics = {
  settings: 'e'.repeat(64),
  voxels: 900,
  rows: [
    row('radiomics.stat-mean', 'Q4LE', 41.5),
    row('radiomics.morph-volume', 'RNU0', 1234.5, true, 'mm3'),
    row('radiomics.unverified.ivh-auc', '9CMM', 0.3, false),
    row('radiomics.stat-skew', 'KE2A', null),
    row('radiomics.morph2d-diam', null, 3),
  ],
}

function report(modality: string) {
  return buildMeasurementReport({
    source: headerOf(parsePart10(phantom.bytes).dataSet),
    studyInstanceUid: phantom.study,
    revision: 1,
    model: { name: 'chest', version: '1.0.0', digest: 'a'.repeat(64) },
    manifest: { title: 'x', outputs: [] },
    instances: [
      {
        sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
        sopInstanceUid: phantom.instance,
        seriesInstanceUid: phantom.series,
        modality,
        scores: [],
        radiomics,
      },
    ],
    replaces: [],
    device: { name: 'test-box', softwareVersion: '0.1.0' },
    date: '20260105',
    time: '080000',
  })
}

const CONTENT = 0x0040a730
const all = (item: DataSet): DataSet[] => [item, ...sequence(item, CONTENT).flatMap(all)]
const codeOf = (item: DataSet, tag: number): string[] =>
  sequence(item, tag).map((code) => `${text(code, 0x00080102) ?? ''} ${text(code, 0x00080100) ?? ''}`)

/** Concept, value and unit of every measurement. */
function numbers(modality: string) {
  const items = all(parsePart10(report(modality).bytes).dataSet)
  return items.flatMap((item) =>
    sequence(item, 0x0040a300).map((measured) => [
      ...codeOf(item, 0x0040a043),
      decimals(measured, 0x0040a30a)[0],
      ...codeOf(measured, 0x004008ea),
    ]),
  )
}

describe('radiomic features in a report', () => {
  it('are the verified ones with an IBSI code and a value, in their unit', () => {
    expect(numbers('CT')).toEqual([
      ['IBSI Q4LE', 41.5, "UCUM [hnsf'U]"],
      ['IBSI RNU0', 1234.5, 'UCUM mm3'],
    ])
    expect(numbers('DX')[0]).toEqual(['IBSI Q4LE', 41.5, 'UCUM 1'])
  })

  it('stand beside the digest of their settings', () => {
    const texts = all(parsePart10(report('DX').bytes).dataSet).map((item) => text(item, 0x0040a160) ?? '')
    expect(texts).toContain(`IBSI settings sha256:${'e'.repeat(64)}, 900 voxels`)
  })

  const dciodvfy = peer('dciodvfy')
  it.skipIf(dciodvfy === undefined)('leave the object valid (dciodvfy)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'radiomic-group-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    writeFileSync(join(folder, 'report.dcm'), report('CT').bytes)
    const { stderr } = spawnSync(dciodvfy ?? '', [join(folder, 'report.dcm')], { encoding: 'utf8' })
    expect(stderr.split('\n').filter((line) => line.startsWith('Error'))).toEqual([])
  })
})
