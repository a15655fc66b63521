import type { Code } from './content-items.ts'

const dcm = (value: string, meaning: string): Code => ({ value, scheme: 'DCM', meaning })
const sct = (value: string, meaning: string): Code => ({ value, scheme: 'SCT', meaning })
/** Concepts of TID 1500 and the templates below it (PS3.16 annexes A and D). */
export const CONCEPTS = {
  imagingMeasurementReport: dcm('126000', 'Imaging Measurement Report'),
  language: dcm('121049', 'Language of Content Item and Descendants'),
  english: { value: 'en', scheme: 'RFC5646', meaning: 'English' },
  observerType: dcm('121005', 'Observer Type'),
  device: dcm('121007', 'Device'),
  deviceObserverUid: dcm('121012', 'Device Observer UID'),
  deviceObserverName: dcm('121013', 'Device Observer Name'),
  deviceObserverManufacturer: dcm('121014', 'Device Observer Manufacturer'),
  deviceObserverModel: dcm('121015', 'Device Observer Model Name'),
  procedureReported: dcm('121058', 'Procedure Reported'),
  imagingProcedure: sct('363679005', 'Imaging procedure'),
  imageLibrary: dcm('111028', 'Image Library'),
  imageLibraryGroup: dcm('126200', 'Image Library Group'),
  modality: dcm('121139', 'Modality'),
  imagingMeasurements: dcm('126010', 'Imaging Measurements'),
  measurementGroup: dcm('125007', 'Measurement Group'),
  trackingIdentifier: dcm('112039', 'Tracking Identifier'),
  trackingUid: dcm('112040', 'Tracking Unique Identifier'),
  finding: dcm('121071', 'Finding'),
  sourceOfMeasurement: dcm('121112', 'Source of Measurement'),
  algorithmName: dcm('111001', 'Algorithm Name'),
  algorithmParameters: dcm('111002', 'Algorithm Parameters'),
  algorithmVersion: dcm('111003', 'Algorithm Version'),
  /** What a device thinks of its finding, in percent (PS3.16 TID 4006). */
  certaintyOfFinding: dcm('111012', 'Certainty of Finding'),
  qualitativeEvaluations: { value: 'C0034375', scheme: 'UMLS', meaning: 'Qualitative Evaluations' },
  summaryOfAnalyses: dcm('111065', 'Summary of Analyses'),
  notAttempted: dcm('111225', 'Not Attempted'),
  failed: dcm('111224', 'Failed'),
  comment: dcm('121106', 'Comment'),
  present: sct('52101004', 'Present'),
  absent: sct('2667000', 'Absent'),
  percent: { value: '%', scheme: 'UCUM', meaning: 'Percent' },
} as const satisfies Record<string, Code>

/** Modalities of the acquisition contract as coded concepts (CID 29). */
export function modalityCode(modality: string): Code {
  const meanings: Readonly<Record<string, string>> = {
    CR: 'Computed Radiography',
    DX: 'Digital Radiography',
    CT: 'Computed Tomography',
    MR: 'Magnetic Resonance',
    MG: 'Mammography',
    US: 'Ultrasound',
    XA: 'X-Ray Angiography',
    RF: 'Radiofluoroscopy',
    NM: 'Nuclear Medicine',
    PT: 'Positron emission tomography',
  }
  const meaning = meanings[modality]
  return meaning === undefined ? dcm('OT', 'Other Modality') : dcm(modality, meaning)
}
