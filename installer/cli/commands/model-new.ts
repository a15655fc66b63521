import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { MODEL_KINDS, packageTemplate, SOURCE_NAME, writeSourceFolder } from '@leadglass/models'
import { type Command, Option } from 'commander'
import sharp from 'sharp'
import { callerPath, print, withJson } from '../options.ts'

interface NewOptions {
  readonly onnx: string
  readonly kind: (typeof MODEL_KINDS)[number]
  readonly json: boolean
}

const GOLDEN_SIDE = 256

/** `leadglass model new`. */
export function registerModelNew(model: Command): void {
  withJson(
    model
      .command('new')
      .description('make a folder for a model of your own from an ONNX file')
      .argument('<folder>', 'the folder to make; its name is the name of the model', callerPath)
      .requiredOption('--onnx <file>', 'the network', callerPath)
      .addOption(new Option('--kind <kind>', 'what one input is').choices([...MODEL_KINDS]).default('image-2d')),
  ).action(create)
}

async function create(folder: string, { onnx, kind, json }: NewOptions): Promise<void> {
  const content = packageTemplate({
    name: basename(folder),
    kind,
    onnx: await readFile(onnx),
    goldenPng: await gradient(),
  })
  await writeSourceFolder(folder, content)
  const files = [SOURCE_NAME, ...content.files.keys()]
  print(json, { folder, files }, () =>
    [
      `Made ${folder} with ${files.join(', ')}.`,
      `Correct ${SOURCE_NAME} and card.json: what the model is for, what fits it, how it wants its input, what it means.`,
      'Declare in card.json under "declaration" who made it, for whom, on what data, its hazards: "model test" names each.',
      'Put golden images of your own beside the first, with what your training framework gives for them.',
      'Then: leadglass model pack FOLDER --out PACKAGE',
    ].join('\n'),
  )
}

/** A slope with a disc: not flat, and nobody's. */
async function gradient(): Promise<Uint8Array> {
  const side = GOLDEN_SIDE
  const values = Uint8Array.from({ length: side * side }, (_, i) => {
    const x = i % side
    const y = Math.floor(i / side)
    const disc = Math.hypot(x - side / 2, y - side / 2) < side / 4 ? 64 : 0
    return Math.floor(((x + y) * 190) / (2 * side)) + disc
  })
  return sharp(values, { raw: { width: side, height: side, channels: 1 } })
    .png()
    .toBuffer()
}
