import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { preprocess } from '@leadglass/appliance/imaging'
import { augment, readPackage } from '@leadglass/models'
import { type Command, InvalidArgumentError } from 'commander'
import sharp from 'sharp'
import { InstallerError } from '../../errors.ts'
import { callerPath, print, withJson } from '../options.ts'

interface AugmentOptions {
  readonly out: string
  readonly seed: number
  readonly count: number
  readonly json: boolean
}

/** `leadglass model augment`: shows what the declared augmentation makes of an image. */
export function registerModelAugment(model: Command): void {
  withJson(
    model
      .command('augment')
      .description('preview the declared augmentation of a package on a grey picture')
      .argument('<package>', 'package folder', callerPath)
      .argument('<image>', 'a grey PNG or JPEG', callerPath)
      .requiredOption('--out <folder>', 'folder for the pictures', callerPath)
      .option('--seed <number>', 'seed of the first picture; each further one takes the next', wholeNumber, 1)
      .option('--count <number>', 'how many pictures', wholeNumber, 4),
  ).action(preview)
}

async function preview(folder: string, image: string, options: AugmentOptions): Promise<void> {
  const { manifest } = await readPackage(folder)
  const { training, kind, preprocessing } = manifest
  if (training === undefined || kind !== 'image-2d') {
    throw new InstallerError('input-invalid', {
      message: 'the package declares no augmentation of images',
      effect: 'nothing was written',
      nextStep: 'declare training.augmentation in model.json and pack it again',
    })
  }
  const { data, info } = await sharp(image).greyscale().raw().toBuffer({ resolveWithObject: true })
  const stored = new Uint8Array(data)
  // What comes after the size leaves 0..1.
  const shown = preprocessing.filter(({ step }) => !['rescale', 'replicate-channels', 'normalise'].includes(step))
  const frame = { rows: info.height, columns: info.width, photometric: 'MONOCHROME2', stored } as const
  const prepared = preprocess({ ...frame, modalityLut: { kind: 'identity' } }, shown)
  const plane = { rows: prepared.height, columns: prepared.width, values: prepared.grey }
  await mkdir(options.out, { recursive: true })
  const files: string[] = []
  for (let i = 0; i < Math.min(options.count, 1000); i += 1) {
    const seed = options.seed + i
    const { values, rows, columns } = augment(plane, training.augmentation, seed)
    const file = join(options.out, `seed-${seed}.png`)
    const grey = Uint8Array.from(values, (value) => Math.round(value * 255))
    await sharp(grey, { raw: { width: columns, height: rows, channels: 1 } })
      .png()
      .toFile(file)
    files.push(file)
  }
  print(options.json, { files, augmentation: training.augmentation }, () => `Made ${files.join(', ')}.`)
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value
  throw new InvalidArgumentError('a whole number from 0 to 4294967295')
}
