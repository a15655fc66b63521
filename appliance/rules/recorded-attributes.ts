/** How the values of an attribute are read: as they stand, or the code values of the items of a code sequence. */
type Reading = 'values' | 'codes'

/** One attribute that is recorded for rules. */
export interface RecordedAttribute {
  /** 0xGGGGEEEE. */
  readonly tag: number
  readonly keyword: string
  readonly reading: Reading
}

/**
 * The attributes that rules may look at (PS3.6). Names, numbers and birth dates of patients, accession numbers, persons of
 * the staff and instance UIDs are left out on purpose: nobody's study is routed by who they are.
 */
const VALUES: Readonly<Record<string, number>> = {
  ImageType: 0x00080008,
  SOPClassUID: 0x00080016,
  StudyDate: 0x00080020,
  SeriesDate: 0x00080021,
  AcquisitionDate: 0x00080022,
  StudyTime: 0x00080030,
  Modality: 0x00080060,
  ConversionType: 0x00080064,
  PresentationIntentType: 0x00080068,
  Manufacturer: 0x00080070,
  InstitutionName: 0x00080080,
  StationName: 0x00081010,
  StudyDescription: 0x00081030,
  SeriesDescription: 0x0008103e,
  InstitutionalDepartmentName: 0x00081040,
  ManufacturerModelName: 0x00081090,
  IssuerOfPatientID: 0x00100021,
  PatientSex: 0x00100040,
  PatientAge: 0x00101010,
  PregnancyStatus: 0x001021c0,
  PatientSpeciesDescription: 0x00102201,
  ClinicalTrialSponsorName: 0x00120010,
  ClinicalTrialProtocolID: 0x00120020,
  PatientIdentityRemoved: 0x00120062,
  ContrastBolusAgent: 0x00180010,
  BodyPartExamined: 0x00180015,
  ScanningSequence: 0x00180020,
  SequenceVariant: 0x00180021,
  ScanOptions: 0x00180022,
  MRAcquisitionType: 0x00180023,
  SequenceName: 0x00180024,
  SliceThickness: 0x00180050,
  KVP: 0x00180060,
  RepetitionTime: 0x00180080,
  EchoTime: 0x00180081,
  MagneticFieldStrength: 0x00180087,
  SpacingBetweenSlices: 0x00180088,
  DeviceSerialNumber: 0x00181000,
  SoftwareVersions: 0x00181020,
  ProtocolName: 0x00181030,
  ExposureTime: 0x00181150,
  XRayTubeCurrent: 0x00181151,
  Exposure: 0x00181152,
  ConvolutionKernel: 0x00181210,
  PatientPosition: 0x00185100,
  ViewPosition: 0x00185101,
  DetectorType: 0x00187004,
  SeriesNumber: 0x00200011,
  Laterality: 0x00200060,
  ImageLaterality: 0x00200062,
  SamplesPerPixel: 0x00280002,
  PhotometricInterpretation: 0x00280004,
  NumberOfFrames: 0x00280008,
  Rows: 0x00280010,
  Columns: 0x00280011,
  BitsAllocated: 0x00280100,
  BitsStored: 0x00280101,
  BurnedInAnnotation: 0x00280301,
  RecognizableVisualFeatures: 0x00280302,
  LossyImageCompression: 0x00282110,
  RequestingService: 0x00321033,
  RequestedProcedureDescription: 0x00321060,
  CurrentPatientLocation: 0x00380300,
  PerformedStationAETitle: 0x00400241,
  PerformedProcedureStepDescription: 0x00400254,
  RequestedProcedurePriority: 0x00401003,
}

const CODES: Readonly<Record<string, number>> = {
  ProcedureCodeSequence: 0x00081032,
  AnatomicRegionSequence: 0x00082218,
  RequestedProcedureCodeSequence: 0x00321064,
  ViewCodeSequence: 0x00540220,
}

/** Every recorded attribute. */
export const RECORDED_ATTRIBUTES: readonly RecordedAttribute[] = [
  ...Object.entries(VALUES).map(([keyword, tag]) => ({ keyword, tag, reading: 'values' as const })),
  ...Object.entries(CODES).map(([keyword, tag]) => ({ keyword, tag, reading: 'codes' as const })),
]

const BY_NAME = new Map(RECORDED_ATTRIBUTES.flatMap((one) => [[one.keyword, one] as const, [hexOf(one.tag), one]]))

/** A tag as the record writes it: eight hexadecimal digits in lower case. */
export function hexOf(tag: number): string {
  return tag.toString(16).padStart(8, '0')
}

/**
 * The record's name of an attribute that a rule names by keyword (`Modality`) or tag (`(0008,0060)`).
 * @returns `undefined` when it is not recorded.
 */
export function recordedTag(name: string): string | undefined {
  const pair = /^\(([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})\)$/.exec(name)
  const key = pair === null ? name : `${pair[1] ?? ''}${pair[2] ?? ''}`.toLowerCase()
  const found = BY_NAME.get(key)
  return found === undefined ? undefined : hexOf(found.tag)
}
