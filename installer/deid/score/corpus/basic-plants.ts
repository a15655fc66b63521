import type { Dice } from '../dice.ts'
import type { Category } from '../key.ts'
import type { Draft } from './draft.ts'
import type { Patient, PersonName } from './person.ts'

/** What an object belongs to. */
export interface Belonging {
  readonly patient: Patient
  readonly study: Patient['studies'][number]
  readonly seriesUid: string
  readonly instanceUid: string
  readonly sopClass: string
  readonly modality: string
  readonly description: string
}

/** The study, series and instance attributes, with the identities where the standard puts them (MIDI-B's own places). */
export function plantBasics(draft: Draft, belonging: Belonging, dice: Dice): void {
  const { patient, study } = belonging
  draft.put([0x00080005], 'CS', patient.set)
  draft.put([0x00080016], 'UI', belonging.sopClass)
  draft.check('text_retained', 'DICOM-IOD', [0x00080016], [belonging.sopClass])
  draft.uid([0x00080018], belonging.instanceUid)
  draft.uid([0x0020000d], study.uid)
  draft.uid([0x0020000e], belonging.seriesUid)
  draft.uid([0x00200052], `${belonging.seriesUid}.9`.slice(0, 64))
  draft.keep([0x00080060], 'CS', belonging.modality, 'DICOM-IOD')
  draft.put([0x00200010], 'SH', study.id)
  draft.check('text_removed', 'HIPAA-R', [0x00200010], [study.id])
  draft.token(study.id, 'basic')
  draft.keep([0x00200011], 'IS', String(1 + dice.below(20)), 'DICOM-IOD')
  plantPatient(draft, patient)
  plantDates(draft, study.date, dice)
  plantPlaces(draft, belonging, dice)
  plantPeople(draft, patient)
  plantDescriptions(draft, belonging, dice)
}

function plantPatient(draft: Draft, patient: Patient): void {
  draft.identity([0x00100010], 'PN', patient.name.text, patient.name.tokens, 'HIPAA-A', 'basic')
  draft.put([0x00100020], 'LO', patient.mrn)
  draft.check('patid_consistent', 'DICOM-P15-BASIC-C', [0x00100020], [patient.mrn])
  draft.check('text_removed', 'HIPAA-H', [0x00100020], [patient.mrn])
  draft.check('text_notnull', 'DICOM-IOD', [0x00100020], [])
  draft.token(patient.mrn, 'basic')
  draft.put([0x00100030], 'DA', patient.birthDate)
  draft.check('date_shifted', 'HIPAA-C', [0x00100030], [patient.birthDate])
  draft.keep([0x00100040], 'CS', patient.sex, 'TCIA-P15-PAT-K', '113108')
  draft.keep([0x00101020], 'DS', '1.71', 'TCIA-P15-PAT-K', '113108')
  draft.keep([0x00101030], 'DS', '70.5', 'TCIA-P15-PAT-K', '113108')
  draft.keep([0x00101010], 'AS', '047Y', 'TCIA-P15-PAT-K', '113108')
  const others: readonly (readonly [number, string, string, Category])[] = [
    [0x00101000, 'LO', patient.otherId, 'HIPAA-H'],
    [0x00101040, 'LO', patient.address, 'HIPAA-B'],
    [0x00102154, 'SH', patient.phone.slice(0, 16), 'HIPAA-D'],
    [0x00102155, 'LT', patient.mail, 'HIPAA-F'],
    [0x00102180, 'SH', patient.mother.tokens[1] ?? '', 'HIPAA-A'],
  ]
  for (const [tag, vr, text, category] of others) draft.identity([tag], vr, text, [text], category, 'basic')
  draft.identity([0x00101060], 'PN', patient.mother.text, patient.mother.tokens, 'HIPAA-A', 'basic')
  draft.identity(
    [0x001021b0],
    'LT',
    `Seen by ${patient.physicians[3]?.tokens[0]} in 2019`,
    [patient.physicians[3]?.tokens[0] ?? ''],
    'HIPAA-A',
    'basic',
  )
}

function plantDates(draft: Draft, date: string, dice: Dice): void {
  for (const tag of [0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x00080012]) draft.date([tag], 'DA', date)
  draft.date([0x0008002a], 'DT', date, '103015.25')
  draft.date([0x00400244], 'DA', date)
  draft.date([0x00181012], 'DA', dice.date(2012, 2015))
  for (const tag of [0x00080030, 0x00080031, 0x00080033]) draft.put([tag], 'TM', '103015')
  draft.present([0x00080020], 'text_notnull')
}

function plantPlaces(draft: Draft, { patient, study }: Belonging, dice: Dice): void {
  const room = `R${dice.digits(7)}`
  const places: readonly (readonly [number, string, string, Category])[] = [
    [0x00080050, 'SH', study.accession, 'HIPAA-H'],
    [0x00080080, 'LO', patient.institution, 'HIPAA-B'],
    [0x00080081, 'ST', patient.address, 'HIPAA-B'],
    [0x00081010, 'SH', patient.station, 'HIPAA-M'],
    [0x00081040, 'LO', patient.department, 'HIPAA-B'],
    [0x00181000, 'LO', patient.serial, 'HIPAA-M'],
    [0x00380010, 'LO', `ADM${dice.digits(8)}`, 'HIPAA-H'],
    [0x00380300, 'LO', room, 'HIPAA-B'],
    [0x00401001, 'SH', `RP${dice.digits(8)}`, 'HIPAA-R'],
    [0x00400009, 'SH', `SPS${dice.digits(8)}`, 'HIPAA-R'],
    [0x00080055, 'AE', `AE${dice.digits(9)}`, 'HIPAA-M'],
  ]
  for (const [tag, vr, text, category] of places) draft.identity([tag], vr, text, [text], category, 'basic')
  draft.keep([0x00080070], 'LO', 'Imaging Works', 'TCIA-P15-DEV-K')
  draft.put([0x00181020], 'LO', '4.2.1')
}

function plantPeople(draft: Draft, { physicians }: Patient): void {
  const [first, second, third, fourth] = physicians as readonly [PersonName, PersonName, PersonName, PersonName]
  const people: readonly (readonly [number, PersonName])[] = [
    [0x00080090, first],
    [0x00081048, second],
    [0x00081050, third],
    [0x00081060, fourth],
    [0x00081070, second],
    [0x00321032, first],
  ]
  for (const [tag, name] of people) draft.identity([tag], 'PN', name.text, name.tokens, 'HIPAA-A', 'basic')
}

/** P10: descriptors with safe words, and with names among them ("CT chest abdomen pelvis - 55F Dr. Smith"). */
function plantDescriptions(draft: Draft, { patient, description }: Belonging, dice: Dice): void {
  const name = dice.word(3)
  draft.put([0x00081030], 'LO', `${description} - 55F Dr. ${name}`.slice(0, 64))
  draft.check('text_removed', 'TCIA-P15-DESC-C', [0x00081030], [name])
  draft.check('text_retained', 'TCIA-P15-DESC-C', [0x00081030], description.split(' '), '113105')
  draft.token(name, 'P10')
  draft.keep([0x0008103e], 'LO', description, 'TCIA-P15-DESC-C', '113105')
  draft.put([0x00181030], 'LO', `${description} ${patient.given}`.slice(0, 64))
  draft.check('text_removed', 'TCIA-P15-DESC-C', [0x00181030], [patient.given])
}
