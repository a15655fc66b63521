import type { ModelManifest, ScoreOutput } from '@leadglass/models'
import type { ModelReference } from '@leadglass/sync-agent/contract'
import {
  concat,
  type DataSet,
  dataSetOf,
  type Element,
  IMPLICIT_LITTLE,
  sequenceElement,
  textElement,
  writePart10,
} from '../imaging/dataset/index.ts'
import { CONCEPTS, modalityCode } from './concepts.ts'
import {
  codeContent,
  codeItem,
  containerItem,
  type InstanceReference,
  imageContent,
  numberContent,
  referencedSop,
  templateElement,
  textContent,
  uidContent,
} from './content-items.ts'
import { figureOf } from './figures.ts'
import { derivedUid } from './uids.ts'

/** Comprehensive 3D SR Storage (PS3.4 B.5): the class that TID 1500 reports of IHE AIR are stored in. */
export const REPORT_SOP_CLASS = '1.2.840.10008.5.1.4.1.1.88.34'

/** One instance that the model scored, in the order of the study. */
export interface ReportedInstance {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly seriesInstanceUid: string
  readonly modality: string
  readonly scores: readonly { readonly code: string; readonly value: number; readonly above: boolean }[]
}

/** Everything a report says. `source` is one of the scored objects: patient and study are taken from it byte for byte. */
export interface ReportRequest {
  readonly source: DataSet
  readonly studyInstanceUid: string
  readonly revision: number
  readonly model: ModelReference
  readonly manifest: Pick<ModelManifest, 'title' | 'outputs'>
  readonly instances: readonly ReportedInstance[]
  /** Results of earlier revisions that this one replaces. */
  readonly replaces: readonly ReplacedResult[]
  readonly device: { readonly name: string; readonly softwareVersion: string }
  /** Local date and time of the report, YYYYMMDD and HHMMSS. */
  readonly date: string
  readonly time: string
}

/** An earlier result of the same study. */
export interface ReplacedResult extends InstanceReference {
  readonly seriesInstanceUid: string
}

/** A report as a PS3.10 file. */
export interface Report {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly bytes: Buffer
}

/** Patient and study attributes that a report has from its source (PS3.3 C.7.1.1, C.7.2.1), with their VRs. */
const FROM_SOURCE = [
  [0x00080005, 'CS'],
  [0x00080020, 'DA'],
  [0x00080030, 'TM'],
  [0x00080050, 'SH'],
  [0x00080090, 'PN'],
  [0x00081030, 'LO'],
  [0x00100010, 'PN'],
  [0x00100020, 'LO'],
  [0x00100021, 'LO'],
  [0x00100030, 'DA'],
  [0x00100040, 'CS'],
  [0x0020000d, 'UI'],
  [0x00200010, 'SH'],
] as const
/** Attributes of type 3: left out where the source has none. The others are of type 1 or 2 and stand empty. */
const OPTIONAL = new Set<number>([0x00080005, 0x00081030, 0x00100021])

/** The UID of a report: the same study, revision and model always give the same, so a second sending changes nothing. */
export function reportUid(studyInstanceUid: string, revision: number, modelDigest: string): string {
  return derivedUid('report', studyInstanceUid, revision, modelDigest)
}

/** The series of all reports of one model on one study. */
export function reportSeriesUid(studyInstanceUid: string, modelDigest: string): string {
  return derivedUid('report series', studyInstanceUid, modelDigest)
}

/**
 * Builds a TID 1500 Measurement Report (PS3.16): which algorithm (TID 4019: name, version, digest of the approved
 * package, operating points), and for every scored instance and output a measurement group with the certainty of
 * the finding in percent and whether it is present at the operating point. Concepts come from DICOM and SNOMED CT. The times aside, equal requests give equal bytes.
 */
