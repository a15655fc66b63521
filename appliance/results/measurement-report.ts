import type { ModelManifest, ScoreOutput } from '@leadglass/models'
import type { ModelReference } from '@leadglass/sync-agent/contract'
import { type DataSet, dataSetOf, type Element, sequenceElement, textElement } from '../imaging/dataset/index.ts'
import { contentMoment, type Report, type ResultContext, resultObject } from './composite-object.ts'
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
import { type ReportedRadiomics, radiomicGroup } from './radiomic-group.ts'
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
  readonly radiomics?: ReportedRadiomics | undefined
  /** The image of an earlier study that the model looked at too. */
  readonly prior?:
    | (InstanceReference & { readonly studyInstanceUid: string; readonly seriesInstanceUid: string })
    | undefined
}

/** Everything a result of one model says. */
export interface ReportRequest extends ResultContext {
  readonly studyInstanceUid: string
  readonly revision: number
  readonly model: ModelReference
  readonly manifest: Pick<ModelManifest, 'title' | 'outputs'>
  readonly instances: readonly ReportedInstance[]
  /** Results of earlier revisions that this one replaces. */
  readonly replaces: readonly ReplacedResult[]
}

/** An earlier result of the same study. */
export interface ReplacedResult extends InstanceReference {
  readonly seriesInstanceUid: string
}

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
  const plan = {
    sopClassUid: REPORT_SOP_CLASS,
    sopInstanceUid,
    modality: 'SR',
    seriesInstanceUid: reportSeriesUid(studyInstanceUid, model.digest),
    seriesNumber: 9900,
    seriesDescription: `AI result ${model.name} ${model.version}`,
    instanceNumber: revision,
  }
  return resultObject(request, plan, [
    ...documentElements(request, studyInstanceUid),
    sequenceElement(0x0040a375, [evidence(request)]),
    ...otherEvidence(request),
    sequenceElement(0x0040a730, [
      ...contextItems(request),
      imageLibrary(request.instances),
      containerItem({
        relationship: 'CONTAINS',
        concept: CONCEPTS.imagingMeasurements,
        children: request.instances.flatMap((instance) => [
          ...measurementGroups(request, instance),
          ...radiomicGroup(request, instance, instance.radiomics),
        ]),
      }),
    ]),
  ])
}

/** What every TID 1500 report of ours begins with: its state, its title, and what it replaces (PS3.3 C.17.2, C.17.3). */
export function documentElements(
  request: Pick<ReportRequest, 'date' | 'time' | 'replaces'>,
  studyInstanceUid: string,
): Element[] {
  return [
    ...contentMoment(request),
    sequenceElement(0x00081111, []),
    textElement(0x0040a040, 'CS', 'CONTAINER'),
    sequenceElement(0x0040a043, [codeItem(CONCEPTS.imagingMeasurementReport)]),
    textElement(0x0040a050, 'CS', 'SEPARATE'),
    ...predecessors(studyInstanceUid, request.replaces),
    sequenceElement(0x0040a372, []),
    textElement(0x0040a491, 'CS', 'COMPLETE'),
    textElement(0x0040a493, 'CS', 'UNVERIFIED'),
    textElement(0x0040a496, 'CS', 'PRELIMINARY'),
    templateElement('1500'),
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

/** Pertinent Other Evidence Sequence (PS3.3 C.17.2): images of earlier studies; left out when there are none. */
function otherEvidence({ instances }: ReportRequest): Element[] {
  const priors = instances.flatMap(({ prior }) => (prior === undefined ? [] : [prior]))
  const studies = [...new Set(priors.map(({ studyInstanceUid }) => studyInstanceUid))]
  const items = studies.map((study) => {
    const bySeries = new Map<string, DataSet[]>()
    const own = new Map(priors.filter((one) => one.studyInstanceUid === study).map((one) => [one.sopInstanceUid, one]))
    for (const one of own.values()) {
      bySeries.set(one.seriesInstanceUid, [...(bySeries.get(one.seriesInstanceUid) ?? []), referencedSop(one)])
    }
    return hierarchy(study, bySeries)
  })
  return items.length === 0 ? [] : [sequenceElement(0x0040a385, items)]
}

/** Predecessor Documents Sequence (PS3.3 C.17.2): what a document replaces; left out when that is nothing. */
function predecessors(studyInstanceUid: string, replaces: readonly ReplacedResult[]): Element[] {
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
              ...(instance.prior === undefined
                ? []
                : [
                    imageContent(
                      { relationship: 'INFERRED FROM', concept: CONCEPTS.sourceOfMeasurement },
                      instance.prior,
                    ),
                  ]),
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
