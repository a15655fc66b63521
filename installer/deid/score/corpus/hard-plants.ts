import type { Path } from '../codec/tree.ts'
import { encodeTree } from '../codec/write.ts'
import type { Dice } from '../dice.ts'
import type { Belonging } from './basic-plants.ts'
import { Draft } from './draft.ts'

/** The twelve plants beyond MIDI-B that stand in the data set; file-level ones and pixels are planted elsewhere. */
export function plantHard(draft: Draft, belonging: Belonging, dice: Dice): void {
  nested(draft, belonging, dice)
  multiValued(draft, belonging, dice)
  wrongVr(draft, belonging, dice)
  otherSpellings(draft, belonging)
  graphics(draft, dice)
  copies(draft, belonging, dice)
  retainTraps(draft, dice)
}

/** P1: three and four sequences deep, in attributes that stay themselves. */
function nested(draft: Draft, { patient, study }: Belonging, dice: Dice): void {
  const name = `${dice.word(3)}^${dice.word()}`
  const request = [0x00400275, 0] as const
  draft.put([...request, 0x00321064, 0, 0x00080100], 'SH', 'XR01')
  draft.put([...request, 0x00321064, 0, 0x00080102], 'SH', 'L')
  draft.identity(
    [...request, 0x00321064, 0, 0x00080104],
    'LO',
    `Chest for ${patient.given}`,
    [patient.given],
    'HIPAA-A',
    'P1',
  )
  const derivation = [0x00089215, 0, 0x0040a170, 0, 0x00081199, 0] as const
  draft.identity([...derivation, 0x00100010], 'PN', name, name.split('^'), 'HIPAA-A', 'P1')
  draft.date([...derivation, 0x00080020], 'DA', study.date)
  const source = [0x00082112, 0, 0x0040a170, 0, 0x00081199, 0, 0x0040a170, 0] as const
  draft.identity([...source, 0x00080080], 'LO', patient.institution, [patient.institution], 'HIPAA-B', 'P1')
  draft.put([0x00082112, 0, 0x00081150], 'UI', '1.2.840.10008.5.1.4.1.1.2')
  draft.uid([0x00082112, 0, 0x00081155], dice.uid('source'), 'P1')
  const anatomy = [0x00082218, 0, 0x00082220, 0, 0x0040a170, 0] as const
  const doctor = dice.word()
  draft.identity([...anatomy, 0x00081050], 'PN', `Dr ${doctor}`, [doctor], 'HIPAA-A', 'P1')
}

/** P2: several values, one of which is the identity; and a backslash within a name. */
function multiValued(draft: Draft, { patient }: Belonging, dice: Dice): void {
  const [one, two, three] = [dice.word(), dice.word(), dice.word()]
  draft.identity([0x00101001], 'PN', `${one}^A\\${two}^B\\${three}`, [one, two, three], 'HIPAA-A', 'P2')
  draft.identity([0x00081072, 0, 0x00401101, 0, 0x00080104], 'LO', three, [three], 'HIPAA-A', 'P2')
  // Kinds of an image are code strings that stay: a name among them is misuse of the attribute.
  draft.put([0x00080008], 'CS', `ORIGINAL\\PRIMARY\\${patient.given.toUpperCase().slice(0, 16)}`)
  draft.token(patient.given.slice(0, 16), 'P2')
  draft.check('text_removed', 'HIPAA-A', [0x00080008], [patient.given.slice(0, 16)])
}

/** P3: private elements, UN and OB that hold text or a whole data set, numbers that are letters. */
function wrongVr(draft: Draft, { patient, modality }: Belonging, dice: Dice): void {
  const hidden = new Draft(new Map(), draft.set)
  hidden.put([0x00100010], 'PN', patient.name.text)
  hidden.put([0x00100020], 'LO', patient.mrn)
  const dataSet = encodeTree(hidden.tree, { explicit: true, big: false, undefinedLengths: false, turnValues: false })
  const loose = dice.word()
  draft.put([0x00290010], 'LO', 'MAKER HEADER 1')
  draft.put([0x00291010], 'OB', dataSet)
  draft.check('text_removed', 'HIPAA-A', [0x00291010], [patient.given])
  draft.identity([0x00291020], 'UN', `name=${patient.given};op=${loose}`, [patient.given, loose], 'HIPAA-A', 'P3')
  draft.put([0x00190010], 'LO', `${modality} MAKER 2.0`)
  const within = dice.word()
  draft.identity([0x00191008, 0, 0x00191009, 0, 0x00100010], 'PN', `${within}^X`, [within], 'HIPAA-A', 'P3')
  const note = dice.word()
  draft.identity([0x00181063], 'UN', `12 ${note}`, [note], 'HIPAA-A', 'P3')
  const letters = dice.word()
  draft.identity([0x00189073], 'OB', `aaaa${letters}`, [letters], 'HIPAA-A', 'P3')
  const given = patient.given.slice(0, 16)
  draft.identity([0x00180024], 'SH', given, [given], 'HIPAA-A', 'P3')
  const future = dice.word()
  draft.identity([0x0018fe7e], 'LO', `later edition ${future}`, [future], 'HIPAA-A', 'P3')
}