export function buildMeasurementReport(request: ReportRequest): Report {
  const { studyInstanceUid, revision, model } = request
  const sopInstanceUid = reportUid(studyInstanceUid, revision, model.digest)
  const dataSet = dataSetOf(
    [
      ...sourceElements(request.source),
      ...documentElements(request, sopInstanceUid),
      textElement(0x0040a040, 'CS', 'CONTAINER'),
      sequenceElement(0x0040a043, [codeItem(CONCEPTS.imagingMeasurementReport)]),
      textElement(0x0040a050, 'CS', 'SEPARATE'),
      templateElement('1500'),
      sequenceElement(0x0040a730, [
        ...contextItems(request),
        imageLibrary(request.instances),
        containerItem({
          relationship: 'CONTAINS',
          concept: CONCEPTS.imagingMeasurements,
          children: request.instances.flatMap((instance) => measurementGroups(request, instance)),
        }),
      ]),
    ],
    request.source.characterSets,
  )
  const meta = {
    mediaStorageSopClassUid: REPORT_SOP_CLASS,
    mediaStorageSopInstanceUid: sopInstanceUid,
    // The one transfer syntax that every destination must take (PS3.5 10.1).
    transferSyntaxUid: IMPLICIT_LITTLE,
  }
  return { sopClassUid: REPORT_SOP_CLASS, sopInstanceUid, bytes: concat(writePart10({ meta, dataSet })) }
}

/** Patient and study attributes of a result, from its source. */
export function sourceElements(source: DataSet): Element[] {
  return FROM_SOURCE.flatMap(([tag, vr]) => {
    const element = source.elements.get(tag)
    if (element?.value.kind === 'bytes') return [{ tag, vr, value: element.value }]
    return OPTIONAL.has(tag) ? [] : [textElement(tag, vr, '')]
  })
}

function documentElements(request: ReportRequest, sopInstanceUid: string): Element[] {
  const { device, model, date, time, studyInstanceUid } = request
  return [
    textElement(0x00080016, 'UI', REPORT_SOP_CLASS),
    textElement(0x00080018, 'UI', sopInstanceUid),
    textElement(0x00080023, 'DA', date),
    textElement(0x00080033, 'TM', time),
    textElement(0x00080060, 'CS', 'SR'),
    textElement(0x00080070, 'LO', 'Leadglass'),
    textElement(0x0008103e, 'LO', `AI result ${model.name} ${model.version}`.slice(0, 64)),
    textElement(0x00081090, 'LO', 'Leadglass appliance'),
    sequenceElement(0x00081111, []),
    textElement(0x00181000, 'LO', device.name),
    textElement(0x00181020, 'LO', device.softwareVersion),
    textElement(0x0020000e, 'UI', reportSeriesUid(studyInstanceUid, model.digest)),
    textElement(0x00200011, 'IS', '9900'),
    textElement(0x00200013, 'IS', String(request.revision)),
    ...predecessors(studyInstanceUid, request.replaces),
    sequenceElement(0x0040a372, []),
    sequenceElement(0x0040a375, [evidence(request)]),
    textElement(0x0040a491, 'CS', 'COMPLETE'),
    textElement(0x0040a493, 'CS', 'UNVERIFIED'),
    textElement(0x0040a496, 'CS', 'PRELIMINARY'),
  ]
}

/** Hierarchical SOP Instance Reference macro (PS3.3 C.17.2.1). */
function evidence({ studyInstanceUid, instances }: ReportRequest): DataSet {
  const bySeries = new Map<string, DataSet[]>()
  for (const instance of instances) {
    const items = bySeries.get(instance.seriesInstanceUid) ?? []
    items.push(referencedSop(instance))
    bySeries.set(instance.seriesInstanceUid, items)
  }
  return hierarchy(studyInstanceUid, bySeries)
}

/** Predecessor Documents Sequence (PS3.3 C.17.2): what a document replaces; left out when that is nothing. */
export function predecessors(studyInstanceUid: string, replaces: readonly ReplacedResult[]): Element[] {
  const bySeries = new Map<string, DataSet[]>()
  for (const one of replaces)
    bySeries.set(one.seriesInstanceUid, [...(bySeries.get(one.seriesInstanceUid) ?? []), referencedSop(one)])
  return replaces.length === 0 ? [] : [sequenceElement(0x0040a360, [hierarchy(studyInstanceUid, bySeries)])]
}

/** One item of the Hierarchical SOP Instance Reference macro, from references by series (PS3.3 C.17.2.1). */
export function hierarchy(studyInstanceUid: string, bySeries: ReadonlyMap<string, readonly DataSet[]>): DataSet {
  const series = [...bySeries].map(([uid, items]) =>
    dataSetOf([sequenceElement(0x00081199, items), textElement(0x0020000e, 'UI', uid)]),
  )
  return dataSetOf([sequenceElement(0x00081115, series), textElement(0x0020000d, 'UI', studyInstanceUid)])
}

