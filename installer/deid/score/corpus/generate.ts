import { Dice } from '../dice.ts'
import type { CorpusObject } from '../key.ts'
import type { Belonging } from './basic-plants.ts'
import { encapsulatedDocument, structuredReport } from './documents.ts'
import type { Draft } from './draft.ts'
import { burnedInImage, jpegImage, madeImage, realImage } from './images.ts'
import { MODALITIES, type ModalityKind, RISKY_MODALITIES } from './modality.ts'
import { finish, NATIVE_SYNTAXES } from './part10.ts'
import { makePatient, type Patient } from './person.ts'
import type { RealFile } from './real-files.ts'
import { plantRows, type SweptRow } from './row-sweep.ts'

/** What a corpus is made of. Equal plans give equal bytes. */
export interface CorpusPlan {
  readonly seed: number
  readonly patients: number
  /** How many of a patient's two studies are made whole. */
  readonly studies: 1 | 2
  readonly rows: readonly SweptRow[]
  readonly realFiles: readonly RealFile[]
}

const ROWS_PER_OBJECT = 45
const SWEEPS_PER_PATIENT = 5
const EXPLICIT = '1.2.840.10008.1.2.1'
const JPEG_BASELINE = '1.2.840.10008.1.2.4.50'

/** Makes the corpus object by object. */
export async function* makeCorpus(plan: CorpusPlan): AsyncGenerator<CorpusObject> {
  const dice = new Dice(`corpus ${plan.seed}`)
  const count = { objects: 0 }
  for (let index = 0; index < plan.patients; index += 1) {
    const own = dice.fork(`patient ${index}`)
    yield* patientObjects(plan, makePatient(own, index), own, count)
  }
  for (const [index, real] of plan.realFiles.entries()) {
    const own = dice.fork(`real ${real.name}`)
    const scribe = new Scribe(makePatient(own, index), own, count)
    const sopClass = text(real, 0x00080016)
    const modality = text(real, 0x00080060) || 'OT'
    const belonging = scribe.belonging(0, { name: 'real', sopClass, modality, description: 'Real image' })
    const done = { kind: `real ${modality}`, syntax: real.file.syntax }
    yield scribe.finish(realImage(belonging, real.file, own), belonging, done, { turnValues: false })
  }
}

async function* patientObjects(
  plan: CorpusPlan,
  patient: Patient,
  dice: Dice,
  count: { objects: number },
): AsyncGenerator<CorpusObject> {
  const scribe = new Scribe(patient, dice, count)
  for (let study = 0; study < plan.studies; study += 1)
    for (const kind of [...MODALITIES, MODALITIES[0] as ModalityKind]) {
      const belonging = scribe.belonging(study, kind)
      yield scribe.finish(madeImage(belonging, kind, dice), belonging, {
        kind: kind.name,
        syntax: dice.pick(NATIVE_SYNTAXES),
      })
    }
  yield* sweeps(plan, scribe, dice)
  const [ct, , dx, cr] = MODALITIES as readonly [ModalityKind, ModalityKind, ModalityKind, ModalityKind]
  const grey: ModalityKind = { ...cr, name: 'jpeg', shape: { ...cr.shape, bits: 8 } }
  const compressed = scribe.belonging(0, grey)
  yield scribe.finish(await jpegImage(compressed, grey, dice), compressed, { kind: 'jpeg', syntax: JPEG_BASELINE })
  const burned: readonly (readonly [string, ModalityKind, boolean])[] = [
    ['text in pixels, declared', patient.index % 2 === 0 ? ct : dx, true],
    ['text in pixels, not declared', patient.index % 2 === 0 ? dx : ct, false],
    ['text in pixels, ultrasound', RISKY_MODALITIES[patient.index % 2] as ModalityKind, false],
    ['text in pixels, secondary capture', RISKY_MODALITIES[2] as ModalityKind, false],
  ]
  for (const [name, small, declared] of burned) {
    // Every fourth patient's are as large as a screen, so that masks are judged and not only holds.
    const kind = patient.index % 4 === 0 ? { ...small, shape: { ...small.shape, rows: 240, columns: 320 } } : small
    const belonging = scribe.belonging(0, kind)
    yield scribe.finish(burnedInImage(belonging, kind, declared, dice), belonging, { kind: name, syntax: EXPLICIT })
  }
  const report = scribe.belonging(0, {
    name: 'sr',
    sopClass: '1.2.840.10008.5.1.4.1.1.88.11',
    modality: 'SR',
    description: 'Report',
  })
  yield scribe.finish(structuredReport(report, dice), report, { kind: 'structured report', syntax: EXPLICIT })
  const suffix = patient.index % 2 === 0 ? '104.1' : '104.2'
  const letter = scribe.belonging(0, {
    name: 'doc',
    sopClass: `1.2.840.10008.5.1.4.1.1.${suffix}`,
    modality: 'DOC',
    description: 'Letter',
  })
  yield scribe.finish(encapsulatedDocument(letter, dice), letter, { kind: 'document', syntax: EXPLICIT })
}

/** Objects that carry an identity in every row of the table; few patients carry them all together. */
function* sweeps(plan: CorpusPlan, scribe: Scribe, dice: Dice): Generator<CorpusObject> {
  const chunks = Math.ceil(plan.rows.length / ROWS_PER_OBJECT)
  const perPatient = Math.min(chunks, Math.max(SWEEPS_PER_PATIENT, Math.ceil(chunks / plan.patients)))
  const ct = MODALITIES[0] as ModalityKind
  for (let number = 0; number < perPatient; number += 1) {
    const round = scribe.patient.index * perPatient + number
    const chunk = round % chunks
    const belonging = scribe.belonging(0, ct)
    const draft = madeImage(belonging, ct, dice)
    const prefix = Math.floor(round / chunks) % 2 === 0 ? [] : [0x00089215, 0, 0x0040a170, 0]
    plantRows(
      draft,
      plan.rows.slice(chunk * ROWS_PER_OBJECT, (chunk + 1) * ROWS_PER_OBJECT),
      scribe.patient,
      prefix,
      dice,
    )
    yield scribe.finish(draft, belonging, { kind: 'rows', syntax: EXPLICIT })
  }
}

/** Gives a patient's objects their series, instances and numbers. */
class Scribe {
  readonly patient: Patient
  readonly #dice: Dice
  readonly #count: { objects: number }
  readonly #series = new Map<string, string>()

  constructor(patient: Patient, dice: Dice, count: { objects: number }) {
    this.patient = patient
    this.#dice = dice
    this.#count = count
  }

  belonging(study: number, kind: { name: string; sopClass: string; modality: string; description: string }): Belonging {
    const series = `${study} ${kind.name}`
    const seriesUid = this.#series.get(series) ?? this.#dice.uid(`series ${series}`)
    this.#series.set(series, seriesUid)
    const { sopClass, modality, description } = kind
    const own = this.patient.studies[study] as Belonging['study']
    const instanceUid = this.#dice.uid(`instance ${this.#count.objects}`)
    return { patient: this.patient, study: own, seriesUid, instanceUid, sopClass, modality, description }
  }

  finish(draft: Draft, belonging: Belonging, done: { kind: string; syntax: string }, options = {}): CorpusObject {
    this.#count.objects += 1
    return finish(draft, belonging, { ...done, number: this.#count.objects }, this.#dice, options)
  }
}

function text(real: RealFile, tag: number): string {
  const value = real.file.dataSet.get(tag)?.value
  return value?.kind === 'bytes' ? value.bytes.toString('latin1').replace(/[\0 ]+$/, '') : ''
}