/** P3: identifiers of the patient in kept technical text, written as people write them and not as DICOM does. */
function otherSpellings(draft: Draft, { patient }: Belonging): void {
  const grouped = patient.mrn.replace(/(\d{3})(?=\d)/g, '$1-')
  draft.identity([0x00181210], 'SH', grouped, [grouped], 'HIPAA-H', 'P3')
  const { birthDate } = patient
  const iso = `${birthDate.slice(0, 4)}-${birthDate.slice(4, 6)}-${birthDate.slice(6)}`
  draft.identity([0x00181250], 'SH', iso, [iso], 'HIPAA-C', 'P3')
  const spaced = `${patient.given.slice(0, 4)} ${patient.given.slice(4)}`.toUpperCase().slice(0, 16)
  draft.identity([0x00181160], 'SH', spaced, [spaced], 'HIPAA-A', 'P3')
  const plain = (patient.name.tokens.at(-1) ?? '').normalize('NFD').replaceAll(/\p{M}/gu, '')
  if (/^[A-Za-z]{8,}$/.test(plain)) draft.identity([0x00181251], 'SH', plain, [plain], 'HIPAA-A', 'P3')
}

/** P5: overlay planes, their comments and labels, curves. */
function graphics(draft: Draft, dice: Dice): void {
  const [comment, label, curve, bits] = [dice.word(), dice.word(), dice.word(), dice.word()]
  draft.put([0x60000010], 'US', Buffer.of(8, 0))
  draft.put([0x60000011], 'US', Buffer.of(16, 0))
  draft.put([0x60000040], 'CS', 'G')
  draft.put([0x60000050], 'SS', Buffer.of(1, 0, 1, 0))
  draft.put([0x60000100], 'US', Buffer.of(1, 0))
  draft.put([0x60000102], 'US', Buffer.of(0, 0))
  draft.identity([0x60000022], 'LO', label, [label], 'HIPAA-A', 'P5')
  draft.identity([0x60004000], 'LT', `drawn by ${comment}`, [comment], 'HIPAA-A', 'P5')
  draft.identity([0x60003000], 'OW', `${bits}                `.slice(0, 16), [bits.slice(0, 16)], 'HIPAA-A', 'P5')
  draft.identity([0x50002500], 'LO', curve, [curve], 'HIPAA-A', 'P5')
  draft.identity([0x50003000], 'OW', `${curve}${curve}`, [curve], 'HIPAA-A', 'P5')
}

/** P7: attributes that repeat an identity: icons, original and modified attributes, signatures, referenced patients. */
function copies(draft: Draft, { patient }: Belonging, dice: Dice): void {
  const us = (value: number): Buffer => Buffer.of(value & 0xff, value >> 8)
  const icon = `${dice.word()}${dice.word()}`.padEnd(64, '.').slice(0, 64)
  const iconTags: readonly (readonly [number, number])[] = [
    [0x00280002, 1],
    [0x00280010, 8],
    [0x00280011, 8],
    [0x00280100, 8],
    [0x00280101, 8],
    [0x00280102, 7],
    [0x00280103, 0],
  ]
  for (const [tag, value] of iconTags) draft.put([0x00880200, 0, tag], 'US', us(value))
  draft.put([0x00880200, 0, 0x00280004], 'CS', 'MONOCHROME2')
  draft.identity([0x00880200, 0, 0x7fe00010], 'OB', icon, [icon.slice(0, 20)], 'HIPAA-A', 'P7')
  const original: Path = [0x04000561, 0, 0x04000550, 0]
  draft.identity([...original, 0x00100010], 'PN', patient.name.text, [patient.given], 'HIPAA-A', 'P7')
  draft.identity([...original, 0x00100020], 'LO', patient.mrn, [patient.mrn], 'HIPAA-H', 'P7')
  draft.identity([0x04000561, 0, 0x04000563], 'LO', patient.station, [patient.station], 'HIPAA-M', 'P7')
  const signer = dice.word()
  draft.identity([0xfffafffa, 0, 0x04000115], 'OB', `CN=${signer}`, [signer], 'HIPAA-A', 'P7')
  draft.uid([0x00081120, 0, 0x00081155], dice.uid('patient'), 'P7')
  draft.identity([0x00101002, 0, 0x00100020], 'LO', patient.otherId, [patient.otherId], 'HIPAA-H', 'P7')
  const padding = dice.word()
  draft.identity([0xfffcfffc], 'OB', `   ${padding}`, [padding], 'HIPAA-A', 'P4')
}

/** P12: what looks like an identity and must stay, or stays with an option only. */
function retainTraps(draft: Draft, dice: Dice): void {
  draft.keep([0x00081090], 'LO', 'Scanner 3000', 'TCIA-P15-DEV-K', '113109')
  draft.keep([0x00281050], 'DS', '40', 'DICOM-IOD')
  draft.keep([0x00281051], 'DS', '400', 'DICOM-IOD')
  const map: Path = [0x00409096, 0]
  draft.put([...map, 0x00280103], 'US', Buffer.of(0, 0))
  draft.keep([...map, 0x00409210], 'SH', 'linear', 'DICOM-IOD')
  draft.put([...map, 0x004008ea, 0, 0x00080100], 'SH', '1')
  draft.keep([...map, 0x004008ea, 0, 0x00080102], 'SH', 'UCUM', 'DICOM-IOD')
  draft.keep([...map, 0x004008ea, 0, 0x00080104], 'LO', 'no units', 'DICOM-IOD')
  draft.put([0x70530010], 'LO', 'Philips PET Private Group')
  draft.put([0x70531000], 'DS', '0.000551')
  draft.check('text_retained', 'TCIA-PTKB-K', [0x70531000], ['0.000551'], '113111')
  draft.put([0x00081140, 0, 0x00081150], 'UI', '1.2.840.10008.5.1.4.1.1.2')
  draft.uid([0x00081140, 0, 0x00081155], dice.uid('referenced'), 'P7')
}
