import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runOnnx } from '@leadglass/appliance/scoring'
import {
  compareOutputs,
  importTfjs,
  inspectOnnx,
  type ParityReport,
  type ParityTensor,
  presentParity,
} from '@leadglass/models'
import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { InstallerError } from '../../errors.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, withJson } from '../options.ts'

const tensor = z.strictObject({
  name: z.string().min(1).max(128),
  shape: z.array(z.number().int().min(1).max(65_536)).max(6),
  values: z.array(z.number()).max(2 ** 24),
})

/** What a training framework gave for some inputs, as an author writes it down. */
const referenceCase = z.strictObject({
  schema: z.literal('leadglass.parity-case/1'),
  framework: z.string().min(1).max(200),
  inputs: z.array(tensor).min(1).max(16),
  outputs: z.array(tensor).min(1).max(16),
})

interface ImportOptions {
  readonly out: string
  readonly seed: number
  readonly reference?: string
  readonly json: boolean
}

/** `leadglass model import tfjs|onnx`. */
export function registerModelImport(model: Command): void {
  const group = model
    .command('import')
    .description('bring a network of another framework, and measure how far it is from its original')
  withJson(
    group
      .command('tfjs')
      .description('convert a TensorFlow.js layers or graph model to ONNX, and run both on the same inputs')
      .argument('<folder>', 'folder with model.json and its shards', callerPath)
      .requiredOption('--out <folder>', 'folder to make: net.onnx, parity.json, parity.txt', callerPath)
      .option('--seed <number>', 'seed of the inputs', wholeNumber, 1),
  ).action(importFolder)
  withJson(
    group
      .command('onnx')
      .description('inspect an ONNX file, and compare it with what its training framework gave')
      .argument('<file>', 'the network', callerPath)
      .requiredOption(
        '--out <folder>',
        'folder to make: net.onnx, and with a reference parity.json, parity.txt',
        callerPath,
      )
      .option(
        '--reference <file>',
        'inputs and outputs of the training framework (leadglass.parity-case/1)',
        callerPath,
      ),
  ).action(importOnnx)
}

async function importFolder(folder: string, { out, seed, json }: ImportOptions): Promise<void> {
  const { conversion, parity } = await importTfjs(folder, runOnnx, seed)
  await write(out, conversion.onnx, parity)
  const { inputs, outputs } = conversion
  print(json, { out, inputs, outputs, parity }, () => present(out, parity))
  if (!parity.passed) process.exitCode = EXIT.failed
}

async function importOnnx(file: string, { out, reference, json }: ImportOptions): Promise<void> {
  const onnx = await readFile(file)
  const { problems } = inspectOnnx(onnx)
  if (problems.length > 0) throw invalid(`the network cannot be used: ${problems.join('; ')}`)
  const parity = reference === undefined ? undefined : await compareWith(onnx, reference)
  await write(out, onnx, parity)
  print(json, { out, parity: parity ?? null }, () => present(out, parity))
  if (parity?.passed === false) process.exitCode = EXIT.failed
}

async function compareWith(onnx: Uint8Array, reference: string): Promise<ParityReport> {
  const parsed = referenceCase.safeParse(parseJson(await readFile(reference, 'utf8')))
  if (!parsed.success) throw invalid('the reference is no leadglass.parity-case/1')
  const { framework, inputs, outputs } = parsed.data
  const plain = (one: z.infer<typeof tensor>): ParityTensor => ({ ...one, values: Float32Array.from(one.values) })
  const wanted = outputs.map(plain)
  const given = await runOnnx(
    onnx,
    inputs.map(plain),
    wanted.map(({ name }) => name),
  )
  const facts = { original: framework, runtime: 'onnxruntime', seed: null }
  return compareOutputs(wanted, given, { ...facts, inputs: inputs.map(({ name, shape }) => ({ name, shape })) })
}

async function write(out: string, onnx: Uint8Array, parity: ParityReport | undefined): Promise<void> {
  await mkdir(out, { recursive: true })
  await writeFile(join(out, 'net.onnx'), onnx)
  if (parity === undefined) return
  await writeFile(join(out, 'parity.json'), `${JSON.stringify(parity, null, 2)}\n`)
  await writeFile(join(out, 'parity.txt'), `${presentParity(parity)}\n`)
}

function present(out: string, parity: ParityReport | undefined): string {
  return [
    ...(parity === undefined
      ? ['No reference, no parity: write one down, or rely on golden cases.']
      : [presentParity(parity)]),
    `Made ${join(out, 'net.onnx')}.`,
    `Then: leadglass model new NAME --onnx ${join(out, 'net.onnx')}`,
  ].join('\n')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value
  throw new InvalidArgumentError('a whole number from 0 to 4294967295')
}

function invalid(message: string): InstallerError {
  return new InstallerError('input-invalid', {
    message,
    effect: 'Nothing was imported.',
    nextStep: 'Correct the file.',
  })
}
