import type { PixelRisk, StudyIdentifiers } from '../deidentify/index.ts'
import type { DataSet } from '../imaging/index.ts'
import { LineJudge } from './line-verdict.ts'
import { pixelTokensOf } from './object-facts.ts'
import type { PixelDoubt, PixelReader } from './pixel-reader.ts'

/** Version of the table below; kept with what it decided. */
export const RISK_TABLE_VERSION = '1'

/**
 * How many frames are read of an object whose pixels stay in the box, evenly spread, by its risk class. A screen's text is
 * mostly the same in all frames; what is declared burned in is read wholly.
 */
export const FRAMES_READ: Readonly<Record<PixelRisk, number>> = {
  none: 0,
  'risky-class': 8,
  declared: Number.MAX_SAFE_INTEGER,
}

/** Why figures about an object stay in the box although they hold no pixels. */
export type LocalDoubt = PixelDoubt | 'identifier-in-pixels' | 'pattern-in-pixels' | 'text-not-made-out'

/** An object that was scored here. */
export interface LocalObject {
  /** De-identified PS3.10 file in the reader's work folder. */
  readonly file: string
  readonly risk: PixelRisk
  readonly identifiers: StudyIdentifiers
  /** PHI. */
  readonly original: DataSet
}

/** Reads by the risk table. @returns why nothing about the study may leave; `undefined` when nothing is in the way. */
export async function doubtAbout(
  { file, risk, identifiers, original }: LocalObject,
  reader: Pick<PixelReader, 'read'>,
  safeWords: readonly string[] = [],
): Promise<LocalDoubt | undefined> {
  const frames = FRAMES_READ[risk]
  if (frames === 0) return undefined
  const text = await reader.read(file, frames)
  if (text.kind === 'doubt') return text.reason
  const judge = new LineJudge(pixelTokensOf(identifiers, original), safeWords)
  const verdicts = new Set(text.lines.map((line) => judge.judge(line.text, line.confidence)))
  if (verdicts.has('identifier')) return 'identifier-in-pixels'
  if (verdicts.has('pattern')) return 'pattern-in-pixels'
  return verdicts.has('unread') ? 'text-not-made-out' : undefined
}
