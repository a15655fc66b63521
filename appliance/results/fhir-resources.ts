import { type DataSet, decimal, sequence, text, uid } from '../imaging/dataset/index.ts'
import { CONCEPTS } from './concepts.ts'
import type { Code } from './content-items.ts'
import { NOT_FOR_DIAGNOSIS } from './notice.ts'
import { derivedUid } from './uids.ts'

/** A resource of FHIR R4 (4.0.1). Its id is a UID, which has the form of an id (FHIR 2.24.0.1). */
export interface FhirResource {
  readonly resourceType: string
  readonly id: string
  readonly [member: string]: unknown
}

const VALUE_TYPE = 0x0040a040
const CONTENT = 0x0040a730

/** Coding systems of FHIR for the designators of DICOM (PS3.16 table 8-1). */
const SYSTEMS: Readonly<Record<string, string>> = {
  DCM: 'http://dicom.nema.org/resources/ontology/DCM',
  SCT: 'http://snomed.info/sct',
  UCUM: 'http://unitsofmeasure.org',
  LN: 'http://loinc.org',
}

/**
 * Reads a structured report of ours into an Observation for each figure and the DiagnosticReport that holds them, in the
 * order in which they are to be put. Ids come from the report's SOP Instance UID and the tracking UIDs in it. Patient,
 * study and accession are told as identifiers, exactly as the report has them.
 */
export function fhirResources(report: DataSet): readonly FhirResource[] {
  const id = uid(report, 0x00080018) ?? ''
  const context = contextOf(report)
  const observations = groupsOf(report).flatMap((group): FhirResource[] => {
    const tracking = sequence(group, CONTENT).find((item) => conceptOf(item)?.value === CONCEPTS.trackingUid.value)
    const observation = observationOf(group, context)
    const key = tracking === undefined ? undefined : uid(tracking, 0x0040a124)
    return observation === undefined || key === undefined
      ? []
      : [{ ...observation, resourceType: 'Observation', id: derivedUid('observation', id, key) }]
  })
  const notScored = commentOf(report)
  const replaces = replacedIds(report).map((replaced) => ({
    url: 'http://hl7.org/fhir/StructureDefinition/diagnosticReport-replaces',
    valueReference: { reference: `DiagnosticReport/${replaced}` },
  }))
  return [
    ...observations,
    {
      resourceType: 'DiagnosticReport',
      id,
      ...(replaces.length === 0 ? {} : { extension: replaces }),
      identifier: [{ system: 'urn:dicom:uid', value: `urn:oid:${id}` }],
      status: 'preliminary',
      category: [
        codeable({ value: 'RAD', scheme: 'http://terminology.hl7.org/CodeSystem/v2-0074', meaning: 'Radiology' }),
      ],
      code: codeable({ value: '18748-4', scheme: 'LN', meaning: 'Diagnostic imaging study' }),
      ...context,
      imagingStudy: [{ reference: '#study' }],
      ...(observations.length === 0
        ? {}
        : { result: observations.map((one) => ({ reference: `Observation/${one.id}` })) }),
      conclusion: notScored === undefined ? NOT_FOR_DIAGNOSIS : `${NOT_FOR_DIAGNOSIS}. ${notScored}`,
    },
  ]
}

/** Ids of the reports that a rejection note of ours takes back: a picture has no resource, and the server says so. */
export function takenBack(note: DataSet): readonly string[] {
  return sequence(note, CONTENT).flatMap((item) => {
    const [reference] = sequence(item, 0x00081199)
    const id = reference === undefined ? undefined : uid(reference, 0x00081155)
    return id === undefined ? [] : [id]
  })
}

/** Subject, order, study and day: what every resource of a report says. */
function contextOf(report: DataSet): Readonly<Record<string, unknown>> {
  const issuer = text(report, 0x00100021)
  const accession = text(report, 0x00080050)
  const study = uid(report, 0x0020000d) ?? ''
  const effective = instantOf(report)
  const patient = {
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] },
    value: text(report, 0x00100020) ?? '',
    ...(issuer === undefined ? {} : { assigner: { display: issuer } }),
  }
  return {
    subject: { type: 'Patient', identifier: patient },
    ...(accession === undefined
      ? {}
      : {
          basedOn: [
            {
              type: 'ServiceRequest',
              identifier: {
                type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'ACSN' }] },
                value: accession,
              },
            },
          ],
        }),
    ...(effective === undefined ? {} : { effectiveDateTime: effective }),
    contained: [
      {
        resourceType: 'ImagingStudy',
        id: 'study',
        identifier: [{ system: 'urn:dicom:uid', value: `urn:oid:${study}` }],
        status: 'available',
        subject: { type: 'Patient', identifier: patient },
      },
    ],
  }
}

