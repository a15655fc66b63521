import { type DataSet, dataSetOf, type Element, sequenceElement, textElement } from '../../imaging/dataset/index.ts'
import { EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN } from '../facts/uids.ts'
import { ELEMENT, encodeCommandSet } from '../message/command-set.ts'
import { COMMAND } from '../message/commands.ts'
import type { Destination } from '../requester/options.ts'
import { AssociationRequester } from '../requester/requester.ts'

/** One N-CREATE or N-SET as a modality sends it, on an association of its own. @returns the status. */
export async function sendNormalized(
  destination: Destination,
  operation: 'create' | 'set',
  sopClassUid: string,
  sopInstanceUid: string | undefined,
  dataSet: DataSet,
): Promise<number> {
  const association = await new AssociationRequester().requestAssociation({
    ...destination,
    presentationContexts: [
      { abstractSyntax: sopClassUid, transferSyntaxes: [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN] },
    ],
  })
  const [classElement, instanceElement] =
    operation === 'create'
      ? ([ELEMENT.affectedSopClassUid, ELEMENT.affectedSopInstanceUid] as const)
      : ([ELEMENT.requestedSopClassUid, ELEMENT.requestedSopInstanceUid] as const)
  try {
    const { answer } = association.converse(
      {
        sopClassUid,
        commandField: COMMAND[operation],
        encode: (messageId) =>
          encodeCommandSet([
            [classElement, sopClassUid],
            [ELEMENT.commandField, COMMAND[operation]],
            [ELEMENT.messageId, messageId],
            [ELEMENT.dataSetType, 1],
            ...(sopInstanceUid === undefined ? [] : [[instanceElement, sopInstanceUid] as const]),
          ]),
      },
      dataSet,
    )
    return (await answer).status
  } finally {
    await association.release()
  }
}

/** Attributes of a new procedure step (PS3.4 table F.7.2-1) that works on these studies. */
export function newStep(studies: readonly string[], status = 'IN PROGRESS'): DataSet {
  const scheduled = studies.map((study) => dataSetOf([textElement(0x0020000d, 'UI', study)]))
  return dataSetOf([textElement(0x00400252, 'CS', status), sequenceElement(0x00400270, scheduled)])
}

/** Attributes of an N-SET: a status, and what the step made, images and others. */
export function stepChange(
  status: string | undefined,
  images: readonly string[],
  others: readonly string[] = [],
): DataSet {
  const elements: Element[] = status === undefined ? [] : [textElement(0x00400252, 'CS', status)]
  if (images.length + others.length > 0) {
    const series = dataSetOf([
      textElement(0x0020000e, 'UI', '1.2.3.1'),
      sequenceElement(0x00081140, images.map(reference)),
      sequenceElement(0x00400220, others.map(reference)),
    ])
    elements.push(sequenceElement(0x00400340, [series]))
  }
  return dataSetOf(elements)
}

/** Attributes of a notification of availability (PS3.4 table R.3.2-1). */
export function availability(study: string, online: readonly string[], unavailable: readonly string[] = []): DataSet {
  const one = (uid: string, word: string): DataSet =>
    dataSetOf([textElement(0x00080056, 'CS', word), ...reference(uid).elements.values()])
  const references = [...online.map((uid) => one(uid, 'ONLINE')), ...unavailable.map((uid) => one(uid, 'UNAVAILABLE'))]
  const series = dataSetOf([textElement(0x0020000e, 'UI', '1.2.3.1'), sequenceElement(0x00081199, references)])
  return dataSetOf([textElement(0x0020000d, 'UI', study), sequenceElement(0x00081115, [series])])
}

function reference(uid: string): DataSet {
  return dataSetOf([textElement(0x00081150, 'UI', '1.2.840.10008.5.1.4.1.1.1'), textElement(0x00081155, 'UI', uid)])
}
