import { z } from 'zod'
import type { ModelWork } from '../pipeline/index.ts'

/** What a version was given of a study, as it stands in the record: pseudonyms, and the number of the prior. */
export const modelInputs = z.object({
  series: z.array(z.string()),
  /** Whether the model chose among the series by a rule. */
  chosen: z.boolean(),
  prior: z.object({ priorId: z.number().int(), study: z.string(), instances: z.array(z.string()) }).nullable(),
  /** Why there was no prior, for a model that can do without. */
  noPrior: z.string().nullable(),
  /** The version on trial that failed on this study before. */
  failed: z.object({ version: z.string(), reason: z.string() }).nullable(),
})

/** Writes down what a version was given. @param pseudonymOf of a UID. @returns JSON text. */
export function inputsOf(
  work: ModelWork,
  pseudonymOf: (uid: string) => string,
  failed?: {
    readonly chosen: { readonly package: { readonly model: { readonly version: string } } }
    readonly run: { readonly failure: string | undefined }
  },
): string {
  const series = [...new Set(work.instances.map(({ seriesInstanceUid }) => seriesInstanceUid))].map(pseudonymOf)
  const images = [...new Set((work.priors ?? []).filter((prior) => prior !== null))]
  const [first] = images
  const inputs: z.infer<typeof modelInputs> = {
    series,
    chosen: work.package.manifest.series !== undefined,
    prior:
      first === undefined
        ? null
        : {
            priorId: first.priorId,
            study: pseudonymOf(first.studyInstanceUid),
            instances: images.map(({ sopInstanceUid }) => pseudonymOf(sopInstanceUid)),
          },
    noPrior: work.noPrior ?? null,
    failed:
      failed === undefined
        ? null
        : { version: failed.chosen.package.model.version, reason: failed.run.failure ?? 'unknown' },
  }
  return JSON.stringify(inputs)
}
