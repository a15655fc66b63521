/** One label as it lies in the inbox. */
export interface LabelRow {
  readonly device: string
  readonly study: string
  readonly revision: number
  readonly value: 'present' | 'absent' | 'uncertain'
  readonly reader: string
  readonly blind: number
  readonly receivedAt: string
}

/** What a site said last of a study's revisions. `sameInstances` is a JSON list of numbers. */
export interface StandingRow {
  readonly device: string
  readonly study: string
  readonly patient: string
  readonly revision: number
  readonly sameInstances: string
}

/** Why what was said of a study is no truth to measure against. */
export const LABEL_EXCLUSIONS = [
  'not-scored',
  'unblinded',
  'revoked-reader',
  'superseded',
  'uncertain',
  'contradicting',
] as const
export type LabelExclusion = (typeof LABEL_EXCLUSIONS)[number]

/** Every labelled study is used or counted under one reason. */
export interface LabelAccounting {
  readonly studies: number
  readonly used: number
  readonly excluded: Readonly<Partial<Record<LabelExclusion, number>>>
}

/** What counts as the truth of a study, and when it came. */
export interface StudyAnswer {
  readonly value: 0 | 1
  readonly receivedAt: string
}

/**
 * Brings labels together: of each reader the last blinded one on the instances of the standing revision; readers who say
 * present and absent contradict each other, and then nobody is right. The rules are those of the datasets.
 * @param labels in the order of arrival.
 */
export function labelsOfStudies(
  labels: readonly LabelRow[],
  known: {
    readonly revisions: ReadonlyMap<string, StandingRow>
    /** `device/reader` of those whose labels no longer count. */
    readonly revoked: ReadonlySet<string>
    readonly isScored: (key: string) => boolean
  },
): { readonly answers: ReadonlyMap<string, StudyAnswer>; readonly accounting: LabelAccounting } {
  const said = new Map<string, { readonly byReader: Map<string, LabelRow>; reason: LabelExclusion | undefined }>()
  for (const label of labels) {
    const key = `${label.device}/${label.study}`
    const study = said.get(key) ?? { byReader: new Map<string, LabelRow>(), reason: undefined }
    said.set(key, study)
    const reason = known.revoked.has(`${label.device}/${label.reader}`)
      ? 'revoked-reader'
      : unfit(label, known.revisions.get(key))
    if (reason === undefined) study.byReader.set(label.reader, label)
    else study.reason = reason
  }
  const answers = new Map<string, StudyAnswer>()
  const excluded: Partial<Record<LabelExclusion, number>> = {}
  for (const [key, { byReader, reason }] of said) {
    const found = known.isScored(key) ? answerOf([...byReader.values()], reason) : 'not-scored'
    if (typeof found === 'string') excluded[found] = (excluded[found] ?? 0) + 1
    else answers.set(key, found)
  }
  return { answers, accounting: { studies: said.size, used: answers.size, excluded } }
}

function unfit(label: LabelRow, standing: StandingRow | undefined): LabelExclusion | undefined {
  if (label.blind === 0) return 'unblinded'
  if (standing === undefined || label.revision >= standing.revision) return undefined
  const same = JSON.parse(standing.sameInstances) as number[]
  return same.includes(label.revision) ? undefined : 'superseded'
}

function answerOf(valid: readonly LabelRow[], reason: LabelExclusion | undefined): StudyAnswer | LabelExclusion {
  const sure = valid.filter((one) => one.value !== 'uncertain')
  if (valid.length === 0) return reason ?? 'superseded'
  if (new Set(sure.map((one) => one.value)).size > 1) return 'contradicting'
  const [first] = sure
  if (first === undefined) return 'uncertain'
  return { value: first.value === 'present' ? 1 : 0, receivedAt: first.receivedAt }
}
