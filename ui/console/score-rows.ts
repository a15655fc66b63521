import type { InstanceView, ScoreView } from '../contract/local-api.ts'
import { reasonWords } from './reason-words.ts'
import { bySeverity } from './study-words.ts'

/** What was said of one image: a score, a reason why there is none, or that nobody looked yet. */
export type ScoreRow = { readonly key: string; readonly instance: InstanceView; readonly model: string } & (
  | { readonly kind: 'score'; readonly score: ScoreView }
  | { readonly kind: 'not-scored'; readonly words: string }
  | { readonly kind: 'not-yet' }
)

/** One row for each score and each reason; an image without either has a row that says so. */
export function scoreRows(instances: readonly InstanceView[]): ScoreRow[] {
  return instances.flatMap((instance): ScoreRow[] => {
    const scores = bySeverity(instance.scores).map(
      (score): ScoreRow => ({
        kind: 'score',
        key: `${instance.instance}/${score.model.digest}/${score.code}`,
        instance,
        score,
        model: modelWords(score.model),
      }),
    )
    const reasons = instance.notScored.map(
      ({ reason, model }): ScoreRow => ({
        kind: 'not-scored',
        key: `${instance.instance}/${model?.digest ?? ''}/${reason}`,
        instance,
        words: `not scored: ${reasonWords(reason)}`,
        model: model === null ? '–' : modelWords(model),
      }),
    )
    const rows = [...scores, ...reasons]
    return rows.length > 0 ? rows : [{ kind: 'not-yet', key: `${instance.instance}`, instance, model: '–' }]
  })
}

/** `chest-radiograph 1.0.0`. */
export function modelWords({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name} ${version}`
}
