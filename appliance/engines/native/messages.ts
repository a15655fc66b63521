import { z } from 'zod'

/** How the addon answers: JSON text (dicom-dimse-native 2.6, `ns::createJsonResponse`). Code 0 success, 1 pending, 2 failure. */
export const addonReply = z.object({
  code: z.number(),
  message: z.string(),
  container: z.unknown(),
})

/** What the addon says for an object that it received with `writeFile` off: a PS3.10 file, as Base64. */
export const receivedObject = z.object({ base64: z.base64() })

/** What the parent asks of the child, once. */
export const nativeRequest = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('listen'),
    addon: z.string(),
    aeTitle: z.string(),
    port: z.number().int(),
    folder: z.string(),
  }),
  z.object({
    kind: z.enum(['echo', 'store']),
    addon: z.string(),
    callingAeTitle: z.string(),
    calledAeTitle: z.string(),
    host: z.string(),
    port: z.number().int(),
    /** Of `store`: everything below is sent. */
    folder: z.string(),
  }),
])
export type NativeRequest = z.infer<typeof nativeRequest>

/** What the child tells the parent. */
export const nativeReply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('object'), base64: z.base64() }),
  z.object({ kind: z.literal('done'), success: z.boolean(), message: z.string() }),
])
export type NativeReply = z.infer<typeof nativeReply>
