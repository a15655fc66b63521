import { join, resolve } from 'node:path'
import { checkGpu, type GpuCheck } from '@leadglass/appliance/scoring'
import type { Command } from 'commander'
import { installLibraries } from '../../scoring/install-libraries.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

const PROGRAM_ROOT = resolve(import.meta.dirname, '..', '..', '..')
const SHIPPED = join(PROGRAM_ROOT, 'models', 'packages', 'chest-radiograph', '1.0.0')
const BESIDE_RUNTIME = join(PROGRAM_ROOT, 'node_modules', 'onnxruntime-node', 'bin', 'napi-v6', 'linux', 'x64')
/** No card is no failure of the box: scripts can tell the two apart. */
const NO_GPU = 5

interface CheckOptions {
  readonly json: boolean
  readonly package: string
}

interface InstallOptions {
  readonly json: boolean
  readonly sha256?: string
}

/** `leadglass scoring gpu-check|install-libraries`. */
export function registerScoringGpu(scoring: Command): void {
  withJson(
    scoring
      .command('gpu-check')
      .description(
        'run a model on each graphics provider and compare with the processor; exit 0 works, 1 not, 5 no GPU',
      )
      .option('--package <folder>', 'a package for radiographs to check with', callerPath, SHIPPED),
  ).action(gpuCheck)
  withJson(
    scoring
      .command('install-libraries')
      .description('put the libraries for graphics cards beside the runtime, offline, after checking their hash')
      .argument('<file>', 'the package as it was published: .whl or .nupkg', callerPath)
      .option('--sha256 <hex>', 'what its SHA-256 must be; needed for a file that this version has not pinned'),
  ).action(install)
}

async function gpuCheck(options: CheckOptions): Promise<void> {
  const found = await checkGpu(PROGRAM_ROOT, options.package)
  print(options.json, found, () => describe(found))
  process.exitCode = !found.gpu ? NO_GPU : found.works ? EXIT.done : EXIT.failed
}

async function install(file: string, options: InstallOptions): Promise<void> {
  const done = await installLibraries({ file, folder: BESIDE_RUNTIME, sha256: options.sha256 })
  print(options.json, done, () =>
    [
      ...done.libraries.map(({ name, bytes, sha256 }) => `${name}  ${bytes} bytes  ${sha256}`),
      `In ${done.folder}.`,
      done.archive.cuda === null
        ? 'The file is not pinned by this version; its hash was yours. Its CUDA version is as its publisher says.'
        : `They need CUDA ${done.archive.cuda} and cuDNN 9.`,
      'Next: leadglass scoring gpu-check, then leadglass scoring tune.',
    ].join('\n'),
  )
}

function describe({ gpu, works, model, providers }: GpuCheck): string {
  const figure = (value: number | null | undefined): string => (value == null ? '-' : value.toExponential(1))
  const table = renderTable(
    ['provider', 'loads', 'golden', 'score differs', 'embedding differs', 'images/s', 'detail'],
    providers.map((one) => [
      one.provider,
      one.available ? 'yes' : 'no',
      one.golden === null ? '-' : one.golden.passed ? 'pass' : 'fail',
      figure(one.difference?.score),
      figure(one.difference?.embedding),
      one.imagesPerSecond ?? '-',
      one.detail,
    ]),
  )
  if (!gpu) return `${table}\nNo GPU: neither CUDA nor TensorRT can be loaded here. Models run on the processor.`
  return `${table}\n${works ? 'The card gives what the processor gives' : 'The card does NOT give what the processor gives'}, with ${model}.`
}
