import {
  type DataSet,
  dataSetOf,
  type Element,
  integer,
  sequenceElement,
  text,
  textElement,
} from '../imaging/dataset/index.ts'
import { fl, sl } from './binary-elements.ts'
import { type Report, resultObject } from './composite-object.ts'
import { referencedSop } from './content-items.ts'
import { figureOf } from './figures.ts'
import { copied, referencedSeries, replacedWords, type SourceFrame } from './frame-groups.ts'
import type { ReportedInstance, ReportRequest } from './measurement-report.ts'
import { NOT_FOR_DIAGNOSIS } from './notice.ts'
import { derivedUid } from './uids.ts'

/** Grayscale Softcopy Presentation State Storage (PS3.4 B.5). */
export const PRESENTATION_SOP_CLASS = '1.2.840.10008.5.1.4.1.1.11.1'

/** A scored image with its own header, which says how its grey values are shown. */
export type PresentedInstance = ReportedInstance & SourceFrame

/** What presentations are made of. */
export interface PresentationRequest extends Omit<ReportRequest, 'instances'> {
  readonly instances: readonly PresentedInstance[]
}

/** A finding on one image; the text stands at its upper left, in parts of the display. */
const TEXT_BOX = { from: [0.02, 0.02], to: [0.7, 0.2] } as const
const LAYER = 'AI_RESULT'
const MODALITY_LUT = 0x00283000
const VOI_LUT = 0x00283010
/** Unformatted Text Value is of VR ST (PS3.5 6.2). */
const MOST_CHARACTERS = 1024

/**
 * Builds presentation states (PS3.3 A.33.1) that show over each scored image that an AI result exists, of which model, and
 * what it says. The images keep their own look: a presentation replaces their grey scale, so it repeats it. Images that
 * differ in what one presentation says once (series, grid, modality LUT, polarity) get one each; colour images have none.
 */
export function buildPresentationStates(request: PresentationRequest): Report[] {
  const grey = request.instances.filter(({ header }) => text(header, 0x00280004)?.startsWith('MONOCHROME') === true)
  const groups = Map.groupBy(grey, lookOf)
  return [...groups.values()].map((instances) => presentationOf(request, instances))
}

function presentationOf(request: PresentationRequest, instances: readonly PresentedInstance[]): Report {
  const { studyInstanceUid, revision, model, replaces, date, time } = request
  const [first] = instances
  if (first === undefined) throw new RangeError('a presentation needs an image')
  const { header } = first
  const references = sequenceElement(0x00081140, instances.map(referencedSop))
  const plan = {
    sopClassUid: PRESENTATION_SOP_CLASS,
    sopInstanceUid: derivedUid('presentation', studyInstanceUid, revision, model.digest, first.sopInstanceUid),
    modality: 'PR',
    seriesInstanceUid: derivedUid('presentation series', studyInstanceUid, model.digest),
    seriesNumber: 9905,
    seriesDescription: `AI overlay ${model.name} ${model.version}`,
    instanceNumber: revision,
  }
  return resultObject(request, plan, [
    referencedSeries(instances, 0x00081140),
    // Of words over images it is not known (PS3.3 C.7.3.1, type 2C).
    textElement(0x00200060, 'CS', ''),
    ...modalityLut(header),
    ...softcopyVoi(instances),
    sequenceElement(
      0x00700001,
      instances.map((instance) => annotation(request, instance)),
    ),
    sequenceElement(0x0070005a, [dataSetOf([references, ...displayedArea(header)])]),
    sequenceElement(0x00700060, [
      dataSetOf([textElement(0x00700002, 'CS', LAYER), textElement(0x00700062, 'IS', '1')]),
    ]),
    textElement(0x00700080, 'CS', LAYER),
    // Of an object that is no image, the description alone can name what it replaces.
    textElement(0x00700081, 'LO', (replacedWords(replaces.slice(0, 1)) || NOT_FOR_DIAGNOSIS).slice(0, 64)),
    textElement(0x00700082, 'DA', date),
    textElement(0x00700083, 'TM', time),
    textElement(0x00700084, 'PN', ''),
    textElement(0x20500020, 'CS', polarityOf(header)),
  ])
}

