import {
  concat,
  dataSetOf,
  EXPLICIT_LITTLE,
  sequenceElement,
  textElement,
  writePart10,
} from '../../imaging/dataset/index.ts'

/** What a Key Object Selection for a test says. */
export interface KeyObjectRequest {
  readonly sopInstanceUid: string
  readonly studyInstanceUid: string
  readonly patientId: string
  /** Code value of the document title, of scheme DCM. */
  readonly title: string
  /** What is referenced, each with its study. */
  readonly references: readonly { readonly study: string; readonly series: string; readonly sop: string }[]
}

const CLASS = '1.2.840.10008.5.1.4.1.1.88.59'

/** A Key Object Selection as a PS3.10 file, as a workstation would send it. */
export function keyObject(request: KeyObjectRequest): Buffer {
  const { sopInstanceUid, studyInstanceUid, patientId, title, references } = request
  const code = dataSetOf([
    textElement(0x00080100, 'SH', title),
    textElement(0x00080102, 'SH', 'DCM'),
    textElement(0x00080104, 'LO', 'Document title'),
  ])
  const evidence = references.map(({ study, series, sop }) =>
    dataSetOf([
      textElement(0x0020000d, 'UI', study),
      sequenceElement(0x00081115, [
        dataSetOf([
          textElement(0x0020000e, 'UI', series),
          sequenceElement(0x00081199, [
            dataSetOf([
              textElement(0x00081150, 'UI', '1.2.840.10008.5.1.4.1.1.1.1'),
              textElement(0x00081155, 'UI', sop),
            ]),
          ]),
        ]),
      ]),
    ]),
  )
  const dataSet = dataSetOf([
    textElement(0x00080016, 'UI', CLASS),
    textElement(0x00080018, 'UI', sopInstanceUid),
    textElement(0x00080060, 'CS', 'KO'),
    textElement(0x00100020, 'LO', patientId),
    textElement(0x0020000d, 'UI', studyInstanceUid),
    textElement(0x0020000e, 'UI', `${studyInstanceUid}.99`),
    textElement(0x0040a040, 'CS', 'CONTAINER'),
    sequenceElement(0x0040a043, [code]),
    sequenceElement(0x0040a375, evidence),
  ])
  const meta = {
    mediaStorageSopClassUid: CLASS,
    mediaStorageSopInstanceUid: sopInstanceUid,
    transferSyntaxUid: EXPLICIT_LITTLE,
  }
  return concat(writePart10({ meta, dataSet }))
}
