import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { phantomDicom, type ScoreOutput } from '@leadglass/models'
import { describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { parsePart10, sequence, text, textElement, uid } from '../imaging/dataset/index.ts'
import { headerOf } from '../pipeline/prepared-instance.ts'
import { decimalString } from './content-items.ts'
import { findIdentityMismatch } from './identity-check.ts'
import { buildMeasurementReport, REPORT_SOP_CLASS, type ReportRequest } from './measurement-report.ts'

const phantom = phantomDicom({ seed: 1, index: 1, rows: 16, columns: 16 })
const output: ScoreOutput = {
  code: 'pneumonia',
  title: 'Pneumonia',
  from: 'head.probability',
  index: 0,
  unit: '1',
  meaning: { scheme: 'SCT', value: '233604007', meaning: 'Pneumonia' },
  operatingPoint: { thresholdMilli: 412, chosenBy: 'test' },
}

function request(change: Partial<ReportRequest> = {}): ReportRequest {
  return {
    source: headerOf(parsePart10(phantom.bytes).dataSet),
    studyInstanceUid: phantom.study,
    revision: 1,
    model: { name: 'chest-radiograph', version: '1.0.0', digest: 'a'.repeat(64) },
    manifest: { title: 'x', outputs: [output] },
    instances: [
      {
        sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
        sopInstanceUid: phantom.instance,
        seriesInstanceUid: phantom.series,
        modality: 'DX',
        scores: [{ code: 'pneumonia', value: 0.75, above: true }],
      },
    ],
    replaces: [],
    device: { name: 'test-box', softwareVersion: '0.1.0' },
    date: '20260105',
    time: '080000',
    ...change,
  }
}

const EXPECTED = { studyInstanceUid: phantom.study, patientId: 'PHANTOM-1', accessionNumber: 'PHANTOM1' }

describe('a measurement report', () => {
  it('is the same for the same request, and another for another revision or model', () => {
    const first = buildMeasurementReport(request())
    expect(buildMeasurementReport(request()).bytes.equals(first.bytes)).toBe(true)
    expect(buildMeasurementReport(request({ revision: 2 })).sopInstanceUid).not.toBe(first.sopInstanceUid)
    const model = { name: 'chest-radiograph', version: '1.0.1', digest: 'b'.repeat(64) }
    expect(buildMeasurementReport(request({ model })).sopInstanceUid).not.toBe(first.sopInstanceUid)
    expect(first.sopInstanceUid).toMatch(/^2\.25\.[1-9]\d{1,38}$/)
  })

  it('carries patient and study of its source and says what it is', () => {
    const { dataSet, truncated } = parsePart10(buildMeasurementReport(request()).bytes)
    expect(truncated).toBe(false)
    expect(text(dataSet, 0x00100010)).toBe('PHANTOM^LEADGLASS 1')
    expect(uid(dataSet, 0x0020000d)).toBe(phantom.study)
    expect(text(dataSet, 0x0040a493)).toBe('UNVERIFIED')
    const items = sequence(dataSet, 0x0040a730)
    const measurements = items.at(-1)
    const group = measurements === undefined ? undefined : sequence(measurements, 0x0040a730)[0]
    const values = group === undefined ? [] : sequence(group, 0x0040a730).map((item) => text(item, 0x0040a160))
    expect(values).toContain(`package sha256:${'a'.repeat(64)}`)
    expect(values).toContain('operating point pneumonia >= 0.412')
  })

  it('names the image of an earlier study as evidence, and infers the figure from both', () => {
    const [instance] = request().instances
    if (instance === undefined) throw new Error('the example has no instance')
    const prior = {
      studyInstanceUid: '1.2.840.9',
      seriesInstanceUid: '1.2.840.9.1',
      sopClassUid: instance.sopClassUid,
      sopInstanceUid: '1.2.840.9.1.1',
    }
    const { dataSet } = parsePart10(buildMeasurementReport(request({ instances: [{ ...instance, prior }] })).bytes)
    const [other, ...more] = sequence(dataSet, 0x0040a385)
    expect(more).toEqual([])
    expect(other === undefined ? undefined : uid(other, 0x0020000d)).toBe('1.2.840.9')
    // Current evidence stays what was scored.
    expect(sequence(dataSet, 0x0040a375).map((item) => uid(item, 0x0020000d))).toEqual([phantom.study])
    const referenced = Buffer.from(buildMeasurementReport(request({ instances: [{ ...instance, prior }] })).bytes)
    expect(referenced.toString('latin1').split('1.2.840.9.1.1').length - 1).toBe(2)
    expect(sequence(parsePart10(buildMeasurementReport(request()).bytes).dataSet, 0x0040a385)).toEqual([])
  })

  it('is blocked when its identity is not that of the record', () => {
    const { bytes } = buildMeasurementReport(request())
    expect(findIdentityMismatch(bytes, EXPECTED)).toBeUndefined()
    expect(findIdentityMismatch(bytes, { ...EXPECTED, patientId: 'OTHER' })).toBe('patient-id')
    expect(findIdentityMismatch(bytes, { ...EXPECTED, accessionNumber: '' })).toBe('accession-number')
    expect(findIdentityMismatch(bytes, { ...EXPECTED, studyInstanceUid: '1.2' })).toBe('study-instance-uid')
    const source = request().source
    source.elements.set(0x00100020, textElement(0x00100020, 'LO', 'SOMEBODY'))
    const swapped = buildMeasurementReport(request({ source }))
    expect(findIdentityMismatch(swapped.bytes, EXPECTED)).toBe('patient-id')
  })

  it.each([0, 1, 0.1, 1 / 3, 1e-12, 0.000012345678901234568, 123456.78901234567])(
    'writes %d in 16 characters',
    (value) => {
      expect(decimalString(value).length).toBeLessThanOrEqual(16)
      expect(Math.abs(Number(decimalString(value)) - value)).toBeLessThanOrEqual(Math.abs(value) * 1e-9)
    },
  )

  const validator = peer('dciodvfy')
  it.skipIf(validator === undefined).each([
    ['of a first revision', request()],
    [
      'of a later revision',
      request({
        revision: 2,
        replaces: [{ sopClassUid: REPORT_SOP_CLASS, sopInstanceUid: '2.25.1', seriesInstanceUid: '2.25.2' }],
      }),
    ],
  ])('%s has no error for dciodvfy', (_name, wanted) => {
    const folder = mkdtempSync(join(tmpdir(), 'leadglass-report-'))
    try {
      const path = join(folder, 'report.dcm')
      writeFileSync(path, buildMeasurementReport(wanted).bytes)
      const { stdout, stderr } = spawnSync(validator ?? '', [path], { encoding: 'utf8' })
      const said = `${stdout}${stderr}`
      expect(said).toContain('Comprehensive3DSR')
      expect(said.split('\n').filter((line) => line.startsWith('Error'))).toEqual([])
      const warnings = said.split('\n').filter((line) => line.startsWith('Warning') && !line.includes('99LEADGLASS'))
      expect(warnings).toEqual([])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
