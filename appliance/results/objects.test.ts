import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { peer, pythonPeer } from '../../installer/testing/peers.ts'
import { bytesOf, integer, parsePart10, sequence, text } from '../imaging/dataset/index.ts'
import { fhirResources } from './fhir-resources.ts'
import { findIdentityMismatch } from './identity-check.ts'
import { buildMeasurementReport, REPORT_SOP_CLASS } from './measurement-report.ts'
import { buildNotScoredReport } from './not-scored-report.ts'
import { NOT_FOR_DIAGNOSIS } from './notice.ts'
import { findObjectFault } from './object-check.ts'
import { drawText, GLYPH_HEIGHT, GLYPH_WIDTH } from './raster-font.ts'
import { buildSecondaryCapture, linesOf } from './secondary-capture.ts'
import { exampleRequest } from './testing/example-reports.ts'
import { complaintsOf, inFiles, readWithPython } from './testing/readers.ts'

const request = exampleRequest(1)
const { studyInstanceUid, source, device, date, time } = request
const REPLACED = { sopClassUid: REPORT_SOP_CLASS, sopInstanceUid: '2.25.1', seriesInstanceUid: '2.25.2' }
const notScored = { source, studyInstanceUid, revision: 2, device, date, time, failed: false, replaces: [REPLACED] }
const OBJECTS = [
  ['a measurement report', buildMeasurementReport(exampleRequest(1, { revision: 2, replaces: [REPLACED] }))],
  ['a report of what was not scored', buildNotScoredReport({ ...notScored, reason: 'no-fit.modality' })],
  ['a picture', buildSecondaryCapture({ ...request, replaces: [REPLACED] })],
] as const

describe.each(OBJECTS)('%s', (name, object) => {
  it('carries exactly the identity of its source', () => {
    const expected = { studyInstanceUid, patientId: 'PHANTOM-1', accessionNumber: 'PHANTOM1' }
    expect(findIdentityMismatch(object.bytes, expected)).toBeUndefined()
    expect(findIdentityMismatch(object.bytes, { ...expected, patientId: 'PHANTOM-2' })).toBe('patient-id')
  })

  const validator = peer('dciodvfy')
  it.skipIf(validator === undefined)('has neither error nor warning for dciodvfy', () => {
    expect(complaintsOf(validator ?? '', object.bytes)).toEqual([])
  })

  it('passes our own check', () => {
    expect(findObjectFault(object.bytes)).toBeUndefined()
  })

  const reader = peer('dsr2xml')
  it.skipIf(reader === undefined || name === 'a picture')('is read by dsr2xml without a complaint', () => {
    const said = inFiles([object.bytes], ([path = '']) => spawnSync(reader ?? '', ['-Ee', path], { encoding: 'utf8' }))
    expect(said.status, said.stderr).toBe(0)
    expect(said.stderr.split('\n').filter((line) => /^[EW]:/.test(line))).toEqual([])
    expect(said.stdout).toContain('<report')
  })
})

/** Reads what highdicom makes of a file; an interpreter that has it is named by the environment. */
const READ_BACK = `
import sys, pydicom
from pydicom.sr.codedict import codes
data = pydicom.dcmread(sys.argv[1])
if data.SOPClassUID == pydicom.uid.SecondaryCaptureImageStorage:
    pixels = data.pixel_array
    print('picture', pixels.shape[1], int(pixels.max()), data.ReferencedImageSequence[0].ReferencedSOPInstanceUID)
else:
    from highdicom.sr import Comprehensive3DSR, srread
    report = srread(sys.argv[1])
    assert isinstance(report, Comprehensive3DSR)
    root = report.content
    print(root[0].name.meaning, data.ContentTemplateSequence[0].TemplateIdentifier)
    for group in root.get_image_measurement_groups():
        for one in group.get_measurements():
            print(one.name.value, float(one.value), one.unit.value)
        print(group.finding_type.meaning, group.tracking_identifier, group.tracking_uid.startswith('2.25.'))
    if 'PredecessorDocumentsSequence' in data:
        before = data.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]
        print('replaces', before.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
    for item in data.ContentSequence[-1].ContentSequence:
        if item.ValueType == 'TEXT': print(item.TextValue)
`
const python = pythonPeer()
describe.skipIf(python === undefined)('read back by highdicom [LEADGLASS_PYTHON names a Python that has it]', () => {
  it.each([
    [
      OBJECTS[0],
      'Imaging Measurement Report 1500\n111012 75.0 %\nPneumonia chest-radiograph pneumonia True\nreplaces 2.25.1\n',
    ],
    [OBJECTS[1], 'Imaging Measurement Report 1500\nreplaces 2.25.1\nNot scored: no-fit.modality\n'],
    [OBJECTS[2], 'picture 1024 255 2.25.1\n'],
  ] as const)(
    '%s',
    ([, object], expected) => {
      expect(readWithPython(python ?? '', READ_BACK, [object.bytes])).toBe(expected)
    },
    60_000,
  )
})

