import { bytesElement, type DataSet, dataSetOf, textElement, writeDataSet } from '../../imaging/dataset/index.ts'
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../facts/uids.ts'
import type { OutgoingInstance } from '../requester/send-instances.ts'

export const CR_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.1'

/** A small made-up study: an object is told by numbers, so that tests know every UID. */
export interface MadeObject {
  readonly patient: number
  readonly study: number
  readonly series: number
  readonly instance: number
  readonly studyDate?: string
  readonly bodyPart?: string
  readonly pixels?: number
}

export function studyUid({ study }: Pick<MadeObject, 'study'>): string {
  return `1.2.826.0.1.3680043.9.9.${study}`
}

export function instanceUid({ study, series, instance }: Pick<MadeObject, 'study' | 'series' | 'instance'>): string {
  return `${studyUid({ study })}.${series}.${instance}`
}

/** The data set of a computed radiograph of 64 by 64 pixels. */
export function radiograph(made: MadeObject): DataSet {
  const u16 = (value: number) => {
    const bytes = Buffer.alloc(2)
    bytes.writeUInt16LE(value)
    return bytes
  }
  const side = made.pixels ?? 64
  return dataSetOf([
    textElement(0x00080016, 'UI', CR_IMAGE_STORAGE),
    textElement(0x00080018, 'UI', instanceUid(made)),
    textElement(0x00080020, 'DA', made.studyDate ?? '20260102'),
    textElement(0x00080030, 'TM', '101500'),
    textElement(0x00080050, 'SH', `A${made.study}`),
    textElement(0x00080060, 'CS', 'CR'),
    textElement(0x00100010, 'PN', `TEST^PATIENT${made.patient}`),
    textElement(0x00100020, 'LO', `P${made.patient}`),
    textElement(0x00100030, 'DA', '19700101'),
    textElement(0x00180015, 'CS', made.bodyPart ?? 'CHEST'),
    textElement(0x0020000d, 'UI', studyUid(made)),
    textElement(0x0020000e, 'UI', `${studyUid(made)}.${made.series}`),
    textElement(0x00200011, 'IS', String(made.series)),
    textElement(0x00200013, 'IS', String(made.instance)),
    bytesElement(0x00280002, 'US', u16(1)),
    textElement(0x00280004, 'CS', 'MONOCHROME2'),
    bytesElement(0x00280010, 'US', u16(side)),
    bytesElement(0x00280011, 'US', u16(side)),
    bytesElement(0x00280100, 'US', u16(16)),
    bytesElement(0x00280101, 'US', u16(16)),
    bytesElement(0x00280102, 'US', u16(15)),
    bytesElement(0x00280103, 'US', u16(0)),
    bytesElement(0x7fe00010, 'OW', Buffer.alloc(side * side * 2, made.instance)),
  ])
}

/** The same, ready to be sent. */
export function outgoing(made: MadeObject): OutgoingInstance {
  return {
    sopClassUid: CR_IMAGE_STORAGE,
    sopInstanceUid: instanceUid(made),
    transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN,
    async *open() {
      yield* writeDataSet(radiograph(made), EXPLICIT_VR_LITTLE_ENDIAN)
    },
  }
}
