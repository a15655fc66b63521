import type { Dice } from '../dice.ts'
import { type Belonging, plantBasics } from './basic-plants.ts'
import { Draft } from './draft.ts'

/** P8: a structured report whose content items name people, UIDs and times (PS3.15 table E.3.4-1). */
export function structuredReport(belonging: Belonging, dice: Dice): Draft {
  const draft = new Draft(new Map(), belonging.patient.set)
  plantBasics(draft, { ...belonging, modality: 'SR' }, dice)
  const { patient, study } = belonging
  const item = (index: number, type: string, code: string, meaning: string): readonly number[] => {
    const path = [0x0040a730, index]
    draft.put([...path, 0x0040a010], 'CS', 'CONTAINS')
    draft.put([...path, 0x0040a040], 'CS', type)
    draft.put([...path, 0x0040a043, 0, 0x00080100], 'SH', code)
    draft.put([...path, 0x0040a043, 0, 0x00080102], 'SH', 'DCM')
    draft.put([...path, 0x0040a043, 0, 0x00080104], 'LO', meaning)
    return path
  }
  draft.put([0x0040a040], 'CS', 'CONTAINER')
  const observer = dice.word()
  draft.identity(
    [...item(0, 'PNAME', '121008', 'Person Observer Name'), 0x0040a123],
    'PN',
    `${observer}^X`,
    [observer],
    'HIPAA-A',
    'P8',
  )
  const text = item(1, 'TEXT', '121071', 'Finding')
  draft.identity(
    [...text, 0x0040a160],
    'UT',
    `${patient.given} was seen by ${observer}`,
    [patient.given, observer],
    'HIPAA-A',
    'P8',
  )
  draft.uid([...item(2, 'UIDREF', '121039', 'Specimen UID'), 0x0040a124], dice.uid('specimen'), 'P8')
  draft.date([...item(3, 'DATETIME', '123003', 'Start DateTime'), 0x0040a120], 'DT', study.date, '093000')
  const lot = `LOT${dice.digits(8)}`
  draft.identity(
    [...item(4, 'TEXT', '113512', 'Radiopharmaceutical Lot Identifier'), 0x0040a160],
    'UT',
    lot,
    [lot],
    'HIPAA-R',
    'P8',
  )
  return draft
}

/** P9: a PDF or a CDA document within an object. */
export function encapsulatedDocument(belonging: Belonging, dice: Dice): Draft {
  const draft = new Draft(new Map(), belonging.patient.set)
  plantBasics(draft, { ...belonging, modality: 'DOC' }, dice)
  const { mrn } = belonging.patient
  const given = dice.word()
  const pdf = belonging.sopClass.endsWith('104.1')
  const content = pdf
    ? `%PDF-1.4\n1 0 obj<</Author(${given})/Subject(${mrn})>>endobj\n%%EOF`
    : `<ClinicalDocument><patient>${given}</patient></ClinicalDocument>`
  draft.put([0x00420010], 'ST', `Letter about ${given}`)
  draft.put([0x00420012], 'LO', pdf ? 'application/pdf' : 'text/xml')
  draft.put([0x00420011], 'OB', Buffer.from(content, 'latin1'))
  draft.check('text_removed', 'HIPAA-A', [0x00420011], [given])
  draft.token(given, 'P9')
  return draft
}
