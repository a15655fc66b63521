import { type Path, PIXEL_DATA, putAt, type Tree, type TreeElement, type TreeFile } from '../codec/tree.ts'

/** An output as it would be if one rule of the de-identification were off; `undefined` where the rule has nothing to do. */
export interface Mutation {
  readonly name: string
  readonly apply: (original: TreeFile, output: TreeFile, number: number) => TreeFile | undefined
}

type Chooses = (path: Path, element: TreeElement) => boolean

/** Each rule group switched off by itself. A corpus that does not notice one of them proves nothing about it. */
export const MUTATIONS: readonly Mutation[] = [
  restoring('private attributes kept', (path) => tagOf(path) % 0x20000 >= 0x10000),
  restoring('overlays and curves kept', (path) => [0x50, 0x60].includes(tagOf(path) >>> 24)),
  restoring('patient name kept', tagIs(0x00100010)),
  restoring('patient ID kept', tagIs(0x00100020)),
  restoring('person names kept', (_, element) => element.vr === 'PN'),
  restoring('institution and addresses kept', tagIs(0x00080080, 0x00080081, 0x00081040, 0x00101040)),
  restoring('accession and order numbers kept', tagIs(0x00080050, 0x00401001, 0x00400009, 0x00380010)),
  restoring('device identity kept', tagIs(0x00081010, 0x00181000)),
  restoring('birth date kept', tagIs(0x00100030)),
  restoring('dates not shifted', (_, element) => element.vr === 'DA' || element.vr === 'DT'),
  restoring('UIDs not replaced', (_, element) => element.vr === 'UI'),
  restoring('items of sequences not cleaned', (path) => path.length === 1 && tagOf(path) === 0x00089215),
  restoring('attributes of later editions kept', tagIs(0x0018fe7e)),
  restoring('values of a wrong VR kept', tagIs(0x00181063, 0x00189073)),
  restoring('identifiers in kept text not looked for', tagIs(0x00180024, 0x00080008)),
  restoring('descriptions kept whole', tagIs(0x00081030, 0x00181030)),
  restoring('icon image kept', tagIs(0x00880200)),
  restoring('original attributes kept', tagIs(0x04000561)),
  restoring('digital signatures kept', tagIs(0xfffafffa)),
  restoring('trailing padding kept', tagIs(0xfffcfffc)),
  restoring('pixel data taken over with what hides behind', tagIs(PIXEL_DATA)),
  { name: 'preamble kept', apply: (original, output) => ({ ...output, preamble: original.preamble }) },
  { name: 'file meta information kept', apply: (original, output) => ({ ...output, meta: original.meta }) },
  changing('study date removed', (tree) => tree.delete(0x00080020)),
  changing('one date for everyone', (tree) => setText(tree, 0x00080020, 'DA', '20000101')),
  changing('pseudonym of the patient new in each object', (tree, number) =>
    setText(tree, 0x00100020, 'LO', `X${number}`),
  ),
  changing('one pseudonym for all patients', (tree) => setText(tree, 0x00100020, 'LO', 'SAME')),
  changing('UIDs new in each object', (tree, number) => setText(tree, 0x0020000d, 'UI', `1.2.3.${number}`)),
  changing('patient characteristics removed', (tree) => tree.delete(0x00101020)),
  changing('geometry removed', (tree) => tree.delete(0x00280010)),
  changing('nested codes removed', (tree) => tree.delete(0x00409096)),
  changing('one bit of the pixels changed', changeOneBit),
]

/** The output with one more element of the original, at the same place. */
export function restoreRow(tag: number, original: TreeFile, output: TreeFile): TreeFile | undefined {
  return restoring('', tagIs(tag)).apply(original, output, 0)
}

function restoring(name: string, chooses: Chooses): Mutation {
  return {
    name,
    apply(original, output) {
      const restored = { count: 0 }
      const dataSet = restore(original.dataSet, output.dataSet, [], chooses, restored)
      return restored.count === 0 ? undefined : { ...output, dataSet }
    },
  }
}

function restore(original: Tree, output: Tree, prefix: Path, chooses: Chooses, restored: { count: number }): Tree {
  const tree: Tree = new Map(output)
  for (const element of original.values()) {
    const path = [...prefix, element.tag]
    const mine = tree.get(element.tag)
    if (chooses(path, element)) {
      tree.set(element.tag, element)
      restored.count += 1
    } else if (element.value.kind === 'items' && mine?.value.kind === 'items') {
      const { items } = mine.value
      const merged = element.value.items.map((item, index) =>
        restore(item, items[index] ?? new Map<number, TreeElement>(), [...path, index], chooses, restored),
      )
      tree.set(element.tag, { ...mine, value: { kind: 'items', items: merged } })
    }
  }
  return tree
}

function changing(name: string, change: (tree: Tree, number: number) => unknown): Mutation {
  return {
    name,
    apply(_, output, number) {
      const dataSet: Tree = new Map(output.dataSet)
      return change(dataSet, number) === false ? undefined : { ...output, dataSet }
    },
  }
}

function setText(tree: Tree, tag: number, vr: string, text: string): void {
  putAt(tree, [tag], vr, { kind: 'bytes', bytes: Buffer.from(text, 'latin1') })
}

function changeOneBit(tree: Tree): boolean {
  const element = tree.get(PIXEL_DATA)
  if (element?.value.kind !== 'bytes') return false
  const bytes = Buffer.from(element.value.bytes)
  bytes[100] = (bytes[100] ?? 0) ^ 1
  tree.set(PIXEL_DATA, { ...element, value: { kind: 'bytes', bytes } })
  return true
}

function tagOf(path: Path): number {
  return path.at(-1) ?? 0
}

function tagIs(...tags: readonly number[]): Chooses {
  return (path) => tags.includes(tagOf(path))
}
