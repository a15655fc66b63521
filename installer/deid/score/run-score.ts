import { Deidentifier, deriveSiteKeys, EgressVerifier } from '@leadglass/appliance/deidentify'
import type { HarnessReport } from '../../harness/report.ts'
import type { Harness, HarnessOptions } from '../../harness/run-harness.ts'
import { peer, sharedData } from '../../testing/peers.ts'
import { decideObject } from '../deidentify-object.ts'
import { PixelCheck } from '../pixel-check.ts'
import { type CorpusPlan, makeCorpus } from './corpus/generate.ts'
import { readRealFiles } from './corpus/real-files.ts'
import { readRows } from './corpus/row-sweep.ts'
import { type IodValidity, measureIodValidity } from './judge/iod-validity.ts'
import { measureMutations, measureRowPower, type Specimen } from './judge/mutation-power.ts'
import { ObjectJudge } from './judge/object-judge.ts'
import { measureOptions } from './judge/option-power.ts'
import { scanForResiduals } from './judge/residual.ts'
import { Keeper } from './keeper.ts'
import type { CorpusObject } from './key.ts'
import { rememberingReader } from './remembering-reader.ts'
import { scoreReport } from './score-report.ts'
import { Tally } from './tally.ts'

/** How large a score is, and where its files go. */
export interface ScoreOptions {
  readonly full: boolean
  /** Folder for files, outputs, answer key and maps; none when undefined. */
  readonly keep: string | undefined
}

const SMALL = { patients: 6, optionPatients: 2, studies: 1, mutated: 24, validated: 24, realEvery: 30 } as const
const FULL = { patients: 200, optionPatients: 40, studies: 2, mutated: 60, validated: 400, realEvery: 1 } as const
const EXPLICIT_SYNTAXES = new Set(['1.2.840.10008.1.2.1', '1.2.840.10008.1.2.4.50'])

/** The score of the de-identification as a harness. Equal seeds give equal reports on one machine. */
export function deidScore(options: ScoreOptions): Harness {
  return {
    name: 'deid',
    summary: 'identities planted into made and real files: what is left, and what is lost',
    run: (harness) => runScore(options, harness),
  }
}

async function runScore(options: ScoreOptions, { progress, seed }: HarnessOptions): Promise<HarnessReport> {
  const size = options.full ? FULL : SMALL
  const plan = planOf(size, seed)
  const product = new Product(seed)
  const judge = new ObjectJudge()
  const tally = new Tally()
  const specimens = new SpecimenShelf(size.mutated)
  const keeper = new Keeper(options.keep)
  progress.step(
    `planting identities of ${plan.patients} patients and into ${plan.realFiles.length} real files, seed ${seed}`,
  )
  try {
    for await (const object of makeCorpus(plan)) {
      const { file, beside, held, stopped } = await product.process(object.bytes)
      const output = file === undefined ? undefined : { file, beside }
      tally.add(object, judge.judge(object, output), held)
      if (stopped !== undefined) {
        for (const { plant } of scanForResiduals(object, [stopped]).hits)
          tally.engineAloneHits.push({ kind: object.kind, plant })
      }
      if (file !== undefined) specimens.offer({ object, file })
      await keeper.keep(object, file)
      if (tally.objects % 100 === 0) progress.step(`${tally.objects} objects judged`)
    }
  } finally {
    await product.close()
  }
  await keeper.finish(judge.answerKey.maps())
  progress.step('switching each rule off')
  const mutations = measureMutations(specimens.mutated)
  const rows = measureRowPower(specimens.rows)
  progress.step('each option of the profile by itself')
  const profileOptions = measureOptions(seed, size.optionPatients)
  const validity = await validityOf(specimens.mixed.slice(0, size.validated), (title) => progress.step(title))
  return scoreReport({ full: options.full, seed, plan, tally, mutations, rows, profileOptions, validity })
}

function planOf(size: typeof SMALL | typeof FULL, seed: number): CorpusPlan {
  const standard = sharedData('ps315')
  const images = sharedData('dicom')
  const real = images === undefined ? [] : readRealFiles(images)
  return {
    seed,
    patients: size.patients,
    studies: size.studies,
    rows: standard === undefined ? [] : readRows(standard),
    realFiles: real.filter((_, index) => index % size.realEvery === 0),
  }
}

async function validityOf(
  specimens: readonly Specimen[],
  step: (title: string) => void,
): Promise<IodValidity | undefined> {
  const program = peer('dciodvfy')
  if (program === undefined) {
    step('validity of the objects is not measured: dciodvfy (dicom3tools) is not installed')
    return undefined
  }
  step(`validating ${specimens.length} objects before and after`)
  return measureIodValidity(program, specimens)
}

interface Processed {
  readonly file?: Buffer
  readonly beside: string
  readonly held: string | undefined
  readonly stopped?: Buffer
}

/** The product as a black box: bytes in; bytes, or a reason why not, out. */
class Product {
  readonly #deidentifier: Deidentifier
  readonly #verifier = new EgressVerifier()
  /** Heads are let through: what is scored is what the product makes, and their faces are not in the answer key. */
  readonly #pixels = new PixelCheck({ pixels: 'read', heads: true }, this.#verifier, rememberingReader)

  constructor(seed: number) {
    const secret = Buffer.alloc(32)
    secret.writeUInt32LE(seed)
    this.#deidentifier = new Deidentifier({ keys: deriveSiteKeys(secret), profile: { patientIssuer: '' } })
  }

  async process(bytes: Buffer): Promise<Processed> {
    const decision = decideObject(this.#deidentifier, this.#verifier, bytes)
    if (decision.kind === 'clean') {
      const { facts, people, chunks } = decision
      const pixels = await this.#pixels.check(chunks, { ...people, pixelRisk: facts.pixelRisk })
      if (pixels.kind === 'held') return { beside: '', held: pixels.reason, stopped: Buffer.concat(chunks) }
      const written = pixels.kind === 'changed' ? pixels.chunks : chunks
      return { file: Buffer.concat(written), beside: JSON.stringify(facts), held: undefined }
    }
    const { stopped } = decision
    return { beside: '', held: decision.reason, ...(stopped === undefined ? {} : { stopped: Buffer.concat(stopped) }) }
  }

  close(): Promise<void> {
    return this.#pixels.close()
  }
}

/** Keeps outputs for the slower judges: some of every kind, and the first of each swept row. */
class SpecimenShelf {
  readonly mutated: Specimen[] = []
  readonly rows: Specimen[] = []
  readonly mixed: Specimen[] = []
  readonly #limit: number
  readonly #seen = new Set<number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  offer(specimen: Specimen): void {
    const { object } = specimen
    if (this.mixed.length < 400 && object.kind !== 'rows') this.mixed.push(specimen)
    if (!EXPLICIT_SYNTAXES.has(syntaxOf(object)) || object.kind.startsWith('real')) return
    if (this.mutated.length < this.#limit) this.mutated.push(specimen)
    if (object.rows.every((tag) => this.#seen.has(tag))) return
    for (const tag of object.rows) this.#seen.add(tag)
    this.rows.push(specimen)
  }
}

/** (0002,0010) of a file, by its bytes: the corpus writes it as an explicit UI. */
function syntaxOf({ bytes }: CorpusObject): string {
  const at = bytes.indexOf(Buffer.from([0x02, 0, 0x10, 0, 0x55, 0x49]))
  return bytes.toString('latin1', at + 8, at + 8 + bytes.readUInt16LE(at + 6)).replace(/\0$/, '')
}
