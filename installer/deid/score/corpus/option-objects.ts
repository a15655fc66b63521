import type { OptionName } from '@leadglass/appliance/deidentify'
import type { Path } from '../codec/tree.ts'
import type { Dice } from '../dice.ts'
import type { CorpusObject } from '../key.ts'
import { type Belonging, plantBasics } from './basic-plants.ts'
import { Draft } from './draft.ts'
import { finish } from './part10.ts'
import { makePatient } from './person.ts'

/** An object about one option of PS3.15 E.3, with what the option keeps in it. */
export interface OptionObject {
  readonly option: OptionName
  readonly object: CorpusObject
  /** Paths with the text that must stand there; without the option none of it may. */
  readonly stays: readonly { readonly path: Path; readonly text: string }[]
  /** Dates that move together, where the option is about moving them. */
  readonly moves: readonly Path[]
}

interface Plan {
  readonly option: OptionName
  readonly sopClass?: string
  readonly modality?: string
  readonly moves?: readonly Path[]
  readonly plant: (draft: Draft, belonging: Belonging, dice: Dice) => readonly (readonly [Path, string])[]
}

const CT = '1.2.840.10008.5.1.4.1.1.2'
const DESCRIPTION = 'CT chest abdomen pelvis'
const GRAPHICS: Path = [0x00700001, 0]
const CONTENT: Path = [0x0040a730]

const PLANS: readonly Plan[] = [
  {
    option: 'clean-graphics',
    sopClass: '1.2.840.10008.5.1.4.1.1.11.1',
    modality: 'PR',
    plant: (draft, { patient }) => {
      const text = [...GRAPHICS, 0x00700008, 0, 0x00700006]
      draft.put([...GRAPHICS, 0x00700009, 0, 0x00700023], 'CS', 'POLYLINE')
      draft.identity(text, 'ST', `Lung ${patient.given}`, [patient.given], 'HIPAA-A', 'P5')
      draft.identity([0x60004000], 'LT', `Overlay of ${patient.given}`, [patient.given], 'HIPAA-A', 'P5')
      return [[text, 'Lung']]
    },
  },
  {
    option: 'clean-structured-content',
    sopClass: '1.2.840.10008.5.1.4.1.1.88.22',
    modality: 'SR',
    plant: (draft, { patient }, dice) => {
      const number = item(draft, 0, 'NUM', '103339001')
      draft.put([...number, 0x0040a300, 0, 0x0040a30a], 'DS', '12.5')
      const finding = [...item(draft, 1, 'TEXT', '999999'), 0x0040a160]
      draft.identity(finding, 'UT', `Lung ${patient.given}`, [patient.given], 'HIPAA-A', 'P8')
      const observer = dice.word()
      draft.identity(
        [...item(draft, 2, 'PNAME', '121008'), 0x0040a123],
        'PN',
        `${observer}^X`,
        [observer],
        'HIPAA-A',
        'P8',
      )
      const lot = `LOT${dice.digits(8)}`
      draft.identity([...item(draft, 3, 'TEXT', '113512'), 0x0040a160], 'UT', lot, [lot], 'HIPAA-R', 'P8')
      return [
        [[...number, 0x0040a300, 0, 0x0040a30a], '12.5'],
        [finding, 'Lung'],
      ]
    },
  },
  { option: 'clean-descriptors', plant: () => [[[0x00081030], DESCRIPTION]] },
  { option: 'retain-full-dates', plant: (_, { study }) => [0x00080020, 0x00080022].map((tag) => [[tag], study.date]) },
  { option: 'retain-modified-dates', moves: [[0x00080020], [0x00080022], [0x00080012]], plant: () => [] },
  {
    option: 'retain-patient-characteristics',
    plant: () => [
      [[0x00101010], '047Y'],
      [[0x00101020], '1.71'],
    ],
  },
  {
    option: 'retain-device-identity',
    plant: (_, { patient }) => [
      [[0x00181000], patient.serial],
      [[0x00081010], patient.station],
    ],
  },
  {
    option: 'retain-uids',
    plant: (_, { study, instanceUid, seriesUid }) => [
      [[0x0020000d], study.uid],
      [[0x0020000e], seriesUid],
      [[0x00080018], instanceUid],
    ],
  },
  {
    option: 'retain-safe-private',
    plant: (draft, { patient }) => {
      draft.put([0x00e10010], 'LO', 'ELSCINT1')
      draft.put([0x00e11021], 'DS', '12.5')
      draft.identity([0x00e11022], 'LO', `of ${patient.given}`, [patient.given], 'HIPAA-A', 'P3')
      return [[[0x00e11021], '12.5']]
    },
  },
  {
    option: 'retain-institution-identity',
    // The address goes all the same: it is the patient's own too.
    plant: (_, { patient }) => [
      [[0x00080080], patient.institution],
      [[0x00081040], patient.department],
    ],
  },
]

/** One object of each option for one made-up patient. */
export function optionObjects(dice: Dice, index: number): OptionObject[] {
  const patient = makePatient(dice, index)
  return PLANS.map(({ option, sopClass = CT, modality = 'CT', moves = [], plant }, number) => {
    const draft = new Draft(new Map(), patient.set)
    const belonging: Belonging = {
      ...{ patient, sopClass, modality, description: DESCRIPTION },
      study: patient.studies[0] as Belonging['study'],
      seriesUid: dice.uid(`option series ${number}`),
      instanceUid: dice.uid(`option instance ${number}`),
    }
    plantBasics(draft, belonging, dice)
    const stays = plant(draft, belonging, dice).map(([path, text]) => ({ path, text }))
    const done = { kind: option, syntax: '1.2.840.10008.1.2.1', number }
    return { option, object: finish(draft, belonging, done, dice), stays, moves }
  })
}

function item(draft: Draft, index: number, type: string, code: string): Path {
  const path = [...CONTENT, index]
  draft.put([...path, 0x0040a010], 'CS', 'CONTAINS')
  draft.put([...path, 0x0040a040], 'CS', type)
  draft.put([...path, 0x0040a043, 0, 0x00080100], 'SH', code)
  draft.put([...path, 0x0040a043, 0, 0x00080102], 'SH', 'DCM')
  draft.put([...path, 0x0040a043, 0, 0x00080104], 'LO', 'Concept')
  return path
}