function observationOf(
  group: DataSet,
  context: Readonly<Record<string, unknown>>,
): Record<string, unknown> | undefined {
  const items = sequence(group, CONTENT)
  const figure = items.find((item) => text(item, VALUE_TYPE) === 'NUM')
  const finding = items.find((item) => conceptOf(item)?.value === CONCEPTS.finding.value)
  const meaning = finding === undefined ? undefined : valueCodeOf(finding)
  const [measured] = figure === undefined ? [] : sequence(figure, 0x0040a300)
  const value = measured === undefined ? undefined : decimal(measured, 0x0040a30a)
  const unit = measured === undefined ? undefined : codeOf(sequence(measured, 0x004008ea)[0])
  if (meaning === undefined || value === undefined || unit === undefined) return undefined
  const side = items.find((item) => sameCode(conceptOf(item), meaning) && text(item, VALUE_TYPE) === 'CODE')
  const interpretation = side === undefined ? undefined : valueCodeOf(side)
  const words = (concept: Code): string | undefined => {
    const item = items.find((one) => sameCode(conceptOf(one), concept))
    return item === undefined ? undefined : text(item, 0x0040a160)
  }
  return {
    status: 'preliminary',
    category: [
      codeable({
        value: 'imaging',
        scheme: 'http://terminology.hl7.org/CodeSystem/observation-category',
        meaning: 'Imaging',
      }),
    ],
    code: codeable(meaning),
    ...context,
    derivedFrom: [{ reference: '#study' }],
    valueQuantity: { value, unit: unit.meaning, system: systemOf(unit.scheme), code: unit.value },
    ...(interpretation === undefined ? {} : { interpretation: [codeable(interpretation)] }),
    method: { text: `${words(CONCEPTS.algorithmName) ?? ''} ${words(CONCEPTS.algorithmVersion) ?? ''}`.trim() },
    note: items
      .filter((item) => sameCode(conceptOf(item), CONCEPTS.algorithmParameters))
      .map((item) => ({ text: text(item, 0x0040a160) ?? '' }))
      .concat([{ text: NOT_FOR_DIAGNOSIS }]),
  }
}

function groupsOf(report: DataSet): DataSet[] {
  return sequence(report, CONTENT)
    .filter((item) => sameCode(conceptOf(item), CONCEPTS.imagingMeasurements))
    .flatMap((item) => sequence(item, CONTENT))
    .filter((item) => sameCode(conceptOf(item), CONCEPTS.measurementGroup))
}

function commentOf(report: DataSet): string | undefined {
  const comment = sequence(report, CONTENT)
    .filter((item) => sameCode(conceptOf(item), CONCEPTS.qualitativeEvaluations))
    .flatMap((item) => sequence(item, CONTENT))
    .find((item) => sameCode(conceptOf(item), CONCEPTS.comment))
  return comment === undefined ? undefined : text(comment, 0x0040a160)
}

function replacedIds(report: DataSet): string[] {
  return sequence(report, 0x0040a360)
    .flatMap((study) => sequence(study, 0x00081115))
    .flatMap((series) => sequence(series, 0x00081199))
    .flatMap((reference) => uid(reference, 0x00081155) ?? [])
}

/** Local time of the report without a zone is a date only: FHIR wants an offset with every time (FHIR 2.24.0.1). */
function instantOf(report: DataSet): string | undefined {
  const date = text(report, 0x00080023)
  return date !== undefined && /^\d{8}$/.test(date)
    ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}`
    : undefined
}

function conceptOf(item: DataSet): Code | undefined {
  return codeOf(sequence(item, 0x0040a043)[0])
}

function valueCodeOf(item: DataSet): Code | undefined {
  return codeOf(sequence(item, 0x0040a168)[0])
}

function codeOf(item: DataSet | undefined): Code | undefined {
  if (item === undefined) return undefined
  const [value, scheme] = [text(item, 0x00080100), text(item, 0x00080102)]
  return value === undefined || scheme === undefined
    ? undefined
    : { value, scheme, meaning: text(item, 0x00080104) ?? '' }
}

function sameCode(one: Code | undefined, other: Code): boolean {
  return one?.value === other.value && one.scheme === other.scheme
}

function systemOf(scheme: string): string {
  return SYSTEMS[scheme] ?? (scheme.startsWith('http') ? scheme : `urn:x-dicom:${scheme}`)
}

function codeable({ value, scheme, meaning }: Code): Readonly<Record<string, unknown>> {
  return { coding: [{ system: systemOf(scheme), code: value, display: meaning }], text: meaning }
}
