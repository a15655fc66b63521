import {
  bytesElement,
  concat,
  dataSetOf,
  type Element,
  IMPLICIT_LITTLE,
  sequenceElement,
  textElement,
  writePart10,
} from '../imaging/dataset/index.ts'
import { referencedSop } from './content-items.ts'
import { figureOf } from './figures.ts'
import { type Report, type ReportRequest, sourceElements } from './measurement-report.ts'
import { drawText } from './raster-font.ts'
import { derivedUid } from './uids.ts'

/** Secondary Capture Image Storage (PS3.4 B.5). */
export const CAPTURE_SOP_CLASS = '1.2.840.10008.5.1.4.1.1.7'

/** Stands in every picture, in its comments and in its description. */
export const NOT_FOR_DIAGNOSIS = 'AI result, not for diagnosis'

const COLUMNS = 1024
const SCALE = 3
/** More instances than these are told in a number. */
const MOST_LINES = 24

/**
 * Draws the result of a model as a picture (PS3.3 A.8.1), for destinations that show nothing else: what it is, which model
 * in which version, and each score in words. No identifier of the patient is drawn. Equal requests give equal pixels.
 */
export function buildSecondaryCapture(request: ReportRequest): Report {
  const { studyInstanceUid, revision, model, device, instances } = request
  const sopInstanceUid = derivedUid('capture', studyInstanceUid, revision, model.digest)
  const picture = drawText(linesOf(request), COLUMNS, SCALE)
  const us = (tag: number, value: number): Element => bytesElement(tag, 'US', Uint8Array.of(value & 0xff, value >>> 8))
  const padded = picture.pixels.length % 2 === 0 ? picture.pixels : Buffer.concat([picture.pixels, Buffer.alloc(1)])
  const dataSet = dataSetOf(
    [
      ...sourceElements(request.source),
      textElement(0x00080008, 'CS', 'DERIVED\\SECONDARY'),
      textElement(0x00080016, 'UI', CAPTURE_SOP_CLASS),
      textElement(0x00080018, 'UI', sopInstanceUid),
      textElement(0x00080023, 'DA', request.date),
      textElement(0x00080033, 'TM', request.time),
      textElement(0x00080060, 'CS', 'OT'),
      textElement(0x00080064, 'CS', 'WSD'),
      textElement(0x00080070, 'LO', 'Leadglass'),
      textElement(0x0008103e, 'LO', `AI picture ${model.name} ${model.version}`.slice(0, 64)),
      textElement(0x00081090, 'LO', 'Leadglass appliance'),
      textElement(0x00082111, 'ST', derivation(request)),
      sequenceElement(0x00082112, instances.map(referencedSop)),
      textElement(0x00181000, 'LO', device.name),
      textElement(0x00181020, 'LO', device.softwareVersion),
      textElement(0x0020000e, 'UI', derivedUid('capture series', studyInstanceUid, model.digest)),
      textElement(0x00200011, 'IS', '9902'),
      textElement(0x00200013, 'IS', String(revision)),
      textElement(0x00200020, 'CS', ''),
      // Of a picture of words neither is known (PS3.3 C.7.3.1.1.1, type 2C).
      textElement(0x00200060, 'CS', ''),
      textElement(0x00204000, 'LT', NOT_FOR_DIAGNOSIS),
      us(0x00280002, 1),
      textElement(0x00280004, 'CS', 'MONOCHROME2'),
      us(0x00280010, picture.rows),
      us(0x00280011, picture.columns),
      us(0x00280100, 8),
      us(0x00280101, 8),
      us(0x00280102, 7),
      us(0x00280103, 0),
      // Words about the result are burned in; nothing that identifies anybody (PS3.3 C.7.6.1.1.1).
      textElement(0x00280301, 'CS', 'NO'),
      textElement(0x00282110, 'CS', '00'),
      bytesElement(0x7fe00010, 'OW', padded),
    ],
    request.source.characterSets,
  )
  const meta = {
    mediaStorageSopClassUid: CAPTURE_SOP_CLASS,
    mediaStorageSopInstanceUid: sopInstanceUid,
    transferSyntaxUid: IMPLICIT_LITTLE,
  }
  return { sopClassUid: CAPTURE_SOP_CLASS, sopInstanceUid, bytes: concat(writePart10({ meta, dataSet })) }
}

/** What the picture says, line by line. */
export function linesOf(request: ReportRequest): string[] {
  const { model, revision, instances, manifest, device, date, time } = request
  const scored = instances.flatMap((instance, position) =>
    instance.scores.flatMap((score) => {
      const output = manifest.outputs.find((one) => one.code === score.code)
      return output === undefined ? [] : [{ instance, position, score, output }]
    }),
  )
  const shown = scored.slice(0, MOST_LINES)
  const clock = `${time.slice(0, 2)}:${time.slice(2, 4)}`
  return [
    NOT_FOR_DIAGNOSIS,
    '',
    `Model ${model.name} ${model.version}`,
    `Package ${model.digest.slice(0, 16)}`,
    `Revision ${revision} of the study${request.replaces.length === 0 ? '' : ', replaces an earlier result'}`,
    `Made ${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)} ${clock} by ${device.name}`,
    '',
    ...shown.flatMap(({ instance, position, score, output }) => {
      const told = figureOf(output, score.value)
      const threshold = figureOf(output, output.operatingPoint.thresholdMilli / 1000)
      return [
        `${instance.modality} image ${position + 1} of ${instances.length}`,
        `  ${output.title}: ${told.value.toFixed(1)} ${told.unit.value}`,
        `  ${score.above ? 'at or above' : 'below'} the operating point of ${threshold.value.toFixed(1)} ${told.unit.value}`,
      ]
    }),
    ...(scored.length > shown.length ? [`and ${scored.length - shown.length} more in the structured report`] : []),
  ]
}

function derivation({ model, replaces }: ReportRequest): string {
  const before = replaces.map((one) => one.sopInstanceUid).join(', ')
  const text = `${NOT_FOR_DIAGNOSIS}. ${model.name} ${model.version}, package sha256:${model.digest}`
  return before === '' ? text : `${text}. Replaces the result ${before}`.slice(0, 1024)
}