/** Graphic Annotation module: words only; a score has no place in the image (PS3.3 C.10.5). */
function annotation(request: PresentationRequest, instance: PresentedInstance): DataSet {
  const words = dataSetOf([
    textElement(0x00700003, 'CS', 'DISPLAY'),
    textElement(0x00700006, 'ST', wordsOf(request, instance).join('\r\n').slice(0, MOST_CHARACTERS)),
    fl(0x00700010, ...TEXT_BOX.from),
    fl(0x00700011, ...TEXT_BOX.to),
    textElement(0x00700012, 'CS', 'LEFT'),
  ])
  return dataSetOf([
    sequenceElement(0x00081140, [referencedSop(instance)]),
    textElement(0x00700002, 'CS', LAYER),
    sequenceElement(0x00700008, [words]),
  ])
}

/** What stands over one image, line by line. */
export function wordsOf(
  { model, manifest }: Pick<ReportRequest, 'model' | 'manifest'>,
  instance: ReportedInstance,
): string[] {
  const findings = instance.scores.flatMap(({ code, value, above }) => {
    const output = manifest.outputs.find((one) => one.code === code)
    if (output === undefined) return []
    const told = figureOf(output, value)
    return [
      `${output.title}: ${told.value.toFixed(1)} ${told.unit.value}, ${above ? 'at or above' : 'below'} operating point`,
    ]
  })
  return [NOT_FOR_DIAGNOSIS, `${model.name} ${model.version}`, ...findings]
}

/** Displayed Area module: all of the image, in its own proportions (PS3.3 C.10.4). */
function displayedArea(header: DataSet): Element[] {
  const spacing = [0x00280030, 0x00181164].find((tag) => header.elements.has(tag))
  return [
    sl(0x00700052, 1, 1),
    sl(0x00700053, integer(header, 0x00280011) ?? 1, integer(header, 0x00280010) ?? 1),
    textElement(0x00700100, 'CS', 'SCALE TO FIT'),
    spacing === undefined
      ? textElement(0x00700102, 'IS', ...(text(header, 0x00280034) ?? '1\\1').split('\\'))
      : { ...copied(header, spacing, 'DS'), tag: 0x00700101 },
  ]
}

/** Modality LUT module, as the image has it (PS3.3 C.11.1). */
function modalityLut(header: DataSet): Element[] {
  const table = header.elements.get(MODALITY_LUT)
  if (table !== undefined) return [table]
  if (!header.elements.has(0x00281053)) return []
  const kind = text(header, 0x00281054) ?? 'US'
  return [copied(header, 0x00281052, 'DS'), copied(header, 0x00281053, 'DS'), textElement(0x00281054, 'LO', kind)]
}

/** Softcopy VOI LUT module: the windows or tables of the images, each for the images that have it (PS3.3 C.11.8). */
function softcopyVoi(instances: readonly PresentedInstance[]): Element[] {
  const items = [...Map.groupBy(instances, ({ header }) => windowKey(header)).values()].flatMap((own) => {
    const [first] = own
    const look = first === undefined ? [] : windowOf(first.header)
    return look.length === 0 ? [] : [dataSetOf([sequenceElement(0x00081140, own.map(referencedSop)), ...look])]
  })
  return items.length === 0 ? [] : [sequenceElement(0x00283110, items)]
}

function windowOf(header: DataSet): Element[] {
  const table = header.elements.get(VOI_LUT)
  if (table !== undefined) return [table]
  const tags = [0x00281050, 0x00281051, 0x00281055, 0x00281056]
  return header.elements.has(0x00281050) ? tags.flatMap((tag) => header.elements.get(tag) ?? []) : []
}

/** Images with tables are told apart, each with its own; the others by their windows. */
function windowKey(header: DataSet): string {
  if (header.elements.has(VOI_LUT)) return text(header, 0x00080018) ?? ''
  return [0x00281050, 0x00281051, 0x00281056].map((tag) => text(header, tag) ?? '').join('|')
}

/** Photometric Interpretation is not looked at where a presentation is applied: its polarity is told here (PS3.3 C.11.6). */
function polarityOf(header: DataSet): 'IDENTITY' | 'INVERSE' {
  const isInverse = text(header, 0x00280004) === 'MONOCHROME1' || text(header, 0x20500020) === 'INVERSE'
  return isInverse ? 'INVERSE' : 'IDENTITY'
}

function lookOf({ header, seriesInstanceUid, sopInstanceUid }: PresentedInstance): string {
  const own = header.elements.has(MODALITY_LUT) ? sopInstanceUid : ''
  const said = [0x00281052, 0x00281053, 0x00281054, 0x00280030, 0x00181164].map((tag) => text(header, tag) ?? '')
  const grid = [integer(header, 0x00280010), integer(header, 0x00280011)]
  return JSON.stringify([seriesInstanceUid, own, polarityOf(header), ...said, ...grid])
}