/** Language (TID 1204), observer (TID 1002, 1004) and procedure (TID 1500 row 4). */
export function contextItems({ device }: Pick<ReportRequest, 'device'>): DataSet[] {
  const observer = 'HAS OBS CONTEXT' as const
  return [
    codeContent({ relationship: 'HAS CONCEPT MOD', concept: CONCEPTS.language }, CONCEPTS.english),
    codeContent({ relationship: observer, concept: CONCEPTS.observerType }, CONCEPTS.device),
    uidContent({ relationship: observer, concept: CONCEPTS.deviceObserverUid }, derivedUid('device', device.name)),
    textContent({ relationship: observer, concept: CONCEPTS.deviceObserverName }, device.name),
    textContent({ relationship: observer, concept: CONCEPTS.deviceObserverManufacturer }, 'Leadglass'),
    textContent({ relationship: observer, concept: CONCEPTS.deviceObserverModel }, 'Leadglass appliance'),
    codeContent({ relationship: 'HAS CONCEPT MOD', concept: CONCEPTS.procedureReported }, CONCEPTS.imagingProcedure),
  ]
}

/** TID 1600: the images that were used, by modality. */
function imageLibrary(instances: readonly ReportedInstance[]): DataSet {
  const modalities = [...new Set(instances.map((instance) => instance.modality))]
  const groups = modalities.map((modality) =>
    containerItem({
      relationship: 'CONTAINS',
      concept: CONCEPTS.imageLibraryGroup,
      children: [
        codeContent({ relationship: 'HAS ACQ CONTEXT', concept: CONCEPTS.modality }, modalityCode(modality)),
        ...instances
          .filter((instance) => instance.modality === modality)
          .map((instance) => imageContent({ relationship: 'CONTAINS', concept: null }, instance)),
      ],
    }),
  )
  return containerItem({ relationship: 'CONTAINS', concept: CONCEPTS.imageLibrary, children: groups })
}

/** TID 1501: one group for each output of an instance. */
function measurementGroups(request: ReportRequest, instance: ReportedInstance): DataSet[] {
  return request.manifest.outputs.flatMap((output) => {
    const score = instance.scores.find((one) => one.code === output.code)
    return score === undefined ? [] : [measurementGroup(request, instance, output, score)]
  })
}

function measurementGroup(
  { model, studyInstanceUid }: ReportRequest,
  instance: ReportedInstance,
  output: ScoreOutput,
  score: { readonly value: number; readonly above: boolean },
): DataSet {
  const context = 'HAS OBS CONTEXT' as const
  const modifier = 'HAS CONCEPT MOD' as const
  const figure = figureOf(output, score.value)
  const threshold = `${output.code} >= ${output.operatingPoint.thresholdMilli / 1000}`
  // Revisions of a study track the same thing: the output of this model for this instance.
  const trackingUid = derivedUid('tracking', studyInstanceUid, instance.sopInstanceUid, model.digest, output.code)
  return containerItem(
    {
      relationship: 'CONTAINS',
      concept: CONCEPTS.measurementGroup,
      children: [
        textContent({ relationship: context, concept: CONCEPTS.trackingIdentifier }, `${model.name} ${output.code}`),
        uidContent({ relationship: context, concept: CONCEPTS.trackingUid }, trackingUid),
        codeContent({ relationship: 'CONTAINS', concept: CONCEPTS.finding }, output.meaning),
        // TID 4019: which algorithm, as it was approved.
        textContent({ relationship: modifier, concept: CONCEPTS.algorithmName }, model.name),
        textContent({ relationship: modifier, concept: CONCEPTS.algorithmVersion }, model.version),
        textContent(
          { relationship: modifier, concept: CONCEPTS.algorithmParameters },
          `package sha256:${model.digest}`,
        ),
        textContent({ relationship: modifier, concept: CONCEPTS.algorithmParameters }, `operating point ${threshold}`),
        numberContent(
          {
            relationship: 'CONTAINS',
            concept: figure.concept,
            children: [
              imageContent({ relationship: 'INFERRED FROM', concept: CONCEPTS.sourceOfMeasurement }, instance),
            ],
          },
          figure.value,
          figure.unit,
        ),
        codeContent(
          { relationship: 'CONTAINS', concept: output.meaning },
          score.above ? CONCEPTS.present : CONCEPTS.absent,
        ),
      ],
    },
    '1501',
  )
}
