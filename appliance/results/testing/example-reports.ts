import { phantomDicom, type ScoreOutput } from '@leadglass/models'
import { parsePart10 } from '../../imaging/dataset/index.ts'
import type { Records } from '../../records/index.ts'
import { buildMeasurementReport, type ReportRequest } from '../measurement-report.ts'

/** One output as the shipped model has it. */
export const EXAMPLE_OUTPUT: ScoreOutput = {
  code: 'pneumonia',
  title: 'Pneumonia',
  from: 'head.probability',
  index: 0,
  unit: '1',
  meaning: { scheme: 'SCT', value: '233604007', meaning: 'Pneumonia' },
  operatingPoint: { thresholdMilli: 412, chosenBy: 'test' },
}

/** A request about a phantom; each index is another patient and study. */
export function exampleRequest(index = 1, change: Partial<ReportRequest> = {}): ReportRequest {
  const phantom = phantomDicom({ seed: 1, index, rows: 16, columns: 16 })
  return {
    source: parsePart10(phantom.bytes).dataSet,
    studyInstanceUid: phantom.study,
    revision: 1,
    model: { name: 'chest-radiograph', version: '1.0.0', digest: 'a'.repeat(64) },
    manifest: { title: 'x', outputs: [EXAMPLE_OUTPUT] },
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

/** Writes a complete study with its report into the record, to be delivered. @returns the report's SOP Instance UID. */
export function queueReport(records: Records, index: number, destinations: readonly string[], at: number): string {
  const request = exampleRequest(index)
  const { studyInstanceUid, model } = request
  const report = buildMeasurementReport(request)
  return records.transaction(() => {
    const added = records.intake.register({
      sopInstanceUid: request.instances[0]?.sopInstanceUid ?? '',
      digest: String(index).padStart(64, '0'),
      sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
      transferSyntaxUid: '1.2.840.10008.1.2',
      bytes: 1,
      callingAeTitle: 'X',
      remoteAddress: '',
      associationId: '',
      receivedAt: at,
      header: {
        kind: 'read',
        study: {
          studyInstanceUid,
          studyPseudonym: String(index).padStart(32, 'a'),
          patientPseudonym: String(index).padStart(32, 'b'),
          patientId: `PHANTOM-${index}`,
          patientName: '',
          patientBirthDate: '',
          patientSex: '',
          accessionNumber: '',
          studyDate: '',
          studyTime: '',
          studyDescription: '',
        },
        seriesInstanceUid: request.instances[0]?.seriesInstanceUid ?? '',
        modality: 'DX',
        urgent: false,
      },
    })
    if (added.kind !== 'added') throw new Error('not added')
    records.revisions.complete(added.revisionId, 'cap', at)
    const { sopClassUid, sopInstanceUid, bytes } = report
    const row = { revisionId: added.revisionId, modelDigest: model.digest, sopClassUid, sopInstanceUid, content: bytes }
    records.results.insertReport(row, destinations, at)
    return sopInstanceUid
  })
}