describe('what the reports say', () => {
  it('uses no code of a private scheme', () => {
    for (const [, { bytes }] of OBJECTS) expect(bytes.includes('99LEADGLASS')).toBe(false)
  })

  it('tells a probability as certainty of the finding in percent, and another unit as it is', () => {
    const report = (unit: string): Buffer => {
      const [output] = request.manifest.outputs
      const manifest = { title: 'x', outputs: output === undefined ? [] : [{ ...output, unit }] }
      return buildMeasurementReport({ ...request, manifest }).bytes
    }
    const number = (bytes: Buffer): (string | undefined)[] => {
      const group = sequence(sequence(parsePart10(bytes).dataSet, 0x0040a730).at(-1) ?? never(), 0x0040a730)[0]
      const item = sequence(group ?? never(), 0x0040a730).find((one) => text(one, 0x0040a040) === 'NUM') ?? never()
      const [measured] = sequence(item, 0x0040a300)
      const [concept] = sequence(item, 0x0040a043)
      const [units] = sequence(measured ?? never(), 0x004008ea)
      return [
        text(concept ?? never(), 0x00080100),
        text(measured ?? never(), 0x0040a30a),
        text(units ?? never(), 0x00080100),
      ]
    }
    expect(number(report('1'))).toEqual(['111012', '75', '%'])
    expect(number(report('mm'))).toEqual(['233604007', '0.75', 'mm'])
  })

  it('says why nothing was scored, and what it replaces', () => {
    const { dataSet } = parsePart10(OBJECTS[1][1].bytes)
    const evaluations = sequence(dataSet, 0x0040a730).at(-1) ?? never()
    expect(sequence(evaluations, 0x0040a730).map((item) => text(item, 0x0040a160))).toContain(
      'Not scored: no-fit.modality',
    )
    expect(sequence(dataSet, 0x0040a360)).toHaveLength(1)
    const again = buildNotScoredReport({ ...notScored, reason: 'no-fit.modality' })
    expect(again.bytes.equals(OBJECTS[1][1].bytes)).toBe(true)
  })

  it('burns the warning, the model and the score into the picture', () => {
    const { dataSet } = parsePart10(OBJECTS[2][1].bytes)
    const columns = integer(dataSet, 0x00280011) ?? 0
    const rows = integer(dataSet, 0x00280010) ?? 0
    const pixels = bytesOf(dataSet, 0x7fe00010) ?? never()
    expect(pixels.length).toBe(rows * columns)
    const lines = linesOf({ ...request, replaces: [REPLACED] })
    expect(lines[0]).toBe(NOT_FOR_DIAGNOSIS)
    expect(lines).toContain('Model chest-radiograph 1.0.0')
    expect(lines).toContain('  Pneumonia: 75.0 %')
    expect(lines).toContain('  at or above the operating point of 41.2 %')
    expect(Buffer.compare(drawText(lines, columns, 3).pixels, pixels.subarray(0, rows * columns))).toBe(0)
    expect(lines.join(' ')).not.toContain('PHANTOM')
  })

  it('draws every character differently', () => {
    const characters = [..." ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;-_+=/%()<>'#?"]
    const drawn = characters.map((one) => Buffer.from(drawText([one], GLYPH_WIDTH + 9, 1).pixels).toString('hex'))
    expect(new Set(drawn).size).toBe(characters.length)
    expect(drawText(['x'], 40, 1).rows).toBe(GLYPH_HEIGHT + 3 + 8)
  })

  it('has the same form in FHIR whenever it is read', () => {
    const { dataSet } = parsePart10(OBJECTS[0][1].bytes)
    const resources = fhirResources(dataSet)
    expect(fhirResources(parsePart10(OBJECTS[0][1].bytes).dataSet)).toEqual(resources)
    expect(resources.map((one) => one.resourceType)).toEqual(['Observation', 'DiagnosticReport'])
    const [observation, report] = resources
    expect(report?.id).toBe(OBJECTS[0][1].sopInstanceUid)
    expect(report).toMatchObject({
      status: 'preliminary',
      subject: { identifier: { value: 'PHANTOM-1' } },
      basedOn: [{ identifier: { value: 'PHANTOM1' } }],
      result: [{ reference: `Observation/${observation?.id ?? ''}` }],
      extension: [{ valueReference: { reference: 'DiagnosticReport/2.25.1' } }],
      effectiveDateTime: '2026-01-05',
    })
    expect(observation).toMatchObject({
      code: { coding: [{ system: 'http://snomed.info/sct', code: '233604007' }] },
      valueQuantity: { value: 75, unit: 'Percent', code: '%', system: 'http://unitsofmeasure.org' },
      interpretation: [{ coding: [{ code: '52101004' }] }],
      method: { text: 'chest-radiograph 1.0.0' },
    })
    for (const { id } of resources) expect(id).toMatch(/^[A-Za-z0-9.-]{1,64}$/)
    const [told] = fhirResources(parsePart10(OBJECTS[1][1].bytes).dataSet)
    expect(told).toMatchObject({ conclusion: 'AI result, not for diagnosis. Not scored: no-fit.modality' })
  })
})

function never(): never {
  throw new Error('the object lacks a part')
}
