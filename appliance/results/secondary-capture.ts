import { bytesElement, sequenceElement, textElement } from '../imaging/dataset/index.ts'
import { us } from './binary-elements.ts'
import { contentMoment, type Report, resultObject } from './composite-object.ts'
import { referencedSop } from './content-items.ts'
import { figureOf } from './figures.ts'
import { replacedImages, replacedWords } from './frame-groups.ts'
import type { ReportRequest } from './measurement-report.ts'
import { NOT_FOR_DIAGNOSIS } from './notice.ts'
import { drawText } from './raster-font.ts'
import { derivedUid } from './uids.ts'

/** Secondary Capture Image Storage (PS3.4 B.5). */
export const CAPTURE_SOP_CLASS = '1.2.840.10008.5.1.4.1.1.7'

const COLUMNS = 1024
const SCALE = 3
/** More instances than these are told in a number. */
const MOST_LINES = 24

/**
 * Draws the result of a model as a picture (PS3.3 A.8.1), for destinations that show nothing else: what it is, which model
 * in which version, and each score in words. No identifier of the patient is drawn. Equal requests give equal pixels.
 */
export function buildSecondaryCapture(request: ReportRequest): Report {
  const { studyInstanceUid, revision, model, instances } = request
  const picture = drawText(linesOf(request), COLUMNS, SCALE)
  const padded = picture.pixels.length % 2 === 0 ? picture.pixels : Buffer.concat([picture.pixels, Buffer.alloc(1)])
  const plan = {
    sopClassUid: CAPTURE_SOP_CLASS,
    sopInstanceUid: derivedUid('capture', studyInstanceUid, revision, model.digest),
    modality: 'OT',
    seriesInstanceUid: derivedUid('capture series', studyInstanceUid, model.digest),
    seriesNumber: 9902,
    seriesDescription: `AI picture ${model.name} ${model.version}`,
    instanceNumber: revision,
  }
  return resultObject(request, plan, [
    ...contentMoment(request),
    textElement(0x00080008, 'CS', 'DERIVED\\SECONDARY'),
    textElement(0x00080064, 'CS', 'WSD'),
    ...replacedImages(request.replaces),
    textElement(0x00082111, 'ST', derivation(request)),
    sequenceElement(0x00082112, instances.map(referencedSop)),
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
  ])
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
  const text = `${NOT_FOR_DIAGNOSIS}. ${model.name} ${model.version}, package sha256:${model.digest}`
  return replaces.length === 0 ? text : `${text}. ${replacedWords(replaces)}`.slice(0, 1024)
}
