import { Deidentifier, deriveSiteKeys, EgressVerifier, type OptionName } from '@leadglass/appliance/deidentify'
import { readTree } from '../codec/read.ts'
import { type Tree, type TreeFile, textAt } from '../codec/tree.ts'
import { writeTree } from '../codec/write.ts'
import { type OptionObject, optionObjects } from '../corpus/option-objects.ts'
import { Dice } from '../dice.ts'
import type { CorpusObject } from '../key.ts'
import { scanForResiduals } from './residual.ts'

interface Counted {
  total: number
  failed: number
}

/** How one option of PS3.15 E.3 fared. */
export interface OptionResult {
  readonly option: OptionName
  /** What it must keep, checked where it stands. */
  readonly kept: Counted
  /** Identities that must be gone although it is on, and what it keeps when it is off. */
  readonly gone: Counted
  /** Outputs in which one thing was put back or taken away, and those of them that nobody noticed. */
  readonly mutations: Counted
}

/** Runs each option over the objects that are about it. @param patients how many made-up patients. */
export function measureOptions(seed: number, patients: number): OptionResult[] {
  const dice = new Dice(`options ${seed}`)
  const results = new Map<OptionName, OptionResult>()
  for (let index = 0; index < patients; index += 1)
    for (const object of optionObjects(dice.fork(`patient ${index}`), index)) {
      const { option } = object
      const result = results.get(option) ?? { option, kept: none(), gone: none(), mutations: none() }
      results.set(option, result)
      measure(object, result)
    }
  return [...results.values()]
}

function measure({ option, object, stays, moves }: OptionObject, result: OptionResult): void {
  const lookedFor = { ...object, tokens: object.tokens.filter(({ text }) => !isKept(text, option, stays)) }
  const output = processed(object, [option])
  const bare = processed(object, [])
  add(result.kept, stays.length + moves.length, output === undefined ? stays.length + moves.length : lost(output))
  const left = output === undefined ? lookedFor.tokens.length : scanForResiduals(lookedFor, [output]).hits.length
  add(result.gone, lookedFor.tokens.length, left)
  // Without the option an object is held, or has nothing of what the option keeps.
  const without = bare === undefined ? stays.length : countLost(readTree(bare).dataSet)
  add(result.gone, stays.length, stays.length - without)
  if (output === undefined) return
  const before = failures(output)
  for (const mutated of mutants(object.bytes, output, lookedFor, [...stays.map(({ path }) => path), ...moves]))
    add(result.mutations, 1, failures(mutated) > before ? 0 : 1)

  function lost(file: Buffer): number {
    const tree = readTree(file).dataSet
    return countLost(tree) + countUnmoved(tree, readTree(object.bytes).dataSet, moves)
  }

  function countLost(tree: Tree): number {
    return stays.filter(({ path, text }) => textAt(tree, path) !== text).length
  }

  function failures(file: Buffer): number {
    return lost(file) + scanForResiduals(lookedFor, [file]).hits.length
  }
}

/** Dates that did not move, or not as the first one did. */
function countUnmoved(tree: Tree, original: Tree, moves: OptionObject['moves']): number {
  const dates = moves.map((path) => ({ now: textAt(tree, path), was: textAt(original, path) }))
  return dates.filter(({ now, was }) => now === undefined || now === '' || now === was || now !== dates[0]?.now).length
}

/** The output with one original element that holds an identity put back, or one that must stay taken away. */
function* mutants(
  input: Buffer,
  output: Buffer,
  { tokens }: Pick<CorpusObject, 'tokens'>,
  stays: readonly (readonly number[])[],
): Generator<Buffer> {
  const [original, file] = [readTree(input), readTree(output)]
  for (const tag of new Set(stays.map(([top = 0]) => top))) {
    const dataSet = new Map(file.dataSet)
    dataSet.delete(tag)
    yield written(file, dataSet)
  }
  for (const element of original.dataSet.values()) {
    const alone = writtenAlone(original, element.tag)
    if (!tokens.some(({ text, raw }) => [Buffer.from(text, 'utf8'), ...raw].some((token) => alone.includes(token))))
      continue
    const dataSet = [...new Map(file.dataSet).set(element.tag, element)].sort(([a], [b]) => a - b)
    yield written(file, new Map(dataSet))
  }
}

function writtenAlone(original: TreeFile, tag: number): Buffer {
  const element = original.dataSet.get(tag)
  const dataSet: Tree = new Map(element === undefined ? undefined : [[tag, element] as const])
  return written({ ...original, preamble: Buffer.alloc(128), meta: new Map() }, dataSet)
}

function written(file: TreeFile, dataSet: Tree): Buffer {
  return writeTree({ ...file, dataSet }, { undefinedLengths: false, turnValues: false })
}

function isKept(token: string, option: OptionName, stays: OptionObject['stays']): boolean {
  if (option === 'retain-uids' && /^[\d.]+\.[\d.]+$/.test(token)) return true
  return stays.some(({ text }) => text.toLowerCase().includes(token.toLowerCase()))
}

/** The product with one option alone: bytes, or `undefined` for what it holds. */
function processed({ bytes }: CorpusObject, options: readonly OptionName[]): Buffer | undefined {
  const keys = deriveSiteKeys(Buffer.alloc(32, 7))
  const engine = new Deidentifier({ keys, profile: { patientIssuer: '', options } })
  const result = engine.process(bytes)
  if (!('outcome' in result)) return undefined
  const verifier = new EgressVerifier({ allowsPrivate: options.includes('retain-safe-private') })
  const verdict = verifier.verifyObject(result.outcome.chunks, result.mayNotStay)
  return verdict.kind === 'clean' ? Buffer.concat(result.outcome.chunks) : undefined
}

function none(): Counted {
  return { total: 0, failed: 0 }
}

function add(counted: Counted, total: number, failed: number): void {
  counted.total += total
  counted.failed += failed
}
