import { z } from 'zod'

const side = z.number().int().min(1).max(65_535)
const place = z.number().int().min(0).max(65_535)

/** What a site decides about pixels that leave. */
export const pixelSettings = z.strictObject({
  /** CT and MR volumes of heads may leave: a face can be made of them (PS3.15 E.3.2). */
  exportHeads: z.boolean().default(false),
  /** Words that may stand in pixels besides those that come with the product. */
  safeWords: z
    .array(
      z
        .string()
        .min(1)
        .max(40)
        .regex(/^[\p{L}\p{N}]+$/u)
        .transform((word) => word.toLowerCase()),
    )
    .max(1000)
    .default([]),
  /** Devices that the site knows, asked before those that come with the product. */
  devices: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
        modality: z.string().regex(/^[A-Z0-9_]{1,16}$/),
        /** Part of the header's value, whatever the case. */
        manufacturer: z.string().min(1).max(64),
        model: z.string().min(1).max(64),
        rows: side.optional(),
        columns: side.optional(),
        /** What is blacked out in every frame. */
        mask: z
          .array(z.strictObject({ left: place, top: place, width: side, height: side }))
          .min(1)
          .max(64),
      }),
    )
    .max(256)
    .default([]),
})
