import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InstallerError } from '../errors.ts'
import { describeMachine } from '../harness/machine.ts'
import { type HarnessReport, type Judgement, judge } from '../harness/report.ts'
import type { Harness, HarnessOptions } from '../harness/run-harness.ts'
import { peer } from '../testing/peers.ts'
import { writeCtSlices } from './ct-slices.ts'
import { type ProcessCost, runMeasured } from './measured-process.ts'

const DEFAULT_FILES = 4000
const DEFAULT_RUNS = 3
const FILE_MEGABYTES = (512 * 512 * 2) / 1e6
const CHILD = fileURLToPath(new URL('./deid-child.ts', import.meta.url))

interface Contender {
  readonly name: string
  readonly does: string
  command(input: string, output: string): readonly [string, ...string[]]
}

/**
 * The same CT slices, de-identified by whole processes in turn, until the outputs are on the disk: the product (engine,
 * verifier, durable files), gdcmanon with its implementation of the Basic Profile (`-e`, which also encrypts the
 * originals into each file; its `--dumb` mode only touches the tags that it is told, and is shown without a goal), and
 * Kitware's dicom-anonymizer with its defaults.
 */
export const deidBench: Harness = {
  name: 'deid',
  summary: 'de-identification of 0.52 MB CT slices against gdcmanon and dicom-anonymizer',
  run: benchDeid,
}

async function benchDeid(options: HarnessOptions): Promise<HarnessReport> {
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-bench-deid-'))
  try {
    const files = options.size ?? DEFAULT_FILES
    const rounds = options.runs ?? DEFAULT_RUNS
    const contenders = [
      product(),
      productOnOneThread(),
      ...(await gdcmanon(folder)),
      ...(await dicomAnonymizer(folder, options)),
    ]
    const costs = new Map<string, ProcessCost[]>(contenders.map(({ name }) => [name, []]))
    for (let round = 0; round < rounds; round += 1) {
      options.progress.step(`round ${round + 1} of ${rounds}: ${files} files`)
      const input = join(folder, 'input')
      await writeCtSlices(input, files, options.seed * 1000 + round)
      for (const contender of contenders)
        costs.get(contender.name)?.push(await measure(contender, input, folder, files))
      await rm(input, { recursive: true })
    }
    return report(contenders, costs, files, rounds)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function product(): Contender {
  const command: Contender['command'] = (input, output) => [process.execPath, CHILD, input, output]
  const threads = `${availableParallelism()} threads`
  return { name: 'leadglass', does: `PS3.15 table, verifier, fdatasync by batches, ${threads}`, command }
}

/** The peers have one thread each; so has this row. */
function productOnOneThread(): Contender {
  const command: Contender['command'] = (input, output) => [process.execPath, CHILD, '--threads', '1', input, output]
  return { name: 'leadglass, 1 thread', does: 'the same on one thread', command }
}

async function gdcmanon(folder: string): Promise<Contender[]> {
  const program = peer('gdcmanon')
  const openssl = peer('openssl')
  if (program === undefined || openssl === undefined) {
    throw new InstallerError('peer-missing', {
      message: 'gdcmanon or openssl is not installed',
      effect: 'there is nothing to compare with',
      nextStep: 'on Debian: apt-get install libgdcm-tools openssl',
    })
  }
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const subject = ['-subj', '/CN=bench', '-days', '2']
  await succeed(openssl, [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    certificate,
    ...subject,
  ])
  const removed = ['8,80', '8,50', '8,90', '10,30'].flatMap((tag) => ['--empty', tag])
  return [
    {
      name: 'gdcmanon -e',
      does: 'Basic Profile, originals encrypted within',
      command: (input, output) => [program, '-e', '-c', certificate, '-r', '-i', input, '-o', output],
    },
    {
      name: 'gdcmanon --dumb',
      does: 'six named tags only',
      command: (input, output) => [
        program,
        '--dumb',
        '--empty',
        '10,10',
        '--empty',
        '10,20',
        ...removed,
        '-r',
        '-i',
        input,
        '-o',
        output,
      ],
    },
  ]
}

/** Installs dicom-anonymizer from PyPI into a virtual environment of its own; left out, by name, where that fails. */
async function dicomAnonymizer(folder: string, { progress }: HarnessOptions): Promise<Contender[]> {
  const python = peer('python3')
  const environment = join(folder, 'venv')
  progress.step('installing dicom-anonymizer into a virtual environment')
  try {
    if (python === undefined) throw new RangeError('python3 is not installed')
    await succeed(python, ['-m', 'venv', environment])
    await succeed(join(environment, 'bin', 'pip'), ['install', '--quiet', 'dicom-anonymizer==2.1.0'])
  } catch (error) {
    progress.step(`dicom-anonymizer is left out: ${error instanceof Error ? error.message : 'it cannot be installed'}`)
    return []
  }
  const program = join(environment, 'bin', 'dicom-anonymizer')
  return [
    { name: 'dicom-anonymizer', does: 'Basic Profile, 2.1.0', command: (input, output) => [program, input, output] },
  ]
}

async function measure(contender: Contender, input: string, folder: string, files: number): Promise<ProcessCost> {
  const output = join(folder, 'output')
  await mkdir(output, { recursive: true })
  const [program, ...args] = contender.command(input, output)
  const cost = await durable(await runMeasured(program, args), output)
  const names = await readdir(output, { recursive: true, withFileTypes: true })
  const written = names.filter((entry) => entry.isFile()).length
  await rm(output, { recursive: true })
  if (cost.status === 0 && written === files) return cost
  throw new InstallerError('process-failed', {
    message: `${contender.name} ended with status ${cost.status} and wrote ${written} of ${files} files`,
    effect: 'the bench has no figure for it',
    nextStep: 'run it by hand on the same files to see why',
  })
}

/** The product's outputs are on the disk when it ends; for the others the time until theirs are counts too. */
async function durable(cost: ProcessCost, output: string): Promise<ProcessCost> {
  const started = performance.now()
  await succeed('sync', ['-f', output])
  return { ...cost, seconds: cost.seconds + (performance.now() - started) / 1000 }
}

function report(
  contenders: readonly Contender[],
  costs: ReadonlyMap<string, readonly ProcessCost[]>,
  files: number,
  rounds: number,
): HarnessReport {
  const rate = (name: string): number => files / median((costs.get(name) ?? []).map(({ seconds }) => seconds))
  const against = (name: string, goal: Judgement['goal']): Judgement[] =>
    costs.has(name) ? [judge(`leadglass / ${name}`, rate('leadglass') / rate(name), goal)] : []
  return {
    name: 'deid',
    machine: describeMachine(),
    runs: rounds,
    results: contenders.map(({ name, does }) => ({
      contender: name,
      does,
      files,
      'files/s': rate(name),
      'MB/s': rate(name) * FILE_MEGABYTES,
      'peak MiB': median((costs.get(name) ?? []).map(({ peakMebibytes }) => peakMebibytes)),
    })),
    ratios: [...against('gdcmanon -e', '>= 1'), ...against('dicom-anonymizer', '>= 10')],
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function succeed(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'ignore' })
    child.on('error', reject)
    child.on('close', (status) => {
      if (status === 0) resolve()
      else reject(new RangeError(`${program} ended with status ${status}`))
    })
  })
}
