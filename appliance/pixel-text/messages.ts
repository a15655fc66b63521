import { z } from 'zod'

const path = z.string().min(1).max(4096)
const requestId = z.string().min(1).max(128)
const count = z.number().int().min(0)
const side = z.number().int().min(1).max(65_535)

const box = z.strictObject({ left: count, top: count, width: side, height: side })

/** A box to black out: in one frame, or in all of them. */
export const maskBox = z.strictObject({ frame: count.nullable(), box })
export type MaskBox = z.infer<typeof maskBox>

/** A line of text in a frame, as it was read. It may be PHI. */
export const frameLine = z.strictObject({
  frame: count,
  text: z.string().max(2000),
  confidence: z.number().min(0).max(1),
  box,
})
export type FrameLine = z.infer<typeof frameLine>

const limits = z.strictObject({
  maximumFileBytes: z.number().int().min(1),
  maximumDecodedBytes: z.number().int().min(1),
})
export type ReadLimits = z.infer<typeof limits>

/** Owner to worker; one request at a time. */
export const pixelRequest = z.discriminatedUnion('kind', [
  /** `mostFrames`: frames evenly spread over the object; all when it has no more. */
  z.strictObject({ kind: z.literal('read'), requestId, file: path, mostFrames: z.number().int().min(1), limits }),
  /** Blacks boxes out, writes the pixels natively (little endian, samples of a pixel together) to `target`, and reads them again. */
  z.strictObject({
    kind: z.literal('mask'),
    requestId,
    file: path,
    target: path,
    boxes: z.array(maskBox).max(100_000),
    /** False where a person answers for what is left. */
    reread: z.boolean(),
    limits,
  }),
  /** Writes a frame as a PNG, grey as a reader sees it, to `target`. */
  z.strictObject({ kind: z.literal('render'), requestId, file: path, target: path, frame: count, limits }),
])
export type PixelRequest = z.infer<typeof pixelRequest>

/** Image attributes of pixels that were written natively (PS3.3 C.7.6.3). */
export const nativePixels = z.strictObject({
  rows: side,
  columns: side,
  frames: z.number().int().min(1),
  samplesPerPixel: z.union([z.literal(1), z.literal(3)]),
  bitsAllocated: z.union([z.literal(8), z.literal(16), z.literal(32)]),
  bitsStored: z.number().int().min(1).max(32),
  signed: z.boolean(),
  photometric: z.string().max(16),
  bytes: z.number().int().min(1),
})
export type NativePixels = z.infer<typeof nativePixels>

/** Why pixels could not be read. Each is a doubt: the caller must not let them out. */
export const PIXEL_DOUBTS = ['undecodable', 'unreadable', 'texture', 'too-large', 'internal-error'] as const

/** Worker to owner. `read` and `masked` end a request with how many frames were looked at; lines come before it. */
export const pixelReply = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ready') }),
  z.strictObject({ kind: z.literal('lines'), requestId, lines: z.array(frameLine).max(2000) }),
  z.strictObject({ kind: z.literal('read'), requestId, frames: count, framesRead: count }),
  z.strictObject({ kind: z.literal('masked'), requestId, pixels: nativePixels }),
  z.strictObject({ kind: z.literal('rendered'), requestId, frames: count, width: side, height: side }),
  z.strictObject({ kind: z.literal('failed'), requestId, reason: z.enum(PIXEL_DOUBTS), detail: z.string().max(200) }),
])
export type PixelReply = z.infer<typeof pixelReply>
