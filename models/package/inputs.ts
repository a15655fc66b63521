import { z } from 'zod'

const codeString = z.string().regex(/^[A-Z0-9_ ]{1,16}$/)
const words = z.string().min(1).max(64)

/**
 * Which earlier study a model looks at: of the `count` newest that are relevant, the first that has an image the model
 * fits. `maximumAgeDays`: between the two study dates. Without a body part the header decides nothing.
 */
export const priorRule = z.strictObject({
  relevant: z.strictObject({
    modality: codeString,
    bodyPart: codeString.optional(),
    maximumAgeDays: z.number().int().min(1).max(36_525),
    count: z.number().int().min(1).max(8),
  }),
  /** True: a study without such a prior is not scored. False: the graphs are given zeros instead. */
  required: z.boolean(),
})
export type PriorRule = z.infer<typeof priorRule>

/**
 * Which series of a study is given to the model, of those with instances that fit. Every member that stands narrows the
 * choice; `prefer` takes one of what is left.
 */
export const seriesRule = z
  .strictObject({
    modality: codeString.optional(),
    /** Each of these stands in Series Description (0008,103E), whatever its case. */
    description: z.array(words).min(1).max(8).optional(),
    /** Slice Thickness (0018,0050) in millimetres, both ends included; a series without it does not match. */
    sliceThickness: z
      .strictObject({ minimum: z.number().min(0).max(1000), maximum: z.number().min(0).max(1000) })
      .refine((range) => range.minimum <= range.maximum)
      .optional(),
    minimumInstances: z.number().int().min(1).max(100_000).optional(),
    prefer: z.enum(['thinnest', 'most-instances', 'latest']),
  })
  .refine((rule) => rule.prefer !== 'thinnest' || rule.sliceThickness !== undefined, {
    message: 'thinnest needs bounds on the slice thickness',
  })
export type SeriesRule = z.infer<typeof seriesRule>
