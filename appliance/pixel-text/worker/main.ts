import { constants } from 'node:fs'
import { open, writeFile } from 'node:fs/promises'
import { DataSetError, DecodeError, decodeFrames, parsePart10 } from '../../imaging/index.ts'
import { sealNetwork } from '../../workers/index.ts'
import { greyFrame } from '../frame.ts'
import { maskPixels, nativeForm } from '../mask.ts'
import { type PixelReply, type PixelRequest, pixelReply, pixelRequest, type ReadLimits } from '../messages.ts'
import { type VisibleImage, visibleImage } from '../palette.ts'
import { greyPng } from '../png.ts'
import { framesToRead, readFrame } from '../read-image.ts'
import { modelFiles, TextReader } from '../text-reader.ts'

sealNetwork()

const reader = await TextReader.load(modelFiles(process.argv[2]))

/** Requests come one at a time; a second one before the first has ended waits for it. */
let work: Promise<void> = Promise.resolve()

process.on('message', (message) => {
  const request = pixelRequest.parse(message)
  work = work.then(() => serve(request))
})
// Without its owner a worker has no reason to be.
process.on('disconnect', () => process.exit(0))
reply({ kind: 'ready' })

/** Raised when a frame cannot be judged. */
class Texture extends Error {}

async function serve(request: PixelRequest): Promise<void> {
  const { requestId } = request
  try {
    const image = await decoded(request.file, request.limits)
    if (request.kind === 'mask') {
      maskPixels(image, request.boxes)
      const { bytes, pixels } = nativeForm(image)
      await writeFile(request.target, bytes, { mode: 0o600, flag: 'wx' })
      if (request.reread) await readFrames(request, image, framesToRead(image.frames, image.frames))
      reply({ kind: 'masked', requestId, pixels })
      return
    }
    if (request.kind === 'render') {
      const grey = greyFrame(image, Math.min(request.frame, image.frames - 1), 'whole')
      await writeFile(request.target, greyPng(grey), { mode: 0o600, flag: 'wx' })
      reply({ kind: 'rendered', requestId, frames: image.frames, width: grey.width, height: grey.height })
      return
    }
    const frames = framesToRead(image.frames, request.mostFrames)
    await readFrames(request, image, frames)
    reply({ kind: 'read', requestId, frames: image.frames, framesRead: frames.length })
  } catch (error) {
    reply({ kind: 'failed', requestId, ...reasonOf(error) })
  }
}

/** Frames that are equal to one before say nothing new. */
async function readFrames({ requestId }: PixelRequest, image: VisibleImage, frames: readonly number[]): Promise<void> {
  const size = image.rows * image.columns * image.samplesPerPixel
  const seen: number[] = []
  for (const frame of frames) {
    const pixels = (at: number): VisibleImage['pixels'] => image.pixels.subarray(at * size, (at + 1) * size)
    if (seen.some((other) => Buffer.compare(bytesOf(pixels(other)), bytesOf(pixels(frame))) === 0)) continue
    seen.push(frame)
    if (seen.length > 8) seen.shift()
    const lines = await readFrame(reader, image, frame)
    if (lines === undefined) throw new Texture()
    for (let first = 0; first < lines.length; first += 2000)
      reply({ kind: 'lines', requestId, lines: lines.slice(first, first + 2000) })
  }
}

function bytesOf(values: VisibleImage['pixels']): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/** Never follows a link: the permission model would let it lead out of the work folder. */
async function decoded(path: string, limits: ReadLimits): Promise<VisibleImage> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const { size } = await handle.stat()
    if (size > limits.maximumFileBytes) throw new DataSetError('too-large', 'the file is too large')
    const { dataSet, meta } = parsePart10(await handle.readFile())
    const maximumBytes = limits.maximumDecodedBytes
    return visibleImage(await decodeFrames(dataSet, meta.transferSyntaxUid, { maximumBytes }), dataSet)
  } finally {
    await handle.close()
  }
}

function reasonOf(error: unknown): Pick<Extract<PixelReply, { kind: 'failed' }>, 'reason' | 'detail'> {
  if (error instanceof Texture) return { reason: 'texture', detail: 'more shapes like letters than text has' }
  if (error instanceof DataSetError || error instanceof DecodeError) {
    if (error.code === 'too-large') return { reason: 'too-large', detail: error.code }
    return { reason: error instanceof DecodeError ? 'undecodable' : 'unreadable', detail: error.code }
  }
  const code = (error as { code?: unknown } | null)?.code
  return { reason: 'internal-error', detail: typeof code === 'string' ? code.slice(0, 60) : 'defect' }
}

function reply(message: PixelReply): void {
  process.send?.(pixelReply.parse(message))
}
