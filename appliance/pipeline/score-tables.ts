import { type Column, type ModelPackage, scoreOf, tableRow } from '@leadglass/models'
import { text } from '../imaging/index.ts'
import { fits, type Lane, type ScoringPool } from '../scoring/index.ts'
import { type NotScored, type Outcome, reasonCode, type Scored } from './outcomes.ts'
import type { PreparedInstance } from './prepared-instance.ts'
import { runWork } from './score.ts'

const PATIENT_SEX = 0x00100040

/**
 * Scores the models of tables among the active ones, after the models of images: once a revision, of the header and of what
 * the others gave. The result stands with the first instance that fits. A value is that of the first instance, in the order of
 * the revision, that has it.
 * @param outcomes of the models of images. @returns the outcomes of the models of tables. @throws {ScoringUnavailable}
 */
export async function scoreTables(
  pool: Pick<ScoringPool, 'score'>,
  active: readonly ModelPackage[],
  prepared: readonly PreparedInstance[],
  outcomes: readonly Outcome[],
  job: { readonly id: string; readonly lane: Lane },
): Promise<readonly Outcome[]> {
  const made: Outcome[] = []
  for (const model of inOrder(active.filter(({ manifest }) => manifest.kind === 'tabular'))) {
    const { columns = [], fit } = model.manifest
    const fitting = prepared.filter((instance) => fits(fit, instance.facts).kind === 'fits')
    const [anchor] = fitting.toSorted((a, b) => a.ordinal - b.ordinal)
    if (anchor === undefined) continue
    const figures = figuresOf([...outcomes, ...made], fitting)
    const row = tableRow(columns, (column) => valueIn(column, anchor, figures))
    if (row.kind === 'refused') {
      const reason = reasonCode(row.reason, row.column)
      made.push({ kind: 'not-scored', ordinal: anchor.ordinal, model: model.model, reason, quality: {} })
      continue
    }
    const bound = model.manifest.fit.quality?.find(({ figure, minimum, maximum }) => {
      const value = figures.get(figure)
      return value !== undefined && (value < (minimum ?? value) || value > (maximum ?? value))
    })
    if (bound !== undefined) made.push(misfit(anchor, model))
    else made.push(...(await runWork(pool, { package: model, instances: [anchor], row: row.values }, job)).outcomes)
  }
  return made
}

/** A model that reads another's score comes after it; a circle stays in the given order, and misses its inputs. */
function inOrder(models: readonly ModelPackage[]): readonly ModelPackage[] {
  const order: ModelPackage[] = []
  const left = [...models]
  while (left.length > 0) {
    const waiting = new Set(left.map(({ model }) => model.name))
    const at = left.findIndex(({ manifest }) =>
      (manifest.columns ?? []).every(({ source }) => !waiting.has(scoreOf(source)?.model ?? '')),
    )
    order.push(...left.splice(Math.max(0, at), 1))
  }
  return order
}

/** All figures of a revision by their codes; of several instances the first that has one decides. */
function figuresOf(outcomes: readonly Outcome[], fitting: readonly PreparedInstance[]): ReadonlyMap<string, number> {
  const figures = new Map<string, number>()
  const ordinals = new Set(fitting.map(({ ordinal }) => ordinal))
  const note = (code: string, value: number | null): void => {
    if (value !== null && !figures.has(code)) figures.set(code, value)
  }
  for (const outcome of outcomes.toSorted((a, b) => a.ordinal - b.ordinal)) {
    if (ordinals.has(outcome.ordinal)) {
      for (const [code, value] of Object.entries(outcome.quality)) note(code, value)
    }
    if (outcome.kind === 'scored') noteScores(outcome, note)
  }
  return figures
}

function noteScores(outcome: Scored, note: (code: string, value: number | null) => void): void {
  for (const { code, value } of outcome.scores) note(`score.${outcome.model.name}.${code}`, value)
  for (const { code, value } of outcome.radiomics?.rows ?? []) note(code, value)
}

function valueIn(
  { source, coding }: Column,
  anchor: PreparedInstance,
  figures: ReadonlyMap<string, number>,
): number | undefined {
  if (source === 'header.age-years') return anchor.facts.ageYears
  if (source !== 'header.sex') return figures.get(source)
  const sex = text(anchor.header, PATIENT_SEX)
  return sex === 'F' || sex === 'M' || sex === 'O' ? coding?.[sex] : undefined
}

function misfit({ ordinal }: PreparedInstance, { model }: ModelPackage): NotScored {
  return { kind: 'not-scored', ordinal, model, reason: 'no-fit-quality', quality: {} }
}
