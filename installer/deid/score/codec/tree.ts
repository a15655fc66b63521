/**
 * A third reader and writer of PS3.10 files, for the score alone. It shares no code with the de-identifier nor with the
 * verifier, so that a misunderstanding of the standard in one of them cannot hide itself here.
 */

/** One element. Values stay as bytes in the byte order of the file; sequences are lists of items. */
export interface TreeElement {
  readonly tag: number
  readonly vr: string
  value: ElementValue
}

export type ElementValue =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'items'; readonly items: readonly Tree[] }
  | { readonly kind: 'fragments'; readonly fragments: readonly Buffer[] }

/** A data set in the order of its tags. */
export type Tree = Map<number, TreeElement>

/** A whole file. */
export interface TreeFile {
  readonly preamble: Buffer
  readonly meta: Tree
  readonly syntax: string
  readonly dataSet: Tree
}

/** Where an element stands: tag, or sequence tag, item number from 0, tag, and so on. */
export type Path = readonly number[]

export const PIXEL_DATA = 0x7fe00010

/** The element at a path, or `undefined`. */
export function elementAt(tree: Tree, path: Path): TreeElement | undefined {
  const [tag = 0, item, ...rest] = path
  const element = tree.get(tag)
  if (item === undefined) return element
  const within = element?.value.kind === 'items' ? element.value.items[item] : undefined
  return within === undefined ? undefined : elementAt(within, rest)
}

/** The text of an element without padding; '' when it has none. Outputs are read as UTF-8, which they declare. */
export function textAt(tree: Tree, path: Path): string | undefined {
  const element = elementAt(tree, path)
  if (element === undefined) return undefined
  if (element.value.kind === 'items') return element.value.items.length === 0 ? '' : '(items)'
  if (element.value.kind === 'fragments') return '(fragments)'
  return element.value.bytes.toString('utf8').replace(/[\0 ]+$/, '')
}

/** Puts an element at a path and makes the sequences and items on the way. */
export function putAt(tree: Tree, path: Path, vr: string, value: ElementValue): void {
  const [tag = 0, item, ...rest] = path
  if (item === undefined) {
    tree.set(tag, { tag, vr, value })
    return
  }
  const known = tree.get(tag)
  const items = known?.value.kind === 'items' ? [...known.value.items] : []
  while (items.length <= item) items.push(new Map())
  tree.set(tag, { tag, vr: 'SQ', value: { kind: 'items', items } })
  putAt(items[item] as Tree, rest, vr, value)
}

/** Every element of a data set with its path, items before the elements that follow them. */
export function* walk(tree: Tree, prefix: Path = []): Generator<{ path: Path; element: TreeElement }> {
  for (const element of tree.values()) {
    yield { path: [...prefix, element.tag], element }
    if (element.value.kind !== 'items') continue
    for (const [index, item] of element.value.items.entries()) yield* walk(item, [...prefix, element.tag, index])
  }
}

/** Bytes as an element value. */
export function bytesValue(bytes: Uint8Array): ElementValue {
  return { kind: 'bytes', bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) }
}
