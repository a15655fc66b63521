import { readFile } from 'node:fs/promises'
import {
  completeSettings,
  computeRadiomics,
  type RadiomicFeature,
  type RadiomicSettings,
  RadiomicsError,
  readNifti,
  settingsDigest,
} from '@leadglass/appliance/imaging'
import type { Command } from 'commander'
import { InstallerError } from '../../errors.ts'
import { callerPath, print, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly settings: string
  readonly json: boolean
}

const HELP = `
The settings are JSON, for example
  {"discretisation": {"kind": "FBN", "bins": 32}, "families": ["statistics", "cooccurrence"], "aggregations": ["3D"]}
Every row names its IBSI code, its settings, and whether the reference test of its definition passes (verified).
docs/radiomics.md has all settings and the list of what is verified.`

/** `leadglass radiomics IMAGE MASK`: radiomic features of a region for a researcher; needs no instance. */
export function registerRadiomics(program: Command): void {
  withJson(
    program
      .command('radiomics')
      .description('compute radiomic features of a region by IBSI 1, from two NIfTI files')
      .argument('<image>', 'NIfTI-1 file, may be compressed (.nii, .nii.gz)', callerPath)
      .argument('<mask>', 'NIfTI-1 file on the same grid; any value but 0 is inside', callerPath)
      .requiredOption('--settings <file>', 'how to compute, JSON', callerPath)
      .addHelpText('after', HELP),
  ).action(radiomics)
}

async function radiomics(imagePath: string, maskPath: string, options: Options): Promise<void> {
  const image = readNifti(await readFile(imagePath))
  const mask = readNifti(await readFile(maskPath))
  if (image.dimensions.some((length, axis) => length !== mask.dimensions[axis])) {
    throw new RadiomicsError('dimensions-invalid', 'Image and mask do not have the same grid.')
  }
  const settings = completeSettings(parseSettings(await readFile(options.settings, 'utf8')))
  const inside = Uint8Array.from(mask.values, (value) => (value === 0 ? 0 : 1))
  const features = computeRadiomics({ image, mask: inside, settings })
  const voxels = inside.reduce((sum, one) => sum + one, 0)
  const digest = settingsDigest(settings)
  print(options.json, { settings, settingsDigest: digest, voxels, features }, () => table(features, digest, voxels))
}

function parseSettings(text: string): RadiomicSettings {
  try {
    return JSON.parse(text) as RadiomicSettings
  } catch (cause) {
    throw new InstallerError('input-invalid', {
      message: 'The settings are no JSON.',
      effect: 'Nothing was computed.',
      nextStep: 'See docs/radiomics.md for the form of the settings.',
      cause,
    })
  }
}

function table(features: readonly RadiomicFeature[], digest: string, voxels: number): string {
  const rows = features.map(({ code, ibsi, value, unit, verified }) => [
    code,
    ibsi ?? '',
    value === null ? '-' : value.toPrecision(6),
    unit ?? '',
    verified ? 'yes' : 'no',
  ])
  const head = `${voxels} voxels, settings sha256:${digest}`
  return `${head}\n${renderTable(['code', 'IBSI', 'value', 'unit', 'verified'], rows)}`
}
